package remotewrite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/shipwake/shipwake/collector/prometheus/births"
	"github.com/shipwake/shipwake/collector/prometheus/points"
	"github.com/shipwake/shipwake/collector/remotewrite/wire"
	"github.com/shipwake/shipwake/correlate"
)

// mostAhead is how far ahead of the clock a sample may be.
const mostAhead = 10 * time.Minute

var errAhead = fmt.Errorf("samples more than %v ahead of the clock", mostAhead)

// held is the samples that wait until their scrapes are whole, for one requests after the other.
type held struct {
	next   consumer.Metrics
	tally  *correlate.Tally
	hold   time.Duration
	births *births.Register

	mu      sync.Mutex
	reader  *points.Reader
	newest  int64 // of all samples, Unix milliseconds
	arrived []arrival
	waiting *pmetric.Metrics // points that nobody took yet
	known   known
}

// arrival is the newest sample that had come by an instant.
type arrival struct {
	when   time.Time
	newest int64
}

// written is what a request came to.
type written struct {
	samples, histograms, exemplars int
	refused                        int // series
	why                            error
}

// take takes in the series of a request. It returns an error when nothing can be taken now.
func (h *held) take(ctx context.Context, read func(yield func(*wire.Series)) error) (w written, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.handWaiting(ctx); err != nil {
		return w, err
	}
	now := time.Now()
	h.known.renew(now)
	latest := now.Add(mostAhead).UnixMilli()
	err = read(func(s *wire.Series) { h.series(s, latest, &w) })
	if n := len(h.arrived); n == 0 || now.Sub(h.arrived[n-1].when) >= time.Second {
		h.arrived = append(h.arrived, arrival{now, h.newest})
	} else {
		h.arrived[n-1].newest = h.newest
	}
	h.advance(ctx, now)
	return w, errors.Join(err, h.handWaiting(ctx))
}

// series takes in the samples of one series.
func (h *held) series(s *wire.Series, latest int64, w *written) {
	switch {
	case s.Err != nil:
		w.refuse(s.Err)
		return
	case len(s.Samples) > 0 && s.Samples[len(s.Samples)-1].At > latest:
		w.refuse(errAhead)
		return
	}
	of := h.known.of(h.reader, s.Labels)
	if of != nil && len(s.Histograms) > 0 {
		if err := h.histograms(of, s, latest); err != nil {
			w.refuse(err)
			return
		}
	}
	w.samples += len(s.Samples)
	w.histograms += len(s.Histograms)
	w.exemplars += s.Exemplars
	if of == nil {
		return
	}
	for _, one := range s.Samples {
		of.Add(points.Sample{At: one.At, Start: one.Start, Value: one.Value})
		h.newest = max(h.newest, one.At)
	}
}

// histograms takes in the native histograms of one series, or none of them.
func (h *held) histograms(of *points.Series, s *wire.Series, latest int64) error {
	all := make([]wire.NativeSample, len(s.Histograms))
	for i := range s.Histograms {
		var err error
		if all[i], err = s.Histograms[i].Decode(); err != nil {
			return err
		}
		if all[i].At > latest {
			return errAhead
		}
	}
	for _, one := range all {
		if one.Histogram != nil {
			of.Add(points.Sample{At: one.At, Start: one.Start, Histogram: one.Histogram})
			h.newest = max(h.newest, one.At)
		}
	}
	return nil
}

func (w *written) refuse(why error) {
	w.refused++
	if w.why == nil {
		w.why = why
	}
}

// advance makes points of what came long enough ago for the rest of its scrape to be there.
func (h *held) advance(ctx context.Context, now time.Time) {
	n := 0
	for n < len(h.arrived) && now.Sub(h.arrived[n].when) >= h.hold {
		n++
	}
	if n > 0 {
		h.ripe(ctx, h.arrived[n-1].newest)
		h.arrived = append(h.arrived[:0], h.arrived[n:]...)
	}
}

// ripe makes points of what is of an instant or older.
func (h *held) ripe(ctx context.Context, to int64) {
	h.births.Begin(ctx)
	made := h.reader.Advance(to)
	h.refused(h.reader.Lost())
	points.Tally(h.tally, h.reader.Missed())
	switch {
	case made.ResourceMetrics().Len() == 0:
	case h.waiting == nil:
		h.waiting = &made
	default:
		made.ResourceMetrics().MoveAndAppendTo(h.waiting.ResourceMetrics())
	}
}

// handWaiting hands points on; an error says that they still wait.
func (h *held) handWaiting(ctx context.Context) error {
	if h.waiting == nil {
		return nil
	}
	err := h.next.ConsumeMetrics(ctx, *h.waiting)
	if err != nil && !consumererror.IsPermanent(err) {
		return err
	}
	if err != nil {
		h.refused(int64(h.waiting.DataPointCount()))
	}
	h.waiting = nil
	return nil
}

// born is the version of a process that tells none.
func (h *held) born(service, environment string, began int64) string {
	return h.births.Version(service, environment, began)
}

// refused counts what was lost, so that no verdict is healthy that it may have been meant for.
func (h *held) refused(n int64) {
	if n > 0 {
		h.tally.Refuse("points", correlate.LostRefused, n)
	}
}

// run hands on what is held when nobody sends more.
func (h *held) run(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			h.mu.Lock()
			h.advance(ctx, now)
			_ = h.handWaiting(ctx) // they wait for the next time
			h.mu.Unlock()
		}
	}
}

// end hands on everything.
func (h *held) end(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ripe(ctx, h.newest)
	if h.handWaiting(ctx) != nil {
		h.refused(int64(h.waiting.DataPointCount()))
	}
}
