// Package api answers: how do programs read what Shipwake knows?
//
// It serves JSON under /api/v1, described by openapi.yaml, and a page at / that says where everything is. A test holds
// openapi.yaml against the handlers and the response types.
package api

import (
	_ "embed"
	"fmt"
	"net/http"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// Name is the name of the sink in the configuration.
const Name = "api"

//go:embed openapi.yaml
var openAPI []byte

// Factory makes the sink. It has no settings.
func Factory() sinks.Factory {
	return sinks.Factory{Name: Name, New: func(r sinks.Reader, config map[string]any) (sinks.Sink, error) {
		for key := range config {
			return nil, fmt.Errorf("%s: unknown setting; the api sink has none", key)
		}
		return &sink{reader: r}, nil
	}}
}

// sink only answers; it has nothing to tell on its own.
type sink struct{ reader sinks.Reader }

func (s *sink) Name() string { return Name }

func (s *sink) Publish([]correlate.Effect) {}

func (s *sink) Close() error { return nil }

// Routes lists the operations, the description of them, the page at /, and a 404 for the rest of /api/.
func (s *sink) Routes() map[string]http.Handler {
	routes := map[string]http.Handler{
		"/{$}":                 getOnly(http.HandlerFunc(serveIndex)),
		"/api/":                http.HandlerFunc(serveUnknown),
		"/api/v1/openapi.yaml": getOnly(http.HandlerFunc(serveOpenAPI)),
	}
	for _, o := range s.operations() {
		routes[o.path] = getOnly(o)
	}
	return routes
}
