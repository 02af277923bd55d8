package words_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

var update = flag.Bool("update", false, "write the golden file")

func at(minutes int) *time.Time { t := ten(minutes); return &t }

// regressedBy is a regression by one piece of evidence.
func regressedBy(r correlate.Reason, e correlate.Evidence) *correlate.Verdict {
	return &correlate.Verdict{
		Outcome: correlate.Regressed, Reason: r, Revision: 1, DecidedAt: ten(4), OnsetAt: at(1), Blame: 0.97, Grade: e.Grade,
		Evidence: []correlate.Evidence{e, {Signal: "latency_p50", Baseline: 0.05, Observed: 0.051, Ratio: 1.02, Interval: [2]float64{0.98, 1.06}, N: e.N, Events: 50, Grade: e.Grade}},
	}
}

// undecided is an inconclusive verdict at the end of the window.
func undecided(r correlate.Reason) *correlate.Verdict {
	return &correlate.Verdict{Outcome: correlate.Inconclusive, Reason: r, Revision: 1, Final: true, DecidedAt: ten(61), Grade: correlate.GradeD}
}

// kind is one kind of verdict, for a reader to look at.
type kind struct {
	name    string
	change  correlate.ChangeRecord
	faults  []correlate.Regression
	outlook *correlate.Outlook
	heard   []string
}

