package record

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names"
)

// oracle works out what a set of reports means the long way: all of it at once, each question by itself, without an index
// and without anything that is kept from before.
type oracle struct {
	cfg       Config
	limits    limits
	watermark int64
	changes   []*reported
	incidents []correlate.IncidentRecord
}

// reported is a change as it is reported under its id.
type reported struct {
	reports []correlate.ChangeReport
	own     correlate.Change
	correlate.ChangeRecord
}

func ask(cfg Config, most limits, watermark int64, facts []fact) (changes map[string]correlate.ChangeRecord, incidents map[string]correlate.IncidentRecord) {
	o := oracle{cfg: cfg, limits: most, watermark: watermark}
	o.read(facts)
	o.group()
	o.lineage()
	o.attribute()
	o.recoveries()
	changes, incidents = map[string]correlate.ChangeRecord{}, map[string]correlate.IncidentRecord{}
	for _, c := range o.changes {
		changes[c.ID] = c.ChangeRecord
	}
	for _, i := range o.incidents {
		incidents[i.ID] = i
	}
	return changes, incidents
}

func (o *oracle) read(facts []fact) {
	byID := map[string]*reported{}
	reports := map[string][]correlate.IncidentReport{}
	for _, f := range facts {
		switch f.Fact = f.WithDefaults(); {
		case f.Change != nil:
			c := byID[f.Change.ID]
			if c == nil {
				c = &reported{}
				byID[f.Change.ID] = c
				o.changes = append(o.changes, c)
			}
			c.reports = correlate.AddChangeReport(c.reports, correlate.ChangeReport{ReceivedAt: f.receivedAt, Said: *f.Change})
		case f.Incident != nil:
			reports[f.Incident.ID] = correlate.AddIncidentReport(reports[f.Incident.ID], correlate.IncidentReport{ReceivedAt: f.receivedAt, Said: *f.Incident})
		}
	}
	for _, c := range o.changes {
		c.own = correlate.FoldChange(c.reports)
	}
	for _, all := range reports {
		i := correlate.IncidentRecord{Incident: correlate.FoldIncident(all), ReceivedAt: received(all)}
		if len(all) > 1 || len(all[0].Said.Implied) > 0 {
			i.Reports = all
		}
		o.incidents = append(o.incidents, i)
	}
	o.sameAlert(reports)
	slices.SortFunc(o.incidents, func(a, b correlate.IncidentRecord) int { return cmp.Compare(a.ID, b.ID) })
}

