package sourcetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

var update = flag.Bool("update", false, "accept what is read from the payloads of the sources")

// golden is what is recorded of one payload: deliveries, or the error.
type golden struct {
	Deliveries []goldenDelivery `json:"deliveries,omitempty"`
	Error      string           `json:"error,omitempty"`
}

// goldenDelivery is a delivery without what the suite itself put in. BodyBytes is the length of its body.
type goldenDelivery struct {
	ID        string            `json:"id"`
	Header    map[string]string `json:"header,omitempty"`
	Facts     []correlate.Fact  `json:"facts,omitempty"`
	Ignored   string            `json:"ignored,omitempty"`
	Problem   string            `json:"problem,omitempty"`
	BodyBytes int               `json:"body_bytes"`
}

func checkGoldens(t *testing.T, src source.Source, suite Suite) {
	for _, name := range payloads(t) {
		t.Run(name, func(t *testing.T) {
			s := New(t, src, keysOf(t, name, suite))
			items, err := requireKept(t, s, Payload(t, name))
			got := encode(t, items, err)
			path := filepath.Join("testdata", name+".golden.json")
			if *update {
				require.NoError(t, os.WriteFile(path, got, 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run the test with -update to record it")
			require.Equal(t, string(want), string(got))
		})
	}
}

// keysOf are the suite's keys, or those in testdata/<name>.keys.json.
func keysOf(t *testing.T, name string, suite Suite) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".keys.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return suite.Keys
	}
	require.NoError(t, err)
	var keys map[string]any
	require.NoError(t, json.Unmarshal(text, &keys))
	return keys
}

func encode(t *testing.T, items []source.Item, err error) []byte {
	t.Helper()
	var g golden
	if err != nil {
		g.Error = err.Error()
	}
	for _, item := range items {
		g.Deliveries = append(g.Deliveries, goldenDelivery{item.ID, item.Header, unsigned(item.Facts), item.Ignored, item.Problem, len(item.Body)})
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(g))
	return out.Bytes()
}

// unsigned are the facts without the name that the suite gives every source.
func unsigned(facts []correlate.Fact) []correlate.Fact {
	plain := make([]correlate.Fact, len(facts))
	for i, f := range facts {
		plain[i] = f.WithDefaults() // a copy
		if c := plain[i].Change; c != nil {
			c.Source = ""
		}
		if in := plain[i].Incident; in != nil {
			in.Source = ""
		}
		if c := plain[i].Check; c != nil {
			c.Source = ""
		}
	}
	return plain
}

// Payload reads testdata/<name>.http.
func Payload(t testing.TB, name string) source.Request {
	t.Helper()
	head, body := split(t, name)
	header, err := parseHead(head)
	require.NoError(t, err)
	return source.Request{Header: header, Body: body, ReceivedAt: ReceivedAt}
}

func payloads(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.http"))
	require.NoError(t, err)
	require.NotEmpty(t, paths, "a source needs payloads in testdata/*.http")
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = strings.TrimSuffix(filepath.Base(p), ".http")
	}
	return names
}

func split(t testing.TB, name string) (head, body []byte) {
	t.Helper()
	return splitFile(t, filepath.Join("testdata", name+".http"))
}

func splitFile(t testing.TB, path string) (head, body []byte) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	head, body, ok := bytes.Cut(raw, []byte("\n\n"))
	require.True(t, ok, "%s must have an empty line between header and body", path)
	return head, bytes.TrimSuffix(body, []byte("\n"))
}

func parseHead(head []byte) (http.Header, error) {
	reader := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(bytes.Clone(head), "\n\n"...))))
	header, err := reader.ReadMIMEHeader()
	return http.Header(header), err
}