// kinds are all kinds of verdicts.
func kinds() []kind {
	suspects := func(terms map[string]float64) []correlate.Regression {
		return []correlate.Regression{{Service: "checkout", Signal: "error_ratio", OnsetAt: ten(1), Suspects: []correlate.Suspect{
			{ChangeID: "checkout-1", Probability: 0.97, Terms: terms}, {ChangeID: "cart-9", Probability: 0.02},
			{ChangeID: "ads-7", Terms: map[string]float64{"veto": -169}},
		}}}
	}
	told := func(name string, v *correlate.Verdict) kind { return kind{name: name, change: checkout(v)} }
	errors := correlate.Evidence{
		Signal: "error_ratio", Baseline: 0.004, Observed: 0.031, Ratio: 7.7, Interval: [2]float64{4.9, 11.8}, N: 4120, Events: 128, Grade: correlate.GradeA,
		Routes: []correlate.RouteEffect{{Route: "POST /pay", Baseline: 0.004, Observed: 0.12, N: 900}},
	}
	exception := correlate.Evidence{
		Signal: "exception java.lang.NullPointerException", Observed: 0.5, Ratio: 90, Interval: [2]float64{12, 601.8}, N: 128, Events: 128, Grade: correlate.GradeA,
	}
	byErrors := told("regressed: more requests fail, on one route, with an exception", regressedBy(correlate.ReasonErrorRatio, errors))
	byErrors.change.Verdict.Evidence = append(byErrors.change.Verdict.Evidence, exception)
	byErrors.change.Incidents = []string{"PD-88"}
	byErrors.faults = suspects(map[string]float64{"contrast": 8, "anomaly": 3, "lag": -0.3, "graph": 0, "prior": -0.7})
	back := told("regressed, taken back, and it ended", regressedBy(correlate.ReasonErrorRatio, errors))
	back.change.RolledBackBy, back.change.Verdict.RecoveredAt = "checkout-2", at(20)
	back.faults = suspects(map[string]float64{"reversal": 2, "shock": -3, "dose": 1.4, "traces": -2, "unseen": 2, "graph": -6})
	elsewhere := errors
	elsewhere.Service, elsewhere.Grade = "frontend", correlate.GradeC
	reopened := told("reopened", regressedBy(correlate.ReasonErrorRatio, errors))
	v := reopened.change.Verdict
	v.Revision, v.Final, v.Supersedes, v.Reopened, v.ReopenedBy = 4, true, 2, correlate.LateChange, "cart-9"
	moved := told("regressed, and blame has moved on since", regressedBy(correlate.ReasonErrorRatio, errors))
	moved.faults = []correlate.Regression{{Service: "checkout", Signal: "error_ratio", OnsetAt: ten(1), Suspects: []correlate.Suspect{
		{ChangeID: "cart-9", Probability: 0.97}, {ChangeID: "checkout-1", Probability: 0.0003, Terms: map[string]float64{"anomaly": -3}},
	}}}
	retracted, merged, history := told("retracted", nil), told("merged", nil), told("of the past", nil)
	retracted.change.Phase, merged.change.Phase, merged.change.MergedInto = correlate.PhaseRetracted, correlate.PhaseMerged, "checkout-0"
	history.change.Phase, history.change.StartedAt = correlate.PhaseHistory, time.Time{}
	confounded := undecided(correlate.ReasonConfounded)
	confounded.Blame, confounded.Evidence = 0.41, []correlate.Evidence{errors}
	weak := undecided(correlate.ReasonUnderpowered)
	weak.SmallestVisible = 6.1
	near := undecided(correlate.ReasonUnderpowered)
	near.SmallestVisible, near.Evidence = 3.2, []correlate.Evidence{{
		Signal: "error_ratio", Baseline: 0.01, Observed: 0.02, Ratio: 2, Interval: [2]float64{1.8, 2.5}, N: 900, Events: 18, Grade: correlate.GradeD,
	}}
	healthy := &correlate.Verdict{
		Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin, Revision: 1, DecidedAt: ten(16), Grade: correlate.GradeA,
		Evidence: []correlate.Evidence{
			{Signal: "error_ratio", Ratio: 1, Interval: [2]float64{0.0016, 601}, N: 18250, AtMost: correlate.AtMost{Difference: 0.0004, Level: 0.95, MarginRatio: 1.5, MarginDifference: 0.005}},
			{Signal: "latency_p90", Baseline: 0.21, Observed: 0.212, Ratio: 1.01, Interval: [2]float64{0.98, 1.04}, N: 18250, Events: 1820,
				AtMost: correlate.AtMost{Ratio: 1.04, Level: 0.95, MarginRatio: 1.2}},
		},
	}
	all := []kind{
		byErrors, back, reopened, moved,
		told("regressed: slower", regressedBy(correlate.ReasonLatency, correlate.Evidence{Signal: "latency_p90", Baseline: 0.757, Observed: 1.517, Ratio: 2, Interval: [2]float64{1.9, 2.1}, N: 900, Events: 400, Grade: correlate.GradeB})),
		told("regressed: requests are missing", regressedBy(correlate.ReasonThroughput, correlate.Evidence{Signal: "throughput", Baseline: 30, Observed: 12, Ratio: 0.4, Interval: [2]float64{0.3, 0.55}, N: 600, Events: 7200, Grade: correlate.GradeC})),
		told("regressed: more errors are logged", regressedBy(correlate.ReasonLogErrors, correlate.Evidence{Signal: "log_errors", Baseline: 0.02, Observed: 0.31, Ratio: 15, Interval: [2]float64{9, 24}, N: 900, Events: 280, Grade: correlate.GradeD})),
		told("regressed: a new exception", regressedBy(correlate.ReasonNewException, exception)),
		told("regressed: a new message", regressedBy(correlate.ReasonNewException, correlate.Evidence{Signal: "log no stock of *", Observed: 0.5, Ratio: 90, Interval: [2]float64{12, 601.8}, N: 12, Events: 12, Grade: correlate.GradeD})),
		told("regressed: a signal of one's own", regressedBy(correlate.ReasonCustomSignal, correlate.Evidence{Signal: "orders_per_minute", Baseline: 120, Observed: 61, Ratio: 0.51, Interval: [2]float64{0.4, 0.6}, N: 12, Events: 7, Grade: correlate.GradeC})),
		told("regressed: instances restart", regressedBy(correlate.ReasonSaturation, correlate.Evidence{Signal: "saturation restarts", Observed: 9.5, Ratio: 300, Interval: [2]float64{14, 601.8}, N: 1100, Events: 5, Grade: correlate.GradeD})),
		told("regressed: on another service", regressedBy(correlate.ReasonDownstream, elsewhere)),
		told("regressed: a required check failed", regressedBy(correlate.ReasonCheckFailed, correlate.Evidence{Signal: "check smoke", Observed: 0.25, N: 12, Events: 3})),
		told("healthy", healthy), told("inconclusive: underpowered", weak), told("inconclusive: nearly convicted", near), told("inconclusive: confounded", confounded),
		retracted, merged, history,
	}
	for _, r := range correlate.Reasons()[10:] {
		if r != correlate.ReasonUnderpowered && r != correlate.ReasonConfounded {
			all = append(all, told("inconclusive: "+string(r), undecided(r)))
		}
		if r == correlate.ReasonNoTelemetry {
			all[len(all)-1].heard = []string{"prod-eu", "staging"}
		}
	}
	renamed := undecided(correlate.ReasonNoTelemetry)
	renamed.HeardAs = []correlate.Heard{{Service: "checkout", Environment: "Staging"}, {Service: "shop/checkout", Environment: "production"}}
	all = append(all, told("inconclusive: no_telemetry, as the verdict says", renamed))
	return append(all, watching()...)
}