// sameAlert puts incidents of one key together, from the first on: whoever begins while one of them fires, or shortly after
// one of them began.
func (o *oracle) sameAlert(reports map[string][]correlate.IncidentReport) {
	slices.SortFunc(o.incidents, func(a, b correlate.IncidentRecord) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
	own := slices.Clone(o.incidents)
	for first := range own {
		if own[first].DedupKey == "" || o.incidents[first].MergedInto != "" {
			continue
		}
		group := []int{first}
		for x := first + 1; x < len(own); x++ {
			joins := func(m int) bool {
				open := own[m].ResolvedAt.IsZero() && own[x].OpenedAt.Before(own[first].OpenedAt.Add(24*time.Hour))
				return open || own[x].OpenedAt.Before(own[m].ResolvedAt) || own[x].OpenedAt.Sub(own[m].OpenedAt) <= 15*time.Minute
			}
			if own[x].DedupKey == own[first].DedupKey && o.incidents[x].MergedInto == "" && slices.ContainsFunc(group, joins) {
				group = append(group, x)
			}
		}
		o.mergeIncidents(group, reports)
	}
}

func (o *oracle) mergeIncidents(group []int, reports map[string][]correlate.IncidentReport) {
	if len(group) == 1 {
		return
	}
	first := &o.incidents[group[0]]
	var all []correlate.IncidentReport
	for _, n := range group {
		i := &o.incidents[n]
		for _, r := range reports[i.ID] {
			r.Said.ID = first.ID
			all = correlate.AddIncidentReport(all, r)
		}
		if n != group[0] {
			i.MergedInto, i.Retracted = first.ID, true
			first.MergedFrom = append(first.MergedFrom, i.ID)
		}
	}
	first.Reports = reports[first.ID]
	own := map[string]correlate.Incident{}
	for _, n := range group {
		own[o.incidents[n].ID] = o.incidents[n].Incident
	}
	first.Incident = correlate.FoldIncident(all)
	services := first.About()
	for _, n := range group {
		if of := own[o.incidents[n].ID]; first.ServiceGuessed || !of.ServiceGuessed {
			services = slices.Concat(services, of.About())
		}
	}
	first.Incident = first.Of(services...)
	slices.Sort(first.MergedFrom)
}

// received is when the first of some reports came in.
func received[T any](all []correlate.Report[T]) time.Time {
	return slices.MinFunc(all, func(a, b correlate.Report[T]) int { return a.ReceivedAt.Compare(b.ReceivedAt) }).ReceivedAt
}

// group links every two changes that may be one, cuts out what is too much to tell apart, and puts the nearest together.
func (o *oracle) group() {
	slices.SortFunc(o.changes, func(a, b *reported) int {
		return cmp.Or(cmp.Compare(shown(a), shown(b)), cmp.Compare(Began(a.own), Began(b.own)), cmp.Compare(a.own.ID, b.own.ID))
	})
	links := map[*reported][]*reported{}
	for i, a := range o.changes {
		for _, b := range o.changes[i+1:] {
			if o.mayBeOne(a, b) {
				links[a], links[b] = append(links[a], b), append(links[b], a)
			}
		}
	}
	seen := map[*reported]bool{}
	for _, c := range o.changes {
		if seen[c] {
			continue
		}
		seen[c] = true
		chain := []*reported{c}
		for n := 0; n < len(chain); n++ {
			for _, next := range links[chain[n]] {
				if !seen[next] {
					seen[next] = true
					chain = append(chain, next)
				}
			}
		}
		if len(chain) > o.limits.chain {
			for _, alone := range chain {
				o.assign([]*reported{alone})
			}
			continue
		}
		o.put(chain)
	}
}

func shown(c *reported) int {
	if c.own.Source == SourceTelemetry {
		return 1
	}
	return 0
}

func (o *oracle) mayBeOne(a, b *reported) bool {
	brings := func(c *reported) bool {
		return c.own.Kind == correlate.KindDeployment || c.own.Kind == correlate.KindRollback
	}
	switch {
	case !brings(a) || !brings(b) || a.own.Source == "" || b.own.Source == "" || a.own.Source == b.own.Source:
		return false
	case a.own.Service != b.own.Service || a.own.Environment != b.own.Environment || o.crowded(a) || o.crowded(b):
		return false
	}
	endA, endB := min(Ended(a.own), Began(a.own)+24*3600), min(Ended(b.own), Began(b.own)+24*3600)
	if shown(b) == 0 {
		return oneRelease(a.own, b.own) && Began(a.own) <= endB+600 && Began(b.own) <= endA+600
	}
	late := Began(b.own) - endA
	if names.SameRelease(ReleaseOf(a.own), ReleaseOf(b.own)) {
		return Began(b.own) >= Began(a.own)-600 && late <= max(600, o.cfg.Watch)
	}
	return Began(b.own) >= Began(a.own)-o.cfg.AdoptAfter && late <= 600
}

// oneRelease: what two changes bring is or may be the same, or is told as a name and as a commit within two minutes.
func oneRelease(a, b correlate.Change) bool {
	end := func(c correlate.Change) int64 { return min(Ended(c), Began(c)+24*3600) }
	return SameRelease(a, b) || (names.NameAndCommit(ReleaseOf(a), ReleaseOf(b)) && Began(a) <= end(b)+120 && Began(b) <= end(a)+120)
}

func latestName(said []correlate.ChangeReport) (name string) {
	for _, r := range said {
		if r.Said.Version != "" && !names.IsCommit(r.Said.Version) {
			name = r.Said.Version
		}
	}
	return name
}

// crowded: too many rollouts of the place began in the same ten minutes.
func (o *oracle) crowded(c *reported) bool {
	n := 0
	for _, other := range o.changes {
		k := other.own.Kind
		if (k == correlate.KindDeployment || k == correlate.KindRollback) && other.own.Source != "" && shown(other) == shown(c) &&
			other.own.Service == c.own.Service && other.own.Environment == c.own.Environment && Began(other.own)/600 == Began(c.own)/600 {
			n++
		}
	}
	return n > o.limits.group
}

func (o *oracle) put(chain []*reported) {
	rank := map[*reported]int{}
	for i, c := range o.changes {
		rank[c] = i
	}
	slices.SortFunc(chain, func(a, b *reported) int { return rank[a] - rank[b] })
	type couple struct {
		a, b  *reported
		apart int64
	}
	var all []couple
	group := map[*reported][]*reported{}
	for i, a := range chain {
		group[a] = []*reported{a}
		for _, b := range chain[i+1:] {
			if o.mayBeOne(a, b) {
				apart := Began(a.own) - Began(b.own)
				all = append(all, couple{a, b, max(apart, -apart)})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y couple) int {
		return cmp.Or(cmp.Compare(shown(x.b), shown(y.b)), cmp.Compare(x.apart, y.apart))
	})
	for _, x := range all {
		g, h := group[x.a], group[x.b]
		if g[0] == h[0] || (shown(x.b) == 1 && len(h) > 1) || slices.ContainsFunc(g, func(a *reported) bool {
			return slices.ContainsFunc(h, func(b *reported) bool {
				return a.own.Source == b.own.Source || (shown(a)+shown(b) == 0 && !oneRelease(a.own, b.own))
			})
		}) {
			continue
		}
		both := append(slices.Clone(g), h...)
		slices.SortFunc(both, func(a, b *reported) int { return rank[a] - rank[b] })
		for _, c := range both {
			group[c] = both
		}
	}
	for _, c := range chain {
		if group[c][0] == c {
			o.assign(group[c])
		}
	}
}

func (o *oracle) assign(group []*reported) {
	var reports, said []correlate.ChangeReport
	var from []string
	lead := group[0]
	for _, c := range group {
		if c == lead || shown(c) == 0 {
			reports = append(reports, c.reports...)
			said = append(said, correlate.ChangeReport{ReceivedAt: received(c.reports), Said: c.own})
		}
		if c != lead {
			from = append(from, c.own.ID)
			c.Change, c.MergedInto = c.own, lead.own.ID
		}
	}
	correlate.SortChangeReports(reports)
	lead.Change = correlate.FoldRollout(said)
	for _, r := range said {
		if names.IsCommit(lead.Version) && len(group) > 1 && r.Said.Version != "" && !names.IsCommit(r.Said.Version) {
			lead.Version = latestName(said)
		}
	}
	lead.ID = lead.own.ID
	slices.Sort(from)
	lead.MergedFrom = from
	for _, c := range group {
		c.ReceivedAt = received(c.reports)
		if len(c.reports) > 1 || len(c.MergedFrom) > 0 || len(c.reports[0].Said.Implied) > 0 {
			c.Reports = c.reports
		}
		if c.MergedInto == "" && c.Status == correlate.StatusFailed {
			if good := slices.DeleteFunc(slices.Clone(reports), func(r correlate.ChangeReport) bool { return r.Said.Status != correlate.StatusSucceeded }); len(good) > 0 {
				c.Served = true
				c.FinishedAt = (&reported{ChangeRecord: correlate.ChangeRecord{Change: correlate.FoldChange(good)}}).done()
				c.StartedAt = earlier(c.StartedAt, c.FinishedAt)
			}
		}
		c.Abandoned = c.MergedInto == "" && c.Status == correlate.StatusStarted && Began(c.Change)+o.cfg.AbandonAfter <= o.watermark
		c.WindowStart = time.Unix(Began(c.Change), 0).UTC()
		end := max(Began(c.Change), Finish(c.Change)) + o.cfg.Grace + o.cfg.Watch
		if c.Status == correlate.StatusStarted && c.FinishedAt.IsZero() {
			end = max(end, Began(c.Change)+o.cfg.AbandonAfter)
		}
		c.WindowEnd = time.Unix(end, 0).UTC()
	}
}

func (c *reported) live() bool {
	return c.MergedInto == "" && (c.Served || c.Status == correlate.StatusSucceeded || c.Status == correlate.StatusStarted)
}

func (c *reported) done() time.Time {
	if c.FinishedAt.IsZero() {
		return c.StartedAt
	}
	return c.FinishedAt
}

// lineage follows the versions of each place in the order in which they were complete.
func (o *oracle) lineage() {
	slices.SortFunc(o.changes, func(a, b *reported) int { return cmp.Or(a.done().Compare(b.done()), cmp.Compare(a.ID, b.ID)) })
	lines := map[correlate.Place][]*reported{}
	for _, c := range o.changes {
		p := correlate.Place{Service: c.own.Service, Environment: c.own.Environment}
		c.Rollback = c.Kind == correlate.KindRollback
		if !c.live() || (c.Kind != correlate.KindDeployment && c.Kind != correlate.KindRollback) {
			continue
		}
		line, back := lines[p], -1
		for i, d := range line {
			if names.SameRelease(ReleaseOf(d.Change), ReleaseOf(c.Change)) {
				back = i
			}
		}
		switch {
		case back >= 0 && back == len(line)-1:
			c.Redeploy = true
		case back >= 0:
			c.Rollback = true
		case c.Rollback && len(line) > 1:
			back = len(line) - 2
		}
		if c.Rollback {
			for _, d := range line[back+1:] {
				if !d.Rollback {
					d.RolledBackBy = c.ID
				}
			}
			line = line[:back+1]
		}
		if len(line) == 0 && c.PreviousVersion != "" && !names.SameVersion(c.PreviousVersion, c.Version) {
			line = append(line, &reported{ChangeRecord: correlate.ChangeRecord{Change: correlate.Change{Version: c.PreviousVersion}}})
		}
		if !c.Redeploy {
			line = append(line[:len(line):len(line)], c)
		}
		lines[p] = line[max(0, len(line)-o.limits.line):]
	}
}

func (o *oracle) attribute() {
	for n := range o.incidents {
		i := &o.incidents[n]
		if i.UnlinkedReason = ""; i.MergedInto != "" {
			continue
		}
		if i.CausedBy == "" && !i.ServiceGuessed && !i.ResolvedAt.Equal(i.OpenedAt) {
			o.infer(i)
		} else if i.CausedBy == "" && i.ServiceGuessed {
			i.UnlinkedReason = correlate.UnlinkedGuess
		} else if i.CausedBy == "" {
			i.UnlinkedReason = correlate.UnlinkedEndOnly
		} else if i.CausedBy == correlate.CausedByNone {
			i.UnlinkedReason = correlate.UnlinkedSaid
		} else if i.CausedBy != correlate.CausedByNone {
			i.AttributedTo = i.CausedBy
		}
		for _, c := range o.changes {
			if c.ID == i.CausedBy && c.MergedInto != "" {
				i.AttributedTo = c.MergedInto
			}
		}
		for _, c := range o.changes {
			if c.ID == i.AttributedTo {
				c.Incidents = append(c.Incidents, i.ID)
			}
		}
	}
}

// infer holds an incident against the change that began last of those that answer for its services and reached anybody.
func (o *oracle) infer(i *correlate.IncidentRecord) {
	var may []*reported
	for _, service := range i.About() {
		if c := o.answers(service, i); c != nil {
			may = append(may, c)
		}
	}
	slices.SortFunc(may, func(x, y *reported) int { return cmp.Or(y.Start().Compare(x.Start()), cmp.Compare(y.ID, x.ID)) })
	i.UnlinkedReason = correlate.UnlinkedNoChange
	for _, c := range may {
		if len(may) > 1 {
			i.Suspects = append(i.Suspects, c.ID)
		}
		if c.live() && i.AttributedTo == "" {
			i.AttributedTo, i.Inferred = c.ID, true
		}
	}
	if i.AttributedTo != "" {
		i.UnlinkedReason = ""
	} else if len(may) > 0 {
		i.UnlinkedReason = correlate.UnlinkedNotDeployed
	}
	if len(may) > 0 && !may[0].live() {
		i.Exonerated = may[0].ID
	}
}

// answers is the change that answers for a service of an incident: of the rollouts that are under way and the last one that
// is complete, the one that began last.
func (o *oracle) answers(service string, i *correlate.IncidentRecord) (found *reported) {
	most := time.Duration(o.cfg.Attribution) * time.Second
	var may []*reported
	var last *reported
	for _, c := range o.changes { // by completion
		began, open := c.Start(), c.Status == correlate.StatusStarted && c.FinishedAt.IsZero()
		switch {
		case c.MergedInto != "" || c.Rollback || c.Abandoned || c.Service != service || c.Environment != i.Environment || began.After(i.OpenedAt):
		case open, c.live() && c.done().After(i.OpenedAt), !c.live() && !c.done().Before(i.OpenedAt):
			if i.OpenedAt.Sub(began) <= most {
				may = append(may, c)
			}
		case c.live():
			last = c
		}
	}
	if last != nil && i.OpenedAt.Sub(last.done()) <= most {
		may = append(may, last)
	}
	for _, c := range may {
		if found == nil || cmp.Or(c.Start().Compare(found.Start()), cmp.Compare(c.ID, found.ID)) > 0 {
			found = c
		}
	}
	return found
}

func (o *oracle) recoveries() {
	for _, c := range o.changes {
		var proofs []time.Time
		for _, by := range o.changes {
			unresolved := slices.ContainsFunc(o.incidents, func(i correlate.IncidentRecord) bool {
				return i.AttributedTo == c.ID && (i.ResolvedAt.IsZero() || i.ResolvedAt.After(by.done().Add(15*time.Minute)))
			})
			if by.ID == c.RolledBackBy && by.Status == correlate.StatusSucceeded && by.RolledBackBy == "" && len(by.Incidents) == 0 && !unresolved {
				proofs = append(proofs, by.done())
			}
		}
		var last time.Time
		open := len(c.Incidents) == 0
		for _, i := range o.incidents {
			if i.AttributedTo == c.ID {
				open = open || i.ResolvedAt.IsZero()
				if i.ResolvedAt.After(last) {
					last = i.ResolvedAt
				}
			}
		}
		if !open {
			proofs = append(proofs, last)
		}
		for _, t := range proofs {
			if !t.Before(c.Start()) && (c.RecoveredAt.IsZero() || t.Before(c.RecoveredAt)) {
				c.RecoveredAt = t
			}
		}
	}
}

func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
