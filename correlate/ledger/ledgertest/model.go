package ledgertest

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// contextual is what a test and a rapid check have in common.
type contextual interface{ Context() context.Context }

// machine does everything twice: to a ledger, and to maps.
type machine struct {
	open  Opener
	place string
	l     ledger.Ledger

	deliveries  map[[2]string]bool
	facts       []ledger.Fact
	positions   map[string]int64
	applied     int64
	changes     map[string]correlate.ChangeRecord // without verdicts
	verdicts    map[string]map[int]correlate.Verdict
	incidents   map[string]correlate.IncidentRecord
	regressions map[string]correlate.Regression
	idle        map[time.Time]correlate.Idle
	checkpoints []checkpoint
	alive       time.Time
	rollups     map[int64]correlate.Rollup
	outbox      []ledger.OutboxRow
	delivered   map[[2]string]bool
}

func model(t *testing.T, open Opener) {
	places := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		place, err := os.MkdirTemp(places, "model")
		require.NoError(t, err)
		l, err := open(t.Context(), place)
		require.NoError(t, err)
		m := &machine{
			open: open, place: place, l: l, deliveries: make(map[[2]string]bool), positions: make(map[string]int64),
			changes: make(map[string]correlate.ChangeRecord), verdicts: make(map[string]map[int]correlate.Verdict),
			incidents: make(map[string]correlate.IncidentRecord), regressions: make(map[string]correlate.Regression),
			idle: make(map[time.Time]correlate.Idle), rollups: make(map[int64]correlate.Rollup),
			delivered: make(map[[2]string]bool),
		}
		defer func() { require.NoError(t, m.l.Close()) }()
		t.Repeat(map[string]func(*rapid.T){
			"commit facts":     m.commitFacts,
			"commit effects":   m.commitEffects,
			"store a message":  m.storeMessage,
			"deliver":          m.deliver,
			"checkpoint":       m.checkpoint,
			"expire":           m.expire,
			"restart":          m.restart,
			"list changes":     m.listChanges,
			"list the rest":    m.listRest,
			"restore":          m.restore,
			"read what's left": m.readStreams,
		})
		m.restart(t)
		m.listChanges(t)
		m.listRest(t)
		m.restore(t)
		m.readStreams(t)
	})
}

var (
	someID          = rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "a/b", "ü"})
	someService     = rapid.SampledFrom([]string{"cart", "checkout"})
	someEnvironment = rapid.SampledFrom([]string{"production", "staging"})
	someTime        = rapid.Custom(func(t *rapid.T) time.Time {
		return epoch.Add(time.Duration(rapid.IntRange(-20, 20).Draw(t, "seconds")) * time.Second)
	})
	maybeTime = rapid.OneOf(rapid.Just(time.Time{}), someTime)
)

func drawFact(t *rapid.T) correlate.Fact {
	if rapid.Bool().Draw(t, "is an incident") {
		return correlate.Fact{Incident: &correlate.Incident{ID: someID.Draw(t, "incident"), OpenedAt: someTime.Draw(t, "opened"), Title: rapid.String().Draw(t, "title")}}
	}
	return correlate.Fact{Change: &correlate.Change{
		ID: someID.Draw(t, "change"), Service: someService.Draw(t, "service"), StartedAt: someTime.Draw(t, "started"),
		Commits: rapid.SampledFrom([][]correlate.Commit{nil, {{SHA: "1"}, {SHA: "2", AuthoredAt: epoch}}}).Draw(t, "commits"),
	}}
}

func drawDelivery(t *rapid.T) correlate.Delivery {
	d := correlate.Delivery{
		Source: someService.Draw(t, "source"), ID: rapid.StringMatching("[a-z]{1,2}").Draw(t, "delivery"),
		ReceivedAt: someTime.Draw(t, "received"), Raw: rapid.SliceOf(rapid.Byte()).Draw(t, "raw"),
	}
	if rapid.IntRange(0, 5).Draw(t, "problem") == 0 {
		d.Problem = "unknown"
		return d
	}
	d.Facts = rapid.SliceOfN(rapid.Custom(drawFact), 0, 3).Draw(t, "facts")
	return d
}

