package shop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
)

// handler serves the routes of one instance: its own work, then the calls of the route.
type handler struct {
	shop   *Shop
	spec   Service
	self   *instance
	fault  *fault
	logger log.Logger
}

func newHandler(s *Shop, spec Service, self *instance) http.Handler {
	h := &handler{shop: s, spec: spec, self: self, fault: newFault(spec.Work, self.release),
		logger: self.sdk.logs.Logger(spec.Name)}
	mux := http.NewServeMux()
	for _, route := range spec.Routes {
		mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, route) })
	}
	return mux
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request, route Route) {
	work, fails := h.fault.next()
	select {
	case <-time.After(work):
	case <-r.Context().Done():
		return
	}
	if fails {
		h.fail(w, r, http.StatusInternalServerError, &failure{h.spec.Name + " failed to handle the request"})
		return
	}
	for _, call := range route.Calls {
		err := h.call(r.Context(), call)
		if err != nil && !call.Optional {
			h.fail(w, r, http.StatusBadGateway, err)
			return
		}
		if err != nil {
			h.log(r.Context(), log.SeverityWarn, "answering without "+call.Service)
		}
	}
	w.WriteHeader(http.StatusOK)
	// The client is gone when this fails, and the span says so.
	_, _ = io.WriteString(w, "ok\n")
}

// call sends one request to another service; an answer of 500 or above is an error.
func (h *handler) call(ctx context.Context, c Call) error {
	err := h.shop.pools[c.Service].use(func(base string) error {
		return send(ctx, h.self.client, c.Method, base+c.Path)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", c.Service, err)
	}
	return nil
}

func (h *handler) fail(w http.ResponseWriter, r *http.Request, status int, err error) {
	trace.SpanFromContext(r.Context()).RecordError(err)
	h.log(r.Context(), log.SeverityError, err.Error(), attribute.String("exception.type", exceptionType(err)))
	http.Error(w, err.Error(), status)
}

func (h *handler) log(ctx context.Context, severity log.Severity, text string, attributes ...attribute.KeyValue) {
	var record log.Record
	record.SetTimestamp(time.Now())
	record.SetSeverity(severity)
	record.SetSeverityText(severity.String())
	record.SetBody(attribute.StringValue(text))
	record.AddAttributes(attributes...)
	h.logger.Emit(ctx, record)
}

// exceptionType is the type of the innermost error, as recorders of exceptions name it.
func exceptionType(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return fmt.Sprintf("%T", err)
}

// failure is the error of a service that carries a fault.
type failure struct{ text string }

func (f *failure) Error() string { return f.text }

// send does one request and reads the answer to its end, so that the connection can be used again.
func send(ctx context.Context, client *http.Client, method, url string) error {
	request, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusInternalServerError {
		return &upstream{request.URL.Path, answer.StatusCode}
	}
	return nil
}

// upstream is the error of a service whose callee failed.
type upstream struct {
	path   string
	status int
}

func (u *upstream) Error() string { return fmt.Sprintf("%s answered %d", u.path, u.status) }
