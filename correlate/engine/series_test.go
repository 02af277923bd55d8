package engine

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// badStory is a recording of a change after which one request in four fails, beside the version before it.
func badStory() Recording {
	from := midnight.Unix()
	r := Recording{From: from, Until: from + 3*3600}
	for start := from; start < from+3*3600; start += 10 {
		versions := map[string]int64{"v1": 1}
		if start >= from+3600 {
			versions["v2"] = 25
		}
		for _, version := range []string{"v1", "v2"} {
			if errors, serves := versions[version]; serves {
				c := correlate.Cell{Start: start, Requests: 100, Errors: errors}
				c.Latency.Add(180, 100)
				r.Cells = append(r.Cells, correlate.Measurement{Cell: c, Key: correlate.Key{
					Service: "checkout", Environment: "production", Version: version, Kind: correlate.Traffic, Origin: correlate.OriginSpan,
				}})
			}
		}
	}
	c := correlate.Change{
		ID: "bad", Service: "checkout", Version: "v2", StartedAt: at(from + 3600), FinishedAt: at(from + 3660), Source: "test",
	}.WithDefaults()
	r.Facts = []correlate.Fact{{Change: &c}}
	return r
}

func TestAVerdictIsKeptWithItsSeries(t *testing.T) {
	var all []correlate.Series
	verdicts := map[int]correlate.Verdict{}
	for _, eff := range Replay(New(DefaultConfig()), badStory()) {
		switch {
		case eff.Verdict != nil:
			verdicts[eff.Verdict.Revision] = *eff.Verdict
		case eff.Series != nil:
			all = append(all, *eff.Series)
		}
	}
	require.Len(t, all, 2, "when it is first said to hurt, and at the end")
	for _, s := range all {
		v := verdicts[s.Revision]
		require.Equal(t, correlate.Regressed, v.Outcome)
		require.Equal(t, v.DecidedAt, s.At)
		require.Equal(t, at(midnight.Unix()+3600), s.Start)
		require.Equal(t, "error_ratio", s.Signals[0].Signal)
		values := s.Signals[0].Line(correlate.RoleNew)
		require.Equal(t, 0.25, values[len(values)-2])
		require.Equal(t, 0.01, s.Signals[0].Line(correlate.RoleOld)[0])
	}
	require.False(t, verdicts[all[0].Revision].Final)
	require.True(t, verdicts[all[1].Revision].Final)
	require.Less(t, all[0].At.Sub(all[0].Start), 10*time.Minute)
}

// live drives an engine through a recording bucket by bucket, without its end, and asks something after each.
func live(t testing.TB, e *Engine, r Recording, ask func()) {
	d := NewDriver(e, &recorder{})
	require.NoError(t, d.Facts([]Fact{{Fact: r.Facts[0], ReceivedAt: at(r.From)}}, 0))
	for now := r.From; now <= r.Until; now += 10 {
		require.NoError(t, d.Tick(at(now+30), func() (drained []correlate.Measurement) {
			n := 0
			for n < len(r.Cells) && r.Cells[n].Start+10 <= now {
				n++
			}
			drained, r.Cells = r.Cells[:n], r.Cells[n:]
			return drained
		}))
		ask()
	}
}

// TestASeriesCanBeAskedForWhileAChangeIsObserved: it is what would be kept, and asking for it changes nothing.
func TestASeriesCanBeAskedForWhileAChangeIsObserved(t *testing.T) {
	asked, untouched := New(DefaultConfig()), New(DefaultConfig())
	story := badStory()
	story.Until = story.From + 3600 + 1200
	live(t, asked, story, func() { Series(asked, "bad") })
	live(t, untouched, story, func() {})
	s := Series(asked, "bad")
	require.NotNil(t, s)
	require.Zero(t, s.Revision)
	require.Equal(t, 0.25, s.Signals[0].Line(correlate.RoleNew)[s.Points-2])
	require.JSONEq(t, asJSON(t, s), asJSON(t, Series(untouched, "bad")))
	require.Nil(t, Series(asked, "nobody"))
	require.JSONEq(t, asJSON(t, untouched.Conclude()), asJSON(t, asked.Conclude()))
}

// asJSON is for comparing what holds NaN.
func asJSON(t *testing.T, v any) string {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// BenchmarkSeries is what it costs to draw the course of one change: it is done twice for most that hurt, and once for others.
func BenchmarkSeries(b *testing.B) {
	story := badStory()
	story.Until = story.From + 3600 + 1200
	e := New(DefaultConfig())
	live(b, e, story, func() {})
	require.NotNil(b, Series(e, "bad"))
	b.ReportAllocs()
	for b.Loop() {
		Series(e, "bad")
	}
}