func (m *machine) commitFacts(t *rapid.T) {
	deliveries := rapid.SliceOfN(rapid.Custom(drawDelivery), 0, 4).Draw(t, "deliveries")
	var move *correlate.Position
	if rapid.Bool().Draw(t, "move") {
		stream := someID.Draw(t, "stream")
		expect := m.positions[stream] + int64(rapid.SampledFrom([]int{0, 0, 0, 1, -1}).Draw(t, "off by"))
		move = &correlate.Position{Stream: stream, Expect: expect, Next: int64(rapid.IntRange(0, 9).Draw(t, "next"))}
	}
	receipt, facts, err := m.l.CommitFacts(t.Context(), deliveries, move)
	if move != nil && move.Expect != m.positions[move.Stream] {
		require.ErrorIs(t, err, correlate.ErrFenced)
		return
	}
	require.NoError(t, err)
	if move != nil {
		m.positions[move.Stream] = move.Next
	}
	var want correlate.Receipt
	var told []correlate.Fact
	for _, d := range deliveries {
		key := [2]string{d.Source, d.ID}
		switch {
		case m.deliveries[key]:
			want.Duplicate++
			continue
		case d.Problem != "":
			want.Quarantined++
		default:
			want.Accepted++
		}
		m.deliveries[key] = true
		told = append(told, d.Facts...)
	}
	require.Equal(t, want, receipt)
	require.Len(t, facts, len(told))
	for i, f := range facts {
		require.Equal(t, told[i], f.Fact)
		if n := len(m.facts); n > 0 {
			require.Greater(t, f.Seq, m.facts[n-1].Seq)
		}
		m.facts = append(m.facts, f)
	}
}

func drawRecord(t *rapid.T) correlate.ChangeRecord {
	return correlate.ChangeRecord{
		Change: correlate.Change{
			ID: someID.Draw(t, "change"), Service: someService.Draw(t, "service"), Environment: someEnvironment.Draw(t, "environment"),
			Version: rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "version"), StartedAt: someTime.Draw(t, "started"),
			FinishedAt: maybeTime.Draw(t, "finished"),
		},
		Phase:     rapid.SampledFrom([]correlate.Phase{correlate.PhaseObserving, correlate.PhaseClosed, correlate.PhaseHistory, correlate.PhaseMerged}).Draw(t, "phase"),
		WindowEnd: maybeTime.Draw(t, "window"), RecoveredAt: maybeTime.Draw(t, "recovered"),
	}
}

func drawVerdict(t *rapid.T, change string) correlate.Verdict {
	return correlate.Verdict{
		ChangeID: change, Revision: rapid.IntRange(1, 4).Draw(t, "revision"), DecidedAt: someTime.Draw(t, "decided"),
		Outcome: rapid.SampledFrom([]correlate.Outcome{correlate.Regressed, correlate.Healthy, correlate.Inconclusive}).Draw(t, "outcome"),
		Blame:   rapid.Float64Range(0, 1).Draw(t, "blame"),
	}
}

func (m *machine) commitEffects(t *rapid.T) {
	var effects []correlate.Effect
	for range rapid.IntRange(0, 4).Draw(t, "effects") {
		effects = append(effects, m.effect(t))
	}
	var applied int64
	if len(m.facts) > 0 && rapid.Bool().Draw(t, "applied") {
		applied = rapid.SampledFrom(m.facts).Draw(t, "up to").Seq
	}
	m.applied = max(m.applied, applied)
	for range rapid.IntRange(1, 2).Draw(t, "times") {
		require.NoError(t, m.l.CommitEffects(t.Context(), effects, nil, applied))
	}
}

