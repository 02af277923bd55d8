package prometheus

import (
	"cmp"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// place is a service in an environment.
type place struct{ service, environment string }

// compare orders places as their labels are.
func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.environment, o.environment), cmp.Compare(p.service, o.service))
}

// count is how often something happened. There is a series of it once it is known, be it with 0.
type count struct {
	n     uint32
	known bool
}

func (c *count) know() { c.known = true }
func (c *count) add()  { c.n, c.known = c.n+1, true }

// What the counts of a site are by, in this order.
var (
	kinds          = correlate.Kinds()
	statuses       = correlate.Statuses()
	answers        = []correlate.Outcome{correlate.Regressed, correlate.Healthy, correlate.Inconclusive}
	incidentStates = []string{opened: "opened", resolved: "resolved"}

	unlinkedReasons = correlate.AllUnlinked()
	// corrections are the reasons that are counted.
	corrections = []correlate.Cause{
		correlate.CauseLateFact, correlate.CauseMerged, correlate.CauseVerdict, correlate.CauseRelinked, correlate.CauseUnlinked,
	}
)

const (
	opened = iota
	resolved
)

// indexIn is where a value stands in a list; what isn't there counts as the last.
func indexIn[T comparable](list []T, value T) int {
	if i := slices.Index(list, value); i >= 0 {
		return i
	}
	return len(list) - 1
}

// site is what was told of a place.
type site struct {
	place
	labels      labels
	changes     [6][4]count
	verdicts    [3]count
	judged      [6][3]count
	incidents   [2]count
	corrections [5]int64
	regressions int64
	ongoing     int64  // regressions without recovery; set while they are shown
	team        string // of the newest change that names one
	teamSince   time.Time
	reasons     sparse     // verdicts that stood when the window closed, by verdict and reason
	unlinked    sparse     // incidents that are no change's, by reason
	recoveries  *histogram // nil before the first failure
	durations   *histogram // nil before the first that is counted
	leadTimes   *histogram // nil before the first that is counted
	detections  *histogram
	newest      *observation // the newest judged change
}

// newSite is a place with the counts that exist from the first that is heard of it.
func newSite(p place) *site {
	s := &site{place: p, labels: labelsOfPlace(p)}
	for _, k := range []correlate.Kind{correlate.KindDeployment, correlate.KindRollback} {
		for i, status := range statuses {
			s.changes[indexIn(kinds, k)][i].known = status == correlate.StatusSucceeded || status == correlate.StatusFailed
		}
	}
	for i := range answers {
		s.verdicts[i].know()
		s.judged[indexIn(kinds, correlate.KindDeployment)][i].know()
	}
	s.reasons = s.reasons.with(0, string(correlate.Inconclusive), string(correlate.ReasonNoTelemetry))
	s.detections = newHistogram(detectionBounds) // rare: a rate would never see the first of a place
	return s
}

func (s *site) corrected(reason correlate.Cause) { s.corrections[indexIn(corrections, reason)]++ }

// correct counts a correction of a change once.
func (s *site) correct(reason correlate.Cause, is bool, counted *bool) {
	if is && !*counted {
		*counted = true
		s.corrected(reason)
	}
}

// owned takes down whose the service is.
func (s *site) owned(c correlate.ChangeRecord) {
	if c.Team != "" && !c.Start().Before(s.teamSince) {
		s.team, s.teamSince = clean(c.Team), c.Start()
	}
}

// unlink counts that no change is held responsible for an incident, once for each reason why.
func (s *site) unlink(i correlate.IncidentRecord, seen *progress) {
	if i.UnlinkedReason == "" || i.Retracted {
		return
	}
	if bit := uint8(1) << indexIn(unlinkedReasons, i.UnlinkedReason); seen.unlinked&bit == 0 {
		seen.unlinked |= bit
		s.unlinked = s.unlinked.with(1, string(i.UnlinkedReason))
	}
}

// judge counts the verdict that stood when the window closed.
func (s *site) judge(c correlate.ChangeRecord, seen *progress) {
	if c.Phase == correlate.PhaseClosed && !seen.judged {
		seen.judged = true
		s.judged[indexIn(kinds, kind(c))][indexIn(answers, c.Verdict.Outcome)].add()
		s.reasons = s.reasons.with(1, string(c.Verdict.Outcome), string(c.Verdict.Reason))
	}
	if s.newest == nil || !c.Start().Before(s.newest.start) {
		s.newest = observe(c, s.place)
	}
}

// promote keeps a judged change if it is the newest.
func (s *site) promote(o *observation) {
	if s.newest == nil || !o.start.Before(s.newest.start) {
		s.newest = o
	}
}

// forget sets the counts to 0; those that are known stay so.
func (s *site) forget() {
	for k := range s.changes {
		zero(s.changes[k][:])
		zero(s.judged[k][:])
	}
	zero(s.verdicts[:])
	zero(s.incidents[:])
	s.corrections, s.regressions = [len(s.corrections)]int64{}, 0
	s.reasons, s.unlinked = s.reasons.anew(), s.unlinked.anew()
	for _, h := range []**histogram{&s.recoveries, &s.durations, &s.leadTimes, &s.detections} {
		*h = (*h).anew()
	}
}

func zero(counts []count) {
	for i := range counts {
		counts[i].n = 0
	}
}
