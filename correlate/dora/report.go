package dora

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Report gives the DORA numbers of a window as of an instant, over the latest states of all records of the table. It is
// what Compute reports over them. Query.AsOf is not looked at, and the policy is to be shipwake: see Covers.
func (t *Table) Report(q Query, asOf time.Time) Report {
	t.work()
	return q.report(asOf, func(of *counter) {
		c := count{Table: t, counter: of, asOf: instantOf(asOf)}
		from, to := instantOf(of.From), instantOf(of.To)
		for _, s := range t.sites {
			c.site(s, s.between(from, to))
		}
		for _, n := range t.openedBetween(from, to) {
			c.incident(&t.trouble[n])
		}
	})
}

// count is one report while it is counted.
type count struct {
	*Table
	*counter
	asOf instant
}

// site counts the changes of a site that completed in the window, in runs that count alike.
func (c *count) site(s *siteRows, rows []row) {
	for len(rows) > 0 {
		end, n := c.end(rows[0].completion), 1
		for n < len(rows) && rows[n].completion < end && (rows[n].traits == rows[0].traits || !c.byTraits()) {
			n++
		}
		c.changes(s, place{s.service, s.environment, c.traits[rows[0].traits]}, rows[:n])
		rows = rows[n:]
	}
}

// end is where the period of an instant ends.
func (c *count) end(at instant) instant {
	if n := c.period(at); n < len(c.ends) {
		return c.ends[n]
	}
	return math.MaxInt64
}

// byTraits says whether a report hangs on more than where something happened.
func (q Query) byTraits() bool {
	switch q.By {
	case ByNothing, ByService, ByEnvironment, ByServiceEnvironment:
		return q.Team != "" || q.System != "" || q.Class != "" || q.Kind != "" || len(q.Labels) > 0
	}
	return true
}

// changes counts changes of one place in one period.
func (c *count) changes(s *siteRows, p place, rows []row) {
	if c.Query.elsewhere(p) && slices.ContainsFunc(rows, func(r row) bool { return r.marks.has(rollout) }) {
		c.elsewhere = append(c.elsewhere, p.environment)
	}
	for _, tally := range c.tallies(rows[0].completion, p) {
		for i := range rows {
			c.row(tally, s, &rows[i])
		}
	}
}

// row counts a change; the cases are those of tally.change.
func (c *count) row(t *tally, s *siteRows, r *row) {
	m := r.marks
	if m.has(rollout) && m.has(failed) && !m.live() {
		t.deployFailed++
	}
	if !m.live() {
		return
	}
	if m.has(redeployed) && !m.has(hurt|rollback) {
		t.redeployments++
		return
	}
	t.deployments++
	if m.has(rework) {
		t.rework++
	}
	t.arrivals(s.carriedBy(r), r.completion)
	var d *detail
	if m.has(detailed) {
		d = c.details[r.id]
		t.queue(r, d.approved)
	}
	if m.has(rollback) {
		t.rollbacks++
		return
	}
	if m.has(hurt) {
		c.hurt(t, r, d)
	}
	t.closed(m)
}

// hurt counts a failure with what is known of it by then.
func (c *count) hurt(t *tally, r *row, d *detail) {
	if d == nil {
		t.hurt(r.completion, never, c.asOf)
		return
	}
	t.hurt(r.completion, d.recovered, c.asOf)
	if d.detected == never || d.detected > c.asOf {
		return
	}
	t.detections = append(t.detections, max(0, d.detected.since(r.completion)))
	if d.recovered != never && d.recovered <= c.asOf {
		t.repairs = append(t.repairs, max(0, d.recovered.since(d.detected)))
	}
	t.notice(r.marks.has(historic), d.telemetry)
}

// queue is queued of a row.
func (t *tally) queue(r *row, approved instant) {
	if approved != never && approved <= r.start {
		t.queues = append(t.queues, r.start.since(approved))
	}
}

func (t *tally) arrivals(commits []carried, completion instant) {
	for i := range commits {
		if commits[i].sha&arrived == 0 {
			continue
		}
		span := completion.since(commits[i].authored)
		if span < 0 {
			t.negativeLeadTimes++
			continue
		}
		t.leadTimes = append(t.leadTimes, span)
	}
}

func (t *tally) hurt(completion, recovered, asOf instant) {
	if recovered != never && recovered <= asOf {
		t.recoveries = append(t.recoveries, max(0, recovered.since(completion)))
		return
	}
	t.stillOpen(asOf.since(completion))
}

func (t *tally) closed(m marks) {
	if m.has(observing) {
		t.pending++
		return
	}
	t.judged++
	switch {
	case m.has(hurt):
		t.failures++
	case m.has(historic):
		t.unjudged++
	case !m.has(judged) || m.has(inconclusive):
		t.inconclusive++
	}
}

// incident counts an incident that opened in the window.
func (c *count) incident(in *incidentRow) {
	for _, t := range c.tallies(in.opened, c.placesOf(in)...) {
		if in.attributedTo == 0 {
			t.unattributed++
		}
		if in.resolved > in.opened && in.opened != never && in.resolved <= c.asOf {
			t.restores = append(t.restores, in.resolved.since(in.opened))
		}
	}
}

// placesOf is counter.placesOf.
func (c *count) placesOf(in *incidentRow) []place {
	all := []place{c.placeIn(in, in.service)}
	for _, service := range in.others {
		all = append(all, c.placeIn(in, service))
	}
	return all
}

// placeIn is where an incident happened, in a service that it is about.
func (c *count) placeIn(in *incidentRow, service string) place {
	p := place{service: service, environment: in.environment}
	if n, known := c.at[in.cause]; known {
		p.traits = c.traits[in.traits]
		p.service = cmp.Or(p.service, c.sites[n].service)
	}
	if c.byTraits() {
		if n, known := c.siteAt[site{p.service, p.environment}]; known {
			p.owner = p.owner.or(c.sites[n].owner)
		}
	}
	return p
}
