package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// paced is a service whose new version takes over from an instant on, within so many seconds.
type paced struct {
	name        string
	from, takes int64
}

func (p paced) share(at int64) float64 {
	return min(max(float64(at-p.from)/float64(p.takes), 0), 1)
}

// bucket is the cells of a service with its two versions, and of its caller's calls.
func (p paced) bucket(at int64, caller string) []correlate.Measurement {
	const requests = 300
	fresh := int64(p.share(at) * requests)
	var cells []correlate.Measurement
	add := func(k correlate.Key, n int64) {
		if n > 0 {
			k.Environment = "production"
			cells = append(cells, correlate.Measurement{Key: k, Cell: correlate.Cell{Start: at, Requests: n}})
		}
	}
	traffic := correlate.Key{Service: p.name, Kind: correlate.Traffic, Origin: correlate.OriginSpan}
	traffic.Version = "v1"
	add(traffic, requests-fresh)
	traffic.Version = "v2"
	add(traffic, fresh)
	add(correlate.Key{Service: caller, Kind: correlate.Edge, Origin: correlate.OriginClientSpan, Peer: p.name}, requests)
	return cells
}

// TestTheFaultGrowsWithItsCause: what web calls rolls out twice from the same instant on, at different paces, and both look
// fine. The errors of web grow as one of them advances.
func TestTheFaultGrowsWithItsCause(t *testing.T) {
	began := midnight.Unix() + 3600
	cart, ads := paced{"cart", began, 300}, paced{"ads", began, 1500}
	for _, guilty := range []paced{cart, ads} {
		t.Run(guilty.name, func(t *testing.T) {
			e := New(DefaultConfig())
			var facts []Fact
			for _, p := range []paced{cart, ads} {
				facts = append(facts, Fact{ReceivedAt: at(began), Fact: correlate.Fact{Change: &correlate.Change{
					ID: p.name, Service: p.name, Environment: "production", Version: "v2", Kind: correlate.KindDeployment,
					Status: correlate.StatusStarted, StartedAt: at(began),
				}}})
			}
			var last *correlate.Regression
			for now := midnight.Unix(); now < began+2400; now += 10 {
				cells := append(cart.bucket(now, "web"), ads.bucket(now, "web")...)
				cells = append(cells, correlate.Measurement{
					Key:  correlate.Key{Service: "web", Environment: "production", Version: "w1", Kind: correlate.Traffic, Origin: correlate.OriginSpan},
					Cell: correlate.Cell{Start: now, Requests: 300, Errors: 1 + int64(40*guilty.share(now))},
				})
				effects := e.Apply(Input{Measured: cells})
				if now == began {
					effects = append(effects, e.Apply(Input{Facts: facts})...)
				}
				for _, eff := range append(effects, e.Apply(Input{Tick: at(now + 10)})...) {
					if eff.Regression != nil && eff.Regression.Service == "web" {
						last = eff.Regression
					}
				}
			}
			require.NotNil(t, last)
			require.Equal(t, guilty.name, last.Suspects[0].ChangeID, "%+v", last.Suspects)
			require.Greater(t, last.Suspects[0].Probability, convicted, "%+v", last.Suspects)
			require.Positive(t, last.Suspects[0].Terms["dose"])
			require.Negative(t, last.Suspects[1].Terms["dose"])
		})
	}
}