// watching are changes without a verdict.
func watching() []kind {
	seen := correlate.Outlook{
		At: ten(6), Reason: correlate.ReasonUnderpowered, Grade: correlate.GradeA, ClosesAt: ten(61), HealthyAt: at(16),
		Evidence: []correlate.Evidence{{Signal: "error_ratio", Baseline: 0.004, Observed: 0.005, Ratio: 1.25, Interval: [2]float64{0.3, 4.1}, N: 820, Events: 4, Grade: correlate.GradeA}},
		Waits: []correlate.Wait{
			{For: correlate.WaitTime, Until: at(15)},
			{For: correlate.WaitRequests, Reason: correlate.ReasonErrorRatio, Requests: 1640, Until: at(12)},
		},
	}
	stuck := seen
	stuck.Grade, stuck.HealthyAt, stuck.Waits = correlate.GradeD, nil, []correlate.Wait{
		{For: correlate.WaitDoubt, Reason: correlate.ReasonErrorRatio}, {For: correlate.WaitRollout},
		{For: correlate.WaitBaseline, Reason: correlate.ReasonLatency}, {For: correlate.WaitMargin, Reason: correlate.ReasonErrorRatio},
	}
	silent := correlate.Outlook{
		At: ten(6), Reason: correlate.ReasonNoTelemetry, ClosesAt: ten(61), HeardIn: []string{"prod-eu", "staging"},
		Waits: []correlate.Wait{{For: correlate.WaitTelemetry}},
	}
	return []kind{
		{"watching: requests are missing", checkout(nil), nil, &seen, nil},
		{"watching: no healthy in sight", checkout(nil), nil, &stuck, nil},
		{"watching: nothing was heard", checkout(nil), nil, &silent, nil},
		{"watching: it can't be told how it stands", checkout(nil), nil, nil, nil},
	}
}

