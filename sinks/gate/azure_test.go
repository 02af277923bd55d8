package gate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// What Azure Pipelines puts into the headers of a check.
const (
	azureProject = "3c5e9a70-1f1b-4c2a-9d6e-7b8a90c1d2e3"
	azurePlan    = "5f0d4b62-97aa-43cb-8c11-0a1b2c3d4e5f"
	azureJob     = "8b1f0c9e-2d3c-4b5a-a697-8877665544aa"
	azureTask    = "0e9d8c7b-6a5f-4e3d-2c1b-0a9f8e7d6c5b"
	azureToken   = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.a-token-of-one-run.signature"
	azureSecret  = "the password of the service connection"
)

// pipelines is Azure Pipelines, as far as a check has to do with it: the run's token opens its plan, and an event of the type
// TaskCompleted ends the check's task once. It is not there any more afterwards.
type pipelines struct {
	*peer
	mu     sync.Mutex
	result string // of the check, "" while it waits
	events int    // taken
}

func newPipelines(t *testing.T) *pipelines {
	p := &pipelines{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /acme/"+azureProject+"/_apis/distributedtask/hubs/build/plans/"+azurePlan+"/events", p.event)
	p.peer = newPeer(t, mux)
	return p
}

func (p *pipelines) event(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, token, _ := r.BasicAuth()
	var event map[string]string
	err := json.NewDecoder(r.Body).Decode(&event)
	switch {
	case token != azureToken:
		w.WriteHeader(http.StatusUnauthorized)
	case err != nil || r.URL.RawQuery != "api-version=2.0-preview.1" || r.Header.Get("Content-Type") != "application/json",
		event["name"] != "TaskCompleted", event["result"] != "succeeded" && event["result"] != "failed":
		w.WriteHeader(http.StatusBadRequest)
	case event["taskId"] != azureTask || event["jobId"] != azureJob || p.result != "":
		w.WriteHeader(http.StatusNotFound)
	default:
		p.result, p.events = event["result"], p.events+1
	}
}

// became is what the stage does: it goes on, or it fails; "" while it waits.
func (p *pipelines) became() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.result
}

func (p *pipelines) settings() map[string]any {
	return map[string]any{
		"allow": []any{"loopback"}, "azure": map[string]any{
			"organizations": []any{p.URL + "/acme"}, "secrets": azureSecret, "tls": trusting(p.peer),
			"seal_keys": base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)),
		},
	}
}

// headers are those of the check "Invoke REST API", with a service connection of the type generic.
func (p *pipelines) headers() map[string]string {
	return map[string]string{
		"PlanUrl": p.URL + "/acme/", "ProjectId": azureProject, "HubName": "build", "PlanId": azurePlan, "JobId": azureJob,
		"TimelineId": azurePlan, "TaskInstanceId": azureTask, "AuthToken": azureToken,
		"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("shipwake:"+azureSecret)),
	}
}

const azureBody = `{"service": "cart", "version": "` + commit + `", "environment": "production", "after": "staging"}`

// delivered: Azure takes a status 20x within three seconds, and tries ten times at most.
func (p *pipelines) delivered(l *life, body string) bool {
	for range 10 {
		began := time.Now()
		if w := l.post("/gate/azure", p.headers(), body); w.Code < 210 && time.Since(began) <= 3*time.Second {
			return true
		}
		time.Sleep(time.Minute)
	}
	return false
}

func inPipelines(t *testing.T, play func(t *testing.T, p *pipelines, d *daemon)) {
	p := newPipelines(t)
	p.inTime(t, func(t *testing.T) { play(t, p, newDaemon(t, p.settings())) })
}

func TestAzureIsAnsweredWhenThereIsAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*correlate.ChangeRecord)
		want string
	}{"healthy": {healthy, "succeeded"}, "regressed": {regressed, "failed"}} {
		t.Run(name, func(t *testing.T) {
			inPipelines(t, func(t *testing.T, p *pipelines, d *daemon) {
				d.live(t, func(l *life) {
					require.True(t, p.delivered(l, azureBody))
					time.Sleep(time.Hour)
					require.Empty(t, p.became())
				})
				d.live(t, func(l *life) {
					l.staged(c.edit)
					time.Sleep(time.Second)
					require.Equal(t, c.want, p.became())
					require.True(t, p.delivered(l, azureBody), "it comes again")
					time.Sleep(time.Hour)
					require.Equal(t, 1, p.events)
				})
			})
		})
	}
}

