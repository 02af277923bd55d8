package dora

import (
	"cmp"
	"slices"
	"time"
)

// Report gives the DORA numbers of a window as of an instant, over the latest states of all records of the table. It is
// what Compute reports over them. Query.AsOf is not looked at, and the policy is to be shipwake: see Covers.
func (t *Table) Report(q Query, asOf time.Time) Report {
	t.work()
	return q.report(asOf, func(of *counter) {
		c := count{Table: t, counter: of, asOf: instantOf(asOf), kinds: make([]int32, len(t.traits)), named: map[string]int32{}}
		c.leaves = make([][]*tally, max(1, len(c.periods)))
		from, to := instantOf(of.From), instantOf(of.To)
		for _, s := range t.sites {
			c.site(s, s.between(from, to))
		}
		c.pour(place{})
		for _, n := range t.openedBetween(from, to) {
			c.incident(&t.trouble[n])
		}
	})
}

// count is one report while it is counted. Each change is counted once, in the leaf of what counts alike: the kind of its
// traits and the period, of its site too where the report is split by that. Leaves are then poured into what they are part of.
type count struct {
	*Table
	*counter
	asOf   instant
	kinds  []int32  // of the traits, by their number: 0 is not known yet, -1 doesn't count, else one more than the kind
	traits []traits // one of each kind
	named  map[string]int32
	leaves [][]*tally // by period and kind
	grown  int        // how many leaves there are
}

// site counts the changes of a site that completed in the window.
func (c *count) site(s *siteRows, rows []row) {
	if !c.coversSite(s.site) {
		c.absent(s, rows)
		return
	}
	for n := 0; len(rows) > 0; n++ {
		end := len(rows)
		if len(c.ends) > 0 {
			n = c.period(rows[0].completion)
			end = before(rows, c.ends[n])
		}
		for i := range rows[:end] {
			if kind := c.kind(rows[i].traits); kind >= 0 {
				c.row(c.leaf(n, kind), s, &rows[i])
			}
		}
		rows = rows[end:]
	}
	if c.bySite() {
		c.pour(place{service: s.service, environment: s.environment})
	}
}

// absent notes where something was rolled out that isn't counted.
func (c *count) absent(s *siteRows, rows []row) {
	p := place{service: s.service, environment: s.environment}
	if slices.Contains(c.elsewhere, p.environment) {
		return
	}
	for i := range rows {
		p.traits = c.Table.traits[rows[i].traits]
		if rows[i].marks.has(rollout) && c.Query.elsewhere(p) {
			c.elsewhere = append(c.elsewhere, p.environment)
			return
		}
	}
}

// bySite says whether the groups of a report are sites, or environments.
func (q Query) bySite() bool {
	return q.By == ByService || q.By == ByEnvironment || q.By == ByServiceEnvironment
}

// kind is which of the groups traits count in, -1 when they don't count.
func (c *count) kind(n uint32) int32 {
	if c.kinds[n] == 0 {
		c.kinds[n] = c.newKind(&c.Table.traits[n])
	}
	return max(-1, c.kinds[n]-1)
}

func (c *count) newKind(t *traits) int32 {
	if !c.coversTraits(t) {
		return -1
	}
	name := ""
	if !c.bySite() && c.By != ByNothing {
		name = c.trait(t)
	}
	if _, known := c.named[name]; !known {
		c.named[name] = int32(len(c.traits))
		c.traits = append(c.traits, *t)
	}
	return c.named[name] + 1
}

func (c *count) leaf(period int, kind int32) *tally {
	for int(kind) >= len(c.leaves[period]) {
		c.leaves[period] = append(c.leaves[period], nil)
	}
	if c.leaves[period][kind] == nil {
		if c.grown == MostCells {
			return &c.left
		}
		c.grown++
		c.leaves[period][kind] = &tally{}
	}
	return c.leaves[period][kind]
}

// pour adds the leaves to what they are part of, and empties them.
func (c *count) pour(p place) {
	for period, leaves := range c.leaves {
		at := instantOf(c.From)
		if len(c.ends) > 0 {
			at = c.ends[period] - 1
		}
		for kind, leaf := range leaves {
			if leaf == nil || !leaf.seen {
				continue
			}
			p.traits = c.traits[kind]
			if !c.bySite() {
				p.service, p.environment = c.Service, c.environment()
			}
			for _, t := range c.tallies(at, p) {
				t.add(leaf)
			}
			leaf.reset()
		}
	}
}

// row counts a change; the cases are those of tally.change.
func (c *count) row(t *tally, s *siteRows, r *row) {
	m := r.marks
	t.seen = true
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
		p.traits = c.Table.traits[in.traits]
		p.service = cmp.Or(p.service, c.sites[n].service)
	}
	if n, known := c.siteAt[site{p.service, p.environment}]; known {
		p.owner = p.owner.or(c.sites[n].owner)
	}
	return p
}
