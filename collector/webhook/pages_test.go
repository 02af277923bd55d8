package webhook

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

const address = "http://127.0.0.1:8787/hooks/"

// TestTheLinesOfThePagesAreRight runs each curl line of docs/sources as it is written, but for the address.
func TestTheLinesOfThePagesAreRight(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("SKIP: needs curl")
	}
	r := start(t, nil)
	server := httptest.NewServer(r.handler)
	defer server.Close()
	paths, err := filepath.Glob("../../docs/sources/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".md")
		if name == "README" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			tried := 0
			for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
				line := strings.ReplaceAll(block[1], address, server.URL+"/hooks/")
				if line == block[1] {
					continue // what is done elsewhere
				}
				tried++
				out, err := exec.Command("sh", "-c", line).Output()
				require.NoError(t, err, line)
				var answer accepted
				require.NoError(t, json.Unmarshal(out, &answer), "%s", out)
				require.Equal(t, "accepted", answer.Status, "%s", out)
				require.Positive(t, answer.Facts, "the payload says something: %s", out)
			}
			if !strings.Contains(string(text), "\nReceiver: `") { // nobody sends what a receiver of ours sees
				require.Positive(t, tried, "a page has a line to try it with")
			}
		})
	}
}
