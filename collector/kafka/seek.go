package kafka

import (
	"context"

	"go.uber.org/zap"
)

// restore asks the ledger where reading goes on, until it answers.
func (p *partition) restore(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		held, err := p.askCursor(ctx)
		if err == nil {
			p.held, p.next = held, held.offset
			return nil
		}
		p.log.Warn("the ledger can't tell the partition's offset; trying on", zap.Error(err))
		if !pause(ctx, backoff(attempt)) {
			return ctx.Err()
		}
	}
}

func (p *partition) askCursor(ctx context.Context) (cursor, error) {
	text, err := p.intake.Cursor(ctx, p.stream)
	if err != nil {
		return cursor{}, err
	}
	return parseCursor(text)
}

// seek fits the offset to read next to what the log holds. Where that means a gap or a return, the ledger's offset is
// moved at once, so that each is recorded once.
func (p *partition) seek(ctx context.Context, b bounds) error {
	switch {
	case b.first <= p.next && p.next <= b.end:
		return nil
	case p.held.never(): // never read: it begins where the log does
		p.next = b.first
		return nil
	}
	if err := p.deliver(ctx, nil, b.first); err != nil {
		return err
	}
	if b.end < p.next {
		p.rewound(b)
	} else {
		p.missed([]span{{p.next, b.first}}, b)
	}
	p.next = b.first
	return nil
}

func (p *partition) rewound(b bounds) {
	p.count.add(resultRewound, 1)
	p.log.Warn("the log ends before the ledger's offset: was the topic created again? reading from its beginning",
		zap.Int64("offset", p.next), zap.Int64("end", b.end), zap.Int64("first", b.first))
}

// missed records offsets that will never come.
func (p *partition) missed(spans []span, b bounds) {
	lost := b.lost(spans)
	p.count.add(resultLost, lost)
	p.count.add(resultHole, width(spans)-lost)
	if lost > 0 {
		p.log.Warn("messages were removed from the log before they were read",
			zap.Int64("lost", lost), zap.Int64("expected", spans[0].from), zap.Int64("first", b.first))
	}
}
