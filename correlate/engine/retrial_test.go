package engine

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// retrialConfig forgets the fine cells of a window, and who was suspected in it, some time after the longest of them.
func retrialConfig() Config {
	cfg := lateConfig()
	cfg.FineKeep, cfg.Reopen, cfg.LateReach = 1800, 1500, 24*3600
	return cfg
}

// days is an engine that lives through a story, what was measured in it, and what a ledger has of it.
type days struct {
	t       *testing.T
	cfg     Config
	e       *Engine
	all     *outcome
	ledger  *memory
	written []correlate.Measurement
	minute  int
}

func newDays(t *testing.T, cfg Config) *days {
	return &days{t: t, cfg: cfg, e: New(cfg), all: newOutcome(), ledger: &memory{cfg: cfg}}
}

func (d *days) apply(in Input) {
	effects := d.e.Apply(in)
	d.all.take(effects)
	d.ledger.take(in, effects)
	d.written = append(d.written, in.Measured...)
}

// live lives through a minute: what was measured, what was told, and the tick.
func (d *days) live(cells []correlate.Measurement, facts []Fact) {
	d.apply(Input{Measured: cells})
	for _, f := range facts {
		d.apply(Input{Facts: []Fact{f}})
	}
	d.minute++
	d.apply(Input{Tick: at(midnight.Unix() + int64(d.minute)*60 + 30)})
}

// quiet lives through minutes in which nothing happens.
func (d *days) quiet(minutes int) {
	for range minutes {
		var cells []correlate.Measurement
		for start := midnight.Unix() + int64(d.minute)*60; len(cells) < 6; start += 10 {
			cells = append(cells, traffic("elsewhere", "v1", start, 10))
		}
		d.live(cells, nil)
	}
}

