package late

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// records is a ledger of changes in memory.
type records struct {
	all []correlate.ChangeRecord
}

func (r *records) Changes(context.Context, ledger.ChangeFilter) ([]correlate.ChangeRecord, error) {
	return append([]correlate.ChangeRecord{}, r.all...), nil
}

func (r *records) Restore(context.Context, time.Time) (ledger.Saved, error) {
	return ledger.Saved{Changes: append([]correlate.ChangeRecord{}, r.all...)}, nil
}

func (r *records) Rollups(context.Context, func(correlate.Rollup) error) error { return nil }

// marked is a change of shop at an instant that is to be judged.
func marked(id string, began int64) correlate.ChangeRecord {
	at := time.Unix(began, 0).UTC()
	c := correlate.Change{ID: id, Service: "shop", Source: "generic", Kind: correlate.KindConfig, StartedAt: at, FinishedAt: at}.WithDefaults()
	return correlate.ChangeRecord{Change: c, Phase: correlate.PhaseHistory, Rejudging: true}
}

// desk is a judge whose findings are noted, and take the mark off.
type desk struct {
	*Judge
	records   *records
	delivered []engine.Rejudged
	keepMark  bool
	room      int64
}

func newDesk(t testing.TB, hours int64, changes ...correlate.ChangeRecord) *desk {
	t.Helper()
	from := &checkpoints{all: drained(begin, begin+hours*3600)}
	a, err := Open(Options{
		Dir: t.TempDir(), Keep: 7 * 24 * time.Hour, Budget: 1 << 30, Engine: engine.DefaultConfig(),
	}, from, zap.NewNop())
	require.NoError(t, err)
	now := begin + hours*3600
	a.CatchUp(t.Context(), time.Unix(now, 0), time.Unix(now-30, 0))
	d := &desk{records: &records{changes}, room: 1 << 30}
	d.Judge = NewJudge(Desk{
		Ledger: d.records, Archive: a, Log: zap.NewNop(), Now: func() time.Time { return time.Unix(now, 0) },
		Room: func() int64 { return d.room }, Taken: func() int64 { return 1 << 20 },
		Deliver: d.deliver, Pause: func(time.Duration) {},
	})
	return d
}

func (d *desk) deliver(_ context.Context, of engine.Rejudged) error {
	d.delivered = append(d.delivered, of)
	for i := range d.records.all {
		if c := &d.records.all[i]; c.ID == of.By && !d.keepMark {
			c.Rejudging = false
		}
	}
	return nil
}

// by are the changes for which something was delivered, with how many courses were found.
func (d *desk) by() map[string]int {
	all := map[string]int{}
	for _, of := range d.delivered {
		all[of.By] = len(of.Courses)
	}
	return all
}

func TestWhatIsMarkedIsJudgedTheOldestFirst(t *testing.T) {
	other := marked("not marked", begin+3*3600)
	other.Rejudging = false
	d := newDesk(t, 9, marked("second", begin+4*3600), other, marked("first", begin+3*3600))
	waits, err := d.Work(t.Context())
	require.NoError(t, err)
	require.False(t, waits)
	require.Equal(t, "first", d.delivered[0].By)
	require.Equal(t, map[string]int{"first": 2, "second": 1}, d.by(), "each is judged with what is observed beside it, and is not judged again")
	require.EqualValues(t, 2, d.Done())
}

func TestWhatIsNotArchivedYetIsWaitedFor(t *testing.T) {
	d := newDesk(t, 4, marked("c", begin+3*3600))
	waits, err := d.Work(t.Context())
	require.NoError(t, err)
	require.True(t, waits)
	require.Empty(t, d.delivered)
	now := begin + 5*3600
	d.Archive.from.(*checkpoints).all = drained(begin, now)
	d.Archive.CatchUp(t.Context(), time.Unix(now, 0), time.Unix(now-30, 0))
	waits, err = d.Work(t.Context())
	require.NoError(t, err)
	require.False(t, waits)
	require.Equal(t, map[string]int{"c": 1}, d.by())
}

func TestWhatIsOlderThanTheArchiveIsGivenUp(t *testing.T) {
	d := newDesk(t, 9, marked("too old", begin-3600), marked("baseline too old", begin+3600), marked("c", begin+3*3600))
	d.Archive.options.Keep = 9 * time.Hour // so some of it may have gone
	_, err := d.Work(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{"too old": 0, "baseline too old": 0, "c": 1}, d.by())
}

