package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
)

// harvest is what a batch of messages holds.
type harvest struct {
	entries     []correlate.Entry
	quarantined int64  // entries with a problem
	missing     []span // offsets between the messages that didn't come
	next        int64  // the offset after the last message
	messages    int64
}

// harvest reads the messages of a batch that are at or after an offset.
func (r reader) harvest(batch []kafkago.Message, from int64, now time.Time) harvest {
	h := harvest{next: from}
	for _, m := range batch {
		if m.Offset < h.next {
			continue // a compressed batch may come from its beginning
		}
		if m.Offset > h.next {
			h.missing = append(h.missing, span{h.next, m.Offset})
		}
		h.next = m.Offset + 1
		if !isMarker(m) {
			h.add(r.entries(m, now))
		}
	}
	return h
}

func (h *harvest) add(entries []correlate.Entry) {
	h.messages++
	for _, e := range entries {
		if e.Problem != "" {
			h.quarantined++
		}
	}
	h.entries = append(h.entries, entries...)
}

// apply returns when the facts of a batch are in the ledger.
func (p *partition) apply(ctx context.Context, batch []kafkago.Message) error {
	p.vindicate(batch[0])
	h := p.reader.harvest(batch, p.next, time.Now())
	explain, err := p.explanation(ctx, h.missing)
	if err != nil {
		return err
	}
	if len(h.entries) > 0 {
		if err := p.deliver(ctx, h.entries, h.next); err != nil {
			return err
		}
	}
	explain()
	p.next = h.next
	p.count.add(resultRead, h.messages)
	p.count.add(resultQuarantined, h.quarantined)
	return nil
}

// explanation asks the leader about missing offsets, and returns how to record them once the batch is in the ledger. A
// partition that was never read has lost nothing.
func (p *partition) explanation(ctx context.Context, missing []span) (func(), error) {
	if len(missing) == 0 || p.held.never() {
		return func() {}, nil
	}
	b, err := p.bounds(ctx)
	return func() { p.missed(missing, b) }, err
}

// deliver repeats a batch until the ledger has it, somebody else moved the offset, or the generation ends. A commit whose
// answer got lost is not applied twice: the repetition finds the offset moved and is fenced.
func (p *partition) deliver(ctx context.Context, entries []correlate.Entry, next int64) error {
	after := cursorAt(next)
	move := &correlate.Move{Stream: p.stream, Expect: p.held.text, Next: after.text}
	for attempt := 0; ; attempt++ {
		_, err := p.intake.Commit(ctx, entries, move)
		switch {
		case err == nil:
			p.committed(after)
			return nil
		case errors.Is(err, correlate.ErrFenced):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, correlate.ErrUnavailable):
			return fmt.Errorf("%w: %w", errRefused, err)
		}
		p.count.add(resultRetried, 1)
		if attempt == 0 {
			p.log.Warn("the batch could not be stored; trying on", zap.Int64("offset", p.held.offset), zap.Error(err))
		}
		if !pause(ctx, backoff(attempt)) {
			return ctx.Err()
		}
	}
}

// committed tells the broker as well, for those who watch the group's lag.
func (p *partition) committed(held cursor) {
	p.held = held
	if err := p.commit(held.offset); err != nil {
		p.log.Debug("the broker did not take the offset; the ledger has it", zap.Error(err))
	}
}
