package host

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/shipwake/shipwake/collector/owners"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/correlate/names"
)

// keeper is a host with a ledger, and nothing that runs.
func keeper(t *testing.T, dir string) *Host {
	t.Helper()
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	h := newHost(componenttest.NewNopTelemetrySettings(), *createDefaultConfig().(*Config), Options{Version: "1.0"})
	h.keepIn(l)
	return h
}

// applied are the rows that the engine hasn't seen, in words; what is taken back has a minus.
func (h *Host) applied(t *testing.T) []string {
	t.Helper()
	facts, err := h.ledger.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	words := []string{}
	for _, f := range facts {
		said := f.Change.ID + "@" + f.Change.Version
		if f.Retracted {
			said = "-" + said
		}
		words = append(words, said)
	}
	return words
}

func (h *Host) counted(result string) int64 {
	for _, c := range h.opt.Tally.Values() {
		if c.Count == (correlate.Count{What: "facts", Source: "ci", Result: result}) {
			return c.Value
		}
	}
	return -1
}

var shippedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// parser is a projector: what it reads of a body is of the change whose id is the delivery's.
func parser(digest string, of func(body string) correlate.Projection) source.Projector {
	return source.Projector{Digest: digest, Project: func(raw correlate.Raw) correlate.Projection {
		p := of(string(raw.Body))
		for _, f := range p.Facts {
			f.Change.ID = raw.ID
		}
		return p
	}}
}

func says(version string) correlate.Projection {
	return correlate.Projection{Facts: []correlate.Fact{{Change: &correlate.Change{Service: "cart", Environment: "shop-7", Version: version, FinishedAt: shippedAt}}}}
}

// deliver commits deliveries as a receiver does: read by the projector given.
func deliver(t *testing.T, h *Host, p source.Projector, raws ...correlate.Raw) correlate.Receipt {
	t.Helper()
	var entries []correlate.Entry
	for _, raw := range raws {
		e := correlate.Entry{Raw: raw, Projection: p.Project(raw)}
		e.Digest = p.Digest
		entries = append(entries, e)
	}
	receipt, err := h.Commit(t.Context(), entries, nil)
	require.NoError(t, err)
	return receipt
}

func sent(id, body string) correlate.Raw {
	return correlate.Raw{Source: "ci", ID: id, ReceivedAt: shippedAt.Add(time.Minute), Body: []byte(body)}
}

func TestABetterParserCorrectsTheFactsOfLastMonth(t *testing.T) {
	dir := t.TempDir()
	first := parser("ci/1", says)
	h := keeper(t, dir)
	h.Register("ci", first)
	deliver(t, h, first, sent("a", "v1"), sent("b", "2"))
	require.NoError(t, h.projectStale(t.Context(), time.Now()))
	require.Equal(t, []string{"a@v1", "b@2"}, h.applied(t))
	require.Zero(t, h.counted(resultReprojected), "nothing is stale")
	require.NoError(t, h.ledger.CommitEffects(t.Context(), nil, nil, 2))
	require.NoError(t, h.ledger.Close())

	h = keeper(t, dir)
	require.NoError(t, h.projectStale(t.Context(), time.Now()), "before any receiver has said how")
	reads := 0
	h.Register("ci", parser("ci/2", func(body string) correlate.Projection {
		reads++
		return says(body[len(body)-1:])
	}))
	for range 2 {
		require.NoError(t, h.projectStale(t.Context(), time.Now()))
		require.Equal(t, []string{"a@1", "-a@v1"}, h.applied(t), "what is read in the same way adds nothing")
		require.Equal(t, 2, reads, "each once")
	}
	facts, err := h.ledger.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, shippedAt.Add(time.Minute), facts[0].ReceivedAt, "when it was received, not when it was read")
	require.EqualValues(t, 2, h.counted(resultReprojected))
	require.EqualValues(t, 1, h.counted(resultRetracted))
	select {
	case <-h.wake:
	default:
		require.Fail(t, "the loop must be told")
	}
}

func TestAReaderThatCanMapMoreReleasesWhatWasHeld(t *testing.T) {
	mapping := func(digest, known string) source.Projector {
		return parser(digest, func(body string) correlate.Projection {
			if body != known {
				return correlate.Projection{Problem: "unmapped: not yet"}
			}
			return says("1")
		})
	}
	h := keeper(t, t.TempDir())
	older := mapping("ci/1", "nothing")
	h.Register("ci", older)
	var raws []correlate.Raw
	for n := range 700 {
		raws = append(raws, sent(fmt.Sprint(n), []string{"shipped", "sunk"}[n%2]))
	}
	require.Equal(t, correlate.Receipt{Quarantined: 700}, deliver(t, h, older, raws...))
	h.Register("ci", mapping("ci/2", "shipped"))
	for range 2 {
		require.NoError(t, h.projectStale(t.Context(), time.Now()))
		require.Len(t, h.applied(t), 350)
		require.EqualValues(t, 700, h.counted(resultReprojected))
		require.EqualValues(t, 350, h.counted(resultReleased))
	}
	held, err := reader{h}.Held(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, held, 100)
}

