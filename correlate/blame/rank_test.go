package blame

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// onset is when the faults of these tests began.
const onset = 100_000

// shop calls: web → cart → db, web → ads.
var shop = []Edge{{"web", "cart"}, {"cart", "db"}, {"web", "ads"}}

func deployed(id, service string, before ...int64) Candidate {
	c := Candidate{ChangeID: id, Service: service, Kind: correlate.KindDeployment}
	for _, b := range before {
		c.Steps = append(c.Steps, onset-b)
	}
	return c
}

func rank(f Fault, candidates []Candidate) []correlate.Suspect {
	return DefaultParams().Rank(f, candidates, NewGraph(shop))
}

func TestARolloutThatGoesOnMayBringALateFault(t *testing.T) {
	complete := Candidate{
		ChangeID: "a", Service: "web", Steps: []int64{onset - 900}, Contrast: -1, Whole: true,
		Regressed: true, Onset: onset, Strength: 9,
	}
	f := Fault{Service: "web", Signal: "error_ratio", Onset: onset, Strength: 9, Course: Course{Width: 60}}
	other := deployed("b", "cart", 900)
	for i := range int64(10) {
		f.Course.Windows = append(f.Course.Windows, Window{At: onset - 300 + i*60, Events: 1, Exposure: 1000})
		other.Dose = append(other.Dose, 0.5)
	}
	alone := rank(f, []Candidate{complete, other})
	require.Positive(t, alone[0].Terms[TermAnomaly], "%v", alone)
	other.Dose[9] = 1
	for _, s := range rank(f, []Candidate{complete, other}) {
		require.LessOrEqual(t, s.Terms[TermAnomaly], 0.0, "%v", s)
	}
}

func TestRank(t *testing.T) {
	fault := Fault{Service: "web", Signal: "error_ratio", Onset: onset, Strength: 9}
	for name, tc := range map[string]struct {
		fault      Fault
		candidates []Candidate
		first      string
		culprit    bool
	}{
		"a lone change of the faulty service shortly before is the culprit": {
			fault, []Candidate{deployed("a", "web", 60)}, "a", true,
		},
		"a lone change of the faulty service hours before is not": {
			fault, []Candidate{deployed("a", "web", 3*3600)}, "a", false,
		},
		"of two changes of one service the nearer step wins": {
			fault, []Candidate{deployed("a", "web", 1500), deployed("b", "web", 60)}, "b", true,
		},
		"the nearest step of a long rollout counts, not its start": {
			fault, []Candidate{deployed("a", "web", 3000, 1500, 30), deployed("b", "web", 900)}, "a", true,
		},
		"what fails late, once nothing but the new version serves, is that version's fault though it began well": {
			fault, []Candidate{{
				ChangeID: "a", Service: "web", Steps: []int64{onset - 900}, Contrast: -1, Whole: true,
				Regressed: true, Onset: onset, Strength: 9,
			}}, "a", true,
		},
		"what fails while the old version serves beside it, and fails as well, is not": {
			fault, []Candidate{{
				ChangeID: "a", Service: "web", Steps: []int64{onset - 900}, Contrast: -1,
				Regressed: true, Onset: onset, Strength: 9,
			}}, "a", false,
		},
		"a change that began after the onset can't have done it": {
			fault, []Candidate{deployed("a", "web", 900), deployed("b", "web", -31)}, "a", true,
		},
		"two simultaneous changes without any contrast are confounded": {
			fault, []Candidate{deployed("a", "cart", 60), deployed("b", "ads", 60)}, "a", false,
		},
		"of two simultaneous changes the one whose new instances fail is the culprit": {
			fault, []Candidate{deployed("a", "web", 60), {
				ChangeID: "b", Service: "cart", Steps: []int64{onset - 60}, Contrast: 9,
				Regressed: true, Onset: onset, Strength: 9,
			}}, "b", true,
		},
		"the deepest anomalous service is the culprit": {
			fault, []Candidate{
				{ChangeID: "a", Service: "cart", Steps: []int64{onset - 60}, Regressed: true, Onset: onset, Strength: 9},
				{ChangeID: "b", Service: "db", Steps: []int64{onset - 60}, Regressed: true, Onset: onset, Strength: 9},
			}, "b", true,
		},
		"a quiet service far away is not blamed for the fault of a changed one": {
			fault, []Candidate{deployed("a", "web", 60), deployed("b", "db", 60)}, "a", true,
		},
		"a service without any call to or from the faulty one is not blamed": {
			fault, []Candidate{deployed("a", "elsewhere", 60)}, "a", false,
		},
		"of two simultaneous changes the one whose rollback cured the fault is the culprit": {
			fault, []Candidate{{ChangeID: "a", Service: "cart", Steps: []int64{onset - 60}, Reversal: Cured}, deployed("b", "ads", 60)}, "a", true,
		},
		"of two simultaneous changes the one that the fault outlived is not": {
			fault, []Candidate{{ChangeID: "a", Service: "cart", Steps: []int64{onset - 60}, Reversal: Outlived}, deployed("b", "ads", 60)}, "b", true,
		},
		"a fault that far services share isn't a change's without a contrast": {
			fault, []Candidate{{ChangeID: "a", Service: "web", Steps: []int64{onset - 900}, Shocked: ShockAlike}}, "a", false,
		},
		"but it is when its new instances alone are worse": {
			fault, []Candidate{{ChangeID: "a", Service: "web", Steps: []int64{onset - 600}, Shocked: ShockAlike, Contrast: 9, Regressed: true, Onset: onset, Strength: 9}}, "a", true,
		},
		"of two simultaneous changes the one whose new version never came up is the culprit": {
			fault, []Candidate{{ChangeID: "a", Service: "cart", Steps: []int64{onset - 60}, Unseen: true}, deployed("b", "ads", 60)}, "a", true,
		},
		"a fault seen on an edge points at its callee": {
			Fault{Service: "web", Peer: "ads", Onset: onset, Strength: 9},
			[]Candidate{deployed("a", "cart", 60), deployed("b", "ads", 60)}, "b", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			suspects := rank(tc.fault, tc.candidates)
			require.Len(t, suspects, len(tc.candidates))
			require.Equal(t, tc.first, suspects[0].ChangeID, "%+v", suspects)
			require.Equal(t, tc.culprit, suspects[0].Probability >= 0.5, "%+v", suspects)
		})
	}
}

