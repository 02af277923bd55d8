package vendors

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
	"github.com/shipwake/shipwake/sinks/sinktest"
	"github.com/shipwake/shipwake/sinks/template"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type m = map[string]any

// receivers are the files of a vendor's receivers: one for each way of sending to it.
func receivers(t *testing.T, name string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(name, "testdata", "receiver*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, all, "testdata/receiver.yaml plays the receiver")
	return all
}

// config has one target, as fast as may be.
func config(f *sinktest.Fixture, address string, more m) m {
	target := m{"settings": f.SettingsFor(address), "pace": "1ns"}
	maps.Copy(target, more)
	return m{"allow": []any{"loopback"}, "public_url": "https://shipwake.example.com", "targets": m{"ops": target}}
}

func file(t *testing.T, name string) template.File {
	t.Helper()
	text, ok := Text(name)
	require.True(t, ok)
	f, err := template.Parse(text)
	require.NoError(t, err)
	require.Equal(t, name, f.Name, "the folder has the name of the sink")
	return f
}

// each runs a test with each receiver of each vendor; with the race detector, of every sixth: the code is the same for all.
func each(t *testing.T, test func(t *testing.T, f sinks.Factory, of template.File, path string)) {
	for i, f := range Factories() {
		if raced && i%6 != 0 {
			continue
		}
		for _, path := range receivers(t, f.Name) {
			t.Run(strings.TrimSuffix(path, ".yaml"), func(t *testing.T) { test(t, f, file(t, f.Name), path) })
		}
	}
}

func TestContract(t *testing.T) {
	each(t, func(t *testing.T, f sinks.Factory, of template.File, path string) {
		fixture := sinktest.LoadFixture(t, path)
		receiver := fixture.Receiver(func(address string) m { return config(fixture, address, nil) })
		receiver.Doubles = of.Doubles != ""
		sinktest.Run(t, f, sinktest.Options{
			Config: config(fixture, "https://receiver.example", nil), Secrets: secrets(of, fixture), Receiver: receiver,
		})
	})
}

// secrets are those of a fixture's settings.
func secrets(of template.File, f *sinktest.Fixture) []string {
	var all []string
	for name, value := range f.Settings {
		if of.Settings[name].Secret {
			all = append(all, strings.TrimPrefix(value, "{url}"))
		}
	}
	return all
}

// tell delivers what an example says, and returns the requests of its last message.
func tell(t *testing.T, f sinks.Factory, fixture *sinktest.Fixture, e template.Example) (seen []sinktest.Seen, told bool) {
	t.Helper()
	server := httptest.NewServer(fixture)
	defer server.Close()
	sink, err := f.New(nil, config(fixture, server.URL, m{"on": every()}))
	require.NoError(t, err)
	defer func() { require.NoError(t, sink.Close()) }()
	out := sink.(sinks.Outgoing)
	var receipt sinks.Receipt
	for _, b := range e.Batches {
		messages, err := out.Messages(b)
		require.NoError(t, err)
		for _, message := range messages {
			fixture.Take()
			message.Receipt = receipt
			got, err := out.Deliver(t.Context(), message)
			require.NoError(t, err)
			require.LessOrEqual(t, len(got), sinks.LongestReceipt)
			if got != nil {
				receipt = got
			}
			told = true
		}
	}
	return hidden(fixture.Take(), server.URL), told
}

func every() []any {
	var all []any
	for _, k := range route.Kinds() {
		all = append(all, string(k))
	}
	return all
}

// hidden takes out what differs from run to run.
func hidden(seen []sinktest.Seen, address string) []sinktest.Seen {
	for i := range seen {
		seen[i].Body = strings.ReplaceAll(seen[i].Body, address, "https://receiver.example")
	}
	return seen
}

// TestWhatIsSent holds the requests for every kind of message against testdata.
func TestWhatIsSent(t *testing.T) {
	each(t, func(t *testing.T, f sinks.Factory, of template.File, path string) {
		dir := strings.TrimSuffix(strings.Replace(path, "receiver", "sent", 1), ".yaml")
		for _, e := range template.Examples()[:len(route.Kinds())] {
			fixture := sinktest.LoadFixture(t, path)
			seen, told := tell(t, f, fixture, e)
			require.True(t, told)
			text := printed(seen)
			for _, secret := range secrets(of, fixture) {
				text = strings.ReplaceAll(text, secret, "…")
			}
			requireFile(t, filepath.Join(dir, e.Name+".txt"), text)
		}
	})
}

func requireFile(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err, "go test -run TestWhatIsSent -update writes it")
	require.Equal(t, string(have), text, "%s: go test -run TestWhatIsSent -update accepts it", path)
}

// printed shows requests as HTTP, with JSON laid out.
func printed(seen []sinktest.Seen) string {
	if len(seen) == 0 {
		return "(nothing)\n"
	}
	var b strings.Builder
	for i, s := range seen {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s %s\n", s.Method, s.URL)
		for _, name := range slices.Sorted(maps.Keys(s.Header)) {
			if !slices.Contains([]string{"User-Agent", "Content-Length", "Accept-Encoding"}, name) {
				fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(s.Header[name], ", "))
			}
		}
		if s.Body != "" {
			fmt.Fprintf(&b, "\n%s\n", laidOut(s.Body))
		}
	}
	return b.String()
}

func laidOut(body string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(body), "", "  ") != nil {
		return strings.TrimSpace(body)
	}
	return strings.TrimSpace(b.String())
}

// TestNobodyIsMentioned sends what is written to do harm, and looks for it in what arrives.
func TestNobodyIsMentioned(t *testing.T) {
	each(t, func(t *testing.T, f sinks.Factory, of template.File, path string) {
		for _, e := range template.Examples() {
			if !strings.HasPrefix(e.Name, "harmful") {
				continue
			}
			fixture := sinktest.LoadFixture(t, path)
			seen, told := tell(t, f, fixture, e)
			require.True(t, told)
			for _, s := range seen {
				require.NotContains(t, s.Body+s.URL, "javascript:alert(1)\"", "a link of another scheme")
				for _, bad := range of.Harmless {
					require.NotContains(t, without(s.Body, fixture.Plain), bad)
				}
			}
		}
	})
}

// without leaves keys out of a JSON body.
func without(body string, keys []string) string {
	var fields m
	if len(keys) == 0 || json.Unmarshal([]byte(body), &fields) != nil {
		return body
	}
	for _, key := range keys {
		delete(fields, key)
	}
	return fmt.Sprint(fields)
}

func TestASecretShowsInNoError(t *testing.T) {
	each(t, func(t *testing.T, f sinks.Factory, of template.File, path string) {
		fixture := sinktest.LoadFixture(t, path)
		hidden := secrets(of, fixture)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest) // and repeats what it was sent
			said, err := json.Marshal(m{"error": fmt.Sprint(r.URL, r.Header, hidden), "message": fmt.Sprint(hidden), "ok": false})
			if err == nil {
				_, _ = w.Write(said)
			}
		}))
		defer server.Close()
		sink, err := f.New(nil, config(fixture, server.URL, nil))
		require.NoError(t, err)
		defer func() { require.NoError(t, sink.Close()) }()
		out := sink.(sinks.Outgoing)
		var messages []sinks.Message
		for _, e := range template.Examples() {
			if messages, err = out.Messages(e.Batches[0]); len(messages) > 0 {
				break
			}
		}
		require.NoError(t, err)
		require.NotEmpty(t, messages)
		_, err = out.Deliver(t.Context(), messages[0])
		require.Error(t, err)
		for _, secret := range hidden {
			require.NotContains(t, err.Error(), secret)
		}
	})
}
