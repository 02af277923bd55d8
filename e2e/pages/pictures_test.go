package pages

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestThePicturesOfTheDocumentation takes the pictures of docs/images anew, of a month of the demo: make docs-pictures.
func TestThePicturesOfTheDocumentation(t *testing.T) {
	images := os.Getenv("SHIPWAKE_TEST_IMAGES")
	if images == "" {
		t.Skip("make docs-pictures takes them")
	}
	month := t.TempDir()
	said, err := exec.Command(program, "demo", "--month", "--exit", "--days", "9", "--dir", month).CombinedOutput()
	require.NoError(t, err, string(said))
	base, _ := daemon(t, filepath.Join(month, "data"))
	b := open(t)
	for name, path := range map[string]string{
		"change":       changeThat(t, base, "regressed", "A"),
		"grade-c":      changeThat(t, base, "regressed", "C"),
		"inconclusive": changeThat(t, base, "inconclusive", "A"),
		"changes":      "/changes?environment=production",
		"dora":         "/dora",
	} {
		_, _, picture := b.visit(t, base+path, looks[0])
		require.NoError(t, os.WriteFile(filepath.Join(images, name+".png"), picture, 0o644))
	}
}

// changeThat is the page of the newest deployment to production with a final verdict of a grade.
func changeThat(t *testing.T, base, verdict, grade string) string {
	t.Helper()
	answer, err := http.Get(base + "/api/v1/changes?limit=500&environment=production&verdict=" + verdict)
	require.NoError(t, err)
	defer answer.Body.Close()
	var found struct {
		Changes []struct {
			ID, Kind string
			Verdict  struct {
				Grade string
				Final bool
			}
		}
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&found))
	for _, c := range found.Changes {
		if c.Kind == "deployment" && c.Verdict.Final && c.Verdict.Grade == grade {
			return "/changes/" + url.PathEscape(c.ID)
		}
	}
	require.Fail(t, "the month has no such change", "%s, grade %s", verdict, grade)
	return ""
}
