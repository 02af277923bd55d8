// Package page answers: what do people see when they look?
//
// It serves pages at the web listener: what changed, what one change did, what a service went through, incidents, DORA
// numbers, and the daemon itself. They are made on the server and work without a script; with one, a page that is open
// follows what is committed. Every page is a URL that says what it shows; with as_of it shows what was known then.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/internal/chart"
	"github.com/shipwake/shipwake/sinks"
)

// Name is the name of the sink in the configuration.
const Name = "page"

// Config is its settings.
type Config struct {
	// Links lead from a change to other tools: Grafana, traces, logs, a runbook.
	Links []Link `mapstructure:"links"`
}

// Validate names the first value that is wrong.
func (c Config) Validate() error {
	for _, l := range c.Links {
		if err := l.validate(); err != nil {
			return err
		}
	}
	return nil
}

// Factory makes the sink.
func Factory() sinks.Factory {
	return sinks.Kind[Config]{
		Name: Name,
		Open: func(r sinks.Reader, c Config) (sinks.Sink, error) {
			return &sink{reader: r, cfg: c, live: newLive()}, nil
		},
	}.Factory()
}

type sink struct {
	reader sinks.Reader
	cfg    Config
	live   *live
}

var (
	_ sinks.Publisher = (*sink)(nil)
	_ sinks.Server    = (*sink)(nil)
)

func (s *sink) Name() string { return Name }

func (s *sink) Close() error {
	s.live.close()
	return nil
}

// Publish tells the pages that are open.
func (s *sink) Publish(effects []correlate.Effect) { s.live.tell(effects) }

//go:embed static
var static embed.FS

//go:embed static/page.css
var style string

// chartStyle is the CSS of every chart of the pages.
const chartStyle = chart.Style + "\n" + chart.CourseStyle

//go:embed static/page.js
var script string

// edition is part of the address of what pages load: another one with other content, so that it may be kept for ever.
var edition = func() string {
	sum := sha256.Sum256([]byte(style + chartStyle + script))
	return hex.EncodeToString(sum[:6])
}()

// Routes are the pages, what they load, and what tells them of news.
func (s *sink) Routes() map[string]http.Handler {
	assets := http.FileServerFS(static)
	return map[string]http.Handler{
		"GET /{$}":                http.HandlerFunc(first),
		"GET /changes":            s.page(s.changes),
		"GET /changes/{id...}":    s.page(s.change),
		"GET /services/{name...}": s.page(s.service),
		"GET /incidents":          s.page(s.incidents),
		"GET /rollbacks":          s.page(s.rollbacks),
		"GET /dora":               s.page(s.dora),
		"GET /quality":            s.page(s.quality),
		"GET /daemon":             s.page(s.daemon),
		"POST /notes":             access.Require(access.Operator, http.HandlerFunc(s.say)),
		"GET /static/":            access.Public(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { cached(w); assets.ServeHTTP(w, r) })),
		"GET /static/chart.css": access.Public(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			cached(w)
			w.Header().Set("Content-Type", "text/css; charset=utf-8")
			_, _ = io.WriteString(w, chartStyle)
		})),
		"GET /events/{id...}": http.HandlerFunc(s.live.serve),
	}
}

// first leads from the root to the list of changes.
func first(w http.ResponseWriter, _ *http.Request) {
	headers(w)
	w.Header().Set("Location", "/changes")
	w.WriteHeader(http.StatusFound)
}

// servicePath is the page of a service.
func servicePath(name string) string { return "/services/" + url.PathEscape(name) }

// changePath is the page of a change.
func changePath(id string) string { return "/changes/" + url.PathEscape(id) }
