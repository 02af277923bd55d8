package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// patience is how long after the last deployment a verdict may take; one that is later counts as wrong.
const patience = 90 * time.Second

// play deploys everything in the script and returns when every act has its answer, or patience is over.
func (d *demo) play(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var deploying, watching sync.WaitGroup
	failed := make(chan error, len(d.board.scenes))
	for _, s := range d.board.scenes {
		deploying.Go(func() {
			if err := d.deploy(ctx, s); err != nil {
				failed <- fmt.Errorf("deploying %s: %w", s.service, err)
				cancel()
			}
		})
	}
	watching.Go(func() { d.watch(ctx) })
	deploying.Wait()
	limit := time.After(patience)
	for !d.settled() && ctx.Err() == nil {
		select {
		case <-limit:
			cancel()
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
	cancel()
	watching.Wait()
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// deploy does one act: it waits for its turn, tells the daemon, replaces the instances, and tells the daemon again.
func (d *demo) deploy(ctx context.Context, s *scene) error {
	if err := d.turn(ctx, s); err != nil {
		return err
	}
	began := time.Now()
	d.board.change(s, began, func() string {
		s.began, s.served, s.met = began, s.from, d.shop.Pace()
		return fmt.Sprintf("%s → %s begins, %s (%s)", s.from, s.release.Version, s.by, s.name)
	})
	if err := d.hooks.begun(ctx, s.act, began); err != nil {
		return err
	}
	if err := d.shop.Roll(ctx, s.service, s.release, s.step); err != nil {
		return err
	}
	ended := time.Now()
	if err := d.hooks.ended(ctx, s.act, began, ended); err != nil {
		return err
	}
	d.board.change(s, ended, func() string {
		s.ended = ended
		return fmt.Sprintf("%s → %s complete", s.from, s.release.Version)
	})
	return nil
}

// turn waits until an act may begin: at its time, or when the regression that it answers is known and the rollout
// that caused it has come to its end.
func (d *demo) turn(ctx context.Context, s *scene) error {
	due := func() bool { return time.Since(d.board.raised) >= s.at }
	if s.after != "" {
		due = func() bool { return d.regressed(s.after) }
	}
	for !due() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// regressed says whether a service's deployment is complete and known to be bad.
func (d *demo) regressed(service string) bool {
	for _, s := range d.board.all() {
		if s.service == service && s.after == "" {
			return !s.ended.IsZero() && s.verdict != nil && s.verdict.Outcome == correlate.Regressed
		}
	}
	return false
}

func (d *demo) settled() bool {
	for _, s := range d.board.all() {
		if !s.settled() {
			return false
		}
	}
	return true
}

// watch asks for the verdicts twice a second and keeps the board up to date.
func (d *demo) watch(ctx context.Context) {
	for {
		for _, s := range d.board.scenes {
			d.look(ctx, s)
		}
		now := time.Now()
		d.board.refresh(now, d.status())
		select {
		case <-ctx.Done():
			return
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// status says how the shop is doing.
func (d *demo) status() string {
	visits, failed := d.shop.Visited()
	said := fmt.Sprintf("%s visits, %s of them failed, %d instances", words.Count(visits), words.Count(failed), d.shop.Instances())
	if p := d.shop.Pace(); p.Share() < smooth {
		said += "; busy machine: " + percent(1-p.Share()) + " late"
	}
	return said
}

// look asks the API for one act's verdict. That the change is not known yet, or the daemon busy, is no news.
func (d *demo) look(ctx context.Context, s *scene) {
	if !d.board.onStage(s) {
		return
	}
	answer, err := d.api.Change(ctx, s.id())
	now := time.Now()
	d.board.change(s, now, func() string {
		s.served = serving(d.shop.Versions(s.service))
		if s.verdict == nil || !s.verdict.Final {
			s.pace = d.shop.Pace().Since(s.met)
		}
		if found := answer.Change.Verdict; err == nil && found != nil {
			return s.hear(*found, now)
		}
		return ""
	})
}

// hear takes in a verdict, and says what is new about it.
func (s *scene) hear(found correlate.Verdict, now time.Time) string {
	if s.verdict != nil && s.verdict.Revision == found.Revision {
		return ""
	}
	if s.verdict == nil || s.verdict.Outcome != found.Outcome {
		s.answered = now
	}
	s.strayed = s.strayed || (found.Outcome != s.expected && found.Outcome != correlate.Inconclusive)
	s.verdict = &found
	return "verdict: " + headline(found, width)
}

// serving is how many instances serve each version, e.g. "3×v1 1×v2".
func serving(versions map[string]int) string {
	var parts []string
	for _, v := range slices.Sorted(maps.Keys(versions)) {
		parts = append(parts, fmt.Sprintf("%d×%s", versions[v], v))
	}
	return strings.Join(parts, " ")
}
