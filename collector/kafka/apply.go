package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
)

// What one commit holds at most.
const (
	batchMessages = 500
	batchBytes    = 1 << 20
)

// harvest is what a batch of messages holds.
type harvest struct {
	entries     []correlate.Entry
	quarantined int64  // messages of which an entry has a problem
	missing     []span // offsets between the messages that didn't come
	next        int64  // the offset after the last message
	messages    int64
}

// harvest reads the messages of a batch that are at or after an offset.
func (r reader) harvest(batch []*kgo.Record, from int64, now time.Time) harvest {
	h := harvest{next: from}
	for _, m := range batch {
		if m.Offset < h.next {
			continue // a compressed batch may come from its beginning
		}
		if m.Offset > h.next {
			h.missing = append(h.missing, span{h.next, m.Offset})
		}
		h.next = m.Offset + 1
		h.add(r.entries(m, now))
	}
	return h
}

func (h *harvest) add(entries []correlate.Entry) {
	h.messages++
	if slices.ContainsFunc(entries, func(e correlate.Entry) bool { return e.Problem != "" }) {
		h.quarantined++
	}
	h.entries = append(h.entries, entries...)
}

// batch cuts off the messages of the next commit.
func batch(records []*kgo.Record) (head, rest []*kgo.Record) {
	size := 0
	for i, m := range records {
		if size += len(m.Value); i == batchMessages || (i > 0 && size > batchBytes) {
			return records[:i], records[i:]
		}
	}
	return records, nil
}

// apply returns when the facts of a broker's answer are in the ledger.
func (p *partition) apply(ctx context.Context, f kgo.FetchPartition) error {
	for head, rest := batch(f.Records); len(head) > 0; head, rest = batch(rest) {
		h := p.reader.harvest(head, p.next, time.Now())
		never := p.held.never()
		if len(h.entries) > 0 {
			if err := p.deliver(ctx, h.entries, h.next); err != nil {
				return err
			}
		}
		if len(h.missing) > 0 && !never {
			p.missed(h.missing, f.LogStartOffset)
		}
		p.next = h.next
		p.count.Add(resultRead, h.messages-h.quarantined)
		p.count.Add(resultQuarantined, h.quarantined)
	}
	return nil
}

// deliver repeats a batch until the ledger has it, somebody else moved the offset, or the partition is taken away. A commit
// whose answer got lost is not applied twice: the repetition finds the offset moved and is fenced.
func (p *partition) deliver(ctx context.Context, entries []correlate.Entry, next int64) error {
	after := cursorAt(next)
	move := &correlate.Move{Stream: p.stream, Expect: p.held.text, Next: after.text}
	for attempt := 0; ; attempt++ {
		_, err := p.intake.Commit(ctx, entries, move)
		switch {
		case err == nil:
			p.held = after
			p.commit(next)
			return nil
		case errors.Is(err, correlate.ErrFenced):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, correlate.ErrUnavailable):
			return fmt.Errorf("%w: %w", errRefused, err)
		}
		p.count.Add(resultRetried, 1)
		if attempt == 0 {
			p.log.Warn("the batch could not be stored; trying on", zap.Int64("offset", p.held.offset), zap.Error(err))
		}
		if !pause(ctx, backoff(attempt)) {
			return ctx.Err()
		}
	}
}