func TestWhatWasNeverMeasuredIsNotMissed(t *testing.T) {
	d := newDesk(t, 9, marked("too old", begin-3600), marked("soon after the first start", begin+3600))
	_, err := d.Work(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{"too old": 0, "soon after the first start": 1}, d.by())
}

func TestMemoryIsWaitedFor(t *testing.T) {
	d := newDesk(t, 9, marked("c", begin+3*3600))
	d.room = 1 << 20
	waits, err := d.Work(t.Context())
	require.NoError(t, err)
	require.True(t, waits)
	require.Empty(t, d.delivered)
}

func TestAChangeThatIsAnotherEachTimeIsLeft(t *testing.T) {
	d := newDesk(t, 9, marked("moving", begin+3*3600))
	d.keepMark = true
	waits, err := d.Work(t.Context())
	require.NoError(t, err)
	require.False(t, waits)
	require.Len(t, d.delivered, tries)
}

// fleet is what services with 20 requests a second measure in a bucket: the traffic of one instrumentation, three routes, two
// calls, CPU and memory, and a log stream each.
func fleet(r *rand.Rand, services int, start int64) (all []correlate.Measurement) {
	add := func(k correlate.Key, n int64) {
		c := correlate.Cell{Start: start, Requests: n, Errors: int64(r.IntN(3)) / 2, N: n}
		for range n {
			took := math.Exp(r.NormFloat64()*0.6 + math.Log(20e6))
			c.Latency.Add(correlate.BinIndex(int64(took)), 1)
			c.Sum += int64(took / 1e3)
		}
		all = append(all, correlate.Measurement{Key: k, Cell: c})
	}
	for s := range services {
		of := correlate.Key{Service: fmt.Sprintf("service-%03d", s), Environment: "production"}
		k := of
		k.Version, k.Kind, k.Origin = "1.4.2", correlate.Traffic, correlate.OriginSpan
		add(k, 200)
		k.Kind = correlate.Route
		for _, k.Name = range []string{"/cart", "/checkout", "/health"} {
			add(k, 66)
		}
		k = of
		k.Kind, k.Origin = correlate.Edge, correlate.OriginClientSpan
		for n := range 2 {
			k.Peer = fmt.Sprintf("service-%03d", (s*7+n+1)%services)
			add(k, 100)
		}
		k = of
		k.Kind, k.Origin = correlate.Saturation, correlate.OriginCustom
		for _, k.Name = range []string{"cpu", "memory"} {
			all = append(all, correlate.Measurement{Key: k, Cell: correlate.Cell{Start: start, N: 3, Sum: int64(3 * correlate.Fixed * (0.4 + r.NormFloat64()/50))}})
		}
		k.Kind, k.Origin, k.Name = correlate.Log, correlate.OriginLog, ""
		all = append(all, correlate.Measurement{Key: k, Cell: correlate.Cell{Start: start, Requests: 400, Errors: int64(r.IntN(3))}})
	}
	return all
}

// BenchmarkLateChange judges one change of a fleet of a hundred services with the windows of the default configuration.
// Before, it archives what was measured about it, and says how long that took for a stretch of ten minutes, which comes
// every ten minutes, and what a service takes on disk for each day.
func BenchmarkLateChange(b *testing.B) {
	const services, hours = 100, 5
	d := newDesk(b, 0, marked("c", begin+3*3600))
	d.records.all[0].Service = "service-007"
	r, all := rand.New(rand.NewPCG(1, 2)), &checkpoints{}
	drawn := make([][]correlate.Measurement, 30)
	for i := range drawn {
		drawn[i] = fleet(r, services, 0)
	}
	for at := begin + 10; at < begin+hours*3600; at += 10 {
		cells := slices.Clone(drawn[r.IntN(len(drawn))])
		for i := range cells {
			cells[i].Start = at - 10
		}
		all.all = append(all.all, checkpoint{at, cells})
	}
	d.Archive.from = all
	began, now := time.Now(), begin+hours*3600
	d.Archive.CatchUp(b.Context(), time.Unix(now, 0), time.Unix(now-30, 0))
	took := time.Since(began)
	for b.Loop() {
		d.records.all[0].Rejudging = true
		_, err := d.Work(b.Context())
		require.NoError(b, err)
	}
	require.Equal(b, map[string]int{"c": 1}, d.by())
	is := d.Archive.State()
	stretches := float64(is.To-is.From) / 600
	b.ReportMetric(took.Seconds()*1000/stretches, "archive-ms/10min")
	b.ReportMetric(float64(is.Bytes)/stretches*144/services, "bytes/service/day")
}
