package host

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// reproject reads kept deliveries again, for as long as the host runs: those that were read by another version of their
// source or under other rules of names or owners, and those whose time has come. It looks for them every second.
func (h *Host) reproject(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			err := h.projectStale(ctx, now)
			if err != nil && !failing && ctx.Err() == nil {
				h.set.Logger.Warn("Deliveries can't be read again now; trying on", zap.Error(err))
			}
			failing = err != nil
		}
	}
}

// settled is whether every delivery was read as it is to be, so that the log isn't asked while nothing is different.
type settled struct {
	mu    sync.Mutex
	holds bool
	rules string    // the digest of the rules that it holds for
	until time.Time // a delivery is due then, zero without any
}

// at says that nothing is stale at an instant under some rules.
func (s *settled) at(now time.Time, rules string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holds && s.rules == rules && (s.until.IsZero() || now.Before(s.until))
}

// begin takes it that all will be read under some rules, unless it is told of something else from now on.
func (s *settled) begin(rules string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds, s.rules, s.until = true, rules, time.Time{}
}

// end says that something may be stale.
func (s *settled) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds = false
}

// due says that a delivery is to be read again at an instant; a zero time says nothing.
func (s *settled) due(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !at.IsZero() && (s.until.IsZero() || at.Before(s.until)) {
		s.until = at
	}
}

// committed takes notice of deliveries that another version read than the registered one, and of those that are due later.
func (s *settled) committed(entries []correlate.Entry, digest func(source string) (of string, registered bool)) {
	for _, e := range entries {
		s.due(e.Due)
		if of, registered := digest(e.Source); registered && of != e.Digest {
			s.end()
		}
	}
}

// projectStale goes through the log once, source by source, until nothing is stale. It asks nothing of the log while nothing
// can be.
func (h *Host) projectStale(ctx context.Context, now time.Time) error {
	rules := rulesOf(h)
	if h.settled.at(now, rules) {
		return nil
	}
	h.settled.begin(rules)
	err := projectAll(ctx, h, now)
	if err == nil {
		var next time.Time
		next, err = h.ledger.NextDue(ctx, now)
		h.settled.due(next)
	}
	if err != nil {
		h.settled.end()
	}
	return err
}

func projectAll(ctx context.Context, h *Host, now time.Time) error {
	known := h.registered()
	for _, name := range slices.Sorted(maps.Keys(known)) {
		for {
			more, err := h.projectSome(ctx, name, known[name], now)
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
	}
	return nil
}

// projectSome reads some of a source's stale deliveries again. What became of each is stored together with its facts, so
// that none is released twice and none is read for ever.
func (h *Host) projectSome(ctx context.Context, name string, p source.Projector, now time.Time) (more bool, err error) {
	stale, err := h.ledger.Stale(ctx, name, digest(p.Digest, rulesOf(h)), now)
	if err != nil || len(stale) == 0 {
		return false, err
	}
	readings := make([]ledger.Reading, len(stale))
	for i, k := range stale {
		projection := p.Project(k.Raw)
		projection.Digest = p.Digest
		readings[i] = ledger.Reading{Number: k.Number, Projection: h.completed(name, projection, reading{k.ReceivedAt, now})}
	}
	done, err := h.ledger.Project(ctx, readings)
	if err != nil {
		return false, err
	}
	h.projected(name, done)
	return true, nil
}

// projected says what came of reading deliveries again.
func (h *Host) projected(name string, done ledger.Projected) {
	h.count(name, resultReprojected, done.Stored)
	h.count(name, resultReleased, done.Released)
	h.count(name, resultRetracted, done.Retracted)
	if done.Released > 0 || done.Retracted > 0 {
		h.set.Logger.Info("Deliveries were read again, and say something else", zap.String("source", name),
			zap.Int("deliveries", done.Stored), zap.Int("released", done.Released), zap.Int("facts_retracted", done.Retracted))
	}
	h.awake()
}
