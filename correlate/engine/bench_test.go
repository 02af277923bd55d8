package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// BenchmarkFacts is a batch of changes of one service, as somebody sends who tells all of the past at once.
func BenchmarkFacts(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		facts := make([]Fact, n)
		for i := range facts {
			done := midnight.Add(-time.Duration(n-i) * time.Minute)
			facts[i] = Fact{ReceivedAt: midnight, Fact: correlate.Fact{Change: &correlate.Change{
				ID: fmt.Sprint("c", i), Service: "checkout", Version: fmt.Sprint("v", i), Status: correlate.StatusSucceeded,
				StartedAt: done, FinishedAt: done,
			}}}
		}
		b.Run(fmt.Sprint(n, " at once"), func(b *testing.B) {
			for b.Loop() {
				New(DefaultConfig()).Apply(Input{Facts: facts})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/fact")
		})
	}
}