// TestAllKindsOfVerdicts keeps the text of each kind in one file, for people to read.
func TestAllKindsOfVerdicts(t *testing.T) {
	var b strings.Builder
	for _, k := range kinds() {
		text := words.Explain(k.change, k.faults).Heard(k.heard).Ahead(k.outlook).Text()
		b.WriteString("# " + k.name + "\n" + text + "\n")
		for _, line := range strings.Split(text, "\n")[1:] {
			require.LessOrEqual(t, utf8.RuneCountInString(line), words.Width, line)
			require.Equal(t, strings.TrimRight(line, " "), line)
		}
	}
	file := filepath.Join("testdata", "verdicts.txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// TestEveryInconclusiveSaysWhatToDo: each reason that leaves a question open has a next step of its own.
func TestEveryInconclusiveSaysWhatToDo(t *testing.T) {
	said := map[string]correlate.Reason{}
	for _, r := range correlate.Reasons()[10:] {
		next := words.Explain(checkout(undecided(r)), nil).Next
		require.NotEmpty(t, next, r)
		require.NotContains(t, said, next)
		said[next] = r
	}
}

// TestWhatIsWaitedForHasWords: each of the closed list, about any family, with and without a time.
func TestWhatIsWaitedForHasWords(t *testing.T) {
	said := map[string]correlate.WaitFor{}
	for _, w := range correlate.WaitFors() {
		text := words.Wait(correlate.Wait{For: w, Reason: correlate.ReasonLatency, Requests: 7, Until: at(3)})
		require.NotEqual(t, words.Plain(string(w))+" latency", text, "%s is said by its name only", w)
		require.NotContains(t, said, text)
		said[text] = w
	}
	require.Equal(t, "of tomorrow latency", words.Wait(correlate.Wait{For: "of_tomorrow", Reason: correlate.ReasonLatency}))
	require.Equal(t, "no environment: no telemetry has its service.name", words.Heard(nil))
}

// TestWhatIsSaidAgreesWithItself draws verdicts and holds their words to the numbers: what convicts is named first and in
// the sentence, a bound is said where there is one, an outlook only where something is open, and lines fit.
func TestWhatIsSaidAgreesWithItself(t *testing.T) {
	reasons := map[correlate.Outcome][]correlate.Reason{
		correlate.Regressed: correlate.Reasons()[:7], correlate.Healthy: correlate.Reasons()[9:10], correlate.Inconclusive: correlate.Reasons()[10:],
	}
	signals := map[correlate.Reason]string{
		correlate.ReasonErrorRatio: "error_ratio", correlate.ReasonLatency: "latency_p99", correlate.ReasonThroughput: "throughput",
		correlate.ReasonLogErrors: "log_errors", correlate.ReasonNewException: "exception X", correlate.ReasonCustomSignal: "orders", correlate.ReasonSaturation: "saturation restarts", correlate.ReasonDownstream: "error_ratio",
	}
	rapid.Check(t, func(t *rapid.T) {
		outcome := rapid.SampledFrom([]correlate.Outcome{correlate.Regressed, correlate.Healthy, correlate.Inconclusive}).Draw(t, "outcome")
		v := &correlate.Verdict{
			Outcome: outcome, Reason: rapid.SampledFrom(reasons[outcome]).Draw(t, "reason"), Revision: 1, Final: rapid.Bool().Draw(t, "final"),
			Grade: rapid.SampledFrom([]correlate.Grade{"", "A", "B", "C", "D"}).Draw(t, "grade"), Blame: rapid.Float64Range(0, 1).Draw(t, "blame"),
		}
		draw := func(signal, service string) correlate.Evidence {
			low := rapid.Float64Range(0.002, 50).Draw(t, "low")
			e := correlate.Evidence{
				Service: service, Signal: signal, Baseline: rapid.Float64Range(0.001, 1).Draw(t, "baseline"), Observed: rapid.Float64Range(0.001, 1).Draw(t, "observed"),
				Interval: [2]float64{low, low * rapid.Float64Range(1, 100).Draw(t, "wide")}, N: rapid.Int64Range(1, 1e6).Draw(t, "n"), Events: 1,
			}
			if signal != "exception X" && rapid.Bool().Draw(t, "bounded") {
				e.AtMost = correlate.AtMost{Ratio: 1.1, Difference: 0.001, Level: 0.95}
			}
			return e
		}
		for range rapid.IntRange(0, 5).Draw(t, "others") {
			v.Evidence = append(v.Evidence, draw(rapid.SampledFrom([]string{"latency_p50", "saturation cpu"}).Draw(t, "signal"), ""))
		}
		if signal := signals[v.Reason]; signal != "" {
			service := map[correlate.Reason]string{correlate.ReasonDownstream: "frontend"}[v.Reason]
			v.Evidence = append(v.Evidence, draw(signal, service))
		}
		e := words.Explain(checkout(v), nil).Ahead(&correlate.Outlook{Waits: []correlate.Wait{{For: correlate.WaitRollout}}})
		text := e.Text()
		for _, line := range strings.Split(text, "\n")[1:] {
			require.LessOrEqual(t, utf8.RuneCountInString(line), words.Width)
		}
		open := !v.Final && outcome == correlate.Inconclusive
		require.Equal(t, open, strings.Contains(text, "  earliest "), text)
		if outcome == correlate.Regressed {
			require.True(t, e.Shows[0].Decisive)
			require.NotEmpty(t, e.Told)
			require.Equal(t, v.Reason == correlate.ReasonDownstream, strings.HasPrefix(e.Told, "on frontend, "))
		}
		for _, f := range e.Shows {
			require.Equal(t, f.AtMost != "", strings.Contains(f.Text(), "at most ×1.1 and +"))
		}
		require.NotContains(t, text, "NaN")
		require.NotContains(t, text, "Inf")
	})
}
