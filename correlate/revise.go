package correlate

import "slices"

// The words of a report that the format implies when nothing is said, as Implied names them.
const (
	impliedKind        = "kind"
	impliedStatus      = "status"
	impliedEnvironment = "environment"
)

// Revise folds a later report under the same id into this one. A report that says when its sender last changed it
// (UpdatedAt) corrects what was said before: the times, the status, the kind and the environment that it tells are right,
// be they earlier or later than the others. Otherwise it adds to what is known, as by Merge; so do two reports that were
// changed at the same instant, of which neither corrects the other.
func (c Change) Revise(later Change) Change {
	revised := c.Merge(later)
	if !later.UpdatedAt.After(c.UpdatedAt) {
		return revised
	}
	if !slices.Contains(later.Implied, impliedKind) {
		revised.Kind = later.Kind
	}
	if !slices.Contains(later.Implied, impliedEnvironment) {
		revised.Environment = later.Environment
	}
	revised.reviseStatus(c, later)
	revised.StartedAt = c.StartedAt
	if !later.StartedAt.IsZero() {
		revised.StartedAt = later.StartedAt
	}
	if !revised.FinishedAt.IsZero() && revised.StartedAt.After(revised.FinishedAt) {
		revised.StartedAt = revised.FinishedAt
	}
	return revised
}

// reviseStatus gives the change the status and the finish that a later report tells, and leaves what it doesn't tell.
func (c *Change) reviseStatus(earlier, later Change) {
	told := !slices.Contains(later.Implied, impliedStatus)
	switch {
	case told:
		c.Status = later.Status
	case earlier.Status != StatusStarted:
		c.Status = earlier.Status
	}
	switch {
	case !later.FinishedAt.IsZero() || (told && later.Status == StatusStarted):
		c.FinishedAt = later.FinishedAt
	default:
		c.FinishedAt = earlier.FinishedAt
	}
}

// Revise folds a later report under the same id into this one; see Change.Revise. A report that says when its sender last
// changed it says how things stood then: without a resolution the incident was open, also when it had been resolved before.
// So does one that says that it opened after it was resolved.
func (i Incident) Revise(later Incident) Incident {
	revised := i.Merge(later)
	if later.ResolvedAt.IsZero() && !i.ResolvedAt.IsZero() && later.OpenedAt.After(i.ResolvedAt) {
		revised.ResolvedAt = later.ResolvedAt
	}
	if !later.UpdatedAt.After(i.UpdatedAt) {
		return revised
	}
	if !slices.Contains(later.Implied, impliedEnvironment) {
		revised.Environment = later.Environment
	}
	if !later.OpenedAt.IsZero() {
		revised.OpenedAt = later.OpenedAt
	}
	if !later.AcknowledgedAt.IsZero() {
		revised.AcknowledgedAt = later.AcknowledgedAt
	}
	revised.ResolvedAt = later.ResolvedAt
	return revised
}

// imply fills in what the format implies, and says so among the words that were implied.
func imply[T ~string](word *T, implied T, name string, all *[]string) {
	if *word == "" {
		*word = implied
		*all = append(*all, name)
	}
}

// inBoth are the words that are in both lists.
func inBoth(a, b []string) (both []string) {
	for _, word := range a {
		if slices.Contains(b, word) {
			both = append(both, word)
		}
	}
	return both
}
