package judge

import "testing"

// BenchmarkLook is one look at an hour of cells of 10 s, of error ratio, three latencies and throughput: without any
// memory, with one of an earlier look, and whether anything may have happened at all.
func BenchmarkLook(b *testing.B) {
	p := DefaultParams()
	for name, c := range map[string]Case{
		"canary":       newSim(1).canary(3600, 0.2, 1, 1),
		"regressed":    newSim(1).canary(3600, 0.2, 5, 1),
		"all":          newSim(1).allAtOnce(3600, 1, 1),
		"all, 8 days":  newSim(1).withHistory(newSim(1).allAtOnce(3600, 1, 1), 8),
		"all, minutes": newSim(1).allAtOnce(600, 1, 1),
		"zones":        newSim(1).inZones(3600, unequal(1, 1)...),
	} {
		b.Run(name+"/first", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Assess(p, c)
			}
		})
		b.Run(name+"/again", func(b *testing.B) {
			var m Memory
			m.Assess(&p, &c)
			b.ReportAllocs()
			for b.Loop() {
				m.Assess(&p, &c)
			}
		})
		b.Run(name+"/quiet", func(b *testing.B) {
			var m Memory
			m.Quiet(&p, &c)
			b.ReportAllocs()
			for b.Loop() {
				m.Quiet(&p, &c)
			}
		})
	}
}
