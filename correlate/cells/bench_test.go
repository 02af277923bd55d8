package cells

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/shipwake/shipwake/correlate"
)

// BenchmarkService is what a service takes of which a sender tells in every bucket of two and a half hours: one version, two
// routes.
func BenchmarkService(b *testing.B) {
	const services, buckets = 200, 900
	rng := rand.New(rand.NewPCG(1, 2))
	cfg := config()
	cfg.FineKeep = 7200
	for b.Loop() {
		before := heap()
		st := New(cfg)
		for n := range int64(buckets) {
			at := midnight + n*cfg.Resolution
			for i := range services {
				addAll(st, served(rng, fmt.Sprint("service-", i), at))
			}
			st.Look(at - cfg.Lateness)
			if at%cfg.Coarse == 0 {
				st.Close(at-cfg.AllowedLateness, nothingHeld)
				st.Expire(at-cfg.FineKeep, at-cfg.CoarseKeep)
			}
		}
		b.ReportMetric(float64(heap()-before)/services, "B/service")
		b.ReportMetric(float64(st.Memory().Bytes)/services, "counted/service")
		runtime.KeepAlive(st)
	}
}

// served is what a service measures in a bucket: some 50 requests, half a percent of errors, log-normal latencies.
func served(rng *rand.Rand, service string, at int64) []correlate.Measurement {
	whole := traffic(service, "v1", at, 0)
	all := []correlate.Measurement{whole}
	for r := range 2 {
		part := whole
		part.Kind, part.Name = correlate.Route, fmt.Sprint("/route/", r)
		for range 20 + rng.IntN(10) {
			failed := int64(0)
			if rng.Float64() < 0.005 {
				failed = 1
			}
			part.Merge(correlate.Cell{
				Requests: 1, Errors: failed, Latency: correlate.Histogram{{Index: correlate.BinIndex(int64(5e7 * math.Exp(0.5*rng.NormFloat64()))), Count: 1}},
			})
		}
		all[0].Merge(part.Cell)
		all = append(all, part)
	}
	return all
}

// BenchmarkMet is the look-up of a name under which there is no telemetry, among so many services.
func BenchmarkMet(b *testing.B) {
	for _, services := range []int{100, 10_000} {
		b.Run(fmt.Sprint("services=", services), func(b *testing.B) {
			st := New(config())
			for i := range services {
				st.Add(traffic(fmt.Sprint("shop/service-", i), "v1", midnight, 5))
			}
			unknown := correlate.Place{Service: "unknown", Environment: correlate.DefaultEnvironment}
			for b.Loop() {
				Met(st, unknown, midnight+100)
			}
		})
	}
}