func (m *machine) effect(t *rapid.T) correlate.Effect {
	switch rapid.SampledFrom([]string{"change", "verdict", "incident", "regression", "idle", "rollup"}).Draw(t, "effect") {
	case "change":
		c := drawRecord(t)
		m.changes[c.ID] = c
		if rapid.Bool().Draw(t, "with verdict") {
			v := drawVerdict(t, c.ID)
			m.judge(v)
			c.Verdict = &v
		}
		return correlate.Effect{Change: &c}
	case "verdict":
		v := drawVerdict(t, someID.Draw(t, "change"))
		m.judge(v)
		return correlate.Effect{Verdict: &v}
	case "incident":
		i := correlate.IncidentRecord{Incident: correlate.Incident{
			ID: someID.Draw(t, "incident"), Service: someService.Draw(t, "service"), Environment: someEnvironment.Draw(t, "environment"),
			OpenedAt: someTime.Draw(t, "opened"), ResolvedAt: maybeTime.Draw(t, "resolved"),
		}}
		m.incidents[i.ID] = i
		return correlate.Effect{Incident: &i}
	case "regression":
		r := regression(someID.Draw(t, "regression"), someTime.Draw(t, "onset"), rapid.SliceOfN(someID, 0, 3).Draw(t, "suspects")...)
		r.Service, r.Environment = someService.Draw(t, "service"), someEnvironment.Draw(t, "environment")
		m.regressions[r.ID] = r
		return correlate.Effect{Regression: &r}
	case "idle":
		i := correlate.Idle{From: someTime.Draw(t, "from"), Until: maybeTime.Draw(t, "until")}
		m.idle[i.From] = i
		return correlate.Effect{Idle: &i}
	}
	r := correlate.Rollup{Start: someTime.Draw(t, "start").Unix(), Cells: []correlate.Measurement{cell(someService.Draw(t, "service"), 0)}}
	m.rollups[r.Start] = r
	return correlate.Effect{Rollup: &r}
}

// judge keeps the first verdict told of each revision.
func (m *machine) judge(v correlate.Verdict) {
	of := m.verdicts[v.ChangeID]
	if of == nil {
		of = make(map[int]correlate.Verdict)
		m.verdicts[v.ChangeID] = of
	}
	if _, ok := of[v.Revision]; !ok {
		of[v.Revision] = v
	}
}

func (m *machine) storeMessage(t *rapid.T) {
	row := ledger.OutboxRow{Sink: someService.Draw(t, "sink"), Key: someID.Draw(t, "key"), Payload: rapid.SliceOfN(rapid.Byte(), 1, -1).Draw(t, "payload")}
	require.NoError(t, m.l.CommitEffects(t.Context(), nil, []ledger.OutboxRow{row}, 0))
	if !slices.ContainsFunc(m.outbox, func(o ledger.OutboxRow) bool { return o.Sink == row.Sink && o.Key == row.Key }) {
		m.outbox = append(m.outbox, row)
	}
}

func (m *machine) deliver(t *rapid.T) {
	if len(m.outbox) == 0 {
		return
	}
	row := rapid.SampledFrom(m.outbox).Draw(t, "message")
	require.NoError(t, m.l.Delivered(t.Context(), row.Sink, row.Key))
	m.delivered[[2]string{row.Sink, row.Key}] = true
}

func (m *machine) checkpoint(t *rapid.T) {
	c := checkpoint{at: someTime.Draw(t, "at")}
	for range rapid.IntRange(0, 3).Draw(t, "cells") {
		c.cells = append(c.cells, cell(someService.Draw(t, "service"), int64(rapid.IntRange(0, 100).Draw(t, "start"))))
	}
	require.NoError(t, m.l.Checkpoint(t.Context(), c.at, c.cells))
	m.checkpoints, m.alive = append(m.checkpoints, c), c.at
}

func (m *machine) expire(t *rapid.T) {
	fine, coarse := maybeTime.Draw(t, "fine"), maybeTime.Draw(t, "coarse")
	require.NoError(t, m.l.Expire(t.Context(), fine, coarse))
	m.checkpoints = slices.DeleteFunc(m.checkpoints, func(c checkpoint) bool { return c.at.Before(fine) })
	maps.DeleteFunc(m.rollups, func(start int64, _ correlate.Rollup) bool { return time.Unix(start, 0).Before(coarse) })
}

func (m *machine) restart(t *rapid.T) {
	require.NoError(t, m.l.Close())
	l, err := m.open(t.Context(), m.place)
	require.NoError(t, err)
	m.l = l
}

