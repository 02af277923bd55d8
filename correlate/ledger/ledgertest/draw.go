package ledgertest

import (
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func drawFact(t *rapid.T) correlate.Fact {
	if rapid.Bool().Draw(t, "is an incident") {
		return correlate.Fact{Incident: &correlate.Incident{ID: someID.Draw(t, "incident"), OpenedAt: someTime.Draw(t, "opened"), Title: rapid.String().Draw(t, "title")}}
	}
	return correlate.Fact{Change: &correlate.Change{
		ID: someID.Draw(t, "change"), Service: someService.Draw(t, "service"), StartedAt: someTime.Draw(t, "started"),
		Commits: rapid.SampledFrom([][]correlate.Commit{nil, {{SHA: "1"}, {SHA: "2", AuthoredAt: epoch}}}).Draw(t, "commits"),
	}}
}

func drawDelivery(t *rapid.T) correlate.Delivery {
	d := correlate.Delivery{
		Source: someService.Draw(t, "source"), ID: rapid.StringMatching("[a-z]{1,2}").Draw(t, "delivery"),
		ReceivedAt: someTime.Draw(t, "received"), Raw: rapid.SliceOf(rapid.Byte()).Draw(t, "raw"),
	}
	if rapid.IntRange(0, 5).Draw(t, "problem") == 0 {
		d.Problem = "unknown"
		return d
	}
	d.Facts = rapid.SliceOfN(rapid.Custom(drawFact), 0, 3).Draw(t, "facts")
	return d
}

func drawRecord(t *rapid.T) correlate.ChangeRecord {
	return correlate.ChangeRecord{
		Change: correlate.Change{
			ID: someID.Draw(t, "change"), Service: someService.Draw(t, "service"), Environment: someEnvironment.Draw(t, "environment"),
			Version: rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "version"), StartedAt: someTime.Draw(t, "started"),
			FinishedAt: maybeTime.Draw(t, "finished"),
		},
		Phase:     rapid.SampledFrom([]correlate.Phase{correlate.PhaseObserving, correlate.PhaseClosed, correlate.PhaseHistory, correlate.PhaseMerged, correlate.PhaseRetracted}).Draw(t, "phase"),
		WindowEnd: maybeTime.Draw(t, "window"), RecoveredAt: maybeTime.Draw(t, "recovered"),
	}
}

func drawVerdict(t *rapid.T, change string) correlate.Verdict {
	return correlate.Verdict{
		ChangeID: change, Revision: rapid.IntRange(1, 4).Draw(t, "revision"), DecidedAt: someTime.Draw(t, "decided"),
		Outcome: rapid.SampledFrom([]correlate.Outcome{correlate.Regressed, correlate.Healthy, correlate.Inconclusive}).Draw(t, "outcome"),
		Blame:   rapid.Float64Range(0, 1).Draw(t, "blame"),
	}
}

func drawMaybe[T ~string](t *rapid.T, name string, of ...T) T {
	return rapid.SampledFrom(append([]T{"", ""}, of...)).Draw(t, name)
}
