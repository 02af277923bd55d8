package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// stream is one sequence of pages of a system, by the Pull of its file.
type stream struct {
	program *program
	api, of string
}

func (s *stream) name() string {
	if s.of == "" {
		return "all"
	}
	return s.of
}

// pull implements source.Stream.
func (s *stream) pull(ctx context.Context, client *http.Client, text []byte, since time.Time) (source.Page, error) {
	w := &walk{
		stream: s, pull: s.program.pull, ctx: ctx, client: client, now: time.Now().UTC(),
		cursor: readCursor(text, since), answers: map[string]*types.Optional{},
	}
	more, err := w.page()
	if err != nil {
		return source.Page{}, err
	}
	next, err := json.Marshal(w.cursor)
	return source.Page{Raws: w.raws, Next: next, More: more}, err
}

// walk is one call of pull.
type walk struct {
	*stream
	pull    *asked
	ctx     context.Context
	client  *http.Client
	now     time.Time
	cursor  cursor
	answers map[string]*types.Optional // of lookups, by address
	kept    *keptItem                  // that is read again; nil while the system is asked
	raws    []correlate.Raw
}

// page asks for a page and reads it.
func (w *walk) page() (more bool, err error) {
	if w.cursor.Pages >= maxPages {
		return false, fmt.Errorf("there are more than %d pages from one instant on", maxPages)
	}
	path, err := w.scope(nil, nil).text(w.pull.request, "request")
	if err != nil {
		return false, err
	}
	answer, err := w.fetch(path)
	var status *source.StatusError
	if errors.As(err, &status) && slices.Contains([]int{400, 404, 410}, status.Code) && w.cursor.refused() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	doc, err := source.ParseJSON(answer.Body, "$")
	if err != nil {
		return false, err
	}
	d := w.scope(&doc, map[string]any{"link": answer.Next})
	items, err := d.items(w.pull.items, "items")
	if err != nil {
		return false, err
	}
	stale, err := w.items(d, items)
	if err != nil {
		return false, err
	}
	next, err := d.text(w.pull.next, "next")
	return w.cursor.turn(next, stale, w.now, w.pull.Pull), err
}

// fetch asks for a path below the API, or for the URL of a page.
func (w *walk) fetch(path string) (source.Answer, error) {
	if !strings.HasPrefix(path, "https://") && !strings.HasPrefix(path, "http://") {
		path = w.api + path
	}
	return source.Fetch(w.ctx, w.client, path, w.pull.header())
}

// scope is what expressions find their names in, of an answer when there is one.
func (w *walk) scope(doc *source.JSON, more map[string]any) *delivery {
	p := &program{parameters: w.program.parameters, let: w.pull.let}
	d := &delivery{program: p, reader: &reader{}, let: map[string]ref.Val{}, fixed: map[string]any{
		"of": w.of, "api": w.api, "param": p.parameters, "page": w.cursor.Page, "link": "",
		"received": types.Timestamp{Time: w.now}, "since": types.Timestamp{Time: w.cursor.From.Truncate(time.Second)},
		"until": types.Timestamp{Time: w.cursor.From.Truncate(time.Second).Add(w.pull.Window)},
	}}
	if doc != nil {
		d.root, d.reader.last = *doc, *doc
		d.fixed["body"] = d.reader.value(*doc)
	}
	maps.Copy(d.fixed, more)
	return d
}

// text is the value of an expression as a text, "" when it has none.
func (d *delivery) text(e expression, what string) (string, error) {
	if e.program == nil {
		return "", nil
	}
	v, err := d.evaluate(e, what)
	if err != nil {
		return "", err
	}
	value, ok := present(v)
	if !ok {
		return "", nil
	}
	text, err := textOf(value)
	if err != nil {
		return "", d.wrong(err, what)
	}
	return text, nil
}