// current is every change with its current verdict, oldest completion first.
func (m *machine) current() []correlate.ChangeRecord {
	var all []correlate.ChangeRecord
	for id, c := range m.changes {
		if revisions := slices.Sorted(maps.Keys(m.verdicts[id])); len(revisions) > 0 {
			v := m.verdicts[id][revisions[len(revisions)-1]]
			c.Verdict = &v
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b correlate.ChangeRecord) int {
		return cmp.Or(completion(a).Compare(completion(b)), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func completion(c correlate.ChangeRecord) time.Time {
	if c.FinishedAt.IsZero() {
		return c.StartedAt
	}
	return c.FinishedAt
}

func within(at, from, to time.Time) bool {
	return !at.Before(from) && (to.IsZero() || at.Before(to))
}

func asked[T ~string](filter, value T) bool { return filter == "" || filter == value }

func drawMaybe[T ~string](t *rapid.T, name string, of ...T) T {
	return rapid.SampledFrom(append([]T{"", ""}, of...)).Draw(t, name)
}

func limited[T any](all []T, limit int) []T {
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all
}

func (m *machine) listChanges(t *rapid.T) {
	q := ledger.ChangeFilter{
		Service: drawMaybe(t, "service", "cart", "checkout"), Environment: drawMaybe(t, "environment", "staging"),
		Version: drawMaybe(t, "version", "1"), Outcome: drawMaybe(t, "outcome", correlate.Regressed, correlate.Healthy),
		Phase: drawMaybe(t, "phase", correlate.PhaseClosed), From: maybeTime.Draw(t, "from"), To: maybeTime.Draw(t, "to"),
		Limit: rapid.IntRange(0, 4).Draw(t, "limit"),
	}
	all := m.current()
	slices.Reverse(all)
	if len(all) > 0 && rapid.Bool().Draw(t, "next page") {
		i := rapid.IntRange(0, len(all)-1).Draw(t, "before")
		q.Before, all = all[i].ID, all[i+1:]
	}
	want := slices.DeleteFunc(slices.Clone(all), func(c correlate.ChangeRecord) bool {
		var outcome correlate.Outcome
		if c.Verdict != nil {
			outcome = c.Verdict.Outcome
		}
		return !asked(q.Service, c.Service) || !asked(q.Environment, c.Environment) || !asked(q.Version, c.Version) ||
			!asked(q.Outcome, outcome) || !asked(q.Phase, c.Phase) || !within(completion(c), q.From, q.To)
	})
	got, err := m.l.Changes(t.Context(), q)
	require.NoError(t, err)
	same(t, limited(want, q.Limit), got)
	for id := range m.changes {
		_, verdicts, err := m.l.Change(t.Context(), id)
		require.NoError(t, err)
		var revisions []correlate.Verdict
		for _, n := range slices.Sorted(maps.Keys(m.verdicts[id])) {
			revisions = append(revisions, m.verdicts[id][n])
		}
		same(t, revisions, verdicts)
	}
}

// same compares lists, of which an empty one may be nil.
func same[T any](t require.TestingT, want, got []T) {
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i], got[i])
	}
}

func (m *machine) sortedIncidents() []correlate.IncidentRecord {
	return slices.SortedFunc(maps.Values(m.incidents), func(a, b correlate.IncidentRecord) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
}

func (m *machine) sortedRegressions() []correlate.Regression {
	return slices.SortedFunc(maps.Values(m.regressions), func(a, b correlate.Regression) int {
		return cmp.Or(a.OnsetAt.Compare(b.OnsetAt), cmp.Compare(a.ID, b.ID))
	})
}

func (m *machine) listRest(t *rapid.T) {
	i := ledger.IncidentFilter{
		Service: drawMaybe(t, "service", "cart"), Environment: drawMaybe(t, "environment", "staging"),
		From: maybeTime.Draw(t, "from"), To: maybeTime.Draw(t, "to"), Open: rapid.Bool().Draw(t, "open"), Limit: rapid.IntRange(0, 3).Draw(t, "limit"),
	}
	incidents := slices.DeleteFunc(m.sortedIncidents(), func(r correlate.IncidentRecord) bool {
		return !asked(i.Service, r.Service) || !asked(i.Environment, r.Environment) || !within(r.OpenedAt, i.From, i.To) ||
			i.Open && !r.ResolvedAt.IsZero()
	})
	slices.Reverse(incidents)
	gotIncidents, err := m.l.Incidents(t.Context(), i)
	require.NoError(t, err)
	same(t, limited(incidents, i.Limit), gotIncidents)

	r := ledger.RegressionFilter{
		Service: i.Service, Environment: i.Environment, ChangeID: drawMaybe(t, "suspect", "a", "b"), From: i.From, To: i.To, Limit: i.Limit,
	}
	regressions := slices.DeleteFunc(m.sortedRegressions(), func(of correlate.Regression) bool {
		suspected := r.ChangeID == "" || slices.ContainsFunc(of.Suspects, func(s correlate.Suspect) bool { return s.ChangeID == r.ChangeID })
		return !suspected || !asked(r.Service, of.Service) || !asked(r.Environment, of.Environment) || !within(of.OnsetAt, r.From, r.To)
	})
	slices.Reverse(regressions)
	gotRegressions, err := m.l.Regressions(t.Context(), r)
	require.NoError(t, err)
	same(t, limited(regressions, r.Limit), gotRegressions)
}

func (m *machine) restore(t *rapid.T) {
	since := maybeTime.Draw(t, "since")
	saved, err := m.l.Restore(t.Context(), since)
	require.NoError(t, err)
	changes := slices.DeleteFunc(m.current(), func(c correlate.ChangeRecord) bool {
		open := c.Phase == correlate.PhaseObserving || c.FinishedAt.IsZero() && c.Phase != correlate.PhaseMerged
		times := []time.Time{c.StartedAt, c.FinishedAt, c.WindowEnd, c.RecoveredAt}
		for _, v := range m.verdicts[c.ID] {
			times = append(times, v.DecidedAt)
		}
		return !open && !slices.ContainsFunc(times, func(t time.Time) bool { return !t.Before(since) })
	})
	same(t, ids(changes), ids(saved.Changes))
	same(t, changes, saved.Changes)
	same(t, slices.DeleteFunc(m.sortedIncidents(), func(i correlate.IncidentRecord) bool {
		return i.OpenedAt.Before(since) && i.ResolvedAt.Before(since) && !i.ResolvedAt.IsZero()
	}), saved.Incidents)
	same(t, slices.DeleteFunc(m.sortedRegressions(), func(r correlate.Regression) bool { return r.DecidedAt.Before(since) }), saved.Regressions)
	require.Equal(t, m.applied, saved.AppliedSeq)
	require.Equal(t, m.alive, saved.LastAlive)
	if len(m.idle) == 0 {
		require.Nil(t, saved.Idle)
		return
	}
	last := slices.MaxFunc(slices.Collect(maps.Keys(m.idle)), time.Time.Compare)
	require.Equal(t, m.idle[last], *saved.Idle)
}

func (m *machine) readStreams(t *rapid.T) {
	same(t, m.checkpoints, readCheckpoints(t, m.l, t))
	var rollups []correlate.Rollup
	for _, at := range slices.Sorted(maps.Keys(m.rollups)) {
		rollups = append(rollups, m.rollups[at])
	}
	same(t, rollups, readRollups(t, m.l, t))

	var left []ledger.Fact
	for _, f := range m.facts {
		if f.Seq > m.applied {
			left = append(left, f)
		}
	}
	got, err := m.l.Unapplied(t.Context())
	require.NoError(t, err)
	same(t, left, got)

	for _, sink := range []string{"cart", "checkout"} {
		limit := rapid.IntRange(0, 3).Draw(t, "limit")
		waiting := slices.DeleteFunc(slices.Clone(m.outbox), func(r ledger.OutboxRow) bool {
			return r.Sink != sink || m.delivered[[2]string{r.Sink, r.Key}]
		})
		rows, err := m.l.Outbox(t.Context(), sink, limit)
		require.NoError(t, err)
		same(t, limited(waiting, limit), rows)
	}
	for stream, next := range m.positions {
		at, err := m.l.Position(t.Context(), stream)
		require.NoError(t, err)
		require.Equal(t, next, at)
	}
}
