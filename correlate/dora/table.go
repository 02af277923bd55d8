package dora

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/labels"
	"github.com/shipwake/shipwake/correlate/dora/stats"
)

// Table is all that DORA numbers are counted from, without the rest of the records: about 100 bytes a change. It follows
// the records as they become known and are corrected, in any order, and gives the report that Compute gives over all of
// them. What a report costs depends on what lies in its window, and on what became another since the last one. It is not
// safe for concurrent use; a report counts as use.
type Table struct {
	words    map[string]string // one copy of each name
	traits   []traits          // by number
	traitsAt map[traits]uint32
	kept     *labels.Kept // which labels are among the traits
	restored []uint32     // numbers of the traits of the parts that were restored
	sites    []*siteRows
	siteAt   map[site]uint32
	at       map[key]uint32  // the site of each change
	aliases  map[key]key     // what another report of a change was merged into
	details  map[key]*detail // what is told for or against a change, where anything is
	incidentRows
	since instant // what was complete, or opened, before was forgotten; never when nothing was

	stale   map[uint32]struct{} // sites in which something is to be worked out anew
	abroad  map[uint32]struct{} // sites whose recoveries hang on what lies elsewhere, or is not known
	scratch scratch
}

// siteRows are the changes of one service in one environment.
type siteRows struct {
	site
	rows     []row     // by completion
	commits  []carried // those that the changes carry, in runs
	waste    int       // how many of these belong to no change any more
	troubles []uint32  // incidents held against the changes, by opening
	owner    owner     // the latest known
}

// NewTable is a table without records.
func NewTable() *Table {
	return &Table{
		words: map[string]string{}, traitsAt: map[traits]uint32{}, kept: labels.NewKept(), siteAt: map[site]uint32{},
		at: map[key]uint32{}, aliases: map[key]key{}, details: map[key]*detail{},
		incidentRows: incidentRows{incidentAt: map[key]uint32{}, awaited: map[key]struct{}{}},
		since:        never, stale: map[uint32]struct{}{}, abroad: map[uint32]struct{}{},
		scratch: scratch{seen: map[key]struct{}{}, index: map[key]int{}},
	}
}

// Names are the values that a split by GroupBy has had in a table, sorted, without NoGroup: the teams, systems or values of a
// label of all changes that were ever entered. It is false when that isn't known, because some were forgotten or the split
// isn't kept.
func Names(t *Table, by GroupBy) ([]string, bool) {
	label, isLabel := by.Label()
	if by != ByTeam && by != BySystem && !isLabel || t.since != never || isLabel && !t.kept.Whole(label) {
		return nil, false
	}
	q := Query{By: by}
	names := map[string]bool{}
	for i := range t.traits {
		names[q.trait(&t.traits[i])] = true
	}
	delete(names, NoGroup)
	return slices.Sorted(maps.Keys(names)), true
}

// Len is how many changes there are, those that were merged into others left out.
func (t *Table) Len() int { return len(t.at) }

// Change enters the state of a change, in place of the one before.
func (t *Table) Change(c *correlate.ChangeRecord) {
	id := keyOf(c.ID)
	if _, merged := t.aliases[id]; merged {
		delete(t.aliases, id)
		t.unlinked = true
	}
	switch c.Phase {
	case correlate.PhaseMerged:
		t.remove(id)
		t.aliases[id] = keyOf(c.MergedInto)
		t.unlinked = true
	case correlate.PhaseRetracted:
		t.remove(id)
	default:
		t.enter(id, c)
	}
}

// Verdict enters a new revision of a verdict. Of a change that isn't known it says nothing.
func (t *Table) Verdict(v *correlate.Verdict) {
	id := keyOf(v.ChangeID)
	n, known := t.at[id]
	if !known {
		return
	}
	r := &t.sites[n].rows[t.sites[n].find(id)]
	if !r.supersededBy(v) {
		return
	}
	d := t.detail(id)
	r.judge(v, &d, t.word)
	t.keep(r, d)
	t.stale[n] = struct{}{}
}

func (t *Table) enter(id key, c *correlate.ChangeRecord) {
	n := t.site(siteOf(c))
	r, commits, d := t.read(id, c)
	if r.completion < t.since {
		t.remove(id)
		return
	}
	if was, known := t.at[id]; known {
		s := t.sites[was]
		i := s.find(id)
		if before := &s.rows[i]; was == n && before.completion == r.completion {
			r.commits, r.carries = s.recarry(before, commits)
			*before = r
			t.keep(before, d)
			t.stale[n] = struct{}{}
			return
		}
		s.cut(i)
		t.stale[was] = struct{}{}
		t.unlinked = t.unlinked || was != n
	} else if _, awaited := t.awaited[id]; awaited {
		t.unlinked = true
	}
	t.at[id] = n
	t.keep(&r, d)
	r.commits, r.carries = t.sites[n].carry(commits)
	t.sites[n].insert(r)
	t.stale[n] = struct{}{}
}

