package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/source/github/githubtest"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/collector/source/vendors"
)

// project is a project on GitLab whose deployments come and end, asked by the mapping that is shipped.
type project struct {
	t      *testing.T
	ledger *ledger
	world  world // for its counts
	log    *observer.ObservedLogs

	mu          sync.Mutex
	deployments []map[string]any
	faults      []func(http.ResponseWriter) bool
	asked       int
}

func newProject(t *testing.T) *project { return &project{t: t, ledger: &ledger{}} }

func (p *project) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if len(p.faults) > 0 {
		fault := p.faults[0]
		p.faults = p.faults[1:]
		fault(w)
		return
	}
	after, err := time.Parse(time.RFC3339, r.URL.Query().Get("updated_after"))
	if r.Header.Get("Private-Token") != token || err != nil || !strings.HasSuffix(r.URL.Path, "/deployments") {
		w.WriteHeader(http.StatusNotFound) // an environment among them
		return
	}
	page := []map[string]any{}
	for _, d := range p.deployments {
		if at, _ := time.Parse(time.RFC3339Nano, d["updated_at"].(string)); !at.Before(after) && len(page) < 100 {
			page = append(page, d)
		}
	}
	etag := fmt.Sprintf(`W/"%d-%s"`, len(page), p.deployments[len(p.deployments)-1]["updated_at"])
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_ = json.NewEncoder(w).Encode(page)
}

// deploy adds deployments, one a second, each of which ends at once.
func (p *project) deploy(n int) {
	for range n {
		time.Sleep(time.Second)
		now := time.Now().UTC().Format(time.RFC3339Nano)
		p.mu.Lock()
		p.deployments = append(p.deployments, map[string]any{
			"id": 1 + len(p.deployments), "ref": "v1", "sha": strings.Repeat("a", 40), "status": "success", "created_at": now, "updated_at": now,
			"environment": map[string]any{"id": 9, "name": "production"}, "deployable": nil,
		})
		p.mu.Unlock()
	}
}

func (p *project) fail(faults ...func(http.ResponseWriter) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, faults...)
}

func answering(code int, header map[string]string) func(http.ResponseWriter) bool {
	return func(w http.ResponseWriter) bool { return status(code, header, "canary")(w, nil) }
}

func (p *project) start() *puller {
	config := defaultConfig(vendors.Sources())
	config.Sources = map[string]SourceConfig{"gitlab": {Secret: configopaque.String(token), Keys: map[string]any{"projects": []any{"acme/shop"}}}}
	require.NoError(p.t, config.Validate())
	settings := receivertest.NewNopSettings(Type)
	core, logs := observer.New(zapcore.DebugLevel)
	settings.Logger, p.log = zap.New(core), logs
	r := newPuller(settings, config, &p.world.tally)
	r.network = func(context.Context, SourceConfig) (*http.Client, error) {
		return &http.Client{Transport: githubtest.Transport{Handler: p}}, nil
	}
	require.NoError(p.t, r.Start(p.t.Context(), sourcetest.Host{component.MustNewID("correlate"): p.ledger}))
	p.t.Cleanup(func() { _ = r.Shutdown(context.Background()) })
	return r
}

func (p *project) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *project) count(result following.Result) (n int64) {
	for _, v := range p.world.tally.Values() {
		if v.Count == result.Of("gitlab") {
			n = v.Value
		}
	}
	return n
}

// requireOnce waits, and then every deployment is stored once.
func (p *project) requireOnce() {
	p.t.Helper()
	time.Sleep(time.Hour)
	var stored []string
	for _, e := range p.ledger.Entries() {
		require.Empty(p.t, e.Problem)
		require.Len(p.t, e.Facts, 1)
		stored = append(stored, e.Facts[0].Change.ID)
	}
	slices.Sort(stored)
	var want []string
	for i := range p.deployments {
		want = append(want, fmt.Sprintf("gitlab-acme/shop-%d", 1+i))
	}
	slices.Sort(want)
	require.Equal(p.t, want, stored)
}

// Each case is a story in virtual time of a system that a mapping says how to ask.
func TestWhatAMappingAsksForIsStoredOnce(t *testing.T) {
	for name, story := range map[string]func(*project){
		"a history of some pages": func(p *project) {
			p.deploy(350)
			p.start()
		},
		"deployments while it is asked": func(p *project) {
			p.deploy(1)
			p.start()
			p.deploy(500)
		},
		"faults of theirs": func(p *project) {
			p.deploy(150)
			p.fail(answering(500, nil), answering(502, nil), answering(200, nil))
			p.start()
			time.Sleep(10 * time.Minute)
			require.EqualValues(p.t, 3, p.count(resultFailed))
		},
		"a limit that is used up": func(p *project) {
			p.deploy(150)
			p.fail(answering(429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": fmt.Sprint(time.Now().Add(20 * time.Minute).Unix())}))
			p.start()
			time.Sleep(10 * time.Minute)
			require.Equal(p.t, 1, p.requests(), "nothing is asked before it is over")
		},
		"a secret that isn't valid for an hour": func(p *project) {
			p.deploy(3)
			p.fail(answering(503, nil))
			for range 20 {
				p.fail(answering(401, nil))
			}
			p.start()
			time.Sleep(2 * time.Hour)
			said := p.log.FilterMessageSnippet("can't ask a source").All()
			require.Len(p.t, said, 2, "each reason is said once")
			require.Contains(p.t, fmt.Sprint(said[1].ContextMap()), "401 Unauthorized; is the secret valid?")
			require.NotContains(p.t, fmt.Sprint(said), "canary", "neither the secret nor what they say")
		},
		"two that ask at once": func(p *project) {
			p.deploy(350)
			p.start()
			p.start()
			p.deploy(200)
		},
		"one that is killed at every page, and started again": func(p *project) {
			p.deploy(500)
			for n := range 7 {
				r := p.start()
				time.Sleep(time.Duration(n) * 100 * time.Millisecond)
				r.stop()
			}
			p.start()
		},
		"nothing that changes": func(p *project) {
			p.deploy(50)
			p.start()
			time.Sleep(time.Hour)
			commits := p.ledger.commits()
			time.Sleep(time.Hour)
			require.Equal(p.t, commits, p.ledger.commits(), "needs no commit")
			require.Positive(p.t, p.count(resultUnchanged), "and is asked for by its tag")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProject(t)
				story(p)
				p.requireOnce()
			})
		})
	}
}
