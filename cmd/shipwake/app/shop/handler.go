package shop

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/log"
)

// handler serves the routes of one instance: its own work, then the calls of the route.
type handler struct {
	spec   Service
	fault  *fault
	pools  map[string]*pool
	client *http.Client
	record *recorder
}

func (h *handler) routes() http.Handler {
	mux := http.NewServeMux()
	for _, route := range h.spec.Routes {
		mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) { h.handle(w, r, route) })
	}
	return mux
}

// handle answers one request and records it, both by the shop's clock.
func (h *handler) handle(w http.ResponseWriter, r *http.Request, route Route) {
	ctx, call := h.record.serving(r, route, stamped(r.Header, time.Now()))
	got := h.serve(ctx, call, route)
	call.end(ctx, got)
	stamp(w.Header(), got.at)
	if got.err != nil {
		http.Error(w, got.err.Error(), got.status)
		return
	}
	w.WriteHeader(got.status)
	_, _ = io.WriteString(w, "ok\n") // fails when the client is gone: nobody is left to be told
}

// serve does the instance's own work and calls the services that the route needs.
func (h *handler) serve(ctx context.Context, call *call, route Route) answer {
	work, fails := h.fault.next()
	at := call.began.Add(work)
	waitFor(at)
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

// call sends one request to another service at a time of the shop's clock; an answer of 500 or above is an error.
func (h *handler) call(ctx context.Context, c Call, at time.Time) (got answer) {
	ctx, call, header := h.record.calling(ctx, c, at)
	defer func() { call.end(ctx, got) }()
	got.at = at
	err := h.pools[c.Service].use(func(base string) (err error) {
		got, err = send(ctx, h.client, c.Method, base+c.Path, header, at)
		return err
	})
	got.err = err
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
