package engine

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/names"
	"github.com/shipwake/shipwake/correlate/record"
)

var permutations = flag.Int("oracle.permutations", 10_000, "how many orders of arrival TestRecordsAgreeWithTheOracle tries")

// oracle works out what a set of facts means the long way: all of it at once, each question by itself, without any
// state that outlives it.
type oracle struct {
	attribution time.Duration
	changes     []*known // of one id each
	incidents   []correlate.IncidentRecord
}

// known is a change as it is known by its id.
type known struct {
	id      string
	reports []correlate.ChangeReport
	said    correlate.Change // by its own reports
	correlate.ChangeRecord
}

func ask(facts []Fact) (records []correlate.ChangeRecord, incidents []correlate.IncidentRecord) {
	o := oracle{attribution: time.Duration(lateConfig().Attribution) * time.Second}
	o.read(facts)
	o.merge()
	o.lineage()
	o.attribute()
	o.recoveries()
	for _, c := range o.changes {
		c.Change.ID = c.id
		records = append(records, c.ChangeRecord)
	}
	slices.SortFunc(records, func(a, b correlate.ChangeRecord) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(o.incidents, func(a, b correlate.IncidentRecord) int { return cmp.Compare(a.ID, b.ID) })
	return records, o.incidents
}

// said is when a report was made, as far as it tells.
func said(times ...time.Time) (newest time.Time) {
	for _, t := range times {
		if t.After(newest) {
			newest = t
		}
	}
	return newest
}

// asOf is when a report was made, by its sender.
func asOf(updated time.Time, times ...time.Time) time.Time {
	if updated.IsZero() {
		return said(times...)
	}
	return updated
}

func older(a, b correlate.ChangeReport) int {
	rank := map[correlate.Status]int{correlate.StatusStarted: 0, correlate.StatusSucceeded: 1, correlate.StatusFailed: 2, correlate.StatusCancelled: 3}
	return cmp.Or(
		asOf(a.Said.UpdatedAt, a.Said.StartedAt, a.Said.FinishedAt).Compare(asOf(b.Said.UpdatedAt, b.Said.StartedAt, b.Said.FinishedAt)),
		cmp.Compare(rank[a.Said.Status], rank[b.Said.Status]), a.ReceivedAt.Compare(b.ReceivedAt), cmp.Compare(text(a.Said), text(b.Said)))
}

func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// foldAll puts reports together, the oldest first.
func foldAll(reports []correlate.ChangeReport, fold func(a, b correlate.Change) correlate.Change) (c correlate.Change) {
	reports = slices.Clone(reports)
	slices.SortFunc(reports, older)
	for i, r := range reports {
		if i == 0 {
			c = r.Said
		} else {
			c = fold(c, r.Said)
		}
	}
	c.Implied = nil
	return c
}

func (o *oracle) read(facts []Fact) {
	byID := map[string]*known{}
	incidents := map[string][]correlate.IncidentReport{}
	seen := map[string]bool{}
	for _, f := range facts {
		f.Fact = f.WithDefaults()
		if seen[text(f.Fact)] {
			continue // told again
		}
		seen[text(f.Fact)] = true
		if f.Incident != nil {
			incidents[f.Incident.ID] = append(incidents[f.Incident.ID], correlate.IncidentReport{ReceivedAt: f.ReceivedAt, Said: *f.Incident})
			continue
		}
		c := byID[f.Change.ID]
		if c == nil {
			c = &known{id: f.Change.ID}
			byID[c.id] = c
			o.changes = append(o.changes, c)
		}
		c.reports = append(c.reports, correlate.ChangeReport{ReceivedAt: f.ReceivedAt, Said: *f.Change})
	}
	for _, c := range o.changes {
		c.said = foldAll(c.reports, correlate.Change.Revise)
	}
	for _, reports := range incidents {
		slices.SortFunc(reports, func(a, b correlate.IncidentReport) int {
			return cmp.Or(asOf(a.Said.UpdatedAt, a.Said.OpenedAt, a.Said.ResolvedAt).Compare(asOf(b.Said.UpdatedAt, b.Said.OpenedAt, b.Said.ResolvedAt)),
				a.ReceivedAt.Compare(b.ReceivedAt), cmp.Compare(text(a.Said), text(b.Said)))
		})
		i := reports[0].Said
		for _, r := range reports[1:] {
			i = i.Revise(r.Said)
		}
		i.Implied = nil
		o.incidents = append(o.incidents, correlate.IncidentRecord{Incident: i})
	}
}

// merge puts the nearest two changes together that are one rollout, until there are none.
func (o *oracle) merge() {
	slices.SortFunc(o.changes, func(a, b *known) int {
		return cmp.Or(a.said.Start().Compare(b.said.Start()), cmp.Compare(a.id, b.id))
	})
	groups := map[*known][]*known{}
	for _, c := range o.changes {
		groups[c] = []*known{c}
	}
	type couple struct {
		a, b  *known
		apart time.Duration
	}
	var all []couple
	for i, a := range o.changes {
		for _, b := range o.changes[i+1:] {
			if o.one(a.said, b.said) {
				all = append(all, couple{a, b, b.said.Start().Sub(a.said.Start()).Truncate(time.Second)})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y couple) int { return cmp.Compare(x.apart, y.apart) })
	for _, x := range all {
		g, h := groups[x.a], groups[x.b]
		if g[0] == h[0] || slices.ContainsFunc(g, func(a *known) bool {
			return slices.ContainsFunc(h, func(b *known) bool {
				return a.said.Source == b.said.Source || !record.SameRelease(a.said, b.said)
			})
		}) {
			continue
		}
		both := append(slices.Clone(g), h...)
		slices.SortFunc(both, func(a, b *known) int { return slices.Index(o.changes, a) - slices.Index(o.changes, b) })
		for _, c := range both {
			groups[c] = both
		}
	}
	for _, c := range o.changes {
		g := groups[c]
		if g[0] != c {
			c.Change, c.MergedInto = c.said, g[0].id
			continue
		}
		var reports, whole []correlate.ChangeReport
		for _, m := range g {
			reports = append(reports, m.reports...)
			whole = append(whole, correlate.ChangeReport{ReceivedAt: first(m.reports), Said: m.said})
			if m != c {
				c.MergedFrom = append(c.MergedFrom, m.id)
			}
		}
		c.Change = foldAll(whole, correlate.Change.Merge)
		slices.Sort(c.MergedFrom)
		c.serve(reports)
	}
}

// serve: a change that failed after it had succeeded had served since its success.
func (c *known) serve(reports []correlate.ChangeReport) {
	if c.Status != correlate.StatusFailed && c.Status != correlate.StatusCancelled {
		return
	}
	reports = slices.DeleteFunc(slices.Clone(reports), func(r correlate.ChangeReport) bool { return r.Said.Status != correlate.StatusSucceeded })
	if len(reports) > 0 {
		success := foldAll(reports, correlate.Change.Revise)
		c.Served, c.FinishedAt = true, said(success.StartedAt, success.FinishedAt)
		if c.StartedAt.After(c.FinishedAt) {
			c.StartedAt = c.FinishedAt
		}
	}
}

// first is when the first of some reports came in.
func first(reports []correlate.ChangeReport) (t time.Time) {
	for i, r := range reports {
		if i == 0 || r.ReceivedAt.Before(t) {
			t = r.ReceivedAt
		}
	}
	return t
}

// one: two changes are told by different sources, bring what may be the same version, and lie within ten minutes.
func (o *oracle) one(a, b correlate.Change) bool {
	rollsOut := func(c correlate.Change) bool {
		return c.Kind == correlate.KindDeployment || c.Kind == correlate.KindRollback
	}
	end := func(c correlate.Change) time.Time { return said(c.StartedAt, c.FinishedAt) }
	return rollsOut(a) && rollsOut(b) && a.Source != b.Source && a.Service == b.Service && a.Environment == b.Environment && record.SameRelease(a, b) &&
		!a.Start().Truncate(time.Second).After(end(b).Truncate(time.Second).Add(10*time.Minute)) &&
		!b.Start().Truncate(time.Second).After(end(a).Truncate(time.Second).Add(10*time.Minute))
}

func (c *known) live() bool {
	return c.MergedInto == "" && (c.Served || c.Status == correlate.StatusSucceeded || c.Status == correlate.StatusStarted)
}

func (c *known) done() time.Time {
	if c.FinishedAt.IsZero() {
		return c.StartedAt
	}
	return c.FinishedAt
}

// lineage follows the versions of each service in the order in which they were complete.
func (o *oracle) lineage() {
	slices.SortFunc(o.changes, func(a, b *known) int { return cmp.Or(a.done().Compare(b.done()), cmp.Compare(a.id, b.id)) })
	places := map[place]bool{}
	for _, c := range o.changes {
		places[place{Service: c.Service, Environment: c.Environment}] = true
	}
	for p := range places {
		var history []*known // what is live, oldest first
		for _, c := range o.changes {
			c2 := c
			if (place{Service: c.Service, Environment: c.Environment}) != p {
				continue
			}
			c.Rollback = c.Kind == correlate.KindRollback
			if !c.live() || (c.Kind != correlate.KindDeployment && c.Kind != correlate.KindRollback) {
				continue
			}
			back := -1
			for i, d := range history {
				if names.SameRelease(record.ReleaseOf(d.Change), record.ReleaseOf(c.Change)) {
					back = i
				}
			}
			switch {
			case back >= 0 && back == len(history)-1:
				c.Redeploy = true
			case back >= 0:
				c.Rollback = true
			case c.Rollback && len(history) > 1:
				back = len(history) - 2
			}
			if c.Rollback {
				for _, d := range history[back+1:] {
					if d.RolledBackBy == "" && !d.Rollback {
						d.RolledBackBy = c.id
					}
				}
				history = history[:back+1]
			}
			if !c.Redeploy {
				history = append(history, c2)
			}
		}
	}
}

func (o *oracle) attribute() {
	for n := range o.incidents {
		i := &o.incidents[n]
		if i.CausedBy != "" && i.CausedBy != correlate.CausedByNone {
			i.AttributedTo = i.CausedBy
			for _, c := range o.changes {
				if c.id == i.CausedBy && c.MergedInto != "" {
					i.AttributedTo = c.MergedInto
				}
			}
		}
		switch {
		case i.CausedBy == correlate.CausedByNone:
			i.UnlinkedReason = correlate.UnlinkedSaid
		case i.CausedBy != "":
		case i.ResolvedAt.Equal(i.OpenedAt):
			i.UnlinkedReason = correlate.UnlinkedEndOnly
		default:
			o.infer(i)
		}
		for _, c := range o.changes {
			if c.id == i.AttributedTo {
				c.Incidents = append(c.Incidents, i.ID)
				slices.Sort(c.Incidents)
			}
		}
	}
}

// infer holds an incident against the change that began last of those that answer for its services and reached anybody.
func (o *oracle) infer(i *correlate.IncidentRecord) {
	i.UnlinkedReason = correlate.UnlinkedNoChange
	var may []*known
	for _, service := range i.About() {
		if c := o.answers(service, i); c != nil {
			may = append(may, c)
		}
	}
	slices.SortFunc(may, func(x, y *known) int { return cmp.Or(y.Start().Compare(x.Start()), cmp.Compare(y.id, x.id)) })
	for n, c := range slices.Backward(may) {
		if c.live() {
			i.AttributedTo, i.Inferred, i.UnlinkedReason, i.Exonerated = c.id, true, "", ""
		} else if n == 0 {
			i.Exonerated = c.id
		}
		if !i.Inferred {
			i.UnlinkedReason = correlate.UnlinkedNotDeployed
		}
	}
	for _, c := range may {
		if len(may) > 1 {
			i.Suspects = append(i.Suspects, c.id)
		}
	}
}

// answers is the change that answers for a service of an incident: of the rollouts that are under way and the last one that
// is complete, the one that began last.
func (o *oracle) answers(service string, i *correlate.IncidentRecord) (found *known) {
	var last *known
	var may []*known
	for _, c := range o.changes { // by completion
		over := c.Status != correlate.StatusStarted && (c.done().Before(i.OpenedAt) || c.live() && c.done().Equal(i.OpenedAt))
		switch {
		case c.MergedInto != "" || c.Rollback || c.Service != service || c.Environment != i.Environment || c.Start().After(i.OpenedAt):
		case !over && i.OpenedAt.Sub(c.Start()) <= o.attribution:
			may = append(may, c)
		case over && c.live():
			last = c
		}
	}
	if last != nil && i.OpenedAt.Sub(last.done()) <= o.attribution {
		may = append(may, last)
	}
	for _, c := range may {
		if found == nil || cmp.Or(c.Start().Compare(found.Start()), cmp.Compare(c.id, found.id)) > 0 {
			found = c
		}
	}
	return found
}

func (o *oracle) recoveries() {
	for _, c := range o.changes {
		var all []time.Time
		for _, by := range o.changes {
			unresolved := slices.ContainsFunc(o.incidents, func(i correlate.IncidentRecord) bool {
				return i.AttributedTo == c.id && (i.ResolvedAt.IsZero() || i.ResolvedAt.After(by.done().Add(15*time.Minute)))
			})
			if by.id == c.RolledBackBy && by.Status == correlate.StatusSucceeded && by.RolledBackBy == "" && len(by.Incidents) == 0 && !unresolved {
				all = append(all, by.done())
			}
		}
		var last time.Time
		open := false
		for _, i := range o.incidents {
			if i.AttributedTo == c.id {
				open = open || i.ResolvedAt.IsZero()
				last = said(last, i.ResolvedAt)
			}
		}
		if !open && !last.IsZero() {
			all = append(all, last)
		}
		for _, t := range all {
			if !t.Before(c.Start()) && (c.RecoveredAt.IsZero() || t.Before(c.RecoveredAt)) {
				c.RecoveredAt = t
			}
		}
	}
}

// bare is a record without what only the engine knows: windows, verdicts, and the reports themselves.
func bare(c correlate.ChangeRecord) correlate.ChangeRecord {
	c.Phase, c.Verdict, c.Reports, c.ReceivedAt = "", nil, nil, time.Time{}
	c.WindowStart, c.WindowEnd = time.Time{}, time.Time{}
	return c
}

// TestRecordsAgreeWithTheOracle: whatever the order in which facts arrive, and however often, the records and the DORA
// numbers are those that follow from the set of them.
func TestRecordsAgreeWithTheOracle(t *testing.T) {
	tried, histories := 0, 0
	for n := uint64(0); tried < *permutations; n++ {
		r := rand.New(rand.NewPCG(*seed+n, 1))
		var facts []Fact
		for _, f := range drawFacts(r) {
			facts = append(facts, f.Fact)
		}
		changes, incidents := ask(facts)
		want := digest(changes, incidents)
		for range 20 {
			tried++
			e, o := New(lateConfig()), newOutcome()
			arrive := slices.Clone(facts)
			for range r.IntN(3) {
				arrive = append(arrive, facts[r.IntN(len(facts))])
			}
			r.Shuffle(len(arrive), func(i, j int) { arrive[i], arrive[j] = arrive[j], arrive[i] })
			for len(arrive) > 0 {
				batch := 1 + r.IntN(min(3, len(arrive)))
				o.take(e.Apply(Input{Facts: arrive[:batch]}))
				arrive = arrive[batch:]
			}
			got, gotIncidents := o.bare()
			if d := digest(got, gotIncidents); d != want {
				require.Fail(t, "not what the oracle says", "seed %d\n%s\noracle: %s\nengine: %s", *seed+n,
					strings.Join(lines(facts), "\n"), want, d)
			}
		}
		histories++
	}
	fmt.Printf("BenchmarkOrders/records-and-dora 1 %d orders %d histories 0 differing\n", tried, histories)
}

// drawFacts is what is reported in a story, without anything being measured.
func drawFacts(r *rand.Rand) []happened {
	s := story{cells: make([][]correlate.Measurement, 10+r.IntN(60))}
	services := []string{"a", "b"}[:1+r.IntN(2)]
	for n := range 1 + r.IntN(5) {
		s.drawChange(r, services, n+1)
	}
	for n := range r.IntN(4) {
		s.drawIncident(r, services, n+1)
	}
	return s.facts
}

func lines(facts []Fact) (all []string) {
	for _, f := range facts {
		all = append(all, text(f.Fact))
	}
	return all
}

func (o *outcome) bare() (changes []correlate.ChangeRecord, incidents []correlate.IncidentRecord) {
	for _, c := range o.Changes {
		changes = append(changes, bare(c))
	}
	for _, i := range o.Incidents {
		i.ReceivedAt, i.Reports = time.Time{}, nil
		incidents = append(incidents, i)
	}
	slices.SortFunc(changes, func(a, b correlate.ChangeRecord) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(incidents, func(a, b correlate.IncidentRecord) int { return cmp.Compare(a.ID, b.ID) })
	return changes, incidents
}

// digest is the records and the DORA numbers that follow from them, as they are told.
func digest(changes []correlate.ChangeRecord, incidents []correlate.IncidentRecord) string {
	q := dora.Query{From: midnight.Add(-24 * time.Hour), To: midnight.Add(24 * time.Hour), By: dora.ByServiceEnvironment}
	report := dora.Compute(q, dora.Data{Changes: changes, Incidents: incidents}, midnight.Add(24*time.Hour))
	var out strings.Builder
	for _, c := range changes {
		fmt.Fprintln(&out, text(c))
	}
	for _, i := range incidents {
		fmt.Fprintln(&out, text(i))
	}
	fmt.Fprintln(&out, text(report))
	return out.String()
}
