package prometheus

import (
	"context"
	"sync"
	"time"

	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
)

// How often the DORA numbers are computed, and how long a scrape waits for them.
const (
	settledFor = 15 * time.Second // nothing happened: only the windows have slid on
	movedFor   = time.Second      // something happened since
	costFactor = 20               // at most a twentieth of the time goes into computing
	patience   = 2 * time.Second  // then the scrape shows the numbers from before
)

// spans are the windows, by the value of their label.
var spans = [...]struct {
	label string
	days  int
}{{"7d", 7}, {"30d", 30}, {"90d", 90}}

// doraStatus is how the computing goes.
type doraStatus struct {
	asOf     time.Time     // zero before the first success
	cost     time.Duration // of the latest computation
	failures int64
}

// doraReports is one computation.
type doraReports struct {
	doraStatus
	table *doraTable // nil before the first success; another one for other numbers
}

// doraCache computes the DORA numbers when a scrape asks and they are old, in the background, so that a scrape never
// waits for long: it then gets the numbers from before.
type doraCache struct {
	reader sinks.Reader
	found  func([]place) // is told of the places that there are numbers of
	rows   []Metric
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	latest   doraReports
	computed time.Time     // when the latest computation ended
	moved    bool          // effects arrived since the latest computation began
	running  chan struct{} // closed when the running computation ends; nil when none runs
	closed   bool
}

func newDORACache(r sinks.Reader, found func([]place)) *doraCache {
	ctx, cancel := context.WithCancel(context.Background())
	return &doraCache{reader: r, found: found, rows: doraRows(), ctx: ctx, cancel: cancel}
}

// outdate says that the numbers may have changed.
func (c *doraCache) outdate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved = true
}

// reports returns the numbers, computed anew when they are old and that doesn't take long.
func (c *doraCache) reports(now time.Time) doraReports {
	running := c.start(now)
	if running != nil {
		timeout := time.NewTimer(patience)
		defer timeout.Stop()
		select {
		case <-running:
		case <-timeout.C:
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest
}

// start returns a channel that is closed when the computation that runs, or now begins, has ended; nil when none is due.
func (c *doraCache) start(now time.Time) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running != nil {
		return c.running
	}
	if c.closed || !c.due(now) {
		return nil
	}
	done := make(chan struct{})
	c.running, c.moved = done, false
	go c.compute(done)
	return done
}

// due says whether so much time has passed, by this machine's clock or by the reader's, that the numbers are old.
func (c *doraCache) due(now time.Time) bool {
	if c.computed.IsZero() {
		return true
	}
	interval := settledFor
	if c.moved {
		interval = movedFor
	}
	return max(time.Since(c.computed), now.Sub(c.latest.asOf)) >= max(interval, costFactor*c.latest.cost)
}

func (c *doraCache) compute(done chan struct{}) {
	began := time.Now()
	now := c.reader.Status().Now
	reports, err := c.ask(now)
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(done)
	reports.failures = c.latest.failures
	if err != nil {
		reports = c.latest
		reports.failures++
	}
	reports.cost = time.Since(began)
	c.latest, c.computed, c.running = reports, time.Now(), nil
}

// ask reads one report for each window.
func (c *doraCache) ask(now time.Time) (doraReports, error) {
	table := newDORATable(c.rows)
	for i, span := range spans {
		report, err := c.reader.DORA(c.ctx, dora.Query{
			From: now.AddDate(0, 0, -span.days), To: now, By: dora.ByServiceEnvironment,
		})
		if err != nil {
			return doraReports{}, err
		}
		c.found(table.fill(i, report.Groups))
	}
	return doraReports{doraStatus: doraStatus{asOf: now}, table: table}, nil
}

// close ends a running computation and waits for it.
func (c *doraCache) close() {
	c.cancel()
	c.mu.Lock()
	c.closed = true
	running := c.running
	c.mu.Unlock()
	if running != nil {
		<-running
	}
}
