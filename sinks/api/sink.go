// Package api answers: how do programs read what Shipwake knows?
//
// It serves JSON under /api/v1, described by openapi.yaml, and a page at / that says where everything is. A test holds
// openapi.yaml against the handlers and the response types.
package api

import (
	_ "embed"
	"net/http"

	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/sinks"
)

// Name is the name of the sink in the configuration.
const Name = "api"

//go:embed openapi.yaml
var openAPI []byte

// Factory makes the sink. It has no settings.
func Factory() sinks.Factory {
	return sinks.Kind[struct{}]{Name: Name, Open: func(r sinks.Reader, _ struct{}) (sinks.Sink, error) {
		return &sink{reader: r}, nil
	}}.Factory()
}

// sink only answers; it has nothing to tell on its own.
type sink struct{ reader sinks.Reader }

var _ sinks.Server = (*sink)(nil)

func (s *sink) Name() string { return Name }

func (s *sink) Close() error { return nil }

// Routes lists the operations, the description of them, the page at / and /api/, and a 404 for the rest of /api/.
func (s *sink) Routes() map[string]http.Handler {
	routes := map[string]http.Handler{
		"/{$}":                 getOnly(http.HandlerFunc(serveIndex)),
		"/api/{$}":             getOnly(http.HandlerFunc(serveIndex)),
		"/api/":                http.HandlerFunc(serveUnknown),
		"/api/v1/openapi.yaml": getOnly(http.HandlerFunc(serveOpenAPI)),
	}
	routes["POST "+notesPath] = access.Require(access.Operator, http.HandlerFunc(s.note))
	for _, o := range s.operations() {
		routes[o.path] = getOnly(announced(deprecations, o.path, o))
	}
	return routes
}