func TestAzureIsAnsweredAtTheDeadline(t *testing.T) {
	for body, want := range map[string]string{
		azureBody: "failed",
		strings.Replace(azureBody, "{", `{"on_undecided": "proceed", "deadline": "2000-01-01T02:00:00Z", `, 1): "succeeded",
	} {
		inPipelines(t, func(t *testing.T, p *pipelines, d *daemon) {
			d.live(t, func(l *life) {
				require.True(t, p.delivered(l, body))
				time.Sleep(2*time.Hour - time.Minute)
				require.Empty(t, p.became())
				time.Sleep(23 * time.Hour)
				require.Equal(t, want, p.became())
			})
		})
	}
}

// TestAzureFails in the ways that it documents; the stage gets its answer all the same, and once.
func TestAzureFails(t *testing.T) {
	for name, c := range map[string]struct {
		first      []http.HandlerFunc
		not, after time.Duration
	}{
		"it is down":         {[]http.HandlerFunc{saying(503), saying(502), saying(500)}, 0, time.Minute},
		"too many requests":  {[]http.HandlerFunc{saying(429, "Retry-After", "300")}, 299 * time.Second, 6 * time.Minute},
		"its answer is lost": {[]http.HandlerFunc{nil}, 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inPipelines(t, func(t *testing.T, p *pipelines, d *daemon) {
				d.live(t, func(l *life) {
					l.staged(healthy)
					p.begin(c.first...)
					require.True(t, p.delivered(l, azureBody))
					time.Sleep(c.not)
					if c.not > 0 {
						require.Empty(t, p.became())
					}
					time.Sleep(c.after - c.not)
					require.Equal(t, "succeeded", p.became())
				})
				d.live(t, func(*life) { time.Sleep(time.Hour) })
				require.Equal(t, 1, p.events)
			})
		})
	}
}

// TestTheTokenOfAzureIsKeptSealed: nothing in the data directory, and so in no backup, shows it; and only who has the key that
// sealed it can answer.
func TestTheTokenOfAzureIsKeptSealed(t *testing.T) {
	inPipelines(t, func(t *testing.T, p *pipelines, d *daemon) {
		d.live(t, func(l *life) {
			require.True(t, p.delivered(l, azureBody))
			time.Sleep(time.Minute)
			for _, shows := range []string{azureToken, base64.StdEncoding.EncodeToString([]byte(azureToken)), azureToken[:20], azureSecret} {
				require.NotContains(t, everything(t, d.dir), shows)
			}
			require.Contains(t, everything(t, d.dir), azurePlan, "it is the right place to look at")
		})
		settings := d.settings["azure"].(map[string]any)
		old := settings["seal_keys"].(string)
		other := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{8}, 32))
		settings["seal_keys"] = other
		d.live(t, func(l *life) {
			l.staged(healthy)
			time.Sleep(time.Hour)
			require.Empty(t, p.became(), "it can't be opened")
		})
		settings["seal_keys"] = other + "," + old
		d.live(t, func(*life) { time.Sleep(time.Minute) })
		require.Equal(t, "succeeded", p.became())
		require.NotContains(t, everything(t, d.dir), azureToken)
	})
}

// everything is the content of each file in a folder.
func everything(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all.Write(content)
		return err
	}))
	return all.String()
}

