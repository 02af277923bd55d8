package words_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// ten is a time after ten o'clock, in a zone that isn't UTC.
func ten(minutes int) time.Time {
	return time.Date(2026, 3, 1, 12, minutes, 0, 0, time.FixedZone("east", 2*3600))
}

func checkout(v *correlate.Verdict) correlate.ChangeRecord {
	return correlate.ChangeRecord{
		Change: correlate.Change{
			ID: "checkout-1", Kind: correlate.KindDeployment, Service: "checkout", Environment: "production", Version: "v2",
			Source: "ci", StartedAt: ten(0), FinishedAt: ten(1),
		},
		Phase: correlate.PhaseObserving, WindowEnd: ten(60), Verdict: v,
	}
}

func evidence(signal string) correlate.Evidence {
	return correlate.Evidence{Signal: signal, Baseline: 0.01, Observed: 0.02, Ratio: 2, Interval: [2]float64{1.5, 3}, N: 1000, Events: 20}
}

func TestAChangeWithoutAVerdictSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		phase correlate.Phase
		want  string
	}{
		"under observation": {correlate.PhaseObserving, "checkout v2 in production: no verdict yet (observing until 2026-03-01 11:00:00Z)"},
		"of the past":       {correlate.PhaseHistory, "checkout v2 in production: not judged (it was reported after its time, without telemetry)"},
		"retracted":         {correlate.PhaseRetracted, "checkout v2 in production: retracted (nobody reports it any more; it doesn't count)"},
		"of another change": {correlate.PhaseMerged, "checkout v2 in production: not judged (it is another report of checkout-0)"},
	} {
		t.Run(name, func(t *testing.T) {
			record := checkout(nil)
			record.Phase, record.MergedInto = c.phase, "checkout-0"
			e := words.Explain(record, nil)
			require.Equal(t, c.want, e.Headline())
			require.Empty(t, e.Outcome)
			require.Empty(t, e.Next)
		})
	}
	late := checkout(nil)
	late.Phase, late.Rejudging = correlate.PhaseHistory, true
	require.Equal(t, "checkout v2 in production: no verdict yet (it was reported late, and is judged from the measurements on disk)",
		words.Explain(late, nil).Headline())
	nameless := checkout(nil)
	nameless.Version = ""
	require.Equal(t, "checkout – in production", words.Explain(nameless, nil).Subject)
}

