package follow

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/commits/git/gittest"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

type m = map[string]any

func configure(kind string, keys m) (source.Pulled, error) {
	for _, s := range Sources() {
		if s.Name == kind {
			return s.ConfigurePull("commits", keys)
		}
	}
	return source.Pulled{}, nil
}

func TestAConfigurationThatIsWrong(t *testing.T) {
	repositories := []any{"octo/*", "acme/shop"}
	for name, c := range map[string]struct {
		kind string
		keys m
		want string
	}{
		"no repositories":         {"github-commits", m{}, "repositories: at least one is required, such as octo/shop"},
		"an owner alone":          {"github-commits", m{"repositories": []any{"octo/shop", "octo"}}, "repositories[1]: must be a name such as octo/shop"},
		"all there are":           {"gitlab-commits", m{"repositories": []any{"*"}}, "repositories[0]: must be a name such as octo/shop"},
		"an API without TLS":      {"gitlab-commits", m{"repositories": repositories, "api_url": "http://git.example.com/api/v4"}, "api_url: must begin with https://"},
		"an unknown key":          {"github-commits", m{"repository": "octo/shop"}, "repository: there is no such key; the known ones are api_url, repositories, services"},
		"a path that leads out":   {"github-commits", m{"repositories": repositories, "services": m{"cart": m{"paths": []any{"a", "../b"}}}}, "services::cart::paths[1]: must be a folder or file"},
		"a path from the root":    {"github-commits", m{"repositories": repositories, "services": m{"cart": m{"paths": []any{"/cart"}}}}, "services::cart::paths[0]"},
		"a service's repository":  {"github-commits", m{"repositories": repositories, "services": m{"cart": m{"repository": "https://github.com/octo/shop"}}}, "services::cart::repository: must be a name such as octo/shop"},
		"no folders":              {"git-commits", m{}, "folders: at least one is required, such as octo/shop: /srv/git/shop.git"},
		"a folder from somewhere": {"git-commits", m{"folders": m{"octo/shop": "shop.git"}}, "folders::octo/shop: must be a folder from the root"},
		"a folder of no name":     {"git-commits", m{"folders": m{"shop": "/srv/shop.git"}}, "folders::shop: must be a name such as octo/shop"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configure(c.kind, c.keys)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestTheSecretGoesAsTheForgeWantsIt(t *testing.T) {
	for kind, want := range map[string]http.Header{
		"github-commits": {"Authorization": {"Bearer canary"}}, "gitlab-commits": {"Private-Token": {"canary"}},
	} {
		p, err := configure(kind, m{"repositories": []any{"octo/*"}, "api_url": "https://git.example.com/api/"})
		require.NoError(t, err)
		header := http.Header{}
		p.Authorize(header, "canary")
		require.Equal(t, want, header)
		require.Equal(t, "https://git.example.com/api", p.Streams[0].URL)
		require.Equal(t, kind+"/1", p.Projector().Digest, "what is asked for doesn't bear on how it is read")
	}
}

func TestAFolderIsAsked(t *testing.T) {
	r := gittest.New(t)
	first := r.Commit("a.go", "1")
	second := r.Commit("a.go", "1", "2")
	p, err := configure("git-commits", m{"folders": m{"Octo/shop": r.Dir, "octo/gone": t.TempDir()}})
	require.NoError(t, err)
	p.Authorize(nil, "nobody asks for it")
	b := &book{}
	b.tell(deployed(1, func(r *correlate.ChangeRecord) { r.Commit = first.SHA }))
	b.tell(deployed(2, func(r *correlate.ChangeRecord) { r.Commit = second.SHA }))
	page, err := p.Streams[0].Follow(t.Context(), nil, b, nil, noon)
	require.NoError(t, err)
	require.Len(t, page.Raws, 1)
	require.Equal(t, "c2/"+first.SHA[:12]+".."+second.SHA[:12], page.Raws[0].ID)
	reading, err := parse(page.Raws[0])
	require.NoError(t, err)
	require.Equal(t, []correlate.Commit{second}, reading.Facts[0].Change.Commits)
	_, err = parse(correlate.Raw{Body: []byte("{")})
	require.ErrorContains(t, err, "$: must be a change in the generic format")

	b.tell(deployed(3, func(r *correlate.ChangeRecord) { r.Labels = map[string]string{"repository": "octo/gone"} }))
	_, err = p.Streams[0].Follow(t.Context(), nil, b, page.Next, noon)
	require.ErrorContains(t, err, "not a git repository")
}
