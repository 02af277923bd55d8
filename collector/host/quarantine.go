package host

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
)

// parser reads a delivery that was kept, and returns it with its facts or with a Problem.
type parser = func(correlate.Delivery) correlate.Delivery

// Quarantine is told how each source's deliveries are parsed, so that those that are held can be parsed again. The last
// one told of a name wins.
type Quarantine interface {
	ParseAgain(source string, parse func(correlate.Delivery) correlate.Delivery)
}

var _ Quarantine = (*Host)(nil)

// ParseAgain implements Quarantine.
func (h *Host) ParseAgain(source string, parse func(correlate.Delivery) correlate.Delivery) {
	h.count(source, "released", 0)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parsers == nil {
		h.parsers = map[string]parser{}
	}
	h.parsers[source] = parse
}

func (h *Host) knownParsers() map[string]parser {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := make(map[string]parser, len(h.parsers))
	for source, parse := range h.parsers {
		known[source] = parse
	}
	return known
}

// retryHeld looks every second for held deliveries whose time has come, or that this release hasn't tried.
func (h *Host) retryHeld(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			err := h.retry(ctx, now)
			if err != nil && !failing && ctx.Err() == nil {
				h.set.Logger.Warn("The quarantine can't be gone through now; trying on", zap.Error(err))
			}
			failing = err != nil
		}
	}
}

// retry goes through the quarantine once, source by source, until nothing is left to try.
func (h *Host) retry(ctx context.Context, now time.Time) error {
	for source, parse := range h.knownParsers() {
		for {
			more, err := h.retrySome(ctx, source, parse, now)
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

// retrySome parses some of a source's held deliveries again. What became of each is stored together with its facts, so
// that none is released twice and none is tried for ever.
func (h *Host) retrySome(ctx context.Context, source string, parse parser, now time.Time) (more bool, err error) {
	numbers, held, err := h.ledger.HeldFor(ctx, source, h.opt.Version, now)
	if err != nil || len(held) == 0 {
		return false, err
	}
	retries := make([]correlate.Retry, len(held))
	for i, d := range held {
		retries[i] = parse(d).Again(now)
		retries[i].Number = numbers[i]
	}
	released, err := h.ledger.Retried(ctx, h.opt.Version, retries)
	if err != nil {
		return false, err
	}
	if released > 0 {
		h.count(source, "released", released)
		h.set.Logger.Info("Deliveries were released from quarantine", zap.String("source", source), zap.Int("deliveries", released))
		h.awake()
	}
	return true, nil
}

// awake tells the loop that there are facts.
func (h *Host) awake() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}
