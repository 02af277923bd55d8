package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestWrongClocksCloseNoWindow: a sender whose clock is an hour off, ahead or behind, and a clock of our own that is set
// back, end no window before its time and leave no duration that is negative.
func TestWrongClocksCloseNoWindow(t *testing.T) {
	cell := func(service string, start int64) correlate.Measurement {
		c := correlate.Cell{Start: start, Requests: 200}
		c.Latency.Add(190, 200)
		return correlate.Measurement{Cell: c, Key: correlate.Key{
			Service: service, Environment: "production", Kind: correlate.Traffic, Origin: correlate.OriginSpan,
		}}
	}
	for name, off := range map[string]int64{"an hour ahead": 3600, "an hour behind": -3600, "a year ahead": 365 * 24 * 3600, "within five minutes ahead": 290} {
		t.Run(name, func(t *testing.T) {
			e, o := New(DefaultConfig()), newOutcome()
			start := midnight.Unix() + 2*3600
			for now := start - 7200; now < start+2*3600; now += 10 {
				e.Apply(Input{Measured: []correlate.Measurement{cell("right", now-10), cell("wrong", now-10+off)}})
				if now == start+60 {
					c := correlate.Change{ID: "c", Service: "right", Status: correlate.StatusSucceeded, StartedAt: at(start), FinishedAt: at(start + 30)}
					o.take(e.Apply(Input{Facts: []Fact{{Fact: correlate.Fact{Change: &c}, ReceivedAt: at(now)}}}))
				}
				tick := now
				if now > start+1800 {
					tick -= 600 // set back ten minutes
				}
				o.take(e.Apply(Input{Tick: at(tick)}))
				if v := o.Changes["c"].Verdict; v != nil && v.Final {
					require.GreaterOrEqual(t, now, o.Changes["c"].WindowEnd.Unix(), "the window is over by the right time")
				}
			}
			v := o.Changes["c"].Verdict
			require.NotNil(t, v)
			require.NotEqual(t, correlate.Regressed, v.Outcome)
			if off > maxAhead {
				require.Positive(t, e.Stats().Future)
			}
			if off < 0 {
				require.Positive(t, e.Stats().Late)
			}
			require.False(t, v.DecidedAt.Before(o.Changes["c"].Start()))
		})
	}
}
