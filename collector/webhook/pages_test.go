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

var curlBlock = regexp.MustCompile("(?ms)^```sh\n(curl .*?)^```$")

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
			blocks := curlBlock.FindAllStringSubmatch(string(text), -1)
			require.NotEmpty(t, blocks, "a page has a line to try it with")
			for _, block := range blocks {
				line := strings.ReplaceAll(block[1], "http://127.0.0.1:8787", server.URL)
				require.NotEqual(t, block[1], line, "it sends to the default address")
				out, err := exec.Command("sh", "-c", line).Output()
				require.NoError(t, err, line)
				var answer accepted
				require.NoError(t, json.Unmarshal(out, &answer), "%s", out)
				require.Equal(t, "accepted", answer.Status, "%s", out)
				require.Positive(t, answer.Facts, "the payload says something: %s", out)
			}
		})
	}
}
