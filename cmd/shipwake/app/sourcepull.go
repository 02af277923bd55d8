package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/mapping"
	"github.com/shipwake/shipwake/collector/source/vendors"
)

// runPull reads an answer of a system's API as change_pull would.
func (t *sourceTest) runPull(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	s, text, err := t.pulledSource(name)
	if err != nil {
		return err
	}
	f, err := mapping.Parse(text)
	if err != nil {
		return err
	}
	if f.Pull == nil {
		return fmt.Errorf("%s: its mapping doesn't say how the system is asked: pull", name)
	}
	pulled, err := s.ConfigurePull(name, t.pullKeys(f.Pull))
	if err != nil {
		return err
	}
	req, err := t.request(in)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &canned{body: req.Body, header: req.Header, out: out}}
	page, err := pulled.Streams[0].Pull(ctx, client, nil, time.Now().AddDate(-1, 0, 0))
	if err != nil {
		return fmt.Errorf("the answer can't be read: %w", err)
	}
	if page.More {
		fmt.Fprintln(out, "then the next page")
	}
	for _, item := range pulled.ReadPage(page, time.Now()) {
		if err := t.show(out, text, item); err != nil {
			return err
		}
	}
	return nil
}

// pulledSource is the source of a name with its mapping.
func (t *sourceTest) pulledSource(name string) (source.Source, []byte, error) {
	if t.file != "" {
		text, err := os.ReadFile(t.file)
		return mapping.Source(), text, err
	}
	for _, s := range vendors.Sources() {
		if s.Name == name {
			text, _ := vendors.Text(name)
			return s, text, nil
		}
	}
	return source.Source{}, nil, fmt.Errorf("%s: there is no such mapping; --file takes one of your own", name)
}

// pullKeys are those of a source in change_pull.
func (t *sourceTest) pullKeys(p *mapping.Pull) map[string]any {
	keys := t.keys()
	keys["api_url"] = cmp.Or(p.API, p.Example)
	if p.Of.Key != "" {
		keys[p.Of.Key] = []any{t.pull}
	}
	return keys
}

// canned answers the first request with what was given, and says what was asked for; what else is asked for isn't there.
type canned struct {
	body   []byte
	header http.Header
	out    io.Writer
	asked  bool
}

// RoundTrip implements http.RoundTripper.
func (c *canned) RoundTrip(request *http.Request) (*http.Response, error) {
	answer := &http.Response{StatusCode: http.StatusOK, Header: c.header, Body: io.NopCloser(bytes.NewReader(c.body)), Request: request}
	if c.asked {
		answer.StatusCode, answer.Header, answer.Body = http.StatusNotFound, http.Header{}, http.NoBody
	}
	c.asked = true
	_, err := fmt.Fprintf(c.out, "GET %s: %d\n", rows.Visible(request.URL.String()), answer.StatusCode)
	return answer, err
}
