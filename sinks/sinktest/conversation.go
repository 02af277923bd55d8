package sinktest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/host/courier"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/sinks"
)

// rounds is how many revisions the verdict on each change of the course has.
const rounds = 4

// subjects are the changes of the course.
var subjects = []string{"cart-1", "checkout-2", "search-3"}

// course is one transaction: the next revision for each of the subjects. They regress, recover and regress for good; that they be
// taken back is asked for at first, and no longer then.
func course(round int) []correlate.Effect {
	var effects []correlate.Effect
	for _, id := range subjects {
		c := deployment(id, id[:len(id)-2], "v2", -60)
		c.Commit = "9fceb02d0ae598e95dc970b74767f19372d61af8"
		c.Labels = map[string]string{"repository": "acme/shop", "project": "acme/shop", "deployment_id": "987654", "issue": "SHOP-42", "change_request": "CHG0030001"}
		c.Verdict = verdict(c, correlate.Regressed, correlate.ReasonErrorRatio, round+1)
		if round == 1 {
			c.Verdict.Outcome, c.Verdict.Reason = correlate.Healthy, correlate.ReasonWithinMargin
		}
		c.Verdict.Final = round == rounds-1
		effects = append(effects, correlate.Effect{Verdict: c.Verdict}, correlate.Effect{Change: &c})
		if r := request(c); round == 0 {
			effects = append(effects, correlate.Effect{Rollback: &r})
		} else if round == 1 {
			r.WithdrawnAt, r.WithdrawnFor = Noon.Add(time.Minute), correlate.RollbackNotRegressed
			effects = append(effects, correlate.Effect{Rollback: &r})
		}
	}
	return effects
}

// play is a daemon of one sink, one ledger and a stage, in virtual time.
type play struct {
	suite suite
	dir   string
	stage *stage
	told  *Reader // what was committed
}

// life runs the daemon from start to end.
func (p *play) life(t *testing.T, meanwhile func(commit func(round int))) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: p.dir})
	require.NoError(t, err)
	sink, err := p.suite.factory.New(NewReader(Noon), p.suite.options.Receiver.Config(p.stage.URL))
	require.NoError(t, err)
	out := sink.(sinks.Outgoing)
	c := courier.New(courier.Options{
		Sink: out, Queue: out.Queues()[0], Shelf: l, Log: zap.NewNop(), Tally: &correlate.Tally{},
	})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	meanwhile(func(round int) {
		p.commit(t, l, out, c.Name(), round)
		c.Wake()
	})
	stop()
	running.Wait()
	require.NoError(t, sink.Close())
	require.NoError(t, l.Close())
}

func (p *play) commit(t *testing.T, l ledger.Ledger, out sinks.Outgoing, queue string, round int) {
	t.Helper()
	effects := course(round)
	messages, err := out.Messages(NewBatch(p.told, effects...))
	require.NoError(t, err)
	p.told.Put(effects...)
	var rows []ledger.OutboxRow
	for _, m := range messages {
		rows = append(rows, ledger.OutboxRow{Sink: queue, Subject: m.Subject, Key: m.Key, Each: m.Each, Payload: m.Payload})
	}
	require.NoError(t, l.CommitEffects(t.Context(), effects, rows, 0))
}

// all commits every round, with a pause after each.
func all(pause time.Duration) func(commit func(int)) {
	return func(commit func(int)) {
		for round := range rounds {
			commit(round)
			time.Sleep(pause)
		}
	}
}

func (p *play) undisturbed(t *testing.T) { p.life(t, all(time.Second)) }

// awayForAnHour: everything is decided meanwhile.
func (p *play) awayForAnHour(t *testing.T) {
	p.stage.refuse(everything(http.StatusServiceUnavailable, nil))
	p.life(t, func(commit func(int)) {
		all(time.Hour / rounds)(commit)
		p.stage.refuse(nil)
		time.Sleep(10 * time.Minute)
	})
}

