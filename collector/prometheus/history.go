package prometheus

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/prometheus/families"
	"github.com/shipwake/shipwake/collector/prometheus/past"
	"github.com/shipwake/shipwake/collector/prometheus/points"
)

// Bounds of reading the past, in seconds.
const (
	mostPiece  = 6 * 3600 // that is asked for at once
	leastPiece = 1800
	// restful is how many times as long as a query took nothing is asked of the past after it, leastRest for how long at least.
	restful   = 4
	leastRest = 100 * time.Millisecond
)

// historian reads the past of a server, beside what is read live.
type historian struct {
	*server
	piece int64 // how much to ask for at once
}

var errUnvouched = errors.New("the server doesn't vouch for its answer")

// pastOf is the name under which it is kept how far the past of a server is told.
func pastOf(c *client) string { return "telemetry_prometheus/past/" + c.endpoint }

// run reads until there is no more to tell, no room for it, or the context ends.
func (h *historian) run(ctx context.Context) {
	select {
	case <-h.begun:
	case <-ctx.Done():
		return
	}
	for failures := 0; ; failures++ {
		done, err := h.tell(ctx)
		if done || ctx.Err() != nil {
			return
		}
		if err == nil {
			failures = -1
			continue
		}
		wait := pauseAfter(err, failures)
		h.log.Debug("Can't read the past from Prometheus; trying again", zap.Error(err), zap.Duration("in", wait))
		if !pause(ctx, wait) {
			return
		}
	}
}

// tell tells of the newest piece that isn't told.
func (h *historian) tell(ctx context.Context) (done bool, err error) {
	p, err := past.Resume(ctx, h.memory, pastOf(h.client))
	if err != nil {
		return false, err
	}
	oldest := p.To - int64(h.cfg.History/time.Second)/past.Step*past.Step
	if p.From <= oldest {
		return true, nil
	}
	from := max(oldest, p.From-h.piece)
	room, err := h.read(ctx, from, p.From)
	switch {
	case err == nil && !room:
		h.log.Info("No room for more of the past; older days are not compared with", zap.Time("since", time.Unix(p.From, 0)))
		return true, nil
	case err != nil && tooMuch(err):
		h.piece = max(h.piece/2/past.Step*past.Step, leastPiece)
		return false, err
	case err != nil:
		return false, err
	}
	h.piece = min(h.piece*2, mostPiece)
	if p.From = from; p.From <= oldest {
		h.log.Info("The past is told", zap.Time("since", time.Unix(p.From, 0)))
	}
	return false, p.Keep(ctx, h.memory)
}

// read asks for a piece and tells of it. What the server doesn't vouch for is left out.
func (h *historian) read(ctx context.Context, from, to int64) (room bool, err error) {
	piece := past.NewPiece(from, to, points.Options{
		Table: h.table, Environment: h.cfg.Environment, ReplicaLabels: h.cfg.ReplicaLabels,
	})
	for _, selector := range append([]string{tellers}, h.selectors...) {
		began := time.Now()
		err := h.pick(ctx, piece, selector)
		if errors.Is(err, errUnvouched) {
			h.log.Warn("A piece of the past is left out", zap.Time("since", time.Unix(from, 0)), zap.Error(err))
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if !pause(ctx, max(leastRest, restful*time.Since(began))) {
			return false, ctx.Err()
		}
	}
	return h.memory.Past(ctx, piece.Cells())
}

func (h *historian) pick(ctx context.Context, piece *past.Piece, selector string) error {
	all, warning, err := h.stepped(ctx, selector, piece.From, piece.To, past.Step)
	if err != nil {
		return err
	}
	if warning != "" {
		return errUnvouched
	}
	for _, one := range all {
		if of := piece.Series(families.Labels(one.Metric)); of != nil {
			for _, v := range one.Values {
				of.Add(past.Sample(points.Sample{At: v.at, Value: v.value}))
			}
			for _, h := range one.Histograms {
				of.Add(past.Sample(points.Sample{At: h.at, Histogram: h.histogram}))
			}
		}
	}
	return nil
}
