package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestARetractedChangeIsNotJudged: a verdict of a change that nobody reports any more is withdrawn, and whoever was judged
// beside it is judged as if it had never been reported.
func TestARetractedChangeIsNotJudged(t *testing.T) {
	bad := correlate.Change{ID: "bad", Service: "shop", Version: "v2", Source: "x", StartedAt: midnight.Add(time.Hour)}
	flag := correlate.Change{
		ID: "flag", Service: "shop", Kind: correlate.KindFeatureFlag, Source: "x", StartedAt: midnight.Add(time.Hour),
	}
	apply := func(e *Engine, o *outcome, c correlate.Change, retracted bool) {
		o.take(e.Apply(Input{Facts: []Fact{{Fact: correlate.Fact{Change: &c}, ReceivedAt: midnight, Retracted: retracted}}}))
	}
	run := func(retract int64, reported ...correlate.Change) (*Engine, *outcome) {
		s, o := &script{t: t, e: New(DefaultConfig()), now: midnight.Unix()}, newOutcome()
		s.run("serve shop 00:00-02:00 version=v1 rps=40\nserve shop 01:00-02:00 version=v2 rps=40 errors=0.2\nuntil 00:50")
		for _, c := range reported {
			apply(s.e, o, c, false)
		}
		for s.now < midnight.Unix()+2*3600 {
			if retract == s.now {
				apply(s.e, o, flag, true)
				apply(s.e, o, bad, true)
			}
			before := s.now
			s.now += 10
			n := 0
			for n < len(s.cells) && s.cells[n].Start <= before {
				n++
			}
			if n > 0 {
				o.take(s.e.Apply(Input{Measured: s.cells[:n]}))
				s.cells = s.cells[n:]
			}
			o.take(s.e.Apply(Input{Tick: at(s.now)}))
		}
		o.take(s.e.Conclude())
		return s.e, o
	}
	convicted, _ := run(0, bad)
	require.Equal(t, correlate.Regressed, convicted.changes["bad"].rec.Verdict.Outcome)
	for name, when := range map[string]int64{"while it is observed": 5400, "at the end": 7000} {
		t.Run(name, func(t *testing.T) {
			e, o := run(midnight.Unix()+when, bad)
			rec := o.Changes["bad"]
			require.Equal(t, correlate.PhaseRetracted, rec.Phase)
			require.True(t, rec.Verdict.Withdrawn)
			require.Empty(t, e.change("bad").course)
		})
	}
	t.Run("another change is judged as if it had been alone", func(t *testing.T) {
		other := flag
		other.ID, other.Service = "other", "elsewhere"
		_, alone := run(0, other)
		_, with := run(midnight.Unix()+5400, other, bad, flag)
		require.Equal(t, fmt.Sprint(alone.Changes["other"].Verdict.Unrevised()), fmt.Sprint(with.Changes["other"].Verdict.Unrevised()))
	})
}

// TestVeryManyChangesOfOneServiceAreTaken: what a report costs doesn't grow with the number of changes of its service.
func TestVeryManyChangesOfOneServiceAreTaken(t *testing.T) {
	e, began := New(DefaultConfig()), time.Now()
	const n = 14_000
	for i := range n {
		c := correlate.Change{
			ID: fmt.Sprint(i), Service: "shop", Version: fmt.Sprint("v", i), Source: "x", Kind: correlate.KindDeployment,
			StartedAt: midnight.Add(time.Duration(i*600/n) * time.Second),
		}
		require.NotEmpty(t, e.Apply(Input{Facts: []Fact{{Fact: correlate.Fact{Change: &c}, ReceivedAt: c.StartedAt}}}))
	}
	require.Len(t, e.watched, n)
	require.Less(t, time.Since(began), 60*time.Second, "it takes about a second")
	t.Log(time.Since(began))
}
