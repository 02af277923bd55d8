package record

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// enter and leave put a change among the rollouts that may be one, and take it out. Whoever it may have been one with is
// to be grouped again.
func (b *Book) enter(c *Change) {
	if !rollsOut(c.own) || c.own.Source == "" {
		return
	}
	t := b.lineupOf(c.Place()).timeline(c)
	if at := Began(c.own); t.begun[stretch(at)] == t.most {
		b.loosen(t, at) // it becomes crowded
	}
	t.add(c)
	c.chained = false
}

func (b *Book) leave(c *Change) {
	if c.timed == nil {
		return
	}
	b.regroupAround(c)
	t := b.lineupOf(c.Place()).timeline(c)
	at := c.timed.at.Unix()
	t.remove(c)
	if t.begun[stretch(at)] == t.most {
		b.loosen(t, at) // it is crowded no longer
	}
}

// loosen has all rollouts that began in the stretch of an instant grouped again, and those that they may be one with.
func (b *Book) loosen(t *timeline, at int64) {
	for _, c := range t.in(at) {
		b.draft.regroup(c)
		b.regroupAround(c)
	}
}

func (b *Book) regroupAround(c *Change) {
	for _, o := range b.neighbours(c) {
		b.draft.regroup(o)
	}
}

// grouped: the change is among the rollouts that may be one, and few enough began with it.
func (b *Book) grouped(c *Change) bool {
	return c.timed != nil && !b.lineupOf(c.Place()).timeline(c).crowded(c.timed.at.Unix())
}

// neighbours are the changes that may be the same rollout as one.
func (b *Book) neighbours(c *Change) (near []*Change) {
	if !b.grouped(c) {
		return nil
	}
	l := b.lineupOf(c.Place())
	begin, end := Began(c.own), spanEnd(c.own)
	if c.own.Source == SourceTelemetry {
		b.steps += l.told.visit(begin-l.told.length-b.wide(), begin+GroupSlack, func(o *Change) {
			if b.maySame(o.own, c.own) {
				near = append(near, o)
			}
		})
		return near
	}
	each := func(o *Change) {
		x, y := c, o
		if asFirstTold(y, x) < 0 {
			x, y = y, x
		}
		if o != c && b.maySame(x.own, y.own) {
			near = append(near, o)
		}
	}
	b.steps += l.told.visit(begin-l.told.length-GroupSlack, end+GroupSlack, each)
	b.steps += l.seen.visit(begin-max(GroupSlack, b.cfg.AdoptAfter), end+b.wide(), each)
	return near
}

// group works out anew which changes are the same rollout: those that are noted in the draft, and whoever is linked with
// them. It is a function of the set of reports.
func (b *Book) group() {
	done := map[*Change]bool{}
	for _, c := range b.draft.toGroup() {
		switch {
		case done[c] || b.changes[c.Record.ID] != c:
		case !b.grouped(c):
			c.chained = false
			b.assignAll(rollout{c})
		default:
			b.groupChain(c, done)
		}
	}
}

// groupChain groups the changes that are linked with one.
func (b *Book) groupChain(c *Change, done map[*Change]bool) {
	chain, most := b.chain(c, done)
	for _, o := range chain {
		done[o], o.chained = true, !most
		if !most {
			b.assignAll(rollout{o})
		}
	}
	if most {
		b.put(chain)
	}
}

// chain are the changes that are linked with one, directly or by others. ok is false when they are more than limits.chain;
// then they are those that are to stand by themselves from now on, and some that do already.
func (b *Book) chain(c *Change, done map[*Change]bool) (chain []*Change, ok bool) {
	seen := map[*Change]bool{c: true}
	chain = []*Change{c}
	ok = true
	for n := 0; n < len(chain); n++ {
		if !ok && chain[n].chained {
			continue // as are those that it is linked with
		}
		for _, o := range b.neighbours(chain[n]) {
			if !seen[o] {
				seen[o] = true
				chain = append(chain, o)
				ok = ok && !done[o] // a chain that was gone through as a whole would have had this one in it
			}
		}
		ok = ok && len(chain) <= b.limits.chain
	}
	return chain, ok
}

// rollout is changes that are one, first the one under whose id it is known.
type rollout []*Change

// pair is two changes that may be one.
type pair struct {
	a, b  *Change
	apart int64 // seconds
}