func TestAFutureFactIsReleasedWhenItsTimeHasCome(t *testing.T) {
	h := keeper(t, t.TempDir())
	received := time.Now().UTC()
	at := received.Add(3 * time.Hour)
	reads := 0
	ahead := parser("ci/1", func(string) correlate.Projection {
		reads++
		p := says("1")
		p.Facts[0].Change.FinishedAt = at
		return p
	})
	h.Register("ci", ahead)
	require.Equal(t, correlate.Receipt{Quarantined: 1}, deliver(t, h, ahead, correlate.Raw{Source: "ci", ID: "early", ReceivedAt: received}))
	for _, early := range []time.Duration{0, time.Minute, 3*time.Hour - time.Second} {
		require.NoError(t, h.projectStale(t.Context(), received.Add(early)))
		require.Empty(t, h.applied(t))
	}
	require.Equal(t, 1, reads)
	held, err := reader{h}.Held(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, at.Truncate(time.Microsecond), held[0].Due)
	for range 2 {
		require.NoError(t, h.projectStale(t.Context(), at.Add(time.Second)))
		require.Equal(t, []string{"early@1"}, h.applied(t))
	}
	require.Equal(t, 2, reads)
}

// called makes naming rules.
func called(t *testing.T, c names.Config) *names.Rules {
	t.Helper()
	rules, err := names.New(c)
	require.NoError(t, err)
	return rules
}

func TestAnAliasAddedTodayMendsWhatWasToldBefore(t *testing.T) {
	h := keeper(t, t.TempDir())
	p := parser("ci/1", says)
	h.Register("ci", p)
	deliver(t, h, p, sent("a", "1"))
	services := func() (all []string) {
		facts, err := h.ledger.Unapplied(t.Context(), 0)
		require.NoError(t, err)
		for _, f := range facts {
			all = append(all, f.Change.Service)
		}
		return all
	}
	h.naming = called(t, names.Config{Services: []names.Rule{{Is: []string{"cart"}, Name: "basket"}}})
	require.NoError(t, h.projectStale(t.Context(), time.Now()))
	require.Equal(t, []string{"cart", "basket", "cart"}, services(), "the old name is retracted")
	deliver(t, h, p, sent("b", "2"))
	require.Equal(t, "basket", services()[3], "what comes in is under its name at once")
	require.NoError(t, h.projectStale(t.Context(), time.Now()))
	require.Len(t, services(), 4)

	h.naming = called(t, names.Config{Environments: []names.EnvironmentRule{{Rule: names.Rule{Is: []string{"shop-7"}}, Tier: names.Preview}}})
	require.NoError(t, h.projectStale(t.Context(), time.Now()))
	require.Equal(t, []string{"a@1", "a@1", "-a@1", "b@2", "-a@1", "-b@2"}, h.applied(t))
	require.EqualValues(t, 2, h.counted(resultIgnored))
	held, err := reader{h}.Held(t.Context(), 0)
	require.NoError(t, err)
	require.Empty(t, held, "what says nothing needs nobody to look at it")
}

func TestEntriesWithoutADigestWereReadByWhatIsRegistered(t *testing.T) {
	h := keeper(t, t.TempDir())
	h.Register("ci", parser("ci/1", says))
	raw := sent("a", "1")
	_, err := h.Commit(t.Context(), []correlate.Entry{{Raw: raw, Projection: correlate.Projection{Facts: says("1").Facts}}}, nil)
	require.NoError(t, err)
	require.NoError(t, h.projectStale(t.Context(), time.Now()))
	require.Zero(t, h.counted(resultReprojected))
}

func TestACursorIsMovedWithTheDeliveries(t *testing.T) {
	h := keeper(t, t.TempDir())
	at, err := h.Cursor(t.Context(), "kafka/deploys/3")
	require.NoError(t, err)
	require.Nil(t, at)
	move := func(from, to string) error {
		_, err := h.Commit(t.Context(), nil, &correlate.Move{Stream: "kafka/deploys/3", Expect: []byte(from), Next: []byte(to)})
		return err
	}
	require.NoError(t, move("", "7"))
	require.ErrorIs(t, move("", "8"), correlate.ErrFenced)
	require.NoError(t, move("7", "page two"))
	at, err = h.Cursor(t.Context(), "kafka/deploys/3")
	require.NoError(t, err)
	require.Equal(t, "page two", string(at), "what a cursor means is known to its reader alone")
}

// asking counts the questions to a ledger about what is to be read again.
type asking struct {
	ledger.Ledger
	asked int
}

func (a *asking) Stale(ctx context.Context, source, digest string, now time.Time) ([]ledger.Kept, error) {
	a.asked++
	return a.Ledger.Stale(ctx, source, digest, now)
}

func (a *asking) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	a.asked++
	return a.Ledger.NextDue(ctx, after)
}

