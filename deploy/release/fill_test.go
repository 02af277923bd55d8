package main

import (
	"crypto/sha256"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheFormulaAndTheFlakeLeadToTheArchives: each name stands with the digest of that file. The archives are small ones of
// this test, as the files lead to them by name and digest alone.
func TestTheFormulaAndTheFlakeLeadToTheArchives(t *testing.T) {
	r := &release{Source: Source{Version: "1.2.3"}, dist: t.TempDir(), clone: "../.."}
	every, err := platformsOf(strings.Join(all, ","))
	require.NoError(t, err)
	for _, p := range every {
		require.NoError(t, r.write(p.archive(r.Version), []byte(p.String())))
	}
	files := map[string]string{}
	for _, name := range []string{"shipwake.rb", "flake.nix"} {
		require.NoError(t, r.fill(name))
		text, err := os.ReadFile(filepath.Join(r.dist, name))
		require.NoError(t, err)
		files[name] = string(text)
	}
	for _, p := range every {
		if p.OS == "windows" {
			continue
		}
		raw := sha256.Sum256([]byte(p.String()))
		url := regexp.QuoteMeta(homepage + "/releases/download/v1.2.3/" + p.archive("1.2.3"))
		require.Regexp(t, `url "`+url+`"\n +sha256 "`+sha([]byte(p.String()))+`"`, files["shipwake.rb"])
		system := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[p.Arch] + "-" + p.OS
		require.Contains(t, files["flake.nix"], system+` = { name = "`+p.archive("1.2.3")+`"; hash = "sha256-`+base64.StdEncoding.EncodeToString(raw[:])+`"; };`)
	}
	for tool, args := range map[string][]string{"ruby": {"-c", "shipwake.rb"}, "nix-instantiate": {"--parse", "flake.nix"}} {
		t.Run("by "+tool, func(t *testing.T) {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skipf("SKIP: no %s to read %s with", tool, args[1])
			}
			cmd := exec.Command(tool, args...)
			cmd.Dir = r.dist
			said, err := cmd.CombinedOutput()
			require.NoError(t, err, string(said))
		})
	}
}
