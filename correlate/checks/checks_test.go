package checks

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// says is what telemetry alone says at an instant.
func says(t int64, outcome correlate.Outcome, final bool) correlate.Verdict {
	return correlate.Verdict{Outcome: outcome, DecidedAt: time.Unix(t, 0).UTC(), Final: final}
}

// ran is a run that counts from an instant.
func ran(from int64, name string, result correlate.CheckResult) Run {
	return Run{Check: &correlate.Check{Name: name, Result: result, At: time.Unix(from, 0).UTC()}, From: from}
}

// read are verdicts in short: when, what, why where checks say it, and of which checks.
func read(all []correlate.Verdict) (said []string) {
	for _, v := range all {
		words := []string{fmt.Sprint(v.DecidedAt.Unix()), string(v.Outcome)}
		if v.Reason == correlate.ReasonCheckFailed || v.Reason == correlate.ReasonCheckMissing {
			words = append(words, string(v.Reason))
		}
		for _, e := range v.Evidence {
			words = append(words, strings.TrimPrefix(e.Signal, correlate.CheckSignal))
		}
		said = append(said, strings.Join(words, " "))
	}
	return said
}

func TestWhatChecksSayOverTelemetry(t *testing.T) {
	const passed, failed, unknown = correlate.CheckPassed, correlate.CheckFailed, correlate.CheckUnknown
	healthy := []correlate.Verdict{says(100, correlate.Healthy, false), says(200, correlate.Healthy, true)}
	for name, c := range map[string]struct {
		of   Case
		want []string
	}{
		"nothing ran and nothing is required": {Case{Course: healthy, UpTo: 300}, []string{"100 healthy", "200 healthy"}},
		"one that passed changes nothing":     {Case{Course: healthy, Runs: []Run{ran(50, "smoke", passed)}, UpTo: 300}, []string{"100 healthy", "200 healthy"}},
		"one that failed convicts at once, and for as long as it stands": {
			Case{Course: healthy, Runs: []Run{ran(50, "smoke", failed)}, UpTo: 300},
			[]string{"50 regressed check_failed smoke", "100 regressed check_failed smoke", "200 regressed check_failed smoke"},
		},
		"one that passes later takes it back": {
			Case{Course: healthy, Runs: []Run{ran(50, "smoke", failed), ran(150, "smoke", passed)}, UpTo: 300},
			[]string{"50 regressed check_failed smoke", "100 regressed check_failed smoke", "150 healthy", "200 healthy"},
		},
		"of two checks both must pass": {
			Case{Course: healthy, Runs: []Run{ran(50, "load", failed), ran(120, "smoke", failed), ran(150, "load", passed)}, UpTo: 300},
			[]string{"50 regressed check_failed load", "100 regressed check_failed load", "120 regressed check_failed load smoke", "150 regressed check_failed smoke", "200 regressed check_failed smoke"},
		},
		"one that is missing keeps healthy from being said": {
			Case{Course: healthy, Required: []string{"smoke"}, UpTo: 300},
			[]string{"100 inconclusive check_missing smoke", "200 inconclusive check_missing smoke"},
		},
		"until it passes": {
			Case{Course: healthy, Required: []string{"smoke"}, Runs: []Run{ran(150, "smoke", passed)}, UpTo: 300},
			[]string{"100 inconclusive check_missing smoke", "150 healthy", "200 healthy"},
		},
		"one that came to nothing is missing": {
			Case{Course: healthy, Runs: []Run{ran(50, "smoke", unknown)}, UpTo: 300},
			[]string{"100 inconclusive check_missing smoke", "200 inconclusive check_missing smoke"},
		},
		"what counts later than now isn't said yet": {Case{Course: healthy[:1], Runs: []Run{ran(150, "smoke", failed)}, UpTo: 120}, []string{"100 healthy"}},
		"what telemetry convicted stays so, with the check beside it": {
			Case{Course: []correlate.Verdict{says(100, correlate.Regressed, false)}, Runs: []Run{ran(150, "smoke", failed)}, UpTo: 300},
			[]string{"100 regressed", "150 regressed smoke"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.of.Blank = func(at int64) correlate.Verdict {
				return correlate.Verdict{Outcome: correlate.Inconclusive, DecidedAt: time.Unix(at, 0).UTC()}
			}
			said := c.of.Verdicts()
			require.Equal(t, c.want, read(said))
			require.Equal(t, read(c.of.Course), read(Course(said)), "what telemetry alone said can be had back")
			require.False(t, Bear(Course(said)))
		})
	}
}

func TestTheOnsetIsThatOfTheFirstThatFailed(t *testing.T) {
	blank := func(at int64) correlate.Verdict { return says(at, correlate.Inconclusive, false) }
	said := Case{Runs: []Run{ran(50, "smoke", correlate.CheckFailed), ran(70, "load", correlate.CheckFailed)}, UpTo: 100, Blank: blank}.Verdicts()
	require.Len(t, said, 2)
	require.EqualValues(t, 50, said[1].OnsetAt.Unix(), "load comes first by name, smoke by time")
	require.EqualValues(t, 1, said[1].Blame)
}
