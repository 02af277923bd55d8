package correlate

import "time"

// ProvenWithin is how long after a repair its effect may take to show, for the repair to be the recovery: alerts clear, and
// people say so, within minutes. What takes longer was mended by something else.
const ProvenWithin = 15 * time.Minute

// Mended is when a repair, a rollback or a hotfix, brought back what a change had broken: the instant at which it was
// complete. It is zero when nothing proves that it did, the cases being:
//
//  1. the repair did not succeed, or it hurt itself, as ChangeRecord.Hurt has it;
//  2. an incident of the change wasn't resolved within ProvenWithin of the repair;
//  3. telemetry was back in the baseline later than that, or what convicted the change is as bad since the repair.
func Mended(broken, repair *ChangeRecord, incidents []*IncidentRecord) time.Time {
	done := repair.FinishedAt
	if done.IsZero() {
		done = repair.StartedAt
	}
	late := func(t time.Time) bool { return t.IsZero() || t.After(done.Add(ProvenWithin)) }
	if repair.Status != StatusSucceeded || repair.Hurt() {
		return time.Time{}
	}
	for _, i := range incidents {
		if late(i.ResolvedAt) {
			return time.Time{}
		}
	}
	if v := broken.Verdict; v.regressed() {
		if v.RecoveredAt != nil && late(*v.RecoveredAt) || v.RecoveredAt == nil && v.lasts(repair.Verdict) {
			return time.Time{}
		}
	}
	return done
}

func (v *Verdict) regressed() bool { return v != nil && v.Outcome == Regressed }

// stillBad is the share of the harm from which on it is still there: on the average of an hour, that of a quarter of it.
const stillBad = 0.25

// Over says that what convicted a change no longer shows in what a later verdict on the service tells.
func (v *Verdict) Over(later *Verdict) bool {
	left, measured := v.left(later)
	return measured && left <= stillBad
}

// lasts: what convicted a change is still seen in what a later verdict on the service tells.
func (v *Verdict) lasts(later *Verdict) bool {
	left, measured := v.left(later)
	return measured && left > stillBad
}

// left is the share of the harm that a later verdict still measures, if it measures what convicted the change.
func (v *Verdict) left(later *Verdict) (share float64, measured bool) {
	if later == nil || len(v.Evidence) == 0 {
		return 0, false
	}
	bad := v.Evidence[0]
	for _, e := range later.Evidence {
		if e.Signal == bad.Signal && e.Service == bad.Service {
			harm := bad.Observed - bad.Baseline
			return (e.Observed - bad.Baseline) / harm, harm != 0
		}
	}
	return 0, false
}
