package gate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

const (
	gitlabSecret = "a secret of the webhook"
	gitlabToken  = "glpat-of-the-approver"
)

// lab is GitLab, as far as the gate has to do with it: deployment 42 of project 7 is blocked until it is approved or rejected,
// and a status check takes a status for the head of the merge request's branch, as often as it comes.
type lab struct {
	*peer
	mu         sync.Mutex
	deployment string   // its status
	comments   []string // of approvals
	head       string   // of the branch of the merge request
	checks     []string // what the status check was told
}

func newLab(t *testing.T) *lab {
	l := &lab{deployment: "blocked", head: commit}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v4/projects/7/deployments/42/approval", l.known(l.approve))
	mux.HandleFunc("GET /api/v4/projects/7/deployments/42", l.known(l.show))
	mux.HandleFunc("POST /api/v4/projects/7/merge_requests/4/status_check_responses", l.known(l.check))
	l.peer = newPeer(t, mux)
	return l
}

func (l *lab) known(h func(w http.ResponseWriter, body map[string]any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("PRIVATE-TOKEN") != gitlabToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var body map[string]any
		if r.Method == http.MethodPost && json.NewDecoder(r.Body).Decode(&body) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		h(w, body)
	}
}

func (l *lab) approve(w http.ResponseWriter, body map[string]any) {
	comment, _ := body["comment"].(string)
	if l.deployment != "blocked" || utf8.RuneCountInString(comment) > 255 || body["status"] != "approved" && body["status"] != "rejected" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	l.comments = append(l.comments, comment)
	l.deployment = map[any]string{"approved": "created", "rejected": "failed"}[body["status"]]
	w.WriteHeader(http.StatusCreated)
}

func (l *lab) show(w http.ResponseWriter, _ map[string]any) {
	fmt.Fprintf(w, `{"id": 42, "status": %q, "approvals": []}`, l.deployment)
}

func (l *lab) check(w http.ResponseWriter, body map[string]any) {
	status, _ := body["status"].(string)
	switch {
	case body["external_status_check_id"] != 9.0 || status != "passed" && status != "failed":
		w.WriteHeader(http.StatusBadRequest)
	case body["sha"] != l.head:
		w.WriteHeader(http.StatusConflict)
	default:
		l.checks = append(l.checks, status)
		w.WriteHeader(http.StatusCreated)
	}
}

// state is that of the deployment, and what the status check was told.
func (l *lab) state() (deployment string, checks []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.deployment, slices.Clone(l.checks)
}

func (l *lab) settings() map[string]any {
	return map[string]any{
		"allow": []any{"loopback"}, "gitlab": map[string]any{
			"api_url": l.URL + "/api/v4", "token": gitlabToken, "secrets": gitlabSecret, "tls": trusting(l.peer),
			"after": map[string]any{"production": "staging"}, "merge_after": "staging",
		},
	}
}

const blocked = `{"object_kind": "deployment", "status": "blocked", "status_changed_at": "2026-03-01 12:00:00 +0000", "deployment_id": 42,
	"deployable_id": 796, "deployable_url": "https://gitlab.example/acme/cart/-/jobs/796", "environment": "live", "environment_tier": "production",
	"environment_slug": "live", "environment_external_url": "https://cart.example", "project": {"id": 7, "name": "Cart", "path_with_namespace": "acme/cart"},
	"short_sha": "9fceb02d", "user": {"id": 1, "username": "root"}, "user_url": "https://gitlab.example/root", "commit_title": "Faster",
	"commit_url": "https://gitlab.example/acme/cart/-/commit/` + commit + `", "ref": "main"}`

// mergeRequest is what an external status check posts.
func mergeRequest(head, state string) string {
	return `{"object_kind": "merge_request", "event_type": "merge_request", "user": {"id": 1, "username": "root"},
	"project": {"id": 7, "name": "Cart", "path_with_namespace": "acme/cart", "default_branch": "main"},
	"object_attributes": {"id": 144, "iid": 4, "state": "` + state + `", "source_branch": "faster", "target_branch": "main",
		"last_commit": {"id": "` + head + `", "title": "Faster"}}, "labels": [], "changes": {},
	"external_approval_rule": {"id": 9, "name": "Shipwake", "external_url": "https://shipwake.example/gate/gitlab"}}`
}

func hooked() map[string]string {
	return map[string]string{"X-Gitlab-Event": "Deployment Hook", "X-Gitlab-Token": gitlabSecret}
}

// signedCheck is the header of a status check with a secret.
func signedCheck(body string) map[string]string {
	mac := hmac.New(sha256.New, []byte(gitlabSecret))
	mac.Write([]byte(body))
	return map[string]string{"X-Gitlab-Signature": hex.EncodeToString(mac.Sum(nil))}
}

func inLab(t *testing.T, play func(t *testing.T, g *lab, d *daemon)) {
	g := newLab(t)
	g.inTime(t, func(t *testing.T) { play(t, g, newDaemon(t, g.settings())) })
}

// checked sends a status check of the head.
func (l *lab) checked(t *testing.T, at *life) {
	t.Helper()
	body := mergeRequest(l.head, "opened")
	w := at.post("/gate/gitlab", signedCheck(body), body)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
}