func TestVetoIsShown(t *testing.T) {
	suspects := rank(Fault{Service: "web", Onset: onset}, []Candidate{deployed("late", "web", -120)})
	require.Equal(t, []correlate.Suspect{{ChangeID: "late", Terms: map[string]float64{TermVeto: -120}}}, suspects)
}

func TestNoCandidatesNoSuspects(t *testing.T) {
	require.Empty(t, rank(Fault{Service: "web", Onset: onset}, nil))
}

func TestProbabilitiesAreAProbabilityInAnyOrder(t *testing.T) {
	services := []string{"web", "cart", "db", "ads", "elsewhere"}
	rapid.Check(t, func(t *rapid.T) {
		var candidates []Candidate
		for i := range rapid.IntRange(1, 8).Draw(t, "candidates") {
			candidates = append(candidates, Candidate{
				ChangeID: string(rune('a' + i)), Service: rapid.SampledFrom(services).Draw(t, "service"),
				Steps:     []int64{onset - rapid.Int64Range(-600, 7200).Draw(t, "lag")},
				Contrast:  rapid.Float64Range(-1000, 1000).Draw(t, "contrast"),
				Regressed: rapid.Bool().Draw(t, "regressed"), Onset: onset,
				Strength: rapid.Float64Range(0, 500).Draw(t, "strength"),
			})
		}
		f := Fault{Service: rapid.SampledFrom(services).Draw(t, "fault"), Onset: onset, Strength: 7}
		suspects := rank(f, candidates)
		total := 0.0
		for _, s := range suspects {
			require.GreaterOrEqual(t, s.Probability, 0.0)
			total += s.Probability
		}
		require.LessOrEqual(t, total, 1.00001)
		shuffled := rapid.Permutation(candidates).Draw(t, "order")
		require.Equal(t, suspects, rank(f, shuffled))
	})
}
