package shop

import (
	"context"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// visitors send requests at a steady rate and don't wait for the answers: a slow shop is visited as much as a fast one.
type visitors struct {
	client *http.Client
	pools  map[string]*pool
	visits []Visit
	sent   atomic.Int64
	failed atomic.Int64
}

// run visits until the context ends, then waits for the visits that are under way.
func (v *visitors) run(ctx context.Context, perSecond float64) {
	var under sync.WaitGroup
	defer v.client.CloseIdleConnections()
	defer under.Wait()
	tick := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			visit := v.choose(v.sent.Add(1))
			under.Go(func() { v.visit(visit) })
		}
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

func (v *visitors) visit(what Visit) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := v.pools[what.Service].use(func(base string) error { return send(ctx, v.client, what.Method, base+what.Path) })
	if err != nil {
		v.failed.Add(1)
	}
}
