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
		Size:    rapid.SampledFrom([]*correlate.Size{nil, {Commits: 2, Caveats: []correlate.Caveat{correlate.CaveatShallow}}}).Draw(t, "size"),
	}}
}

func drawRaw(t *rapid.T) correlate.Raw {
	return correlate.Raw{
		Source: someService.Draw(t, "source"), ID: rapid.StringMatching("[a-z]{1,2}").Draw(t, "delivery"),
		ReceivedAt: someTime.Draw(t, "received"), Body: rapid.SliceOf(rapid.Byte()).Draw(t, "body"),
		Header: rapid.SampledFrom([]map[string]string{nil, {"Content-Type": "text/plain"}, {"X-B-Event": "ü", "A": "\x00"}}).Draw(t, "header"),
	}
}

var someDigest = rapid.SampledFrom([]string{"1", "2", "3"})

// drawProjection reads facts drawn by a generator, or a problem.
func drawProjection(t *rapid.T, digest string, facts *rapid.Generator[correlate.Fact]) correlate.Projection {
	p := correlate.Projection{Digest: digest}
	if rapid.IntRange(0, 5).Draw(t, "problem") == 0 {
		p.Problem, p.Due = rapid.SampledFrom([]string{"unknown", "future"}).Draw(t, "why"), maybeTime.Draw(t, "due")
		return p
	}
	p.Facts = rapid.SliceOfN(facts, 0, 3).Draw(t, "facts")
	return p
}

func drawEntry(t *rapid.T) correlate.Entry {
	return correlate.Entry{Raw: drawRaw(t), Projection: drawProjection(t, someDigest.Draw(t, "digest"), rapid.Custom(drawFact))}
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
