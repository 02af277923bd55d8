package vendors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
)

// gitlab is a project with its deployments, oldest first, as docs.gitlab.com/api/deployments has them.
type gitlab struct {
	*api
	deployments []object
}

func newGitLab(t *testing.T) *gitlab {
	g := &gitlab{}
	g.api = (&api{t: t, base: "/api/v4", secret: [2]string{"Private-Token", "glpat-1"}, serve: g.serve}).start()
	return g
}

func (g *gitlab) serve(w http.ResponseWriter, r *http.Request, path string) bool {
	query := r.URL.Query()
	switch strings.ToLower(path) { // names are found in any case of letters
	case "/projects/acme%2fshop%2fcheckout-api/environments/9":
		return reply(w, object{"id": 9, "name": "prod/eu", "slug": "prod-eu-a1b2c3", "state": "available", "tier": "production"})
	case "/projects/acme%2fshop%2fcheckout-api/deployments":
	default:
		return false
	}
	if query.Get("order_by") != "updated_at" {
		w.WriteHeader(http.StatusBadRequest)
		return reply(w, object{"message": "400 Bad request - `updated_at` filter and `updated_at` sorting must be paired"})
	}
	after, err := time.Parse(time.RFC3339, query.Get("updated_after"))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return reply(w, object{"error": "updated_after is invalid"})
	}
	var all []object
	for _, d := range g.deployments {
		if updated, _ := time.Parse(time.RFC3339, d["updated_at"].(string)); !updated.Before(after) {
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b object) int { return cmp.Compare(a["updated_at"].(string), b["updated_at"].(string)) })
	size := min(number(query.Get("per_page"), 20), 100)
	page, _ := pageOf(all, (number(query.Get("page"), 1)-1)*size, size)
	return reply(w, page)
}

// deploy adds a deployment, which has come to an end when there is a finish.
func (g *gitlab) deploy(id int, status, started, finished string) object {
	sha := fmt.Sprintf("%040x", id)
	d := object{
		"id": id, "iid": id - 10, "ref": "main", "sha": sha, "status": status, "created_at": at("09:59"), "updated_at": at(started),
		"user":        object{"id": 7, "username": "deploy-bot", "state": "active"},
		"environment": object{"id": 9, "name": "prod/eu", "external_url": "https://checkout.example.com"},
		"deployable": object{
			"id": 796, "name": "deploy", "stage": "deploy", "status": status, "ref": "main", "created_at": at("09:59"), "started_at": at(started), "finished_at": nil,
			"web_url": "https://gitlab.example.com/acme/shop/checkout-api/-/jobs/796",
			"commit":  object{"id": sha, "short_id": sha[:8], "web_url": "https://gitlab.example.com/acme/shop/checkout-api/-/commit/" + sha},
		},
	}
	g.deployments = append(g.deployments, d)
	if finished != "" {
		g.finish(d, status, finished)
	}
	return d
}

func (g *gitlab) finish(d object, status, finished string) {
	d["status"], d["updated_at"] = status, at(finished)
	d["deployable"].(object)["finished_at"] = at(finished)
}

// sends is the message of the hook.
func (g *gitlab) sends(id int, status, clock string) string {
	return fmt.Sprintf(`{"object_kind":"deployment","status":%q,"status_changed_at":%q,"deployment_id":%d,"environment":"prod/eu","environment_tier":"production",
		"deployable_url":"https://gitlab.example.com/acme/shop/checkout-api/-/jobs/796","project":{"name":"Checkout API","path_with_namespace":"acme/shop/checkout-api"},
		"ref":"main","short_sha":"%08x","user":{"username":"deploy-bot"},"commit_url":"https://gitlab.example.com/acme/shop/checkout-api/-/commit/%040x"}`,
		status, at(clock), id, id>>32, id)
}

var gitlabProject = map[string]any{"projects": []any{"acme/shop/checkout-api"}}