// awayAcrossARestart: the receiver fails, and the daemon stops with messages in the ledger.
func (p *play) awayAcrossARestart(t *testing.T) {
	p.life(t, func(commit func(int)) {
		commit(0)
		time.Sleep(time.Second)
		p.stage.refuse(everything(http.StatusBadGateway, nil))
		commit(1)
		commit(2)
		time.Sleep(time.Minute)
	})
	p.stage.refuse(nil)
	p.life(t, func(commit func(int)) {
		commit(3)
		time.Sleep(time.Minute)
	})
}

// patience is asked for once.
func (p *play) askedForPatience(t *testing.T) {
	asked := false
	p.stage.refuse(func(string) (int, http.Header) {
		if asked {
			return 0, nil
		}
		asked = true
		return http.StatusTooManyRequests, http.Header{"Retry-After": {"120"}}
	})
	p.life(t, all(5*time.Minute))
}

// restartedAfterEach round, with nothing left to be sent.
func (p *play) restartedAfterEach(t *testing.T) {
	for round := range rounds {
		p.life(t, func(commit func(int)) {
			commit(round)
			time.Sleep(time.Second)
		})
	}
}

// conversation compares what the receiver knows in the end with what it knows when all goes well.
func (s suite) conversation(t *testing.T) {
	want := s.play(t, (*play).undisturbed)
	for _, id := range subjects {
		require.NotEmpty(t, want[id], "the receiver hears of %s", id)
	}
	for name, disturbed := range map[string]func(*play, *testing.T){
		"the receiver is away for an hour":               (*play).awayForAnHour,
		"the daemon restarts while the receiver is away": (*play).awayAcrossARestart,
		"the receiver asks for patience":                 (*play).askedForPatience,
		"the daemon restarts after each decision":        (*play).restartedAfterEach,
	} {
		t.Run(name, func(t *testing.T) {
			got := s.play(t, disturbed)
			for _, id := range subjects {
				require.NotEmpty(t, got[id])
				require.Equal(t, last(want[id]), last(got[id]), "%s ends with what was decided last", id)
				require.Subset(t, want[id], got[id], "nothing is said that isn't said when all goes well")
			}
		})
	}
	t.Run("what waited for an hour is sent as the sink counts it", func(t *testing.T) { s.afterAnHour(t, want) })
	t.Run("one subject is refused", func(t *testing.T) { s.oneRefused(t, want) })
}

// afterAnHour: every message where each counts, else one for each subject.
func (s suite) afterAnHour(t *testing.T, want map[string][]string) {
	each := s.firstMessage(t, s.sender(t, s.stage(t))).Each
	got := s.play(t, (*play).awayForAnHour)
	for _, id := range subjects {
		if each {
			require.Equal(t, want[id], got[id])
		} else {
			require.Equal(t, []string{last(want[id])}, got[id])
		}
	}
}

// oneRefused: the others are told all the same, in time.
func (s suite) oneRefused(t *testing.T, want map[string][]string) {
	bad := subjects[1]
	got := s.play(t, func(p *play, t *testing.T) {
		p.stage.refuse(func(subject string) (int, http.Header) {
			if subject == bad {
				return http.StatusBadRequest, nil
			}
			return 0, nil
		})
		p.undisturbed(t)
	})
	delete(want, bad)
	require.Equal(t, want, got)
}

// play returns what the receiver was told of each subject, in order, without what was said twice in a row.
func (s suite) play(t *testing.T, act func(*play, *testing.T)) map[string][]string {
	t.Helper()
	p := &play{suite: s, dir: t.TempDir(), stage: s.stage(t), told: NewReader(Noon)}
	synctest.Test(t, func(t *testing.T) { act(p, t) })
	told := map[string][]string{}
	for _, a := range p.stage.taken() {
		require.Contains(t, subjects, a.subject, fmt.Sprint("Receiver.Read returns the change's id: ", a))
		told[a.subject] = append(told[a.subject], a.says)
	}
	for id := range told {
		told[id] = slices.Compact(told[id])
	}
	return told
}

func last(all []string) string { return all[len(all)-1] }