func TestABlockedDeploymentOfGitLabIsDecided(t *testing.T) {
	for name, c := range map[string]struct {
		edit          func(*correlate.ChangeRecord)
		first         []http.HandlerFunc
		want, comment string
	}{
		"healthy":           {healthy, nil, "created", "Shipwake: proceed: cart v8 in staging is healthy"},
		"regressed":         {regressed, nil, "failed", "Shipwake: stop: cart v8 in staging regressed"},
		"it is down":        {healthy, []http.HandlerFunc{saying(503), saying(502), saying(500)}, "created", "proceed"},
		"too many requests": {healthy, []http.HandlerFunc{saying(429, "Retry-After", "60")}, "created", "proceed"},
		"an answer is lost": {healthy, []http.HandlerFunc{nil}, "created", "proceed"},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(t *testing.T, g *lab, d *daemon) {
				d.live(t, func(l *life) {
					require.Equal(t, http.StatusOK, l.post("/gate/gitlab", hooked(), blocked).Code)
					time.Sleep(time.Hour)
					require.Zero(t, g.peer.asked())
				})
				g.begin(c.first...)
				d.live(t, func(l *life) {
					l.staged(c.edit)
					time.Sleep(3 * time.Minute)
					deployment, _ := g.state()
					require.Equal(t, c.want, deployment)
					require.Len(t, g.comments, 1)
					require.Contains(t, g.comments[0], c.comment)
					tries := g.peer.asked()
					require.Equal(t, http.StatusOK, l.post("/gate/gitlab", hooked(), blocked).Code, "it comes again")
					time.Sleep(time.Hour)
					require.Equal(t, tries, g.peer.asked())
				})
			})
		})
	}
}

// TestAStatusCheckOfGitLab is answered for each request, also for one that is tried again, and for the newest head only.
func TestAStatusCheckOfGitLab(t *testing.T) {
	inLab(t, func(t *testing.T, g *lab, d *daemon) {
		d.live(t, func(l *life) {
			g.head = "1111111111111111111111111111111111111111"
			g.checked(t, l)
			time.Sleep(time.Minute)
			g.mu.Lock()
			g.head = commit // somebody pushes
			g.mu.Unlock()
			g.checked(t, l)
			time.Sleep(time.Minute)
			l.staged(regressed)
			time.Sleep(time.Minute)
			_, checks := g.state()
			require.Equal(t, []string{"failed"}, checks)
			l.staged(healthy)
			g.checked(t, l) // the failed check is tried again
			time.Sleep(time.Hour)
			_, checks = g.state()
			require.Equal(t, []string{"failed", "passed"}, checks)
			require.Equal(t, 2, g.peer.asked(), "the first head is no question any more")
		})
	})
}

func TestAHeadThatMovedMeanwhileIsSettled(t *testing.T) {
	inLab(t, func(t *testing.T, g *lab, d *daemon) {
		d.live(t, func(l *life) {
			l.staged(healthy)
			body := mergeRequest(commit, "opened")
			g.head = "2222222222222222222222222222222222222222"
			require.Equal(t, http.StatusOK, l.post("/gate/gitlab", signedCheck(body), body).Code)
			time.Sleep(time.Hour)
			require.Equal(t, 1, g.peer.asked())
		})
	})
}

func TestWhatGitLabIsNotAllowedToAsk(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(blocked, old, new, 1) }
	for name, c := range map[string]struct {
		header map[string]string
		body   string
		status int
		says   string
	}{
		"another secret":               {map[string]string{"X-Gitlab-Token": "hush"}, blocked, 401, "secret"},
		"no secret":                    {nil, blocked, 401, "secret"},
		"another signature":            {map[string]string{"X-Gitlab-Signature": strings.Repeat("00", 32)}, mergeRequest(commit, "opened"), 401, "signature"},
		"a deployment that runs":       {hooked(), change("blocked", "running"), 200, "ignored"},
		"a push":                       {hooked(), `{"object_kind": "push"}`, 200, "ignored"},
		"a merge request by a webhook": {hooked(), strings.Replace(mergeRequest(commit, "opened"), "external_approval_rule", "x", 1), 200, "ignored"},
		"a merged merge request":       {hooked(), mergeRequest(commit, "merged"), 200, "ignored"},
		"no project":                   {hooked(), change(`"id": 7`, `"id": 0`), 400, "project.id"},
		"no deployment":                {hooked(), change("deployment_id", "x"), 400, "deployment_id"},
		"no head":                      {hooked(), mergeRequest("", "opened"), 400, "last_commit.id"},
		"no JSON":                      {hooked(), "deployment", 400, "the JSON that GitLab posts"},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(t *testing.T, g *lab, d *daemon) {
				d.live(t, func(l *life) {
					w := l.post("/gate/gitlab", c.header, c.body)
					require.Equal(t, c.status, w.Code, w.Body)
					require.Contains(t, w.Body.String(), c.says)
					time.Sleep(time.Hour)
					require.Zero(t, g.peer.asked())
				})
			})
		})
	}
}

func TestGitLabSettingsAreChecked(t *testing.T) {
	g := newLab(t)
	for want, edit := range map[string]func(map[string]any){
		"gitlab::secrets: one is required":         func(s map[string]any) { delete(s, "secrets") },
		"gitlab::token: give an access token":      func(s map[string]any) { delete(s, "token") },
		"gitlab::token: must be text":              func(s map[string]any) { s["token"] = 4711 },
		"gitlab::token::PRIVATE-TOKEN: the value":  func(s map[string]any) { s["token"] = "a\nhush" },
		"gitlab::token_file: open /nowhere":        func(s map[string]any) { delete(s, "token"); s["token_file"] = "/nowhere" },
		"gitlab::api_url: it must begin with":      func(s map[string]any) { s["api_url"] = "gitlab" },
		"gitlab::merge_after: must name another":   func(s map[string]any) { s["merge_after"] = "production" },
		"gitlab::wait: 720h0m0s: must be between ": func(s map[string]any) { s["wait"] = "720h" },
	} {
		settings := g.settings()
		edit(settings["gitlab"].(map[string]any))
		err := Factory().Check(settings)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hush")
	}
	require.NoError(t, Factory().Check(g.settings()))
}
