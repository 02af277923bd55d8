package prometheus

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
)

// readTo is the name under which it is kept how far a server was read, as milliseconds of its time in decimal digits.
func readTo(c *client) string { return "telemetry_prometheus/read/" + c.endpoint }

// goOn begins where whoever ran before ended, when that is no longer ago than a server may be behind: then what happened
// meanwhile is read, and handed on at once. What happened before has been counted.
func (s *server) goOn(ctx context.Context) error {
	if s.memory == nil {
		return nil
	}
	kept, err := s.memory.Cursor(ctx, readTo(s.client))
	if err != nil || kept == nil {
		return err
	}
	to, err := strconv.ParseInt(string(kept), 10, 64)
	if err != nil {
		return fmt.Errorf("what was kept of %s must be a time in milliseconds: %w", readTo(s.client), err)
	}
	switch away := s.since - to; {
	case away > mostBehind:
		s.log.Info("Away for too long to read what happened meanwhile; going on with the present", zap.Time("since", time.UnixMilli(to)))
	case away > 0:
		s.gather, s.since = s.since, to
	}
	return nil
}

// keep has it kept how far the server was read, as soon as what was read is handed on and before that is in a checkpoint: of a
// daemon that is killed the last second may be missing, and isn't counted twice.
func (s *server) keep(ctx context.Context) {
	if s.memory == nil {
		return
	}
	stream, next := readTo(s.client), strconv.AppendInt(nil, s.cursor, 10)
	kept, err := s.memory.Cursor(ctx, stream)
	if err == nil && !bytes.Equal(kept, next) {
		_, err = s.memory.Commit(ctx, nil, &correlate.Move{Stream: stream, Expect: kept, Next: next})
	}
	if err != nil {
		s.log.Debug("Can't keep how far Prometheus was read", zap.Error(err))
	}
}
