package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestWrongAnswersAreToldByTraces: two callees of web run a canary of a fifth from the same instant on, and both look
// fine. Requests of web fail when they touched the canary of one of them.
func TestWrongAnswersAreToldByTraces(t *testing.T) {
	began := midnight.Unix() + 3600
	for _, guilty := range []string{"cart", "ads"} {
		t.Run(guilty, func(t *testing.T) {
			e := New(DefaultConfig())
			var last *correlate.Regression
			verdicts := map[string]correlate.Outcome{}
			for now := midnight.Unix(); now < began+1800; now += 10 {
				var cells []correlate.Measurement
				add := func(k correlate.Key, requests, errors int64) {
					k.Environment = "production"
					cells = append(cells, correlate.Measurement{Key: k, Cell: correlate.Cell{Start: now, Requests: requests, Errors: errors}})
				}
				web := correlate.Key{Service: "web", Version: "w1", Kind: correlate.Traffic, Origin: correlate.OriginSpan}
				failing := int64(1)
				if now >= began {
					failing = 13
				}
				add(web, 300, failing)
				for _, name := range []string{"cart", "ads"} {
					own := correlate.Key{Service: name, Version: "v1", Kind: correlate.Traffic, Origin: correlate.OriginSpan}
					add(correlate.Key{Service: "web", Kind: correlate.Edge, Origin: correlate.OriginClientSpan, Peer: name}, 300, 0)
					if now < began {
						add(own, 300, 0)
						continue
					}
					add(own, 240, 0)
					own.Version = "v2"
					add(own, 60, 0)
					touched := int64(3) // a fifth of what fails, as of all
					if name == guilty {
						touched = 12
					}
					web.Kind, web.Peer = correlate.Trace, name
					web.Name = "v2"
					add(web, 60, touched)
					web.Name = "v1"
					add(web, 240, failing-touched)
				}
				effects := e.Apply(Input{Measured: cells})
				if now == began {
					for _, name := range []string{"cart", "ads"} {
						effects = append(effects, e.Apply(Input{Facts: []Fact{{ReceivedAt: at(now), Fact: correlate.Fact{Change: &correlate.Change{
							ID: name, Service: name, Environment: "production", Version: "v2", Kind: correlate.KindDeployment,
							Status: correlate.StatusStarted, StartedAt: at(now),
						}}}}})...)
					}
				}
				for _, eff := range append(effects, e.Apply(Input{Tick: at(now + 10)})...) {
					switch {
					case eff.Regression != nil && eff.Regression.Service == "web":
						last = eff.Regression
					case eff.Verdict != nil:
						verdicts[eff.Verdict.ChangeID] = eff.Verdict.Outcome
					case eff.Rollup != nil:
						for _, m := range eff.Rollup.Cells {
							require.NotEqual(t, correlate.Trace, m.Kind, "of no use later")
						}
					}
				}
			}
			require.NotNil(t, last)
			require.Equal(t, guilty, last.Suspects[0].ChangeID, "%+v", last.Suspects)
			require.Greater(t, last.Suspects[0].Probability, 0.9, "%+v", last.Suspects)
			require.Positive(t, last.Suspects[0].Terms["traces"])
			require.Negative(t, last.Suspects[1].Terms["traces"])
			require.Equal(t, correlate.Regressed, verdicts[guilty])
			delete(verdicts, guilty)
			require.NotContains(t, verdicts, correlate.Regressed)
		})
	}
}
