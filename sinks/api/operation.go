package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// operation is one GET of the API.
type operation struct {
	path       string   // ServeMux pattern; "{id...}" takes ids with slashes in them
	parameters []string // query parameters it takes
	answer     func(context.Context, *parameters) (any, error)
}

const changesPath = "/api/v1/changes"

// operations are everything that can be asked.
func (s *sink) operations() []operation {
	return []operation{
		{changesPath, []string{
			"service", "environment", "version", "verdict", "phase", "since", "from", "to", "limit", "before", "as_of",
			"counted", "team", "system", "class", "kind", "label.NAME", "by", "policy",
		}, s.changes},
		{"/api/v1/changes/{id...}", []string{"as_of"}, s.change},
		{"/api/v1/changes/{id}/series", []string{"as_of", "revision"}, s.series},
		{"/api/v1/incidents", []string{"service", "environment", "open", "since", "from", "to", "limit", "as_of"}, s.incidents},
		{"/api/v1/regressions", []string{"service", "environment", "change", "since", "from", "to", "limit"}, s.regressions},
		{"/api/v1/dora", []string{"service", "environment", "team", "system", "class", "kind", "label.NAME", "by", "series", "zone", "trend", "policy", "since", "from", "to", "as_of"}, s.doraReport},
		{"/api/v1/dora/restatements", []string{"service", "environment", "team", "system", "class", "kind", "label.NAME", "policy", "window", "since", "from", "to"}, s.restatements},
		{"/api/v1/rollbacks", []string{"service", "environment", "change", "result", "since", "from", "to", "limit"}, s.rollbacks},
		{"/api/v1/quality", []string{"service", "environment", "team", "since", "from", "to", "as_of"}, s.quality},
		{"/api/v1/accuracy", []string{"service", "environment", "since", "from", "to", "as_of"}, s.accuracy},
		{"/api/v1/quarantine", []string{"limit"}, s.quarantine},
		{"/api/v1/names", nil, s.names},
		{"/api/v1/status", nil, s.status},
		{"/api/v1/limits", nil, s.limits},
	}
}

func (o operation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.URL.RawQuery) > mostQuery {
		reply(w, http.StatusBadRequest, Error{Error: fmt.Sprintf("the query is longer than %d bytes", mostQuery)})
		return
	}
	query := r.URL.Query()
	for name, values := range query {
		if !o.takes(name) {
			reply(w, http.StatusBadRequest, Error{unknownParameter(o.parameters), clip(name)})
			return
		}
		if len(values) > 1 {
			reply(w, http.StatusBadRequest, Error{"is given more than once; give it once", name})
			return
		}
	}
	p := &parameters{query: query, id: r.PathValue("id"), url: r.URL}
	result, err := o.answer(r.Context(), p)
	var wrong *parameterError
	var early *correlate.HistoryError
	switch {
	case err == nil:
		reply(w, http.StatusOK, result)
	case errors.As(err, &wrong) && wrong.unknown:
		reply(w, http.StatusNotFound, Error{wrong.want, wrong.parameter})
	case errors.As(err, &wrong):
		reply(w, http.StatusBadRequest, Error{wrong.want, wrong.parameter})
	case errors.As(err, &early):
		reply(w, http.StatusBadRequest, Error{early.Error(), "as_of"})
	case errors.Is(err, sinks.ErrNotFound):
		reply(w, http.StatusNotFound, Error{"no change with this id; /api/v1/changes lists those that are known", "id"})
	case r.Context().Err() != nil:
		return // the asker has gone
	default:
		reply(w, http.StatusServiceUnavailable, Error{Error: "the record can't be read now; try again"})
	}
}

// labelParameter is the name of the parameter that asks for a label of this name.
const labelParameter = "label."

// takes says whether there is such a parameter. Those of labels have the name of the label in place of NAME.
func (o operation) takes(name string) bool {
	if label, is := strings.CutPrefix(name, labelParameter); is && label != "" {
		name = labelParameter + "NAME"
	}
	return slices.Contains(o.parameters, name)
}

func unknownParameter(known []string) string {
	if len(known) == 0 {
		return "unknown parameter; there are none here"
	}
	return fmt.Sprintf("unknown parameter; known are %v", known)
}

// reply writes JSON, or a 500 when that can't be made.
func reply(w http.ResponseWriter, status int, body any) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(body); err != nil {
		status = http.StatusInternalServerError
		b.Reset()
		b.WriteString(`{"error":"the answer can't be written as JSON"}` + "\n")
	}
	header(w, "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func header(w http.ResponseWriter, contentType string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
}

// getOnly refuses every method but GET and HEAD.
func getOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			reply(w, http.StatusMethodNotAllowed, Error{Error: "use GET; the API only reads, changes come in by webhook or Kafka"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func serveUnknown(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusNotFound, Error{Error: "no such path; /api/v1/openapi.yaml lists them"})
}

func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	header(w, "application/yaml")
	_, _ = w.Write(openAPI)
}
