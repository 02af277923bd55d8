package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/correlate"
)

const (
	// pageSize is how many objects are asked for at once.
	pageSize = 100
	// watchTimeout is how long a watch lasts at least; as client-go does, chance makes it up to twice as long.
	watchTimeout = 5 * time.Minute
)

// watcher watches one kind of workloads in one namespace, or in all.
type watcher struct {
	kind     kind
	scope    string // the namespace; "" is all
	selector string
	api      api
	tracker  *tracker
	count    following.Counter
	health   *following.Health
	log      *zap.Logger

	version  string // from which to watch; "": list first
	failures int    // in a row
}

// run lists and watches until the context ends.
func (w *watcher) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := w.turn(ctx)
		switch {
		case ctx.Err() != nil:
		case is(err, http.StatusGone):
			w.count.Add(resultGone, 1)
			w.version = ""
			pause(ctx, backoff(w.failures))
			w.failures++
		case err != nil:
			w.wait(ctx, err)
		default:
			w.well()
		}
	}
}

func (w *watcher) turn(ctx context.Context) error {
	if w.version == "" {
		if err := w.list(ctx); err != nil {
			return err
		}
		w.health.Well(w.name())
	}
	return w.watch(ctx)
}

func (w *watcher) name() string { return under(w.kind, w.scope) }

func (w *watcher) well() {
	w.failures = 0
	w.health.Well(w.name())
}

// wait reports the first failure of a row, and waits.
func (w *watcher) wait(ctx context.Context, err error) {
	w.count.Add(resultFailed, 1)
	if w.health.Ill(w.name(), err) {
		w.log.Warn("can't watch workloads; trying on", zap.String("kind", w.kind.name), zap.String("namespace", w.scope), zap.Error(err))
	}
	wait := backoff(w.failures)
	var status *statusError
	if errors.As(err, &status) {
		wait = max(wait, status.wait)
	}
	w.failures++
	pause(ctx, wait)
}

// list takes in all workloads.
func (w *watcher) list(ctx context.Context) error {
	w.count.Add(resultList, 1)
	keys, newest := map[string]bool{}, time.Time{}
	version, err := w.api.list(ctx, w.kind.resource, w.scope, w.selector, func(o object) error {
		keys[keyOf(w.kind, o.Metadata.Namespace, o.Metadata.Name)] = true
		newest = later(newest, o.newest())
		return w.observe(ctx, func() error { return w.tracker.observe(ctx, w.kind, w.scope, o, true) })
	})
	if err != nil {
		return err
	}
	if err := w.observe(ctx, func() error { return w.tracker.present(ctx, w.kind, w.scope, keys, newest) }); err != nil {
		return err
	}
	w.version = version
	return nil
}

// observe tries until something is taken in: an event that is passed over would be lost.
func (w *watcher) observe(ctx context.Context, take func() error) error {
	for {
		err := take()
		switch {
		case err == nil || ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, correlate.ErrFenced) && w.failures == 0:
			w.failures++
		default:
			w.wait(ctx, err)
		}
	}
}

// event is one of a watch.
type event struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// watch takes in what happens until the server ends it. It resumes where it stood.
func (w *watcher) watch(ctx context.Context) error {
	w.count.Add(resultWatch, 1)
	lasts := watchTimeout + rand.N(watchTimeout)
	ctx, cancel := context.WithTimeout(ctx, lasts+requestTimeout)
	defer cancel()
	query := url.Values{
		"watch": {"1"}, "allowWatchBookmarks": {"true"}, "resourceVersion": {w.version},
		"timeoutSeconds": {strconv.Itoa(int(lasts / time.Second))},
	}
	if w.selector != "" {
		query.Set("labelSelector", w.selector)
	}
	began := time.Now()
	body, err := w.api.open(ctx, pathOf(w.kind.resource, w.scope), query)
	if err != nil {
		return err
	}
	defer body.Close()
	defer func() {
		if time.Since(began) < firstPause { // a proxy that ends every watch at once must not make a storm
			pause(ctx, firstPause)
		}
	}()
	return w.follow(ctx, body)
}

// follow takes in the events of a watch.
func (w *watcher) follow(ctx context.Context, body io.Reader) error {
	limit := &bounded{Reader: body}
	events := json.NewDecoder(limit)
	for {
		limit.left = maxEvent
		var e event
		switch err := events.Decode(&e); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("the watch broke off: %w", err)
		}
		if err := w.take(ctx, e); err != nil {
			return err
		}
	}
}

// take takes one event in, and moves to after it.
func (w *watcher) take(ctx context.Context, e event) error {
	if e.Type == "ERROR" {
		refusal := &statusError{}
		if err := json.Unmarshal(e.Object, refusal); err != nil {
			return fmt.Errorf("the watch's error can't be read: %w", err)
		}
		return refusal
	}
	var o object
	if err := json.Unmarshal(e.Object, &o); err != nil {
		return fmt.Errorf("an event can't be read: %w", err)
	}
	var err error
	switch e.Type {
	case "ADDED", "MODIFIED":
		err = w.observe(ctx, func() error { return w.tracker.observe(ctx, w.kind, w.scope, o, false) })
	case "DELETED":
		err = w.observe(ctx, func() error { return w.tracker.forget(ctx, w.kind, w.scope, o) })
	}
	if err == nil {
		w.version = o.Metadata.ResourceVersion
		w.well()
	}
	return err
}