// However many sources there are, the log is asked of them once, and again when something may be stale.
func TestTheLogIsNotAskedWhileNothingIsStale(t *testing.T) {
	h := keeper(t, t.TempDir())
	log := &asking{Ledger: h.ledger}
	h.keepIn(log)
	const sources = 50
	p := parser("ci/1", says)
	for n := range sources {
		h.Register(fmt.Sprint("ci-", n), p)
	}
	h.Register("ci", p)
	now := time.Now()
	asks := func(at time.Time) int {
		log.asked = 0
		require.NoError(t, h.projectStale(t.Context(), at))
		return log.asked
	}
	require.Equal(t, sources+2, asks(now))
	deliver(t, h, p, sent("a", "1"))
	require.Zero(t, asks(now.Add(time.Second)), "what comes is read by what is registered")

	deliver(t, h, parser("ci/0", says), sent("b", "1"))
	require.Equal(t, sources+3, asks(now.Add(2*time.Second)), "something is read by another")
	require.EqualValues(t, 1, h.counted(resultReprojected))
	require.Zero(t, asks(now.Add(3*time.Second)))

	ahead := parser("ci/1", func(string) correlate.Projection {
		return correlate.Projection{Problem: "future: not yet", Due: now.Add(time.Hour)}
	})
	deliver(t, h, ahead, sent("c", "1"))
	require.Zero(t, asks(now.Add(time.Hour-time.Second)))
	require.Equal(t, sources+3, asks(now.Add(time.Hour)), "one is due")
	require.EqualValues(t, 2, h.counted(resultReprojected))
	require.Zero(t, asks(now.Add(time.Hour+time.Second)))

	h.Register("ci", parser("ci/2", says))
	require.Equal(t, sources+3, asks(now.Add(time.Hour+2*time.Second)), "another version")
	h.naming = called(t, names.Config{Services: []names.Rule{{Is: []string{"cart"}, Name: "basket"}}})
	require.Less(t, sources, asks(now.Add(time.Hour+3*time.Second)), "other names")
	require.Zero(t, asks(now.Add(time.Hour+4*time.Second)))
}

func TestWhatIsDueAtAStartIsReadThen(t *testing.T) {
	dir := t.TempDir()
	h := keeper(t, dir)
	now := time.Now()
	due := parser("ci/1", func(string) correlate.Projection {
		return correlate.Projection{Problem: "future: not yet", Due: now.Add(time.Hour)}
	})
	h.Register("ci", due)
	deliver(t, h, due, sent("a", "1"))
	require.NoError(t, h.ledger.Close())

	h = keeper(t, dir)
	h.Register("ci", parser("ci/1", says))
	require.NoError(t, h.projectStale(t.Context(), now))
	require.Empty(t, h.applied(t))
	require.NoError(t, h.projectStale(t.Context(), now.Add(time.Hour)))
	require.Equal(t, []string{"a@1"}, h.applied(t))
}

// A backlog is applied in parts, so that ticks go on between them.
func TestFactsAreAppliedInParts(t *testing.T) {
	h := keeper(t, t.TempDir())
	h.engine = engine.New(h.cfg.engineConfig())
	h.outbox = newOutbox(h)
	l := newLoop(h)
	l.atOnce = factsAtOnce
	p := parser("ci/1", says)
	var raws []correlate.Raw
	for n := range factsAtOnce + 1 {
		raws = append(raws, sent(fmt.Sprint(n), "1"))
	}
	deliver(t, h, p, raws...)
	<-h.wake
	l.facts()
	left, err := h.ledger.Unapplied(context.Background(), 0)
	require.NoError(t, err)
	require.Len(t, left, 1)
	select {
	case <-h.wake:
	default:
		require.Fail(t, "the loop must come back to the rest")
	}
	l.facts()
	left, err = h.ledger.Unapplied(context.Background(), 0)
	require.NoError(t, err)
	require.Empty(t, left)
	require.Empty(t, h.wake)
}

func TestAnOwnerChangedTodayShowsInWhatWasToldBefore(t *testing.T) {
	h := keeper(t, t.TempDir())
	p := parser("ci/1", says)
	h.Register("ci", p)
	deliver(t, h, p, sent("a", "1"))
	teams := func() (all []string) {
		facts, err := h.ledger.Unapplied(t.Context(), 0)
		require.NoError(t, err)
		for _, f := range facts {
			if !f.Retracted {
				all = append(all, f.Change.Team)
			}
		}
		return all
	}
	of := func(team string) {
		h.cfg.Owners = owners.Config{Services: []owners.Rule{{Is: []string{"cart"}, Team: team}}}
		require.NoError(t, openOwners(h))
		require.NoError(t, h.projectStale(t.Context(), time.Now()))
	}
	require.Equal(t, []string{""}, teams())
	of("shop")
	require.Equal(t, "shop", teams()[len(teams())-1])
	of("basket")
	require.Equal(t, "basket", teams()[len(teams())-1])
	read := h.counted(resultReprojected)
	of("basket")
	require.Equal(t, read, h.counted(resultReprojected), "nothing is other than before")
}
