package shop

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/otel/log"
)

// handler serves the routes of one instance: its own work, then the calls of the route.
type handler struct {
	spec   Service
	fault  *fault
	pools  map[string]*pool
	record *recorder
}

// answer is how a request ended: when, by the shop's clock, with which status (0 when nobody answered), and the error if
// it failed.
type answer struct {
	at     time.Time
	status int
	err    error
}

// handle answers one request that arrives at a time of the shop's clock, and records it. The context is that of the
// caller, whose span is the parent.
func (h *handler) handle(ctx context.Context, method, path string, at time.Time) answer {
	n := slices.IndexFunc(h.spec.Routes, func(r Route) bool { return r.Method == method && r.Path == path })
	if n < 0 {
		return answer{at, http.StatusNotFound, fmt.Errorf("%s has no route %s %s", h.spec.Name, method, path)}
	}
	ctx, call := h.record.serving(ctx, h.spec.Routes[n], at)
	got := h.serve(ctx, h.spec.Routes[n], at)
	call.end(ctx, got)
	return got
}

// serve does the instance's own work and calls the services that the route needs.
func (h *handler) serve(ctx context.Context, route Route, at time.Time) answer {
	work, fails := h.fault.next()
	at = at.Add(work)
	time.Sleep(time.Until(at))
	if fails {
		return h.failed(ctx, answer{at, http.StatusInternalServerError, &failure{h.spec.Name + " failed to handle the request"}})
	}
	for _, c := range route.Calls {
		got := h.call(ctx, c, at)
		at = got.at
		if got.err != nil && !c.Optional {
			return h.failed(ctx, answer{at, http.StatusBadGateway, fmt.Errorf("%s: %w", c.Service, got.err)})
		}
		if got.err != nil {
			h.record.log(ctx, at, log.SeverityWarn, "answering without "+c.Service)
		}
	}
	return answer{at: at, status: http.StatusOK}
}

// call sends one request to another service; an answer of 500 or above is an error.
func (h *handler) call(ctx context.Context, c Call, at time.Time) answer {
	ctx, call := h.record.calling(ctx, c, at)
	got := h.pools[c.Service].send(ctx, c.Method, c.Path, at)
	if got.status >= http.StatusInternalServerError {
		got.err = &upstream{c.Path, got.status}
	}
	call.end(ctx, got)
	return got
}

// failed records the error of an answer.
func (h *handler) failed(ctx context.Context, got answer) answer {
	h.record.exception(ctx, got)
	return got
}

// failure is the error of a service that carries a fault.
type failure struct{ text string }

func (f *failure) Error() string { return f.text }

// upstream is the error of a service whose callee failed.
type upstream struct {
	path   string
	status int
}

func (u *upstream) Error() string { return fmt.Sprintf("%s answered %d", u.path, u.status) }
