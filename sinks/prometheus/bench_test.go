package prometheus

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// shopOf is a shop of many services with a few changes each, one in eight bad.
func shopOf(services, changes int) []correlate.Effect {
	var effects []correlate.Effect
	for s := range services {
		for i := range changes {
			c := change(fmt.Sprintf("c-%d-%d", s, i), fmt.Sprintf("service-%04d", s), -time.Duration(i*24*60+s)*time.Minute)
			c.Commits = []correlate.Commit{{SHA: c.ID, AuthoredAt: c.FinishedAt.Add(-time.Hour)}}
			c.Verdict = &correlate.Verdict{
				ChangeID: c.ID, Service: c.Service, Environment: c.Environment, Outcome: correlate.Healthy,
				Reason: correlate.ReasonWithinMargin, Revision: 1, Evidence: []correlate.Evidence{
					{Signal: "error_ratio"}, {Signal: "latency_p50"}, {Signal: "latency_p90"}, {Signal: "latency_p99"},
				},
			}
			c.WindowEnd = c.FinishedAt.Add(time.Hour)
			if (s+i)%8 == 0 {
				c.Verdict.Outcome, c.RecoveredAt = correlate.Regressed, c.FinishedAt.Add(time.Minute)
			}
			effects = append(effects, correlate.Effect{Change: &c})
		}
	}
	return effects
}

// discarded is a reader of which only the number of bytes is of interest.
type discarded struct {
	header http.Header
	bytes  int
}

func (d *discarded) Header() http.Header { return d.header }
func (d *discarded) WriteHeader(int)     {}
func (d *discarded) Write(b []byte) (int, error) {
	d.bytes += len(b)
	return len(b), nil
}

// scrapeAs reads /metrics as Prometheus does, in the format it prefers, and returns the size of what was sent.
func scrapeAs(s sinks.Sink, preferred string) int {
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", preferred+";q=0.5,text/plain;version=0.0.4;q=0.2")
	request.Header.Set("Accept-Encoding", "gzip")
	answer := &discarded{header: http.Header{}}
	sinks.Routes(s)["GET /metrics"].ServeHTTP(answer, request)
	return answer.bytes
}

func BenchmarkScrape(b *testing.B) {
	for _, services := range []int{1000, 10_000} {
		effects := shopOf(services, 4)
		r := sinktest.NewReader(sinktest.Noon, effects...)
		s := open(b, r)
		s.Publish(effects)
		for _, as := range []struct {
			name, accept string
			in           format
		}{{"openmetrics", asOpenMetrics, openMetrics}, {"protobuf", asProtobuf, protobuf}} {
			bench := func(name string, before func(n int)) {
				b.Run(fmt.Sprintf("services=%d/%s/%s", services, as.name, name), func(b *testing.B) {
					b.ReportAllocs()
					size := 0
					for n := 0; b.Loop(); n++ {
						b.StopTimer()
						before(n)
						b.StartTimer()
						size = scrapeAs(s, as.accept)
					}
					b.ReportMetric(float64(size), "bytes/scrape")
				})
			}
			bench("first", func(int) { s.written[as.in] = newExposition(as.in, s.compressor) })
			bench("nothing new", func(int) {})
			bench("numbers computed again", func(int) { s.written[as.in].table = nil })
			bench("one change", func(n int) {
				c := change(fmt.Sprintf("another-%s-%d", as.name, n), "service-0500", 0)
				s.Publish([]correlate.Effect{{Change: &c}})
			})
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	s := open(b, sinktest.NewReader(sinktest.Noon))
	effects := shopOf(100, 1)
	for b.Loop() {
		s.Publish(effects)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(effects)), "ns/effect")
}
