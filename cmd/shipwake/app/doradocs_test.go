package app

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/internal/figures"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/api"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// told is the API over the story of the tests of sinks.
func told(t *testing.T) *httptest.Server {
	t.Helper()
	sink, err := api.Factory().New(sinktest.NewReader(sinktest.Noon, sinktest.Story()...), nil)
	require.NoError(t, err)
	mux := http.NewServeMux()
	for pattern, handler := range sinks.Routes(sink) {
		mux.Handle(pattern, handler)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

var fenced = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestTheExamplesOfTheNumbersRunAsWritten runs every command of docs/dora.md, but for the daemon that it asks.
func TestTheExamplesOfTheNumbersRunAsWritten(t *testing.T) {
	page, err := os.ReadFile("../../../docs/dora.md")
	require.NoError(t, err)
	server := told(t)
	t.Chdir(t.TempDir())
	commands, requests := 0, 0
	for _, block := range fenced.FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			t.Run(strings.TrimSpace(line), func(t *testing.T) {
				words := strings.Fields(line)
				switch words[0] {
				case "shipwake":
					commands++
					code, stdout, stderr := shipwake(t, append(words[1:], "--api", server.URL)...)
					require.Zero(t, code, stderr)
					require.NotEmpty(t, stdout)
				case "curl":
					requests++
					address := strings.Replace(strings.Trim(words[len(words)-1], "'"), "http://127.0.0.1:8788", server.URL, 1)
					answer, err := server.Client().Get(address)
					require.NoError(t, err)
					require.NoError(t, answer.Body.Close())
					require.Equal(t, http.StatusOK, answer.StatusCode)
				default:
					t.Fatal("neither shipwake nor curl")
				}
			})
		}
	}
	require.Greater(t, commands, 8)
	require.Greater(t, requests, 4)
}

// TestEveryMetricIsDefinedInTheDocs: those that the terminal shows.
func TestEveryMetricIsDefinedInTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/dora.md")
	require.NoError(t, err)
	for _, m := range append(figures.Five(), figures.Further()...) {
		require.Contains(t, string(page), "| "+m.Name+" |")
	}
	for _, p := range dora.Policies() {
		require.Contains(t, string(page), "| `"+string(p)+"`")
	}
}
