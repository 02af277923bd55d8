package engine

import (
	"fmt"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// BenchmarkFleet is what a tick of a large fleet costs while changes come all the time, in CPU seconds a bucket of 10 s: as
// many windows are open as begin to close. Baseline and window last half an hour each. Services call each other in groups of
// five, and of some the new version fails one request in ten.
func BenchmarkFleet(b *testing.B) {
	for _, f := range []rolling{
		{services: 2000, open: 0},
		{services: 2000, open: 200},
		{services: 2000, open: 200, faulty: 50},
		{services: 10_000, open: 1000},
		{services: 10_000, open: 1000, faulty: 50},
	} {
		if testing.Short() && f.services > 2000 {
			continue
		}
		b.Run(fmt.Sprintf("services=%d/open=%d/faulty=1in%d", f.services, f.open, f.faulty), func(b *testing.B) {
			var spent time.Duration
			buckets := 0
			for b.Loop() {
				cpu, n := f.observe()
				spent, buckets = spent+cpu, buckets+n
			}
			b.ReportMetric(spent.Seconds()/float64(buckets), "cpu-s/bucket")
		})
	}
}

// rolling is a fleet in which changes come all the time.
type rolling struct {
	services int
	open     int // windows at any time
	faulty   int // one change in so many is, none when 0
}

// observe feeds the fleet until as many windows are open as are to be, and returns the CPU time of the ticks of the next two
// minutes.
func (f rolling) observe() (spent time.Duration, buckets int) {
	const half, measured = 1800, 120
	cfg := DefaultConfig()
	cfg.AdoptAfter, cfg.Baseline, cfg.Watch, cfg.FineKeep = math.MaxInt32, half, half, 2*half
	e := New(cfg)
	load := newLoad(20)
	from, every := midnight.Unix(), cfg.Resolution
	began := from + half
	until := began + half + measured
	bad := map[int]bool{}
	reported := 0
	e.Apply(Input{Tick: at(from)})
	for start := from; start < until; start += every {
		e.Apply(Input{Measured: f.cells(load, start, bad)})
		var facts []Fact
		for due := int(max(0, start-began+every)) * f.open / half; reported < due; reported++ {
			i := reported * 7 % f.services
			bad[i] = f.faulty > 0 && reported%f.faulty == 0
			facts = append(facts, fleet{services: f.services}.fact(i, at(start), fmt.Sprint("change-", reported)))
		}
		if facts != nil {
			e.Apply(Input{Facts: facts})
		}
		before := cpuTime()
		e.Apply(Input{Tick: at(start + every)})
		if start >= began+half {
			spent += cpuTime() - before
			buckets++
		}
	}
	return spent, buckets
}

// cells are what all services measure in one bucket.
func (f rolling) cells(l *load, start int64, bad map[int]bool) []correlate.Measurement {
	all := make([]correlate.Measurement, 0, 2*f.services)
	for i := range f.services {
		key := correlate.Key{
			Service: serviceNames[i], Environment: "production", Kind: correlate.Traffic, Origin: correlate.OriginServerMetric,
		}
		c := l.cell(start)
		if bad[i] {
			c.Errors += c.Requests / 10
		}
		all = append(all, correlate.Measurement{Cell: c, Key: key})
		if i%5 != 0 {
			key.Kind, key.Origin, key.Peer = correlate.Edge, correlate.OriginClient, serviceNames[i-1]
			all = append(all, correlate.Measurement{Cell: l.cell(start), Key: key})
		}
	}
	return all
}

var serviceNames = func() (all [10_000]string) {
	for i := range all {
		all[i] = fmt.Sprint("service-", i)
	}
	return all
}()

// cpuTime is what the process took of all processors so far.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
