package mapping

import (
	"testing"

	"cel.dev/cel-go/common/types"
	"github.com/stretchr/testify/require"
)

func TestTheWordOfAnEnvironmentIsFoundInAName(t *testing.T) {
	for name, want := range map[string]string{
		"shop-prod": "prod", "Deploy to Production": "production", "STAGING/eu": "staging", "pre_qa": "qa",
		"products": "", "latest": "", "": "", "devops": "",
	} {
		found, ok := present(environmentIn(types.String(name)))
		require.Equal(t, want != "", ok, name)
		if ok {
			require.Equal(t, types.String(want), found, name)
		}
	}
}

func TestAnImageIsTakenApart(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"checkout":               {"repository": "checkout", "name": "checkout"},
		"reg:5000/shop/till:v2":  {"repository": "reg:5000/shop/till", "name": "till", "tag": "v2"},
		"shop/till@sha256:abc":   {"repository": "shop/till", "name": "till", "digest": "sha256:abc"},
		"till:v2-rc.1@sha256:ab": {"repository": "till", "name": "till", "tag": "v2-rc.1", "digest": "sha256:ab"},
	} {
		require.Equal(t, want, imageOf(types.String(name)).Value(), name)
	}
}

func TestTheLastFullCommitInATextCounts(t *testing.T) {
	const sha = "9fceb02d0ae598e95dc970b74767f19372d61af8"
	for text, want := range map[string]string{
		"https://git.example.com/shop/commit/" + sha + "?w=1": sha, "main@sha1:" + sha: sha, sha: sha,
		sha + "0": "", "9fceb02": "", "": "",
	} {
		found, ok := present(commitIn(types.String(text)))
		require.Equal(t, want != "", ok, text)
		if ok {
			require.Equal(t, types.String(want), found, text)
		}
	}
}
