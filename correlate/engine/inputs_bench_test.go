package engine

import (
	"testing"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/observe"
)

// BenchmarkInputs is the digest of what a verdict is a function of: two hours of a service with some thirty bins a cell.
func BenchmarkInputs(b *testing.B) {
	e, l := New(DefaultConfig()), newLoad(200)
	from := midnight.Unix()
	until := from + 2*e.cfg.Baseline
	for start := from; start < until; start += e.cfg.Resolution {
		e.Apply(Input{Measured: fleet{services: 1}.cells(l, start, false)})
	}
	p := correlate.Place{Service: fleet{services: 1}.name(0), Environment: "production"}
	cells := len(e.store.Service(p).Stream(e.store.Service(p).Keys()[0]).Total().Between(from, until))
	for b.Loop() {
		d := observe.NewDigest()
		writeCells(&d, e.store, p, from, until)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*cells), "ns/cell")
}
