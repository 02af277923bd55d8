package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestADateLongAgoCostsNothing: clocks that were never set say 1970. Whatever is dated so, the engine must not go through
// the half century since in steps of seconds.
func TestADateLongAgoCostsNothing(t *testing.T) {
	traffic := func(start int64) Input {
		c := correlate.Cell{Start: start, Requests: 200}
		c.Latency.Add(180, 200)
		return Input{Measured: []correlate.Measurement{{Cell: c, Key: correlate.Key{
			Service: "shop", Environment: "production", Version: "v1", Kind: correlate.Traffic, Origin: correlate.OriginSpan,
		}}}}
	}
	change := func(finish time.Time) Input {
		c := correlate.Change{ID: "c", Service: "shop", Version: "v1", Source: "x", StartedAt: at(100), FinishedAt: finish}
		return Input{Facts: []Fact{{Fact: correlate.Fact{Change: &c}, ReceivedAt: midnight}}}
	}
	incident := correlate.Incident{ID: "i", Service: "shop", OpenedAt: at(100)}
	for name, in := range map[string]Input{
		"a span":                             traffic(100),
		"a change":                           change(at(200)),
		"a change that was complete today":   change(midnight.Add(-time.Minute)),
		"a change that is still to complete": change(time.Time{}),
		"an incident":                        {Facts: []Fact{{Fact: correlate.Fact{Incident: &incident}, ReceivedAt: midnight}}},
		"a stretch without telemetry":        {Drained: at(100)},
	} {
		for when, first := range map[string]bool{"before anything else": true, "after hours of telemetry": false} {
			t.Run(name+", "+when, func(t *testing.T) {
				e, began := New(DefaultConfig()), time.Now()
				for s := midnight.Unix(); s < midnight.Unix()+3*3600; s += 10 {
					if first == (s == midnight.Unix()) && (first || s == midnight.Unix()+2*3600) {
						e.Apply(in)
					}
					e.Apply(traffic(s))
					e.Apply(Input{Tick: at(s + 10)})
				}
				e.Conclude()
				require.Less(t, time.Since(began), 20*time.Second)
				require.Equal(t, midnight.Add(3*time.Hour), e.Watermark())
			})
		}
	}
}
