package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What spans by HTTP must reach, as ratios of runs that alternate.
const (
	leastOfPeer  = 3.0
	leastOfFloor = 0.4 // a run's share of the floor is 0.46 to 0.65 on the same code: a CPU second of the floor is short
	guardPairs   = 3
	guardEvery   = 2 * time.Second
)

// guardIngest is ingest in short, of spans by HTTP alone: it fails when shipwake falls behind what it is compared with, by the
// median of all runs, of which there are twice as many when the first ones say so.
func guardIngest(ctx context.Context, s *settings) (*report, error) {
	short := *s
	short.every, short.workloads = guardEvery, "spans-http"
	chosen, err := workloads(&short)
	if err != nil {
		return nil, err
	}
	m, err := (&report{}).alternate(ctx, &short, chosen[0], guardPairs, ours, peers, floors)
	if err == nil && m.regressed() != nil { // on a busy machine a few runs say little
		var more measured
		more, err = (&report{}).alternate(ctx, &short, chosen[0], guardPairs, ours, peers, floors)
		m.add(more)
	}
	if err != nil {
		return nil, err
	}
	progress("%s: %s times the Collector, at least %.1f; %s of the floor, at least %.1f", chosen[0].name,
		spread(m.ratios[peers], 1, "%.2f"), leastOfPeer, spread(m.ratios[floors], 1, "%.2f"), leastOfFloor)
	return nil, m.regressed()
}

// add joins the runs of both.
func (m *measured) add(more measured) {
	for of := range targets {
		m.rates[of] = append(m.rates[of], more.rates[of]...)
		m.ratios[of] = append(m.ratios[of], more.ratios[of]...)
		m.peaks[of] = append(m.peaks[of], more.peaks[of]...)
	}
}

// regressed is an error when the median of the ratios is too small.
func (m *measured) regressed() (err error) {
	for _, least := range []struct {
		of    target
		ratio float64
	}{{peers, leastOfPeer}, {floors, leastOfFloor}} {
		if median := quantile(m.ratios[least.of], 0.5); median < least.ratio {
			err = errors.Join(err, fmt.Errorf("spans for a CPU second are %.2f times those of the %s, and must be at least %.1f times", median, least.of, least.ratio))
		}
	}
	return err
}
