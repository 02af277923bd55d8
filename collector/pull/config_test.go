package pull

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/generic"
	"github.com/shipwake/shipwake/collector/source/github"
	"github.com/shipwake/shipwake/collector/source/github/githubtest"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func sources() []source.Source { return []source.Source{generic.Source(), github.Source()} }

// read reads a configuration as the Collector does.
func read(keys map[string]any) (*Config, error) {
	config := NewFactory(sources(), &correlate.Tally{}).CreateDefaultConfig().(*Config)
	err := confmap.NewFromStringMap(keys).Unmarshal(config)
	if err == nil {
		err = confmap.Validate(config)
	}
	return config, err
}

func TestConfig(t *testing.T) {
	repositories := []any{"octo/shop"}
	one := func(keys map[string]any) map[string]any {
		keys["repositories"] = repositories
		return map[string]any{"sources": map[string]any{"github": keys}}
	}
	cases := map[string]struct {
		config map[string]any
		wrong  string // "": nothing
	}{
		"repositories are all it takes": {one(map[string]any{}), ""},
		"everything":                    {one(map[string]any{"secret": "s", "interval": "30s", "history": "48h", "allow": []any{"private"}, "proxy_url": "http://proxy:3128", "environments": []any{"production"}, "api_url": "https://ghes.example.com/api/v3"}), ""},
		"no source":                     {map[string]any{}, "sources: at least one is required; those that can be asked are github"},
		"a source that can't be asked":  {map[string]any{"sources": map[string]any{"generic": map[string]any{}}}, `sources::generic::type: "generic" can't be asked; use one of github`},
		"another name with its type":    {map[string]any{"sources": map[string]any{"ours": map[string]any{"type": "github", "repositories": repositories}}}, ""},
		"a name that is none":           {map[string]any{"sources": map[string]any{"a/b": map[string]any{"type": "github"}}}, "sources::a/b::the name: use letters"},
		"an unknown key":                {one(map[string]any{"repos": "x"}), "sources::github::repos: there is no such key; the known ones are api_url, environments, repositories"},
		"no repository":                 {map[string]any{"sources": map[string]any{"github": map[string]any{}}}, "sources::github::repositories: at least one owner/name is required"},
		"a repository without an owner": {map[string]any{"sources": map[string]any{"github": map[string]any{"repositories": []any{"shop"}}}}, "repositories[0]: must be owner/name"},
		"an empty environment":          {one(map[string]any{"environments": []any{""}}), "environments[0]: must not be empty"},
		"an interval that is too short": {one(map[string]any{"interval": "10ms"}), "interval: 10ms: must be at least 1s"},
		"a history in the future":       {one(map[string]any{"history": "-1h"}), "history: -1h0m0s: must not be less than 0"},
		"two secrets":                   {one(map[string]any{"secret": "s", "secret_file": "/f"}), "secret: can't be set with secret_file"},
		"a secret that is not set":      {one(map[string]any{"secret": ""}), "secret is empty"},
		"a file that is not set":        {one(map[string]any{"secret_file": ""}), "secret_file is empty"},
		"an allow-list that is wrong":   {one(map[string]any{"allow": []any{"https://x"}}), "allow[0]:"},
		"a proxy that is none":          {one(map[string]any{"proxy_url": "canary:3128"}), "proxy_url: must be a URL such as http://proxy:3128"},
		"a token in the clear":          {one(map[string]any{"api_url": "http://ghes.example.com/api/v3"}), "api_url: must begin with https://"},
		"an API that is no URL":         {one(map[string]any{"api_url": "api.github.com"}), "api_url: must be a URL"},
		"credentials in the API's URL":  {one(map[string]any{"api_url": "https://u:canary@x/"}), "api_url: must be a URL"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := read(c.config)
			if c.wrong == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.wrong)
			require.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestASecretWithoutQuotesIsInNoError(t *testing.T) {
	for name, secret := range map[string]any{"a number": 81726354, "a list": []any{"81726354"}} {
		_, err := read(map[string]any{"sources": map[string]any{"github": map[string]any{"secret": secret}}})
		require.ErrorContains(t, err, "secret: must be text; put it in quotes", name)
		require.NotContains(t, err.Error(), "1726354", name)
	}
}

func TestFactory(t *testing.T) {
	f := NewFactory(sources(), &correlate.Tally{})
	require.NoError(t, componenttest.CheckConfigStruct(f.CreateDefaultConfig()))
	r, err := f.CreateLogs(t.Context(), receivertest.NewNopSettings(Type), f.CreateDefaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, r.Shutdown(t.Context()), "a receiver that never started can be shut down")
}

// Over a real connection: the guard keeps loopback closed unless it is opened; the token, which is read anew from its file,
// goes to the API and to nobody else.
func TestOverTheNetwork(t *testing.T) {
	github := githubtest.New("octo/shop")
	github.Token = "canary-one"
	server := httptest.NewServer(github)
	defer server.Close()
	github.URL = server.URL
	id, _ := github.Deploy("production", "v2", "9fceb02d0ae598e95dc970b74767f19372d61af8")
	github.Report(id, "success")
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("canary-one\n"), 0o600))

	keys := map[string]any{"repositories": []any{"octo/shop"}, "api_url": server.URL, "secret_file": file, "interval": "1s"}
	tally := &correlate.Tally{}
	intake := &sourcetest.Intake{}
	start := func() component.Component {
		config, err := read(map[string]any{"sources": map[string]any{"github": keys}})
		require.NoError(t, err)
		p := newPuller(receivertest.NewNopSettings(Type), config, tally)
		require.NoError(t, p.Start(t.Context(), sourcetest.NewHost(intake)))
		return p
	}
	count := func(result following.Result) (n int64) {
		for _, v := range tally.Values() {
			if v.What == result.What && v.Result == result.Result {
				n = v.Value
			}
		}
		return n
	}
	closed := start()
	require.Eventually(t, func() bool { return count(resultFailed) > 0 }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, closed.Shutdown(t.Context()))
	requests, _ := github.Requests()
	require.Zero(t, requests, "loopback is closed")

	keys["allow"] = []any{"loopback"}
	open := start()
	defer func() { require.NoError(t, open.Shutdown(t.Context())) }()
	require.Eventually(t, func() bool { return len(intake.Entries()) == 2 }, 10*time.Second, 10*time.Millisecond)

	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	github.Fail(func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.URL, http.StatusMovedPermanently)
		return true
	}, func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Link", `<`+other.URL+`/repos/octo/shop/deployments?page=2>; rel="next"`)
		_, _ = w.Write([]byte("[]"))
		return true
	})
	failed := count(resultFailed)
	require.Eventually(t, func() bool { return count(resultFailed) > failed }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, os.WriteFile(file, []byte("canary-two\n"), 0o600))
	github.Token = "canary-two"
	github.Report(id, "failure")
	require.Eventually(t, func() bool { return len(intake.Entries()) == 3 }, 20*time.Second, 10*time.Millisecond, "with the new token")
	require.Zero(t, elsewhere.Load(), "neither a redirect nor a link leads to another host")
}
