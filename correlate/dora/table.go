package dora

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Table is all that DORA numbers are counted from, without the rest of the records: about 100 bytes a change. It follows
// the records as they become known and are corrected, in any order, and gives the report that Compute gives over all of
// them. What a report costs depends on what lies in its window, and on what became another since the last one. It is not
// safe for concurrent use; a report counts as use.
type Table struct {
	words   map[string]string // one copy of each name
	teams   []string          // by number; the first is none
	teamAt  map[string]uint32
	sites   []*siteRows
	siteAt  map[site]uint32
	at      map[key]uint32  // the site of each change
	aliases map[key]key     // what another report of a change was merged into
	details map[key]*detail // what is told for or against a change, where anything is
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
	team     uint32    // the latest known
}

// NewTable is a table without records.
func NewTable() *Table {
	return &Table{
		words: map[string]string{}, teams: []string{""}, teamAt: map[string]uint32{"": 0}, siteAt: map[site]uint32{},
		at: map[key]uint32{}, aliases: map[key]key{}, details: map[key]*detail{},
		incidentRows: incidentRows{incidentAt: map[key]uint32{}, awaited: map[key]struct{}{}},
		since:        never, stale: map[uint32]struct{}{}, abroad: map[uint32]struct{}{},
		scratch: scratch{seen: map[key]struct{}{}, index: map[key]int{}},
	}
}

// Names are the values that a split by GroupBy has had in a table, sorted, without NoGroup: of ByTeam the teams of all changes
// that were ever entered. It is false when that isn't known, because some were forgotten or the split isn't kept.
func Names(t *Table, by GroupBy) ([]string, bool) {
	if by != ByTeam || t.since != never {
		return nil, false
	}
	return slices.Sorted(slices.Values(t.teams[1:])), true
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
	r := row{id: id, completion: instantOf(completion(c)), start: instantOf(c.Start()), team: t.team(c.Team), marks: marksOf(c)}
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

func (t *Table) team(name string) uint32 {
	n, known := t.teamAt[name]
	if !known {
		n = uint32(len(t.teams))
		name = t.word(name)
		t.teams = append(t.teams, name)
		t.teamAt[name] = n
	}
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
