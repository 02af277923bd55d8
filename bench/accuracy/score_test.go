package accuracy

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func said(at int64, o correlate.Outcome) correlate.Verdict {
	return correlate.Verdict{Outcome: o, DecidedAt: time.Unix(at, 0), Blame: 0.7}
}

func TestTheLastUnbrokenRunCounts(t *testing.T) {
	r := Result{
		Case: Case{Kind: "k", Changes: []Label{{ID: "bad", Bad: true, Start: 1000}, {ID: "fine", Start: 1000}, {ID: "mute", Bad: true, Start: 1000}}},
		Verdicts: map[string][]correlate.Verdict{
			"bad":  {said(1100, correlate.Regressed), said(1200, correlate.Inconclusive), said(1300, correlate.Regressed), said(1400, correlate.Regressed)},
			"fine": {said(1100, correlate.Regressed), said(1900, correlate.Healthy)},
		},
	}
	changes := Changes([]Result{r})
	require.Equal(t, int64(300), changes[0].After)
	require.True(t, changes[1].Alarmed)
	require.Equal(t, correlate.Reason("missing"), changes[2].Reason)

	s := Tally(changes, Of("k"))
	require.Equal(t, Score{Bad: 2, Healthy: 1, TP: 1, BothClear: 1, TTD: []int64{300}, Alarmed: 1}, s)
	require.Equal(t, 1.0, s.Precision())
	require.Equal(t, 0.5, s.Recall())
	require.InDelta(t, 2.0/3, s.F1(), 1e-9)
	require.InDelta(t, 2.0/3, s.Coverage(), 1e-9)
	require.Equal(t, 300.0, s.Detected(0.9))

	nobody := Tally(changes, Of("other"))
	require.True(t, math.IsNaN(nobody.Recall()) && math.IsNaN(nobody.F1()) && math.IsNaN(nobody.Detected(0.5)))
}

func TestTiesCountAgainstTheCulprit(t *testing.T) {
	suspects := func(all ...correlate.Suspect) []correlate.Regression { return []correlate.Regression{{Suspects: all}} }
	c := Case{Culprit: "a", Changes: []Label{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}}}
	for name, r := range map[string]struct {
		Result
		rank   int
		scored bool
	}{
		"first":          {Result{Case: c, Regressions: suspects(correlate.Suspect{ChangeID: "a", Probability: 0.6}, correlate.Suspect{ChangeID: "b", Probability: 0.4})}, 1, true},
		"tied":           {Result{Case: c, Regressions: suspects(correlate.Suspect{ChangeID: "a", Probability: 0.5}, correlate.Suspect{ChangeID: "b", Probability: 0.5})}, 2, true},
		"not suspected":  {Result{Case: c, Regressions: suspects(correlate.Suspect{ChangeID: "b", Probability: 0.5})}, 4, false},
		"only by blame":  {Result{Case: c, Verdicts: map[string][]correlate.Verdict{"a": {said(1, correlate.Regressed)}}}, 1, true},
		"nothing at all": {Result{Case: c}, 4, false},
	} {
		t.Run(name, func(t *testing.T) {
			rank, scored := r.Result.rank()
			require.Equal(t, r.rank, rank)
			require.Equal(t, r.scored, scored)
		})
	}
}

func TestAFigureBelowItsFloorIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "floors.json")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	figures := []Figure{{Name: "recall", Value: 0.9}, {Name: "fpr", Value: 0.1, AtMost: true}}

	write(`{"recall": {"least": 0.9}, "fpr": {"most": 0.1}}`)
	dropped, err := Check(file, figures)
	require.NoError(t, err)
	require.Empty(t, dropped)

	write(`{"recall": {"least": 0.95}, "fpr": {"most": 0.05}}`)
	dropped, err = Check(file, figures)
	require.NoError(t, err)
	require.Len(t, dropped, 2)
	require.Contains(t, dropped[0], "recall")

	dropped, err = Check(file, []Figure{{Name: "recall", Value: math.NaN()}, figures[1]})
	require.NoError(t, err)
	require.Len(t, dropped, 2, "what can't be told is below every floor")

	write(`{"recall": {"least": 0.9}}`)
	_, err = Check(file, figures)
	require.ErrorContains(t, err, `fpr needs a "most"`)
	write(`{"recall": {"least": 0.9}, "fpr": {"most": 0.1}, "speed": {"most": 1}}`)
	_, err = Check(file, figures)
	require.ErrorContains(t, err, `no figure "speed"`)
}
