package blame

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// ramp is a dose that rises from 0 to 1 between two windows.
func ramp(from, to int) []float64 {
	dose := make([]float64, 60)
	for i := range dose {
		dose[i] = min(max(float64(i-from)/float64(max(1, to-from)), 0), 1)
	}
	return dose
}

// asking is the share of requests that meet a new version at least once when each asks so many times.
func asking(dose []float64, times float64) []float64 {
	met := make([]float64, len(dose))
	for i, d := range dose {
		met[i] = 1 - math.Pow(1-d, times)
	}
	return met
}

func slow(f Fault) Fault {
	f.Signal = "latency_p90"
	return f
}

// responding is a fault whose events grow from 2 % to 12 % of the requests of each minute, as a dose does. Its onset is
// in window 30.
func responding(to []float64, requests float64) Fault {
	f := Fault{Service: "web", Signal: "error_ratio", Onset: onset, Course: Course{Width: 60, Dispersion: 1}}
	for i, d := range to {
		f.Course.Windows = append(f.Course.Windows, Window{
			At: onset + int64(i-30)*60, Exposure: requests, Events: requests * (0.02 + 0.1*d),
		})
	}
	return f
}

func TestDose(t *testing.T) {
	p := DefaultParams()
	for name, tc := range map[string]struct {
		fault Fault
		doses [][]float64
		signs []int // of each candidate's term
	}{
		"a rollout that the events grow with gains, one that was done before and one that came later lose": {
			responding(ramp(28, 45), 2000), [][]float64{ramp(28, 45), ramp(25, 33), ramp(45, 58)}, []int{1, -1, -1},
		},
		"of two that explain more than a step the one that explains less loses": {
			responding(ramp(28, 50), 2000), [][]float64{ramp(28, 50), ramp(28, 38)}, []int{1, -1},
		},
		"requests that ask three times are slow sooner than the share of a slow version says": {
			slow(responding(asking(ramp(28, 45), 3), 2000)), [][]float64{ramp(28, 45), ramp(25, 33), ramp(28, 58)}, []int{1, -1, -1},
		},
		"errors grow as the share does": {
			responding(asking(ramp(28, 45), 3), 2000), [][]float64{ramp(28, 45)}, []int{-1},
		},
		"a step is no rollout's doing that lasted": {
			responding(ramp(29, 30), 2000), [][]float64{ramp(25, 45)}, []int{-1},
		},
		"a canary that is held says nothing": {
			responding(ramp(29, 30), 2000), [][]float64{make([]float64, 60)}, []int{0},
		},
		"nor does a version that telemetry doesn't tell": {
			responding(ramp(28, 45), 2000), [][]float64{nil}, []int{0},
		},
		"nor do a handful of events": {
			responding(ramp(28, 45), 2), [][]float64{ramp(28, 45), ramp(25, 33)}, []int{0, 0},
		},
		"nor does a fault that isn't counted in events": {
			Fault{Service: "web", Signal: "throughput", Onset: onset}, [][]float64{ramp(28, 45)}, []int{0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var candidates []Candidate
			for _, d := range tc.doses {
				candidates = append(candidates, Candidate{Dose: d})
			}
			for i, term := range p.doses(tc.fault, candidates) {
				require.LessOrEqual(t, term, p.DoseMax)
				require.GreaterOrEqual(t, term, p.DoseMin)
				switch tc.signs[i] {
				case 0:
					require.Zero(t, term)
				default:
					require.Greater(t, term*float64(tc.signs[i]), 1.0, "candidate %d", i)
				}
			}
		})
	}
}

func TestBurstsWeakenTheDoseResponse(t *testing.T) {
	p := DefaultParams()
	calm := responding(ramp(28, 45), 60)
	bursty := calm
	bursty.Course.Dispersion = 20
	of := []Candidate{{Dose: ramp(28, 45)}}
	require.Less(t, p.doses(bursty, of)[0], p.doses(calm, of)[0]/4)
}

func BenchmarkDoses(b *testing.B) {
	p, f := DefaultParams(), responding(ramp(28, 45), 2000)
	candidates := []Candidate{{Dose: ramp(28, 45)}, {Dose: ramp(25, 33)}, {Dose: ramp(45, 58)}, {Dose: ramp(20, 50)}}
	for b.Loop() {
		p.doses(f, candidates)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(candidates)), "ns/candidate")
}
