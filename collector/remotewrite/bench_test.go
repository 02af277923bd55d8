package remotewrite

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
)

// scrapeOf is what a Prometheus pushes of one scrape of some processes: a histogram of ten buckets and three counters of each,
// and twice as many series that nobody asks for.
func scrapeOf(processes int) (all []sent) {
	for i := range processes {
		of := fmt.Sprintf(`instance="10.0.0.%d:8080",job="shop",namespace="production",pod="shop-%d"`, i, i)
		for _, code := range []string{"200", "404", "500"} {
			all = append(all, sent{series: fmt.Sprintf(`http_requests_total{code=%q,%s}`, code, of)})
		}
		for le := range 10 {
			all = append(all, sent{series: fmt.Sprintf(`http_request_duration_seconds_bucket{%s,le="%g"}`, of, math.Pow(2, float64(le-5)))})
		}
		all = append(all, sent{series: fmt.Sprintf(`http_request_duration_seconds_bucket{%s,le="+Inf"}`, of)})
		for k := range 28 {
			all = append(all, sent{series: fmt.Sprintf(`go_memstats_%d_bytes{%s}`, k, of)})
		}
	}
	return all
}

// BenchmarkPush is what a sample costs that is pushed, of which a third is of use, from the compressed body to held samples
// and to points.
func BenchmarkPush(b *testing.B) {
	for name, contentType := range map[string]string{"1.0": type1, "2.0": type2} {
		b.Run(name, func(b *testing.B) {
			all := scrapeOf(48)
			w := newWorld(b, func(c *Config) { c.Hold = 0 })
			at := time.Now().Add(-time.Hour)
			bodies := make([][]byte, 16)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%len(bodies) == 0 {
					b.StopTimer()
					for j := range bodies {
						at = at.Add(time.Second)
						for k := range all {
							all[k].at, all[k].value = at, float64(at.Unix()%1_000_000)
						}
						bodies[j] = snappy.Encode(nil, encode(contentType, all...))
					}
					b.StartTimer()
				}
				w.post(contentType, "snappy", bodies[i%len(bodies)])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(all)), "ns/sample")
		})
	}
}
