package shop

import (
	"context"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a visitor waits for an answer in real time: longer than a busy machine keeps anybody waiting, so
// that its pauses are no errors of the shop.
const patience = 30 * time.Second

// visitors send requests at a steady rate and don't wait for the answers: a slow shop is visited as much as a fast one.
type visitors struct {
	client *http.Client
	pools  map[string]*pool
	visits []Visit
	pacer  pacer
	sent   atomic.Int64
	failed atomic.Int64
}

// run visits until the context ends, then waits for the visits that are under way. Each visit has its time on the
// shop's clock; one that the machine comes to much too late is dropped, so that no crowd comes after a pause.
func (v *visitors) run(ctx context.Context, perSecond float64) {
	var under sync.WaitGroup
	defer v.client.CloseIdleConnections()
	defer under.Wait()
	opened := time.Now()
	for n := int64(1); ; n++ {
		at := opened.Add(time.Duration(float64(n) / perSecond * float64(time.Second)))
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(at)):
		}
		if lag := time.Since(at); lag > inTime {
			v.pacer.answered(lag)
			continue
		}
		v.sent.Add(1)
		under.Go(func() { v.visit(v.choose(n), at) })
	}
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

// visit makes one visit at its time on the shop's clock.
func (v *visitors) visit(what Visit, at time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := v.pools[what.Service].use(func(base string) error {
		got, err := send(ctx, v.client, what.Method, base+what.Path, http.Header{}, at)
		at = got.at
		return err
	})
	v.pacer.answered(time.Since(at))
	if err != nil {
		v.failed.Add(1)
	}
}
