package kubernetes

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/collector/source/kubernetes"
	"github.com/shipwake/shipwake/correlate"
)

// recent is how long ago a rollout may have begun that is under way at a first look.
const recent = time.Hour

// sight is a workload as it is seen, with what is needed to decide what is to be reported.
type sight struct {
	kind   kind
	object object
	known  *seen // nil: it was never seen
	asOf   time.Time
	now    time.Time
	// listed: events may have been missed before.
	listed bool
	// revisions and namespace ask the cluster.
	revisions func() (history, error)
	namespace func() (map[string]string, error)
}

// decision is what is to be reported, and what is known then; nil is nothing.
type decision struct {
	reports  []kubernetes.Report
	next     *seen
	restarts int
}

// decide compares a workload with what is known of it.
func (s sight) decide() (decision, error) {
	var d decision
	uid := s.object.Metadata.UID
	if s.known != nil && s.known.UID != uid {
		d.close(s.known.Open, "deleted", s.object.Metadata.CreationTimestamp)
		s.known = nil
	}
	if s.object.Metadata.DeletionTimestamp != nil {
		if s.known != nil {
			d.close(s.known.Open, "deleted", *s.object.Metadata.DeletionTimestamp)
		}
		return d, nil
	}
	d.next = s.known
	mark, dealt := s.kind.mark(s.object)
	if !dealt || s.known != nil && mark < s.known.Mark { // the latter is an old event: somebody else has seen later ones
		return d, nil
	}
	next := seen{UID: uid}
	if s.known != nil {
		next = *s.known
	}
	d.next = &next
	var err error
	switch {
	case s.known == nil && s.object.Metadata.CreationTimestamp.Before(s.asOf):
		err = s.first(&d, mark)
	case s.known == nil || s.known.Mark != mark:
		err = s.compare(&d, mark)
	}
	if err == nil {
		s.follow(&d)
	}
	return d, err
}

// first takes a workload for known that was there before anybody looked, unless a rollout is under way that began lately.
func (s sight) first(d *decision, mark int64) error {
	_, started := s.object.Metadata.Annotations[revisionAnnotation]
	over, _ := s.kind.progress(s.object, s.now.Add(-recent))
	d.next.Mark = mark
	if started && over != "" {
		d.next.Revision = mark
		return nil
	}
	h, err := s.revisions()
	if h = h.upTo(s.object); err != nil || len(h) == 0 {
		return err
	}
	latest := len(h) - 1
	d.next.Revision = h.latest()
	if at := s.startOf(h, latest); over == "" && s.now.Sub(at) <= recent && !h.restarts(latest) {
		return s.begin(d, h, latest)
	}
	return nil
}

// compare reports the revisions that are new.
func (s sight) compare(d *decision, mark int64) error {
	h, err := s.revisions()
	if err != nil {
		return err
	}
	h = h.upTo(s.object)
	for i, r := range h {
		switch {
		case r.number <= d.next.Revision || r.undated:
		case h.restarts(i):
			d.restarts++
		default:
			if err := s.begin(d, h, i); err != nil {
				return err
			}
		}
	}
	d.next.Mark, d.next.Revision = mark, max(d.next.Revision, h.latest())
	return nil
}

// begin opens the rollout of a revision. One that is still open is over by that, unless its end may have been missed.
func (s sight) begin(d *decision, h history, i int) error {
	r := &rollout{
		Rollout:   kubernetes.Rollout{Revision: h[i].number, Rollback: h.returns(i), Pod: h[i].pod},
		Workload:  s.workload(),
		StartedAt: s.startOf(h, i),
		Waits:     s.object.Spec.UpdateStrategy.Type == onDelete,
	}
	if i > 0 {
		r.Previous = &h[i-1].pod
	}
	if i == len(h)-1 {
		r.Manager = s.object.templateSet().Manager
	}
	var err error
	if r.NamespaceLabels, err = s.namespace(); err != nil {
		return err
	}
	if !s.listed {
		d.close(d.next.Open, "superseded", r.StartedAt)
	}
	d.next.Open = r
	if !r.Waits {
		d.report(r, correlate.StatusStarted, "", time.Time{})
	}
	return nil
}

// follow reports how far the open rollout has come.
func (s sight) follow(d *decision) {
	if d.next.Open == nil {
		return
	}
	open := *d.next.Open
	d.next.Open = &open
	if open.Waits && s.kind.replaced(s.object) > 0 {
		open.Waits, open.StartedAt = false, s.orNow(s.object.statusSet())
		d.report(&open, correlate.StatusStarted, "", time.Time{})
	}
	status, at := s.kind.progress(s.object, open.StartedAt)
	switch {
	case open.Waits:
	case status == correlate.StatusSucceeded:
		d.report(&open, status, "", s.orNow(at))
		d.next.Open = nil
	case status == correlate.StatusFailed && !open.Failed:
		d.report(&open, status, deadlineExceeded, s.orNow(at))
		open.Failed = true
	}
}

// close cancels a rollout that will not end any more, if one is open. One that failed has ended.
func (d *decision) close(open *rollout, reason string, at time.Time) {
	if open != nil && !open.Waits && !open.Failed {
		d.report(open, correlate.StatusCancelled, reason, at)
	}
}

func (d *decision) report(r *rollout, status correlate.Status, reason string, finished time.Time) {
	report := kubernetes.Report{Status: status, Reason: reason, StartedAt: r.StartedAt, Rollout: r.Rollout, Workload: r.Workload}
	if status != correlate.StatusStarted {
		report.FinishedAt = later(finished, r.StartedAt)
	}
	d.reports = append(d.reports, report)
}

// restarts tells whether the ith differs from the one before it in nothing but a restart.
func (h history) restarts(i int) bool { return i > 0 && h[i].digest == h[i-1].digest }

// startOf is when the rollout of the ith revision began: see the package comment.
func (s sight) startOf(h history, i int) time.Time {
	switch r := h[i]; {
	case !r.reused:
		return r.created.UTC()
	case i == len(h)-1 && !s.object.templateSet().Time.IsZero():
		return s.object.templateSet().Time.UTC()
	case i < len(h)-1: // it was set last when the next one took over
		return earlier(s.orNow(r.set), s.startOf(h, i+1))
	default:
		return s.orNow(r.set)
	}
}

func (s sight) orNow(t time.Time) time.Time {
	if t.IsZero() {
		t = s.now
	}
	return t.UTC()
}

func (s sight) workload() kubernetes.Workload {
	m := s.object.Metadata
	return kubernetes.Workload{Kind: s.kind.name, Namespace: m.Namespace, Name: m.Name, UID: m.UID, Labels: m.Labels}
}

func earlier(a, b time.Time) time.Time {
	return slices.MinFunc([]time.Time{a.UTC(), b.UTC()}, time.Time.Compare)
}

func later(a, b time.Time) time.Time {
	return slices.MaxFunc([]time.Time{a.UTC(), b.UTC()}, time.Time.Compare)
}
