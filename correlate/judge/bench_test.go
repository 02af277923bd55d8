package judge

import "testing"

// BenchmarkAssess is one look at an hour of cells of 10 s: error ratio, three latencies and throughput.
func BenchmarkAssess(b *testing.B) {
	p := DefaultParams()
	for name, c := range map[string]Case{
		"canary":    newSim(1).canary(3600, 0.2, 1, 1),
		"regressed": newSim(1).canary(3600, 0.2, 5, 1),
		"all":       newSim(1).allAtOnce(3600, 1, 1),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Assess(p, c)
			}
		})
	}
}
