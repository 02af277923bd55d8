package record

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names"
)

// deploys settles the deployments of one service, an hour apart, told in some order, and returns their records.
func deploys(order []int, releases ...names.Release) (all []correlate.ChangeRecord) {
	ids := []string{"first", "second", "third"}
	b := New(config)
	for _, i := range order {
		r, at := releases[i], after(int64(i)*3600)
		b.Report(correlate.Fact{Change: &correlate.Change{
			ID: ids[i], Service: "shop", Environment: "production", Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded,
			Source: "ci", Version: r.Version, Commit: r.Commit, Digest: r.Digest, StartedAt: at, FinishedAt: at,
		}}, at)
		b.Settle(0)
	}
	for i := range releases {
		all = append(all, b.Change(ids[i]).Record)
	}
	return all
}

// TestAReleaseIsKnownAgainHoweverItIsSpelled: told at once again it is a redeployment, told after another one the rollback of that.
func TestAReleaseIsKnownAgainHoweverItIsSpelled(t *testing.T) {
	const a, b = "9fceb02d0ae598e95dc970b74767f19372d61af8", "1c0ffee0ae598e95dc970b74767f19372d61af80"
	digest, moved := "sha256:"+strings.Repeat("0a", 32), "sha256:"+strings.Repeat("0b", 32)
	other := names.Release{Version: "v7.7.7", Commit: b, Digest: moved}
	for name, c := range map[string]struct {
		is, again names.Release
		known     bool
	}{
		"a version without its v":              {names.Release{Version: "v1.2.3"}, names.Release{Version: "1.2.3"}, true},
		"a version as a tag of Git":            {names.Release{Version: "1.2.3"}, names.Release{Version: "refs/tags/v1.2.3"}, true},
		"a version as the tag of an image":     {names.Release{Version: "v1.2.3"}, names.Release{Version: "r.example.com/shop:1.2.3"}, true},
		"the tag of an image with its digest":  {names.Release{Version: "v1.2.3"}, names.Release{Version: "r.example.com/shop:1.2.3@" + digest}, true},
		"an image by its digest alone":         {names.Release{Version: "r.example.com/shop:1.2.3@" + digest}, names.Release{Version: "shop@" + digest}, true},
		"a commit in short":                    {names.Release{Version: a, Commit: a}, names.Release{Version: a[:7], Commit: a[:7]}, true},
		"a commit in capital letters":          {names.Release{Commit: a}, names.Release{Commit: strings.ToUpper(a)}, true},
		"the commit of a version that told it": {names.Release{Version: "v1.2.3", Commit: a}, names.Release{Commit: a[:9]}, true},
		"a version whose commit was told once": {names.Release{Version: "v1.2.3", Commit: a}, names.Release{Version: "refs/tags/1.2.3"}, true},
		"an image builder's tag of the commit": {names.Release{Version: "v1.2.3", Commit: a}, names.Release{Version: "r.example.com/shop:sha-" + a[:7]}, true},
		"what git describe says of the commit": {names.Release{Commit: a}, names.Release{Version: "v1.2.2-4-g" + a[:7]}, true},
		"the same version of another commit":   {names.Release{Version: "v1.2.3", Commit: a}, names.Release{Version: "v1.2.3", Commit: strings.Repeat("e", 40)}, false},
		"the same tag of another image":        {names.Release{Version: "shop/web:latest@" + digest}, names.Release{Version: "shop/web:latest@sha256:" + strings.Repeat("0c", 32)}, false},
		"a version that begins alike":          {names.Release{Version: "v1.2.3"}, names.Release{Version: "v1.2.3-rc.1"}, false},
		"an abbreviation that is too short":    {names.Release{Commit: a}, names.Release{Commit: a[:5]}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, pair := range [][2]names.Release{{c.is, c.again}, {c.again, c.is}} {
				for _, order := range [][]int{{0, 1}, {1, 0}} {
					require.Equal(t, c.known, deploys(order, pair[0], pair[1])[1].Redeploy)
				}
				for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {0, 2, 1}} {
					all := deploys(order, pair[0], other, pair[1])
					require.Equal(t, c.known, all[2].Rollback)
					require.Equal(t, c.known, all[1].RolledBackBy == "third")
					require.False(t, all[2].Redeploy)
				}
			}
		})
	}
}