// rejudging are the ids of the changes that are to be judged from what was written, sorted.
func (d *days) rejudging() (ids []string) {
	for id, c := range d.all.Changes {
		if c.Rejudging {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// known is what a ledger knows.
func (d *days) known() Known {
	k := Known{Recall: Recall{Changes: slices.Collect(maps.Values(d.all.Changes)), Incidents: slices.Collect(maps.Values(d.all.Incidents))}}
	for _, e := range d.all.Decisions {
		if e.Verdict != nil {
			k.Revisions = append(k.Revisions, *e.Verdict)
		}
		if e.Regression != nil {
			k.Regressions = append(k.Regressions, *e.Regression)
		}
	}
	return k
}

// retry judges from what was written because of a change.
func (d *days) retry(id string) Rejudged {
	known := d.known()
	s := NewStretch(d.cfg, d.all.Changes[id], known.Changes)
	r := NewRetrial(d.cfg, 0, s, known)
	for _, b := range d.ledger.rollups {
		r.Rollup(b)
	}
	cells := slices.Clone(d.written)
	slices.SortStableFunc(cells, func(a, b correlate.Measurement) int { return cmp.Compare(a.Start, b.Start) })
	take := func(from, to int64) (part []correlate.Measurement) {
		for _, m := range cells {
			if m.Start >= from && m.Start < to {
				m.Latency = slices.Clone(m.Latency)
				part = append(part, m)
			}
		}
		return part
	}
	for !r.Over() {
		r.Step(take(r.Now()-d.cfg.Resolution, r.Now()))
	}
	return r.Rejudged()
}

// retryAll judges what is to be judged until nothing is.
func (d *days) retryAll() {
	for ids := d.rejudging(); len(ids) > 0; ids = d.rejudging() {
		found := d.retry(ids[0])
		d.apply(Input{Rejudged: &found})
		require.NotContains(d.t, d.rejudging(), ids[0], "it is over")
	}
}

// verdicts are those of a change that stand, without how they came about.
func (d *days) verdicts(id string) (course []correlate.Verdict) {
	for _, e := range d.all.Decisions {
		if v := e.Verdict; v != nil && v.ChangeID == id {
			if v.Supersedes > 0 {
				course = slices.DeleteFunc(course, func(o correlate.Verdict) bool { return o.Revision >= v.Supersedes })
			}
			if !v.Withdrawn {
				course = append(course, *v)
			}
		}
	}
	for i := range course {
		course[i] = answer(course[i])
	}
	return course
}

// series are those that are kept with the verdicts of a change that stand, by when these were decided.
func (d *days) series(id string) map[time.Time]string {
	kept, byRevision := map[time.Time]string{}, map[int]correlate.Series{}
	var stand []correlate.Verdict
	for _, e := range d.all.Decisions {
		switch v := e.Verdict; {
		case e.Series != nil && e.Series.ChangeID == id:
			byRevision[e.Series.Revision] = *e.Series
		case v != nil && v.ChangeID == id:
			if v.Supersedes > 0 {
				stand = slices.DeleteFunc(stand, func(o correlate.Verdict) bool { return o.Revision >= v.Supersedes })
			}
			stand = append(stand, *v)
		}
	}
	for _, v := range stand {
		if s, ok := byRevision[v.Revision]; ok {
			s.Revision = 0
			kept[v.DecidedAt] = text(s)
		}
	}
	return kept
}

// TestAChangeThatIsToldDaysLateGetsTheSameVerdict: of drawn histories one change, with all its reports, is told when its
// time has left memory. It gets the verdicts that it would have got in time, to the byte, with what they are kept with, and so
// do those near it.
func TestAChangeThatIsToldDaysLateGetsTheSameVerdict(t *testing.T) {
	judged, regressed, kept := 0, 0, 0
	for n := range uint64(*cases) {
		r := rand.New(rand.NewPCG(*seed+n, 7))
		s := drawStory(r)
		late := s.facts[r.IntN(len(s.facts))].Fact.Fact
		if late.Change == nil {
			continue
		}
		prompt, tardy := newDays(t, retrialConfig()), newDays(t, retrialConfig())
		var withheld []Fact
		arrive := s.inOrder()
		for minute, cells := range append(s.cells, nil) {
			prompt.live(cells, arrive[minute])
			told := slices.DeleteFunc(slices.Clone(arrive[minute]), func(f Fact) bool {
				is := f.Change != nil && f.Change.ID == late.Change.ID
				if is {
					withheld = append(withheld, f)
				}
				return is
			})
			tardy.live(cells, told)
		}
		for _, d := range []*days{prompt, tardy} {
			d.quiet(75)
		}
		for _, f := range withheld {
			tardy.apply(Input{Facts: []Fact{f}})
		}
		if len(tardy.rejudging()) == 0 {
			continue // it is another report of what was known, or wasn't deployed
		}
		id := tardy.rejudging()[0]
		tardy.retryAll()
		want, got := prompt.verdicts(id), tardy.verdicts(id)
		require.Equal(t, text(want), text(got), "seed %d: %s", *seed+n, id)
		require.Equal(t, prompt.series(id), tardy.series(id), "seed %d: %s", *seed+n, id)
		require.Equal(t, prompt.all.Changes[id].Phase, tardy.all.Changes[id].Phase)
		kept += len(tardy.series(id))
		judged++
		for _, v := range want {
			if v.Outcome == correlate.Regressed {
				regressed++
				break
			}
		}
	}
	require.NotZero(t, judged)
	require.NotZero(t, kept)
	t.Logf("%d changes judged late, %d of them regressed", judged, regressed)
}

// TestARetrialFindsWhatWasFound: judged once more although nothing new is known, everything comes out as it was issued.
func TestARetrialFindsWhatWasFound(t *testing.T) {
	for n := range uint64(*cases) / 2 {
		r := rand.New(rand.NewPCG(*seed+n, 8))
		s := drawStory(r)
		d := newDays(t, retrialConfig())
		arrive := s.inOrder()
		for minute, cells := range append(s.cells, nil) {
			d.live(cells, arrive[minute])
		}
		d.quiet(75)
		for _, id := range slices.Sorted(maps.Keys(d.all.Changes)) {
			if c := d.all.Changes[id]; c.Phase != correlate.PhaseClosed || !judgeable(c) {
				continue
			}
			found := d.retry(id)
			require.NotEmpty(t, found.Courses)
			for _, e := range d.e.Apply(Input{Rejudged: &found}) {
				if e.Verdict != nil {
					require.Equal(t, text(d.verdicts(e.Verdict.ChangeID)), text([]correlate.Verdict{answer(*e.Verdict)}), "seed %d: %s", *seed+n, id)
				}
				require.Nil(t, e.Verdict, "seed %d: %s: %s", *seed+n, id, text(e))
				require.Nil(t, e.Change, "seed %d: %s: %s", *seed+n, id, text(e))
			}
		}
	}
}

// flip is a change of a setting of a service after so many minutes.
func flip(id string, minutes int) Fact {
	began := midnight.Add(time.Duration(minutes) * time.Minute)
	c := correlate.Change{ID: id, Service: "shop", Version: "v2", Kind: correlate.KindConfig, Source: "generic", StartedAt: began, FinishedAt: began}
	return Fact{Fact: correlate.Fact{Change: &c}, ReceivedAt: began}
}

// outage is a story in which one of two services fails from the 20th minute on. Facts are told at their time.
func outage(d *days, facts ...Fact) {
	for minute := range 45 {
		var cells []correlate.Measurement
		for start := midnight.Unix() + int64(minute)*60; len(cells) < 12; start += 10 {
			m := traffic("shop", "v1", start, 300)
			if minute >= 20 {
				m.Errors = 90
			}
			cells = append(cells, m, traffic("cart", "v1", start, 300))
		}
		var told []Fact
		for _, f := range facts {
			if f.ReceivedAt.Equal(midnight.Add(time.Duration(minute) * time.Minute)) {
				told = append(told, f)
			}
		}
		d.live(cells, told)
	}
	d.quiet(75)
}

func TestALateChangeIsMarkedJudgedOnceAndIssued(t *testing.T) {
	prompt, tardy := newDays(t, retrialConfig()), newDays(t, retrialConfig())
	late := flip("c1", 20)
	outage(prompt, late)
	outage(tardy)
	tardy.apply(Input{Facts: []Fact{late}})
	require.Equal(t, []string{"c1"}, tardy.rejudging())
	require.Equal(t, correlate.PhaseHistory, tardy.all.Changes["c1"].Phase)
	tardy.apply(Input{Facts: []Fact{late}})
	require.Equal(t, []string{"c1"}, tardy.rejudging(), "told once more it still is to be judged")

	found := tardy.retry("c1")
	again := tardy.retry("c1")
	require.Equal(t, text(found), text(again), "a retrial that was interrupted comes to the same")
	tardy.apply(Input{Rejudged: &found})
	require.Empty(t, tardy.rejudging())
	c := tardy.all.Changes["c1"]
	require.Equal(t, correlate.PhaseClosed, c.Phase)
	require.Equal(t, correlate.Regressed, c.Verdict.Outcome)
	require.True(t, c.Verdict.Final)
	require.Equal(t, text(prompt.verdicts("c1")), text(tardy.verdicts("c1")))
	require.Equal(t, regressions(prompt), regressions(tardy))

	for name, in := range map[string]Input{
		"the same result once more changes nothing": {Rejudged: &found},
		"nor does the report":                       {Facts: []Fact{late}},
	} {
		require.Empty(t, tardy.e.Apply(in), name)
	}
}

// regressions are the faults as they were last told.
func regressions(d *days) map[string]string {
	last := map[string]string{}
	for _, e := range d.all.Decisions {
		if e.Regression != nil {
			last[e.Regression.ID] = text(e.Regression)
		}
	}
	return last
}

// TestWhatWasSupersededBeforeStaysSo: a rollout without an end is over when the next one begins, long before its window is.
func TestWhatWasSupersededBeforeStaysSo(t *testing.T) {
	rollout := func(id string, minutes int, status correlate.Status) Fact {
		f := flip(id, minutes)
		f.Change.Kind, f.Change.Status, f.Change.Version = correlate.KindDeployment, status, id
		if status == correlate.StatusStarted {
			f.Change.FinishedAt = time.Time{}
		}
		return f
	}
	d := newDays(t, retrialConfig())
	outage(d, rollout("open", 8, correlate.StatusStarted), rollout("next", 10, correlate.StatusSucceeded), flip("c1", 20))
	require.Equal(t, correlate.ReasonSuperseded, d.all.Changes["open"].Verdict.Reason)
	stretch := NewStretch(d.cfg, d.all.Changes["c1"], d.known().Changes)
	require.True(t, stretch.open["open"], "by its window it is observed")
	r := NewRetrial(d.cfg, 0, stretch, d.known())
	for r.Now() <= r.From {
		r.Step(nil)
	}
	require.Equal(t, correlate.PhaseClosed, r.e.change("open").rec.Phase)
	require.Equal(t, correlate.PhaseObserving, r.e.change("c1").rec.Phase)
	found := d.retry("c1")
	require.Empty(t, d.e.Apply(Input{Rejudged: &found}))
}

func TestACorrectionThatComesLateIsJudged(t *testing.T) {
	first, corrected := flip("c1", 20), flip("c1", 23)
	corrected.Change.UpdatedAt = midnight.Add(25 * time.Minute)
	corrected.ReceivedAt = corrected.Change.UpdatedAt
	prompt, tardy := newDays(t, retrialConfig()), newDays(t, retrialConfig())
	outage(prompt, first, corrected)
	outage(tardy, first)
	before := tardy.all.Changes["c1"].Verdict
	require.NotEqual(t, text(prompt.verdicts("c1")), text(tardy.verdicts("c1")))
	tardy.apply(Input{Facts: []Fact{corrected}})
	require.Equal(t, []string{"c1"}, tardy.rejudging())
	require.Equal(t, before, tardy.all.Changes["c1"].Verdict, "what was said stands until then")
	found := tardy.retry("c1")
	effects := tardy.e.Apply(Input{Rejudged: &found})
	news := effects[slices.IndexFunc(effects, func(e correlate.Effect) bool { return e.Verdict != nil })].Verdict
	require.Equal(t, []any{1, before.Revision + 1, correlate.LateChange, "c1"},
		[]any{news.Supersedes, news.Revision, news.Reopened, news.ReopenedBy})
	tardy.all.take(effects)
	require.Equal(t, text(prompt.verdicts("c1")), text(tardy.verdicts("c1")))
}

// Commits may be told at any time, and nothing is judged by them: a change that is judged isn't judged once more, and one that
// waits for that isn't forgotten.
func TestCommitsThatComeLateAreNoCorrection(t *testing.T) {
	first, corrected := flip("c1", 20), flip("c1", 23)
	corrected.Change.UpdatedAt = midnight.Add(25 * time.Minute)
	corrected.ReceivedAt = corrected.Change.UpdatedAt
	commits := func(of correlate.Change, d *days) Input {
		of.Size, of.Commits = &correlate.Size{Commits: 1}, []correlate.Commit{{SHA: "a", AuthoredAt: midnight}}
		return Input{Facts: []Fact{{Fact: correlate.Fact{Change: &of}, ReceivedAt: at(d.e.now)}}}
	}
	d := newDays(t, retrialConfig())
	outage(d, first)
	before := d.all.Changes["c1"].Verdict
	d.apply(commits(*first.Change, d))
	require.Empty(t, d.rejudging())
	require.Equal(t, before, d.all.Changes["c1"].Verdict)
	require.Equal(t, 1, d.all.Changes["c1"].Size.Commits)

	d.apply(Input{Facts: []Fact{corrected}})
	found := d.retry("c1")
	d.apply(commits(*corrected.Change, d))
	require.Equal(t, []string{"c1"}, d.rejudging())
	d.apply(Input{Rejudged: &found})
	d.retryAll()
	require.Empty(t, d.rejudging())
	require.Greater(t, d.all.Changes["c1"].Verdict.Revision, before.Revision)
}

func TestWhatIsKnownOtherwiseByNowIsNotOverwritten(t *testing.T) {
	d := newDays(t, retrialConfig())
	late := flip("c1", 20)
	outage(d)
	d.apply(Input{Facts: []Fact{late}})
	found := d.retry("c1")
	corrected := *late.Change
	corrected.Version, corrected.UpdatedAt = "v3", late.Change.FinishedAt.Add(time.Hour)
	d.apply(Input{Facts: []Fact{{Fact: correlate.Fact{Change: &corrected}, ReceivedAt: at(d.e.now)}}})
	d.apply(Input{Rejudged: &found})
	require.Equal(t, []string{"c1"}, d.rejudging(), "it is judged as it is known by now")
	require.Nil(t, d.all.Changes["c1"].Verdict)
	d.retryAll()
	require.Equal(t, correlate.Regressed, d.all.Changes["c1"].Verdict.Outcome)
	require.Equal(t, "v3", d.all.Changes["c1"].Verdict.Version)
}

func TestWhenNothingIsLeftOnDiskALateChangeIsHistory(t *testing.T) {
	d := newDays(t, retrialConfig())
	late := flip("c1", 20)
	outage(d)
	d.apply(Input{Facts: []Fact{late}})
	d.apply(Input{Rejudged: &Rejudged{By: "c1"}})
	require.Empty(t, d.rejudging())
	require.Equal(t, correlate.PhaseHistory, d.all.Changes["c1"].Phase)
	require.Nil(t, d.all.Changes["c1"].Verdict)
}

func TestWhatIsTooLateOrNotKeptIsNotMarked(t *testing.T) {
	for name, edit := range map[string]func(*Config){
		"nothing is kept on disk":            func(c *Config) { c.LateReach = 0 },
		"its baseline began before that":     func(c *Config) { c.LateReach = 100*60 + c.Baseline - 60 },
		"its window is in memory in part":    func(c *Config) { c.FineKeep = 6 * 3600 },
		"by the clock of a retrial's length": func(c *Config) { c.LateReach = 3600 },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := retrialConfig()
			edit(&cfg)
			d := newDays(t, cfg)
			outage(d)
			d.apply(Input{Facts: []Fact{flip("c1", 20)}})
			require.Empty(t, d.rejudging())
		})
	}
}

// TestAnotherChangeIsClearedByALateOne: what was held against the only change that was known near a fault is held against
// the one that was told late, once that is judged.
func TestAnotherChangeIsClearedByALateOne(t *testing.T) {
	late, other := flip("late", 20), flip("other", 16)
	prompt, tardy := newDays(t, retrialConfig()), newDays(t, retrialConfig())
	outage(prompt, late, other)
	outage(tardy, other)
	require.NotEqual(t, text(prompt.verdicts("other")), text(tardy.verdicts("other")))
	tardy.apply(Input{Facts: []Fact{late}})
	tardy.retryAll()
	for _, id := range []string{"late", "other"} {
		require.Equal(t, text(prompt.verdicts(id)), text(tardy.verdicts(id)), id)
	}
	require.Equal(t, regressions(prompt), regressions(tardy))
}
