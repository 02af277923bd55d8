package shop

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// tooLate is the lag behind the shop's clock at which a visit isn't made any more.
const tooLate = time.Second

// visitors send requests at a steady rate and don't wait for the answers: a slow shop is visited as much as a fast one.
type visitors struct {
	pools  map[string]*pool
	visits []Visit
	pacer  *pacer
	sent   atomic.Int64
	failed atomic.Int64
}

// run visits until the context ends, then waits for the visits that are under way. Each visit has its time on the
// shop's clock; one that the machine comes to too late is dropped, so that no crowd comes after a pause.
func (v *visitors) run(ctx context.Context, perSecond float64) {
	var under sync.WaitGroup
	defer under.Wait()
	opened := time.Now()
	for n := int64(1); ; n++ {
		at := opened.Add(time.Duration(float64(n) / perSecond * float64(time.Second)))
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(at)):
		}
		if v.comes(at) {
			under.Go(func() { v.visit(v.choose(n), at) })
		}
	}
}

// comes says whether a visit is made that is due at a time, and counts it.
func (v *visitors) comes(at time.Time) bool {
	if lag := time.Since(at); lag > tooLate {
		v.pacer.lost(lag)
		return false
	}
	v.sent.Add(1)
	return true
}

// choose spreads the visits by their shares.
func (v *visitors) choose(n int64) Visit {
	_, u := math.Modf(float64(n) * math.Phi)
	for _, visit := range v.visits {
		if u < visit.Share {
			return visit
		}
		u -= visit.Share
	}
	return v.visits[len(v.visits)-1]
}

// visit makes one visit at its time on the shop's clock. Visitors have no telemetry of their own.
func (v *visitors) visit(what Visit, at time.Time) {
	got := v.pools[what.Service].send(context.Background(), what.Method, what.Path, at)
	if got.err != nil {
		v.failed.Add(1)
	}
}
