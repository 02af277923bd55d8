package kafka

import "go.uber.org/zap"

// span is a run of offsets that were expected and didn't come: from, up to and without to.
type span struct{ from, to int64 }

// lost is how many of the missing offsets a log that begins at first no longer holds. The others never held a message
// that is ours to read: compaction, the marks of transactions and aborted transactions leave such holes.
func lost(missing []span, first int64) (n int64) {
	for _, s := range missing {
		n += max(0, min(s.to, first)-s.from)
	}
	return n
}

func width(spans []span) (n int64) {
	for _, s := range spans {
		n += s.to - s.from
	}
	return n
}

// missed records offsets that will never come, of a log that begins at first. A partition that was never read has lost
// nothing.
func (p *partition) missed(spans []span, first int64) {
	gone := lost(spans, first)
	p.count.Add(resultLost, gone)
	p.count.Add(resultHole, width(spans)-gone)
	if gone > 0 {
		p.log.Warn("messages were removed from the log before they were read",
			zap.Int64("lost", gone), zap.Int64("expected", spans[0].from), zap.Int64("first", first))
	}
}