// read makes a row of a record. Of the verdict the newest revision stays, whether it comes in the record or by itself.
func (t *Table) read(id key, c *correlate.ChangeRecord) (row, []carried, detail) {
	r := row{id: id, completion: instantOf(completion(c)), start: instantOf(c.Start()), traits: t.number(traitsOf(c, t.kept.Keep)), marks: marksOf(c)}
	d := noDetail()
	d.takenBackBy, d.told, d.approved = keyOf(c.RolledBackBy), instantOf(c.RecoveredAt), instantOf(approval(c))
	if n, known := t.at[id]; known {
		before := &t.sites[n].rows[t.sites[n].find(id)]
		r.revision, r.marks = before.revision, r.marks|before.marks&ofVerdict
		was := t.detail(id)
		d.seen, d.convicted, d.evidence = was.seen, was.convicted, was.evidence
	}
	if c.Verdict != nil && r.supersededBy(c.Verdict) {
		r.judge(c.Verdict, &d, t.word)
	}
	var commits []carried
	for _, commit := range c.Commits {
		commits = append(commits, carried{keyOf(commit.SHA) &^ arrived, instantOf(commit.AuthoredAt)})
	}
	return r, commits, d
}

func (t *Table) remove(id key) {
	n, known := t.at[id]
	if !known {
		return
	}
	t.sites[n].cut(t.sites[n].find(id))
	delete(t.at, id)
	delete(t.details, id)
	t.stale[n] = struct{}{}
	t.unlinked = true
}

// site is the number of a place.
func (t *Table) site(at site) uint32 {
	n, known := t.siteAt[at]
	if !known {
		at = site{t.word(at.service), t.word(at.environment)}
		n = uint32(len(t.sites))
		t.sites = append(t.sites, &siteRows{site: at})
		t.siteAt[at] = n
	}
	return n
}

// mostTraits is how many there are before labels are kept no longer.
const mostTraits = 1 << 17

// number is that of some traits.
func (t *Table) number(of traits) uint32 {
	n, known := t.traitsAt[of]
	if known {
		return n
	}
	if of.labels != "" && len(t.traits) >= mostTraits {
		t.kept.DropAll()
		of.labels = ""
		return t.number(of)
	}
	of.team, of.system, of.labels = t.word(of.team), t.word(of.system), labels.Set(strings.Clone(string(of.labels)))
	of.kind, of.class = correlate.Kind(t.word(string(of.kind))), Class(t.word(string(of.class)))
	n = uint32(len(t.traits))
	t.traits = append(t.traits, of)
	t.traitsAt[of] = n
	return n
}

// word is the table's own copy of a name: it keeps nothing of the text that the name was a part of.
func (t *Table) word(name string) string {
	own, known := t.words[name]
	if !known {
		own = string([]byte(name))
		t.words[own] = own
	}
	return own
}

// Forget has the table keep at most so many changes: when there are more, the oldest go, and a tenth more than need be, so
// that it isn't to be done for each change. With them go the incidents of that time. What is told of it later isn't entered.
func (t *Table) Forget(most int) {
	if t.Len() <= most {
		return
	}
	all := make([]time.Duration, 0, t.Len())
	for _, s := range t.sites {
		for i := range s.rows {
			all = append(all, time.Duration(s.rows[i].completion))
		}
	}
	oldest := len(all) - most*9/10 - 1
	stats.Smallest(all, oldest)
	t.since = max(t.since, instant(all[oldest])+1)
	for n, s := range t.sites {
		if gone := before(s.rows, t.since); gone > 0 {
			t.forget(uint32(n), gone)
		}
	}
	for id, n := range t.incidentAt {
		if t.trouble[n].opened < t.since {
			t.drop(id)
		}
	}
	for id := range t.aliases {
		if _, known := t.follow(id); !known {
			delete(t.aliases, id)
		}
	}
	t.unlinked = true
}

// forget drops the first rows of a site.
func (t *Table) forget(n uint32, gone int) {
	s := t.sites[n]
	for i := range s.rows[:gone] {
		r := &s.rows[i]
		s.waste += int(r.carries)
		delete(t.at, r.id)
		delete(t.details, r.id)
	}
	s.rows = slices.Clone(s.rows[gone:])
	t.stale[n] = struct{}{}
}

// Covers says whether the table has all that counts for a report: that nothing was forgotten of its window, nor of the time
// before it that a report looks at, that the labels are kept which it asks for, and that the policy looks at nothing else.
func (t *Table) Covers(q Query) bool {
	if by, split := q.By.Label(); split && !t.kept.Whole(by) {
		return false
	}
	if slices.ContainsFunc(q.Labels, func(l Label) bool { return !t.kept.Whole(l.Name) }) {
		return false
	}
	return !q.Policy.peer() && (t.since == never || instantOf(q.Begin().Add(-mostReach)) >= t.since)
}
