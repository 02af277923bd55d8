package observe

import (
	"fmt"
	"testing"

	"github.com/shipwake/shipwake/correlate"
)

// BenchmarkPast is what the time before each of so many changes of one service takes, in ns of each, after something was decided
// of one of them.
func BenchmarkPast(b *testing.B) {
	for _, changes := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(changes), func(b *testing.B) {
			var all []*Known
			for i := range int64(changes) {
				all = append(all, Whole(Subject{
					ID: fmt.Sprint("c", i), Place: place("shop"), Kind: correlate.KindDeployment, Version: fmt.Sprint("v", i),
					Start: 1000 + i, Finish: 1000 + i, End: 5000 + i, Live: true,
				}))
			}
			o := New(testConfig(), nil)
			for decided := int64(0); b.Loop(); decided++ {
				s := all[0].Subject
				s.Decided = []Decision{{At: 2000 + decided, Outcome: correlate.Healthy}}
				all[0] = Whole(s)
				v := NewView(100_000_000, func(correlate.Place) *Lineup { return Line(all) })
				for _, c := range all {
					o.Past(v, c.Place, c.Start)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*changes), "ns/change")
		})
	}
}
