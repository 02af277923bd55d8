package pull

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// mostAttempts is how often in a row a page is asked for before somebody who waits is told that it fails.
const mostAttempts = 5

// Once asks a source for what there is since a time, hands it to an intake, and returns when there is no more: what the receiver
// does before it waits for news. A system that wants to be left alone is left alone. The error names the key of the configuration
// that is wrong, or the stream that can't be read; what was handed over before stays, and the cursors with it.
func Once(ctx context.Context, sources []source.Source, name string, cfg SourceConfig, since time.Time, intake source.Intake, log *zap.Logger) error {
	config := defaultConfig(sources)
	config.Sources = map[string]SourceConfig{name: cfg}
	if err := config.validate(name, cfg); err != nil {
		return err
	}
	set := receiver.Settings{TelemetrySettings: component.TelemetrySettings{Logger: log}}
	a, err := newPuller(set, config, &correlate.Tally{}).open(ctx, name, intake)
	if err != nil {
		return err
	}
	a.since = since
	for _, s := range a.streams {
		if s.Follow != nil {
			continue // it adds to what is known, and is the receiver's
		}
		if err := a.exhaust(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// exhaust asks for page after page until there is no more.
func (a *asked) exhaust(ctx context.Context, s *stream) error {
	for failures := 0; ; {
		page, err := a.page(ctx, s)
		if err == nil {
			if err := a.store(ctx, s, page); err != nil || !page.More {
				return err
			}
			failures = 0
			continue
		}
		failures++
		wait := backoff(failures)
		var busy *source.BusyError
		switch {
		case errors.As(err, &busy):
			failures, wait = 0, busy.Wait
			a.log.Info("the source wants to be left alone", zap.String("why", busy.Why), zap.Duration("for", wait))
		case failures == mostAttempts || !again(err):
			return err
		}
		if !pause(ctx, wait) {
			return ctx.Err()
		}
	}
}

// again: another try may do. What a system refuses, it refuses again.
func again(err error) bool {
	var status *source.StatusError
	return !errors.As(err, &status) || status.Code >= 500
}
