package ledgertest

import (
	"bytes"
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

	deliveries  map[[2]string]*kept
	facts       []ledger.Fact
	cursors     map[string][]byte
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
	receipts    map[[2]string][]byte // by sink and subject

	faults []Fault
	count  *tally
}

func model(t *testing.T, open Opener, faults []Fault, count *tally) {
	places := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		place, err := os.MkdirTemp(places, "model")
		require.NoError(t, err)
		l, err := open(t.Context(), place)
		require.NoError(t, err)
		m := &machine{
			open: open, place: place, l: l, deliveries: make(map[[2]string]*kept), cursors: make(map[string][]byte),
			changes: make(map[string]correlate.ChangeRecord), verdicts: make(map[string]map[int]correlate.Verdict),
			incidents: make(map[string]correlate.IncidentRecord), regressions: make(map[string]correlate.Regression),
			idle: make(map[time.Time]correlate.Idle), rollups: make(map[int64]correlate.Rollup),
			delivered: make(map[[2]string]bool), receipts: make(map[[2]string][]byte), faults: faults, count: count,
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
			"recall":           m.recall,
			"restore":          m.restore,
			"read what's left": m.readStreams,
			"project":          m.project,
			"list what's held": m.listHeld,
			"":                 func(*rapid.T) { count.steps++ },
		})
		m.restart(t)
		m.listChanges(t)
		m.listRest(t)
		m.recall(t)
		m.restore(t)
		m.readStreams(t)
		m.listHeld(t)
	})
}

var (
	someID          = rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "a/b", "ü"})
	someService     = rapid.SampledFrom([]string{"cart", "checkout"})
	namedService    = rapid.SampledFrom([]string{"cart", "checkout", "shop/cart", "pay/cart"})
	someEnvironment = rapid.SampledFrom([]string{"production", "staging"})
	someTime        = rapid.Custom(func(t *rapid.T) time.Time {
		return epoch.Add(time.Duration(rapid.IntRange(-20, 20).Draw(t, "seconds")) * time.Second)
	})
	someCursor = rapid.SampledFrom([][]byte{nil, []byte("1"), []byte("2"), {0, 0xff}})
	maybeTime  = rapid.OneOf(rapid.Just(time.Time{}), someTime)
)

func (m *machine) commitFacts(t *rapid.T) {
	entries := rapid.SliceOfN(rapid.Custom(drawEntry), 0, 4).Draw(t, "entries")
	var move *correlate.Move
	if rapid.Bool().Draw(t, "move") {
		stream := someID.Draw(t, "stream")
		move = &correlate.Move{Stream: stream, Expect: m.cursors[stream], Next: someCursor.Draw(t, "next")}
		if rapid.IntRange(0, 2).Draw(t, "elsewhere") == 0 {
			move.Expect = someCursor.Draw(t, "expect")
		}
	}
	var receipt correlate.Receipt
	var facts []ledger.Fact
	write := func() (err error) {
		receipt, facts, err = m.l.Append(t.Context(), entries, move)
		return err
	}
	if move != nil && !bytes.Equal(move.Expect, m.cursors[move.Stream]) {
		require.ErrorIs(t, write(), correlate.ErrFenced)
		return
	}
	m.tried(t, write)
	if move != nil {
		m.cursors[move.Stream] = move.Next
	}
	var want correlate.Receipt
	var told []correlate.Fact
	for _, e := range entries {
		key := [2]string{e.Source, e.ID}
		switch {
		case m.deliveries[key] != nil:
			want.Duplicate++
			continue
		case e.Problem != "":
			want.Quarantined++
		default:
			want.Accepted++
		}
		m.deliveries[key] = &kept{Entry: e, states: texts(t, e.Facts)}
		told = append(told, e.Facts...)
	}
	require.Equal(t, want, receipt)
	m.added(t, facts, told, nil)
}

// added expects rows at the end of the log: first facts, then retractions.
func (m *machine) added(t *rapid.T, rows []ledger.Fact, facts, retracted []correlate.Fact) {
	require.Len(t, rows, len(facts)+len(retracted))
	for i, want := range slices.Concat(facts, retracted) {
		require.Equal(t, want, rows[i].Fact)
		require.Equal(t, i >= len(facts), rows[i].Retracted)
		if n := len(m.facts); n > 0 {
			require.Greater(t, rows[i].Seq, m.facts[n-1].Seq)
		}
		m.facts = append(m.facts, rows[i])
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
		m.tried(t, func() error { return m.l.CommitEffects(t.Context(), effects, nil, applied) })
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
			ID: someID.Draw(t, "incident"), Environment: someEnvironment.Draw(t, "environment"),
			OpenedAt: someTime.Draw(t, "opened"), ResolvedAt: maybeTime.Draw(t, "resolved"),
		}.Of(rapid.SliceOfN(namedService, 0, 3).Draw(t, "services")...)}
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
	r := correlate.Rollup{Start: someTime.Draw(t, "start").Unix()}
	cells := []correlate.Measurement{cell(someService.Draw(t, "service"), 0)}
	known := m.rollups[r.Start]
	known.Start = r.Start
	if rapid.Bool().Draw(t, "told") {
		r.Past, known.Past = cells, cells
	} else {
		r.Cells, known.Cells = cells, cells
	}
	m.rollups[r.Start] = known
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

func (m *machine) checkpoint(t *rapid.T) {
	c := checkpoint{at: someTime.Draw(t, "at")}
	for range rapid.IntRange(0, 3).Draw(t, "cells") {
		c.cells = append(c.cells, cell(someService.Draw(t, "service"), int64(rapid.IntRange(0, 100).Draw(t, "start"))))
	}
	m.tried(t, func() error { return m.l.Checkpoint(t.Context(), c.at, c.cells) })
	m.checkpoints, m.alive = append(m.checkpoints, c), c.at
}

func (m *machine) expire(t *rapid.T) {
	fine, coarse := maybeTime.Draw(t, "fine"), maybeTime.Draw(t, "coarse")
	m.tried(t, func() error { return m.l.Expire(t.Context(), fine, coarse) })
	m.checkpoints = slices.DeleteFunc(m.checkpoints, func(c checkpoint) bool { return c.at.Before(fine) })
	maps.DeleteFunc(m.rollups, func(start int64, _ correlate.Rollup) bool { return time.Unix(start, 0).Before(coarse) })
}

func (m *machine) restart(t *rapid.T) {
	require.NoError(t, m.l.Close())
	l, err := m.open(t.Context(), m.place)
	require.NoError(t, err)
	m.l = l
}