func TestARegressionIsExplainedInParts(t *testing.T) {
	onset := ten(1)
	v := &correlate.Verdict{
		Outcome: correlate.Regressed, Reason: correlate.ReasonLatency, Revision: 3, DecidedAt: ten(3), OnsetAt: &onset, Blame: 0.9,
		Grade: correlate.GradeB, Reopened: correlate.LateChange, ReopenedBy: "cart-1", Supersedes: 2,
		Evidence: []correlate.Evidence{evidence("error_ratio"), evidence("log_errors"), evidence("throughput"), evidence("orders"), evidence("latency_p99")},
	}
	c := checkout(v)
	c.Incidents = []string{"PD-1"}
	e := words.Explain(c, []correlate.Regression{
		{Service: "checkout", Signal: "latency_p99", Suspects: []correlate.Suspect{
			{ChangeID: "checkout-1", Probability: 0.9, Terms: map[string]float64{"prior": -0.5, "lag": 1, "graph": 0}},
			{ChangeID: "ads-1", Terms: map[string]float64{"veto": -90}},
		}},
		{Service: "frontend", Signal: "error_ratio", OnsetAt: ten(2), Suspects: []correlate.Suspect{
			{ChangeID: "checkout-1", Probability: 0.6}, {ChangeID: "a", Probability: 0.2}, {ChangeID: "b", Probability: 0.1}, {ChangeID: "c", Probability: 0.1},
		}},
		{Service: "search", Signal: "error_ratio", OnsetAt: ten(2), Suspects: []correlate.Suspect{{ChangeID: "checkout-1", Probability: 0.4}}},
	})
	require.Equal(t, "checkout v2 in production: regressed (requests are slower)", e.Headline())
	require.Equal(t, []string{"latency_p99", "error_ratio", "log_errors", "throughput"}, names(e.Shows), "what decided comes first")
	require.Equal(t, []bool{true, false, false, false}, []bool{e.Shows[0].Decisive, e.Shows[1].Decisive, e.Shows[2].Decisive, e.Shows[3].Decisive})
	require.Equal(t, 1, e.More)
	e.Shows = nil
	require.Equal(t, words.Explanation{
		Subject: "checkout v2 in production", Answer: "regressed", Why: "requests are slower", Outcome: correlate.Regressed, Revision: 3,
		Told:      "one in 100 requests takes 20ms or more in the changed zones, 10ms in the others at the same time",
		Reported:  "checkout-1, deployment by ci, 2026-03-01 10:00:00Z … 2026-03-01 10:01:00Z",
		DecidedAt: ten(3).UTC(), OpenUntil: ten(60).UTC(), More: 1,
		Corrects: &words.Correction{Why: "a change was reported or corrected late", By: "cart-1", Since: 2},
		Compared: words.Comparison{With: "with the zones that it had not reached, at the same time", Grade: correlate.GradeB},
		Since:    ten(1).UTC(), Lasting: true,
		Blame:    words.Blame{Probability: 0.9, Terms: []words.Term{{Name: "lag", LogOdds: 1}, {Name: "prior", LogOdds: -0.5}}, Alone: true},
		RuledOut: []words.RuledOut{{ChangeID: "ads-1", After: 90 * time.Second}},
		WhoElse: []words.Fault{{Service: "frontend", Signal: "error_ratio", Since: ten(2).UTC(), Suspects: []correlate.Suspect{
			{ChangeID: "checkout-1", Probability: 0.6}, {ChangeID: "a", Probability: 0.2}, {ChangeID: "b", Probability: 0.1},
		}}},
		Incidents: []string{"PD-1"},
		Next:      "take it back, or repair it: the fault lasts",
	}, e)
}

func names(all []words.Finding) (names []string) {
	for _, f := range all {
		names = append(names, f.Name())
	}
	return names
}

func texts(all []words.Finding) (texts []string) {
	for _, f := range all {
		texts = append(texts, f.Text())
	}
	return texts
}

func TestAFaultThatEndedSaysWhen(t *testing.T) {
	onset, recovered := ten(1), ten(9)
	v := &correlate.Verdict{Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio, OnsetAt: &onset, RecoveredAt: &recovered}
	e := words.Explain(checkout(v), nil)
	require.Equal(t, []time.Time{ten(1).UTC(), ten(9).UTC()}, []time.Time{e.Since, e.Recovered})
	require.False(t, e.Lasting)
	require.Empty(t, e.WhoElse)
	require.Empty(t, e.RuledOut)
	require.Empty(t, e.Blame.Terms, "nobody says what the blame is made of without the faults")
}

// TestBlameIsOfTheFaultThatTheVerdictIsAbout: not of one elsewhere for which the change is suspected more.
func TestBlameIsOfTheFaultThatTheVerdictIsAbout(t *testing.T) {
	fault := func(service string, p, term float64) correlate.Regression {
		return correlate.Regression{Service: service, Suspects: []correlate.Suspect{{ChangeID: "checkout-1", Probability: p, Terms: map[string]float64{"lag": term}}}}
	}
	faults := []correlate.Regression{fault("frontend", 0.99, -1), fault("checkout", 0.6, -2)}
	own := &correlate.Verdict{Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio, Blame: 0.61, Evidence: []correlate.Evidence{evidence("error_ratio")}}
	elsewhere := *own
	elsewhere.Reason, elsewhere.Evidence = correlate.ReasonDownstream, []correlate.Evidence{{Service: "frontend", Signal: "error_ratio"}}
	for want, v := range map[float64]*correlate.Verdict{-2: own, -1: &elsewhere} {
		b := words.Explain(checkout(v), faults).Blame
		require.Equal(t, []words.Term{{Name: "lag", LogOdds: want}}, b.Terms)
		require.Empty(t, b.Now)
	}
	own.Blame = 0.9
	require.Equal(t, "60 %", words.Explain(checkout(own), faults).Blame.Now)
	require.Equal(t, []words.Term{{Name: "lag", LogOdds: -1}}, words.Explain(checkout(own), faults[:1]).Blame.Terms, "no other is known")
}