// put puts together those of some changes that are one. Those nearest in time come first; no source tells one rollout
// under two ids.
func (b *Book) put(chain []*Change) {
	slices.SortFunc(chain, asFirstTold)
	of := map[*Change]*rollout{}
	for _, c := range chain {
		of[c] = &rollout{c}
	}
	for _, same := range b.pairs(chain) {
		r, o := of[same.a], of[same.b]
		if same.b.own.Source == SourceTelemetry && len(*o) > 1 {
			continue // what is seen belongs to one report, and makes no two of them one
		}
		if r != o && r.mayJoin(*o) {
			all := append(*r, *o...)
			slices.SortFunc(all, asFirstTold)
			for _, c := range all {
				of[c] = &all
			}
		}
	}
	for _, c := range chain {
		if r := *of[c]; r[0] == c {
			b.assignAll(r)
		}
	}
}

// pairs are the changes that may be one, nearest first, those that only telemetry shows last.
func (b *Book) pairs(chain []*Change) (all []pair) {
	for i, x := range chain {
		for _, y := range chain[i+1:] {
			b.steps++
			if b.maySame(x.own, y.own) {
				d := Began(x.own) - Began(y.own)
				all = append(all, pair{x, y, max(d, -d)})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y pair) int {
		return cmp.Or(cmp.Compare(telemetry(x.b), telemetry(y.b)), cmp.Compare(x.apart, y.apart))
	})
	return all
}

// mayJoin: no source is in both, and nobody in one says that it is another version than somebody in the other does.
func (r rollout) mayJoin(o rollout) bool {
	for _, a := range r {
		for _, b := range o {
			if a.own.Source == b.own.Source {
				return false
			}
			if a.own.Source != SourceTelemetry && b.own.Source != SourceTelemetry && !SameVersion(a.own, b.own) {
				return false
			}
		}
	}
	return true
}

// assignAll gives the changes of a rollout their part in it. What telemetry sees bears out what is reported, and says
// nothing of itself.
func (b *Book) assignAll(r rollout) {
	var reports []correlate.ChangeReport
	var ids []string
	for _, c := range r {
		if c == r[0] || c.own.Source != SourceTelemetry {
			reports = append(reports, c.reports...)
		}
		if c != r[0] {
			ids = append(ids, c.Record.ID)
			b.assign(c, c.own, r[0].Record.ID, nil)
		}
	}
	said := r[0].own
	if len(r) > 1 {
		correlate.SortChangeReports(reports)
		said = correlate.FoldChange(reports)
	}
	said.ID = r[0].Record.ID
	slices.Sort(ids)
	b.assign(r[0], said, "", ids)
}

// assign gives a change the part that it has among the reports of a rollout, and its window.
func (b *Book) assign(c *Change, said correlate.Change, into string, from []string) {
	r := c.Record
	r.Change, r.MergedInto, r.MergedFrom, r.Reports = said, into, from, nil
	if len(c.reports) > 1 || len(from) > 0 {
		r.Reports = c.reports
	}
	r.Abandoned = b.abandoned(r)
	r.WindowStart, r.WindowEnd = b.window(r.Change)
	if c.filed != nil && reflect.DeepEqual(r, c.Record) {
		return
	}
	b.draft.touch(c)
	b.unfile(c)
	c.Record = r
	b.file(c)
	b.draft.visit(c.filed.place)
	if named := b.naming[r.ID]; named != nil {
		for i := range named.all() {
			b.draft.attribute(i.of)
		}
	}
}

// file and unfile keep a change where what it means to others is worked out.
func (b *Book) file(c *Change) {
	c.filed = &filing{c.Place(), c.position()}
	l := b.lineupOf(c.filed.place)
	l.all.insert(c.filed.key, c)
	l.stale = append(l.stale, c.filed.key)
	if r := c.Record; r.Status == correlate.StatusStarted && !r.Abandoned && r.MergedInto == "" && r.Phase != correlate.PhaseRetracted {
		c.waits = &key{r.Start(), r.ID}
		b.waiting.insert(*c.waits, c)
	}
}

func (b *Book) unfile(c *Change) {
	if c.filed == nil {
		return
	}
	b.answer(c, false)
	l := b.lineupOf(c.filed.place)
	l.all.remove(c.filed.key)
	l.stale = append(l.stale, c.filed.key)
	b.draft.visit(c.filed.place)
	b.takeNothing(c)
	c.filed, c.traced, c.line = nil, false, nil
	if c.waits != nil {
		b.waiting.remove(*c.waits)
		c.waits = nil
	}
}
