package shop

import (
	"context"
	"errors"
	"sync"
	"time"
)

// instance is one running process of a service, as far as its telemetry tells.
type instance struct {
	id      string
	release Release
	handler *handler
	sdk     *sdk
	busy    sync.WaitGroup // requests that the load balancer has sent here
}

// patience is how long an instance may take to send its last telemetry.
const patience = 30 * time.Second

// startInstance makes an instance that can serve until stop.
func startInstance(ctx context.Context, s *Shop, spec Service, r Release, id string) (*instance, error) {
	tel, err := s.newSDK(ctx, identity{spec.Name, r.Version, id, s.options.Environment}, spec.Exporter, &s.pacer)
	if err != nil {
		return nil, err
	}
	recorder, err := newRecorder(tel)
	if err != nil {
		return nil, errors.Join(err, tel.Shutdown(ctx))
	}
	h := &handler{spec: spec, fault: newFault(spec.Work, r), pools: s.pools, record: recorder}
	return &instance{id: id, release: r, handler: h, sdk: tel}, nil
}

// stop lets running requests end, sends the telemetry that is left and frees everything. The instance must be out of
// the load balancer's turn, or nobody must visit any more.
func (i *instance) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	i.busy.Wait()
	return i.sdk.Shutdown(ctx)
}