func TestWhatDecidedIsKnownByTheReason(t *testing.T) {
	for reason, c := range map[correlate.Reason]struct{ signal, service, other string }{
		correlate.ReasonErrorRatio:   {"error_ratio", "", "latency_p90"},
		correlate.ReasonLatency:      {"latency_p50", "", "error_ratio"},
		correlate.ReasonThroughput:   {"throughput", "", "error_ratio"},
		correlate.ReasonLogErrors:    {"log_errors", "", "error_ratio"},
		correlate.ReasonNewException: {"exception IOException", "", "error_ratio"},
		correlate.ReasonCustomSignal: {"orders", "", "latency_p90"},
		correlate.ReasonDownstream:   {"error_ratio", "cart", "error_ratio"},
	} {
		t.Run(string(reason), func(t *testing.T) {
			decided := evidence(c.signal)
			decided.Service = c.service
			v := &correlate.Verdict{Outcome: correlate.Regressed, Reason: reason, Evidence: []correlate.Evidence{evidence(c.other), decided}}
			shows := words.Explain(checkout(v), nil).Shows
			require.True(t, shows[0].Decisive)
			require.Equal(t, c.service, shows[0].Service)
			require.Equal(t, c.signal, shows[0].Signal)
			require.False(t, shows[1].Decisive)

			v.Outcome = correlate.Healthy
			require.False(t, words.Explain(checkout(v), nil).Shows[0].Decisive, "only a regression has what decided")
		})
	}
}

func TestAnExplanationSaysWhatToDoNext(t *testing.T) {
	onset, recovered := ten(1), ten(9)
	for name, c := range map[string]struct {
		verdict correlate.Verdict
		back    string
		want    string
	}{
		"it lasts":                       {correlate.Verdict{Outcome: correlate.Regressed, OnsetAt: &onset}, "", "take it back, or repair it: the fault lasts"},
		"it was taken back":              {correlate.Verdict{Outcome: correlate.Regressed, OnsetAt: &onset}, "checkout-2", "see whether the fault ends with checkout-2"},
		"it recovered":                   {correlate.Verdict{Outcome: correlate.Regressed, OnsetAt: &onset, RecoveredAt: &recovered}, "", ""},
		"it is healthy":                  {correlate.Verdict{Outcome: correlate.Healthy}, "", ""},
		"a reason of a newer daemon":     {correlate.Verdict{Outcome: correlate.Inconclusive, Reason: "newer"}, "", ""},
		"it can't be told of several":    {correlate.Verdict{Outcome: correlate.Inconclusive, Reason: correlate.ReasonConfounded}, "", "look at the other changes of that time, and deploy them apart"},
		"it can't be told of any, again": {correlate.Verdict{Outcome: correlate.Inconclusive, Reason: correlate.ReasonMixShift}, "", "compare it route by route"},
	} {
		t.Run(name, func(t *testing.T) {
			record := checkout(&c.verdict)
			record.RolledBackBy = c.back
			require.Equal(t, c.want, words.Explain(record, nil).Next)
		})
	}
}

func TestEveryReasonOfAnInconclusiveVerdictHasAnAdvice(t *testing.T) {
	conclusive := map[correlate.Reason]bool{
		correlate.ReasonErrorRatio: true, correlate.ReasonLatency: true, correlate.ReasonThroughput: true, correlate.ReasonLogErrors: true,
		correlate.ReasonNewException: true, correlate.ReasonCustomSignal: true, correlate.ReasonDownstream: true, correlate.ReasonWithinMargin: true,
		correlate.ReasonSaturation: true, correlate.ReasonCheckFailed: true,
	}
	for _, r := range correlate.Reasons() {
		e := words.Explain(checkout(&correlate.Verdict{Outcome: correlate.Inconclusive, Reason: r}), nil)
		require.Equal(t, !conclusive[r], e.Next != "", r)
	}
}