func TestGitLabIsReconciled(t *testing.T) {
	g := newGitLab(t)
	g.deploy(15, "success", "10:01", "10:04")
	g.deploy(16, "failed", "11:01", "11:05")
	g.deploy(17, "running", "11:30", "")
	g.deploy(18, "created", "11:40", "")["deployable"] = nil
	for _, keys := range []map[string]any{gitlabProject, {"projects": []any{"ACME/shop/checkout-api"}}} {
		reconcile(t, "gitlab", g.api, "glpat-1", keys).requireOneStory(
			g.sends(15, "running", "10:01"), g.sends(15, "success", "10:04"), g.sends(16, "running", "11:01"), g.sends(16, "failed", "11:05"), g.sends(17, "running", "11:30"))
	}
}

func TestGitLabTellsOnlyWhatIsNotKnown(t *testing.T) {
	g := newGitLab(t)
	g.deploy(15, "success", "10:01", "10:04")
	running := g.deploy(16, "running", "11:01", "")
	r := reconcile(t, "gitlab", g.api, "glpat-1", gitlabProject)
	r.round()
	require.Len(t, r.kept, 3)
	cursor, asked := string(r.cursors["acme/shop/checkout-api"]), len(g.asked)
	r.round()
	require.Equal(t, cursor, string(r.cursors["acme/shop/checkout-api"]), "the cursor stays, and nothing needs a commit")
	require.Len(t, g.asked, asked+1, "environments aren't asked for again")
	require.Contains(t, g.asked[asked], "updated_after=2026-03-01T10%3A56%3A00Z")
	g.finish(running, "success", "11:20")
	r.round()
	require.Len(t, r.kept, 4)
}

func TestGitLabPagesWhileDeploymentsEnd(t *testing.T) {
	g := newGitLab(t)
	for id := range 250 {
		g.deploy(100+id, "running", fmt.Sprintf("%02d:%02d", 1+id/60, id%60), "")
	}
	r := reconcile(t, "gitlab", g.api, "glpat-1", gitlabProject)
	ended := 0
	g.watch = func() { // some of those that were told already move to the end, so that all others move up
		for range min(7, 250-ended) {
			g.finish(g.deployments[ended], "success", fmt.Sprintf("11:%02d", ended))
			ended++
		}
	}
	r.round()
	g.watch = nil
	r.round()
	require.Positive(t, ended)
	changes, _ := r.known()
	require.Len(t, changes, 250)
	for i, c := range changes {
		require.Equal(t, i < ended, !c.FinishedAt.IsZero(), "%s", c.ID)
	}
}

// BenchmarkPull is what a page of a hundred deployments costs, from the answer on to the facts, without the network.
func BenchmarkPull(b *testing.B) {
	g := &gitlab{}
	for id := range 100 {
		g.deploy(100+id, "success", fmt.Sprintf("10:%02d", id/2), fmt.Sprintf("11:%02d", id/2))
	}
	answer, err := json.Marshal(g.deployments)
	require.NoError(b, err)
	i := slices.IndexFunc(Sources(), func(s source.Source) bool { return s.Name == "gitlab" })
	pulled, err := Sources()[i].ConfigurePull("gitlab", map[string]any{"projects": []any{"acme/shop/checkout-api"}})
	require.NoError(b, err)
	client := &http.Client{Transport: answering(answer)}
	deliveries := 0
	for b.Loop() {
		page, err := pulled.Streams[0].Pull(b.Context(), client, nil, noon.AddDate(0, -1, 0))
		require.NoError(b, err)
		deliveries += len(pulled.ReadPage(page, noon))
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(deliveries), "µs/delivery")
}

// answering answers every request with one document, but for the environment.
type answering []byte

func (a answering) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.Contains(request.URL.Path, "/environments/") {
		a = answering(`{"id": 9, "tier": "production"}`)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a)), Request: request}, nil
}
