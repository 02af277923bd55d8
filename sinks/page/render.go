package page

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/sinks"
)

//go:embed templates
var templates embed.FS

// pages are the templates, each with the frame around it.
var pages = func() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range []string{"changes", "change", "service", "incidents", "rollbacks", "dora", "quality", "daemon", "problem"} {
		all[name] = template.Must(template.New("frame.html").Funcs(functions).ParseFS(templates, "templates/frame.html", "templates/parts.html", "templates/say.html", "templates/"+name+".html"))
	}
	return all
}()

var functions = template.FuncMap{
	"instant": words.Instant, "or": words.Or, "path": changePath, "percent": words.Percent,
	"figure": words.Figure, "ratio": words.Ratio, "median": words.Median, "rate": words.Rate,
	"servicePath": servicePath, "noted": words.Note, "rollback": words.Rollback, "capital": capital,
	"plainly": func(r correlate.RollbackResult) string { return words.Plain(string(r)) },
	"clock":   func(t time.Time) string { return t.UTC().Format("15:04") },
	"ago":     ago,
	"when":    when,
	"edition": func() string { return edition },
}

// ago says how long before now an instant was.
func ago(t, now time.Time) string {
	if t.IsZero() {
		return "–"
	}
	d := now.Sub(t)
	if d < 0 {
		return "in " + words.Span(-d.Seconds())
	}
	return words.Span(d.Seconds()) + " ago"
}

// view is what a page shows.
type view struct {
	Template string
	Title    string
	Nav      string // the entry of the menu that it belongs to
	Live     string // where its news come from; "" for a page that doesn't change
	AsOf     time.Time
	Now      time.Time
	NotReady string // why the daemon isn't ready
	Here     string // its own address, without as_of
	Who      access.Identity
	Body     any
}

// problem is why there is nothing to show.
type problem struct {
	status     int
	What, Next string
}

func (p *problem) Error() string { return p.What }

// moved leads to another page.
type moved struct{ to string }

func (m *moved) Error() string { return "see " + m.to }

// page answers with what a function makes of a request.
func (s *sink) page(make func(context.Context, *http.Request) (view, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := make(r.Context(), r)
		status := http.StatusOK
		if err != nil {
			if r.Context().Err() != nil {
				return // the reader has gone
			}
			var m *moved
			if errors.As(err, &m) {
				http.Redirect(w, r, m.to, http.StatusSeeOther)
				return
			}
			p := explain(err)
			status, v = p.status, view{Template: "problem", Title: p.What, Body: p}
		}
		is := s.reader.Status()
		v.Now, v.NotReady = is.Now, is.NotReady
		v.Here, v.Who = here(r.URL), access.Of(r.Context())
		var b bytes.Buffer
		if err := pages[v.Template].Execute(&b, v); err != nil {
			http.Error(w, "the page can't be written", http.StatusInternalServerError)
			return
		}
		headers(w)
		w.WriteHeader(status)
		_, _ = w.Write(b.Bytes())
	})
}

// here is the address of a page as of now.
func here(u *url.URL) string {
	q := u.Query()
	q.Del("as_of")
	if len(q) == 0 {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + q.Encode()
}

// explain says in words why there is nothing to show.
func explain(err error) *problem {
	var p *problem
	var early *correlate.HistoryError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &early):
		return &problem{http.StatusBadRequest, early.Error(), "Leave as_of out, or choose a later time."}
	case errors.Is(err, sinks.ErrNotFound):
		return &problem{http.StatusNotFound, "Nobody has reported this change", "The list of changes has all that are known."}
	}
	return &problem{http.StatusServiceUnavailable, "The record can't be read now", "Load the page again in a moment."}
}

// headers bound what a page may load and where it may be shown.
func headers(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}

// cached lets what pages load be kept: another edition has another address.
func cached(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

// asOf is the instant of the past that a page is asked for, zero for now.
func asOf(r *http.Request) (time.Time, error) {
	text := r.URL.Query().Get("as_of")
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, &problem{http.StatusBadRequest, fmt.Sprintf("as_of: %.64q is not a time", text), "Write it as 2026-03-01T10:00:00Z."}
	}
	return t.UTC(), nil
}