func TestTheSmallestVisibleRiseIsSaidOfInconclusiveVerdictsOnly(t *testing.T) {
	v := &correlate.Verdict{Outcome: correlate.Inconclusive, Reason: correlate.ReasonUnderpowered, SmallestVisible: 6.12, Final: true}
	e := words.Explain(checkout(v), nil)
	require.Equal(t, "6.1", e.CouldSee)
	require.True(t, e.Final)
	require.Zero(t, e.OpenUntil)
	require.Zero(t, e.Compared)
	require.Zero(t, e.Since)
	require.False(t, e.Lasting)
	v.Outcome = correlate.Healthy
	require.Empty(t, words.Explain(checkout(v), nil).CouldSee)
}

// TestAnExplanationIsBounded: whatever the verdict holds, what is shown fits a page, and nothing is lost in the count.
func TestAnExplanationIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := &correlate.Verdict{
			Outcome: rapid.SampledFrom([]correlate.Outcome{correlate.Regressed, correlate.Healthy, correlate.Inconclusive}).Draw(t, "outcome"),
			Reason:  rapid.SampledFrom(correlate.Reasons()).Draw(t, "reason"),
		}
		for range rapid.IntRange(0, 9).Draw(t, "evidence") {
			v.Evidence = append(v.Evidence, evidence(rapid.SampledFrom([]string{"error_ratio", "latency_p90", "orders"}).Draw(t, "signal")))
		}
		var faults []correlate.Regression
		for range rapid.IntRange(0, 9).Draw(t, "faults") {
			r := correlate.Regression{Service: rapid.SampledFrom([]string{"cart", "checkout"}).Draw(t, "service")}
			for range rapid.IntRange(0, 9).Draw(t, "suspects") {
				r.Suspects = append(r.Suspects, correlate.Suspect{
					ChangeID:    rapid.SampledFrom([]string{"checkout-1", "a", "b"}).Draw(t, "change"),
					Probability: rapid.Float64Range(0, 1).Draw(t, "probability"), Terms: map[string]float64{"veto": -1},
				})
			}
			faults = append(faults, r)
		}
		e := words.Explain(checkout(v), faults)
		require.Equal(t, len(v.Evidence), len(e.Shows)+e.More)
		require.LessOrEqual(t, max(len(e.Shows), len(e.RuledOut), len(e.WhoElse)), words.MostShown)
		for _, f := range e.WhoElse {
			require.Less(t, len(f.Suspects), words.MostShown)
			require.NotEqual(t, "checkout", f.Service)
		}
		before, err := json.Marshal([]any{v, faults})
		require.NoError(t, err)
		require.Equal(t, e, words.Explain(checkout(v), faults), "the same record gives the same words")
		after, err := json.Marshal([]any{v, faults})
		require.NoError(t, err)
		require.Equal(t, string(before), string(after), "what is explained is left as it is")
		for _, line := range append([]string{e.Headline(), e.Next, e.Compared.With}, texts(e.Shows)...) {
			require.NotContains(t, line, "\n")
		}
	})
}

// TestWhatIsNotEnoughToConvictIsSaid: where the interval says that it got worse, "not enough" doesn't stand alone.
func TestWhatIsNotEnoughToConvictIsSaid(t *testing.T) {
	of := func(signal string, low, high float64) correlate.Evidence {
		return correlate.Evidence{Signal: signal, Baseline: 0.01, Observed: 0.02, Ratio: low, Interval: [2]float64{low, high}, N: 900, Events: 18}
	}
	for name, c := range map[string]struct {
		evidence correlate.Evidence
		want     string
	}{
		"errors that rose":                {of("error_ratio", 1.8, 2.5), "2 % of requests fail since the change, 1 % before, and that is not enough to convict"},
		"errors that may not have risen":  {of("error_ratio", 0.8, 2.5), ""},
		"requests that became fewer":      {of("throughput", 0.5, 0.9), "0.02 requests a second come since the change, 0.01 before, and that is not enough to convict"},
		"requests that became more":       {of("throughput", 1.5, 1.9), ""},
		"a signal that may rise or fall":  {of("orders", 1.8, 2.5), ""},
		"a resource without any interval": {of("throughput", 0, 0), ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := undecided(correlate.ReasonUnderpowered)
			v.Evidence = []correlate.Evidence{c.evidence}
			require.Equal(t, c.want, words.Explain(checkout(v), nil).Told)
		})
	}
}