func TestWhatAzureIsNotAllowedToAsk(t *testing.T) {
	for name, c := range map[string]struct {
		header map[string]string
		body   string
		status int
		says   string
	}{
		"another password":            {map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("shipwake:hush"))}, "", 401, "secret"},
		"no password":                 {map[string]string{"Authorization": ""}, "", 401, "secret"},
		"a bearer token":              {map[string]string{"Authorization": "Bearer " + azureSecret}, "", 200, "kept"},
		"another organization":        {map[string]string{"PlanUrl": "https://dev.azure.com/evil/"}, "", 400, "PlanUrl"},
		"one that begins the same":    {map[string]string{"PlanUrl": "%s/acme-evil/"}, "", 400, "PlanUrl"},
		"one that climbs":             {map[string]string{"PlanUrl": "%s/acme/../evil/"}, "", 400, "PlanUrl"},
		"the metadata of a cloud":     {map[string]string{"PlanUrl": "http://169.254.169.254/acme/"}, "", 400, "PlanUrl"},
		"no plan":                     {map[string]string{"PlanId": ""}, "", 400, "PlanId"},
		"a plan that is a path":       {map[string]string{"PlanId": "../../x"}, "", 400, "PlanId"},
		"a hub that is a path":        {map[string]string{"HubName": "build/../x"}, "", 400, "HubName"},
		"no token":                    {map[string]string{"AuthToken": ""}, "", 400, "AuthToken"},
		"a body that isn't JSON":      {nil, "service=cart", 400, "JSON object"},
		"a body with an unknown name": {nil, `{"service": "cart", "version": "v8", "enviroment": "x"}`, 400, "JSON object"},
		"no version":                  {nil, `{"service": "cart"}`, 400, "service and version"},
		"an unknown gate":             {nil, `{"service": "cart", "version": "v8", "gate": "begin"}`, 400, "gate: use one of"},
		"after, before it goes on":    {nil, `{"service": "cart", "version": "v8", "gate": "promote", "after": "staging"}`, 400, "after:"},
		"an unknown choice":           {nil, `{"service": "cart", "version": "v8", "on_undecided": "wait"}`, 400, "on_undecided:"},
	} {
		t.Run(name, func(t *testing.T) {
			inPipelines(t, func(t *testing.T, p *pipelines, d *daemon) {
				d.live(t, func(l *life) {
					header := p.headers()
					maps.Copy(header, c.header)
					header["PlanUrl"] = strings.ReplaceAll(header["PlanUrl"], "%s", p.URL)
					w := l.post("/gate/azure", header, or(c.body, azureBody))
					require.Equal(t, c.status, w.Code, w.Body)
					require.Contains(t, w.Body.String(), c.says)
					require.NotContains(t, w.Body.String(), azureToken)
					require.NotContains(t, w.Body.String(), azureSecret)
					time.Sleep(time.Hour)
					require.Zero(t, p.peer.asked())
				})
			})
		})
	}
}

// TestAzureAsksInOneRequest: with the completion event ApiResponse the check evaluates eq(root['decision'], 'proceed') for each
// answer, passes when that is true, and is evaluated anew after the time between evaluations when it isn't.
func TestAzureAsksInOneRequest(t *testing.T) {
	d := open(t, nil)
	for body, want := range map[string]bool{
		`{"service": "cart", "version": "v7"}`: true, `{"service": "payments", "version": "v31"}`: false, `{"service": "cart", "version": "v9"}`: false,
	} {
		w := d.request(http.MethodPost, "/api/v1/gate", body)
		var root map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &root))
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, want, root["decision"] == "proceed", body)
	}
}

func TestAzureSettingsAreChecked(t *testing.T) {
	p := newPipelines(t)
	for want, edit := range map[string]func(map[string]any){
		"azure::secrets: one is required":              func(s map[string]any) { delete(s, "secrets") },
		"azure::seal_keys: one is required":            func(s map[string]any) { delete(s, "seal_keys") },
		"azure::seal_keys[0]: it must be 32 random":    func(s map[string]any) { s["seal_keys"] = "hush" },
		"azure::seal_keys: must be texts":              func(s map[string]any) { s["seal_keys"] = map[string]any{"hush": 1} },
		"azure::seal_key_file: open /nowhere":          func(s map[string]any) { s["seal_key_file"] = "/nowhere" },
		"azure::organizations: at least one":           func(s map[string]any) { delete(s, "organizations") },
		"azure::organizations[0]: it must begin with":  func(s map[string]any) { s["organizations"] = []any{"acme"} },
		"azure::wait: 48h0m0s: must be between 1m and": func(s map[string]any) { s["wait"] = "48h" },
	} {
		settings := p.settings()
		edit(settings["azure"].(map[string]any))
		err := Factory().Check(settings)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hush")
	}
	require.NoError(t, Factory().Check(p.settings()))
}
