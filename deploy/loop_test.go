package deploy_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// background runs a process until the test ends.
func background(t *testing.T, command *exec.Cmd) *output {
	t.Helper()
	var log output
	command.Stdout, command.Stderr = &log, &log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_, _ = command.Process.Signal(syscall.SIGTERM), command.Wait()
		if t.Failed() {
			said := log.String()
			t.Logf("%s\n%s", command, said[max(0, len(said)-4000):])
		}
	})
	return &log
}

// asks sends a request with a bearer token, and decodes the answer when there is something to decode it into.
func asks(t *testing.T, url, token string, into any) (status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	if into != nil {
		err = json.NewDecoder(answer.Body).Decode(into)
	}
	require.NoError(t, errors.Join(err, answer.Body.Close()))
	return answer.StatusCode
}

// composed is the composition without containers: processes of this machine, with the files of compose/.
type composed struct {
	dir                                        string
	web, hooks, otlp, prometheus, alertmanager string // host:port
	token, genericSecret, alertmanagerSecret   string
}

// place finds a place for it.
func place(t *testing.T) composed {
	t.Helper()
	return composed{
		dir: secretFiles(t), web: address(t), hooks: address(t), otlp: address(t), prometheus: address(t), alertmanager: address(t),
		token: "the-shipwake-token", genericSecret: "a-secret", alertmanagerSecret: "the-alertmanager-secret",
	}
}

// file writes a configuration file with this machine's addresses and paths in place of those in the containers, and with
// Prometheus's usual intervals made shorter.
func (c composed) file(t *testing.T, name string) string {
	t.Helper()
	rules, err := filepath.Abs("../dashboards/prometheus")
	require.NoError(t, err)
	text := strings.NewReplacer(
		"shipwake:8788", c.web, "shipwake:8787", c.hooks, "alertmanager:9093", c.alertmanager,
		"/run/secrets", c.dir, "/etc/prometheus/shipwake", rules, "_interval: 15s", "_interval: 1s",
	).Replace(read(t, name))
	file := filepath.Join(c.dir, filepath.Base(name))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// TestComposeBringsAnAlertBackAsAnIncident: a regression is told by Shipwake, scraped with its token, found by the alerts that are
// shipped, passed on by Alertmanager with its secret, and comes back as an incident of the same change.
func TestComposeBringsAnAlertBackAsAnIncident(t *testing.T) {
	daemon, prometheus, alertmanager := os.Getenv("SHIPWAKE_TEST_BINARY"), os.Getenv("SHIPWAKE_TEST_PROMETHEUS"), os.Getenv("SHIPWAKE_TEST_ALERTMANAGER")
	if daemon == "" || prometheus == "" || alertmanager == "" {
		t.Skip("SKIP: needs a binary, a Prometheus and an Alertmanager; make test-compose gets them")
	}
	c := place(t)
	shipped := compose(t)
	shipwake := exec.Command(daemon, append([]string{
		"--config", "builtin:default", "--config", "container.yaml", "--data-dir", filepath.Join(c.dir, "data"),
		"--set=extensions.correlate.web.endpoint=" + c.web, "--set=receivers.change_webhook.endpoint=" + c.hooks,
		"--set=receivers.otlp.protocols.http.endpoint=" + c.otlp, "--set=receivers.otlp.protocols.grpc.endpoint=" + address(t),
	}, quick...)...)
	shipwake.Env = append(os.Environ(), "SHIPWAKE_READ_TOKENS="+c.token, "SHIPWAKE_GENERIC_SECRET="+c.genericSecret, "SHIPWAKE_ALERTMANAGER_SECRET="+c.alertmanagerSecret)
	background(t, shipwake)
	commands := map[string]*exec.Cmd{}
	for name, binary := range map[string]string{"prometheus": prometheus, "alertmanager": alertmanager} {
		var args []string
		within := strings.NewReplacer(
			"/etc/"+name+"/"+name+".yaml", c.file(t, "compose/"+name+"/"+name+".yaml"),
			"path=/"+name, "path="+filepath.Join(c.dir, name))
		for _, arg := range shipped.Services[name].Command {
			args = append(args, within.Replace(arg))
		}
		listen := map[string]string{"prometheus": c.prometheus, "alertmanager": c.alertmanager}[name]
		commands[name] = exec.Command(binary, append(args, "--web.listen-address="+listen)...)
		commands[name].Dir = filepath.Dir(binary)
		background(t, commands[name])
	}
	for _, url := range []string{c.web + "/-/ready", c.prometheus + "/-/ready", c.alertmanager + "/-/ready"} {
		require.Eventually(t, func() bool { return get("http://"+url) == http.StatusOK }, time.Minute, 50*time.Millisecond, url)
	}
	require.Equal(t, http.StatusUnauthorized, get("http://"+c.web+"/metrics"), "who brings no token reads nothing")

	var failing atomic.Int64
	traffic{c.otlp, func() int { return int(failing.Load()) }}.flow(t)
	time.Sleep(8 * time.Second) // a time before the change: telemetry is judged by the clock of the real world
	require.Equal(t, http.StatusAccepted, c.post(t, `{"id":"checkout-2","service":"checkout","version":"v2","finished_at":"`+time.Now().UTC().Format(time.RFC3339)+`"}`))
	failing.Store(30)

	var listed struct {
		Incidents []struct {
			Source       string `json:"source"`
			AttributedTo string `json:"attributed_to"`
			Title        string `json:"title"`
		} `json:"incidents"`
	}
	require.Eventually(t, func() bool {
		listed.Incidents = nil
		return asks(t, "http://"+c.web+"/api/v1/incidents?service=checkout&since=1h", c.token, &listed) == http.StatusOK && len(listed.Incidents) > 0
	}, 3*time.Minute, 250*time.Millisecond, "an incident")
	require.Len(t, listed.Incidents, 1)
	require.Equal(t, "alertmanager", listed.Incidents[0].Source)
	require.Equal(t, "checkout-2", listed.Incidents[0].AttributedTo, "the change that the alert is about")
}

// post is the status of the answer to a webhook.
func (c composed) post(t *testing.T, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+c.hooks+"/hooks/generic", strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+c.genericSecret)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}
