package kafka

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/internal/kafkaclient"
)

// bounds are the offsets of a partition's oldest message and of the message that will be written next.
type bounds struct{ first, end int64 }

// locate finds the offset to read next: the ledger's, fitted to what the log holds.
func (p *partition) locate(ctx context.Context) error {
	if err := p.restore(ctx); err != nil {
		return err
	}
	b, err := p.bounds(ctx)
	if err != nil {
		return err
	}
	return p.seek(ctx, b)
}

// restore asks the ledger where reading goes on, until it answers.
func (p *partition) restore(ctx context.Context) error {
	return persist(ctx, func() error {
		text, err := p.intake.Cursor(ctx, p.stream)
		if err != nil {
			return err
		}
		held, err := parseCursor(text)
		p.held, p.next = held, held.offset
		return err
	}, func(err error) {
		p.log.Warn("the ledger can't tell the partition's offset; trying on", zap.Error(err))
	})
}

// bounds asks the partition's leader, until it answers.
func (p *partition) bounds(ctx context.Context) (b bounds, err error) {
	err = persist(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, kafkaclient.DialTimeout)
		defer cancel()
		first, err := p.admin.ListStartOffsets(ctx, p.topic)
		if err != nil {
			return err
		}
		end, err := p.admin.ListEndOffsets(ctx, p.topic)
		if err != nil {
			return err
		}
		oldest, _ := first.Lookup(p.topic, p.id)
		next, _ := end.Lookup(p.topic, p.id)
		b = bounds{oldest.Offset, next.Offset}
		return errors.Join(oldest.Err, next.Err)
	}, func(err error) {
		p.log.Debug("can't ask the partition's leader for its offsets; trying on", zap.Error(err))
	})
	return b, err
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
		p.missed([]span{{p.next, b.first}}, b.first)
	}
	p.next = b.first
	return nil
}

func (p *partition) rewound(b bounds) {
	p.count.Add(resultRewound, 1)
	p.log.Warn("the log ends before the ledger's offset: was the topic created again? reading from its beginning",
		zap.Int64("offset", p.next), zap.Int64("end", b.end), zap.Int64("first", b.first))
}
