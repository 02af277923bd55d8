//go:build kubernetes

package kubernetes

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

// patience is how long something may take in a cluster that shares a busy machine.
const patience = 90 * time.Second

// real is a cluster that internal/kubeserver runs, a receiver that has the role of deploy/kubernetes and no other, and a ledger.
type real struct {
	t        *testing.T
	dir      string
	port     string
	admin    *http.Client
	process  *exec.Cmd
	ledger   *sourcetest.Intake
	tally    correlate.Tally
	receiver *watching
}

// TestRealServer plays what users do to a real API server and to the real controllers, while receivers come and go.
func TestRealServer(t *testing.T) {
	binary := os.Getenv("SHIPWAKE_TEST_KUBESERVER")
	if binary == "" {
		t.Skip("SKIP: SHIPWAKE_TEST_KUBESERVER names no kubeserver; make test-kubernetes builds it")
	}
	r := &real{t: t, dir: t.TempDir(), port: freePort(t), ledger: &sourcetest.Intake{}}
	r.admin = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "tokens.csv"),
		[]byte("admin,admin,1,\"system:masters\"\nwatch,system:serviceaccount:shipwake:shipwake,2,\"system:serviceaccounts\"\n"), 0o600))
	r.run(binary)
	t.Cleanup(r.kill)
	r.apply("../../deploy/kubernetes/watch.yaml")
	r.do("POST", "/api/v1/namespaces", doc{"metadata": doc{"name": "shop", "labels": doc{"env": "staging"}}})

	web := r.create("deployments", "web", doc{"progressDeadlineSeconds": 5})
	db := r.create("statefulsets", "db", doc{"serviceName": "db"})
	agent := r.create("daemonsets", "agent", nil)
	for _, w := range []*live{web, db, agent} {
		w.settled()
	}
	time.Sleep(1100 * time.Millisecond) // times of the cluster are whole seconds
	r.start()

	t.Run("rollouts", func(t *testing.T) {
		for _, w := range []*live{web, db, agent} {
			w.t = t
			w.image("v2")
			w.tells("started deployment v2<-v1", "succeeded deployment v2<-v1")
		}
	})
	t.Run("a revision has the template of the workload, as the API server and the controllers write them", func(t *testing.T) {
		cluster, err := connect(r.receiver.cfg)
		require.NoError(t, err)
		for i, w := range []*live{web, db, agent} {
			o := w.get()
			h, err := cluster.revisions(t.Context(), kinds()[i], o)
			require.NoError(t, err)
			require.Len(t, h, 2)
			require.Equal(t, digestOf(o.Spec.Template), h[1].digest)
			require.NotEqual(t, h[0].digest, h[1].digest)
		}
	})
	t.Run("scalings and restarts are no rollouts", func(t *testing.T) {
		for _, w := range []*live{web, db} {
			w.patch(doc{"spec": doc{"replicas": 3}})
			w.settled()
		}
		for _, w := range []*live{web, db, agent} {
			w.template(doc{"metadata": doc{"annotations": doc{"kubectl.kubernetes.io/restartedAt": time.Now().Format(time.RFC3339)}}})
			w.settled()
			w.tells()
		}
		require.Eventually(t, func() bool { return r.count(resultRestart) == 3 }, patience, 50*time.Millisecond)
	})
	t.Run("a rollout that fails, and is rolled back", func(t *testing.T) {
		web.image("v3-broken")
		web.tells("started deployment v3-broken<-v2", "failed deployment v3-broken<-v2 ProgressDeadlineExceeded")
		web.image("v2")
		web.tells("started rollback v2<-v3-broken", "succeeded rollback v2<-v3-broken")
	})
	t.Run("rollbacks of other kinds", func(t *testing.T) {
		for _, w := range []*live{db, agent} {
			w.image("v3")
			w.tells("started deployment v3<-v2", "succeeded deployment v3<-v2")
			w.image("v2")
			w.tells("started rollback v2<-v3", "succeeded rollback v2<-v3")
		}
	})
	t.Run("a pause", func(t *testing.T) {
		web.patch(doc{"spec": doc{"paused": true}})
		web.image("v4")
		web.observed()
		web.tells()
		web.patch(doc{"spec": doc{"paused": false}})
		web.tells("started deployment v4<-v2", "succeeded deployment v4<-v2")
	})
	t.Run("an environment variable is configuration", func(t *testing.T) {
		web.template(doc{"spec": doc{"containers": []doc{{"name": "main", "image": "registry.example.com/web:v4", "env": []doc{{"name": "PASSWORD", "value": "canary"}}}}}})
		web.tells("started config v4<-v4", "succeeded config v4<-v4")
	})
	t.Run("a partition", func(t *testing.T) {
		db.patch(doc{"spec": doc{"updateStrategy": doc{"rollingUpdate": doc{"partition": 2}}}})
		db.image("v5")
		db.tells("started deployment v5<-v2")
		db.patch(doc{"spec": doc{"updateStrategy": doc{"rollingUpdate": doc{"partition": 0}}}})
		db.tells("succeeded deployment v5<-v2")
	})
	t.Run("pods that are replaced by hand", func(t *testing.T) {
		agent.patch(doc{"spec": doc{"updateStrategy": doc{"type": "OnDelete", "rollingUpdate": nil}}})
		agent.image("v6")
		agent.observed()
		agent.tells()
		r.do("DELETE", "/api/v1/namespaces/shop/pods?labelSelector=app%3Dagent", nil)
		agent.tells("started deployment v6<-v2", "succeeded deployment v6<-v2")
	})
	t.Run("a daemon that is restarted in the middle", func(t *testing.T) {
		web.patch(doc{"spec": doc{"progressDeadlineSeconds": 600}})
		web.image("v7-broken")
		web.tells("started deployment v7-broken<-v4")
		r.stop()
		web.image("v8")
		web.settled()
		time.Sleep(1100 * time.Millisecond)
		web.image("v9")
		web.settled()
		cart := r.create("deployments", "cart", nil)
		cart.settled()
		r.start()
		web.tells("started deployment v8<-v7-broken", "started deployment v9<-v8", "succeeded deployment v9<-v8")
		cart.tells("started deployment v1<-", "succeeded deployment v1<-")
		r.stop()
		r.start()
		web.tells()
	})
	t.Run("an API server that dies, and has forgotten where the watch stood", func(t *testing.T) {
		web.image("v10-broken")
		web.tells("started deployment v10-broken<-v9")
		for n := range 3 { // what others do moves versions on
			r.do("POST", "/api/v1/namespaces", doc{"metadata": doc{"name": fmt.Sprintf("other-%d", n)}})
		}
		r.kill()
		r.run(binary)
		web.image("v11")
		web.tells("cancelled deployment v10-broken<-v9 superseded|", "started deployment v11<-v10-broken", "succeeded deployment v11<-v10-broken")
		db.image("v11")
		db.tells("started deployment v11<-v5", "succeeded deployment v11<-v5")
		t.Logf("lists %d, watches %d, forgotten %d, failed %d", r.count(resultList), r.count(resultWatch), r.count(resultGone), r.count(resultFailed))
	})
	t.Run("a workload that is deleted in the middle", func(t *testing.T) {
		web.image("v12-broken")
		web.tells("started deployment v12-broken<-v11")
		r.do("DELETE", web.path(), nil)
		web.tells("cancelled deployment v12-broken<-v11 deleted")
	})
	r.stop()
	r.requireTrue()
}

// requireTrue: what was told holds no secret, names who did it, and has the cluster's times.
func (r *real) requireTrue() {
	for _, e := range r.ledger.Entries() {
		require.Empty(r.t, e.Problem)
		require.NotContains(r.t, string(e.Body), "canary")
		c := e.Facts[0].Change
		require.Contains(r.t, []string{"tester", ""}, c.Actor, "the field manager; of a revision that another one followed it isn't known")
		require.Equal(r.t, "staging", c.Environment)
		require.Equal(r.t, "real", c.Labels["k8s.cluster.name"])
		require.WithinRange(r.t, c.StartedAt, e.ReceivedAt.Add(-2*patience), e.ReceivedAt)
		require.False(r.t, c.FinishedAt.After(e.ReceivedAt), "%s ends before it is told", c.ID)
	}
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// run starts the cluster, and waits until it is ready.
func (r *real) run(binary string) {
	ready := filepath.Join(r.dir, "ready")
	_ = os.Remove(ready)
	log, err := os.OpenFile(filepath.Join(r.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(r.t, err)
	defer log.Close()
	r.process = exec.Command(binary, r.dir, r.port)
	r.process.Stdout, r.process.Stderr = log, log
	require.NoError(r.t, r.process.Start())
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if _, err := os.Stat(ready); err == nil {
			return
		}
		if time.Since(began) > patience {
			text, _ := os.ReadFile(log.Name())
			require.Fail(r.t, "the cluster isn't ready", "%s", text)
		}
	}
}

func (r *real) kill() {
	_ = r.process.Process.Kill()
	_ = r.process.Wait()
}

// start runs a receiver with a kubeconfig of the account of the role.
func (r *real) start() {
	kubeconfig := filepath.Join(r.dir, "kubeconfig")
	require.NoError(r.t, os.WriteFile(kubeconfig, fmt.Appendf(nil, `
apiVersion: v1
kind: Config
clusters: [{name: real, cluster: {server: "https://127.0.0.1:%s", insecure-skip-tls-verify: true}}]
users: [{name: watch, user: {token: watch}}]
contexts: [{name: real, context: {cluster: real, user: watch}}]
`, r.port), 0o600))
	set := receivertest.NewNopSettings(Type)
	set.ID = component.NewID(Type)
	r.receiver = newWatching(set, configured(r.t, map[string]any{
		"kubeconfig": kubeconfig, "context": "real", "cluster": "real", "environment_label": "env",
	}), &r.tally)
	require.NoError(r.t, r.receiver.cfg.Validate())
	require.NoError(r.t, r.receiver.Start(r.t.Context(), sourcetest.NewHost(r.ledger)))
	r.t.Cleanup(r.stop)
	before := r.count(resultWatch)
	require.Eventually(r.t, func() bool { return r.count(resultWatch) >= before+3 }, patience, 20*time.Millisecond)
}

func (r *real) stop() { _ = r.receiver.Shutdown(context.Background()) }

func (r *real) count(result following.Result) int64 {
	for _, v := range r.tally.Values() {
		if v.Count == result.Of("kubernetes") {
			return v.Value
		}
	}
	return 0
}

// do asks the API server as its administrator; what it refuses fails the test.
func (r *real) do(method, path string, body any) []byte {
	r.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(r.t, err)
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	if method == "POST" || method == "PATCH" {
		path += separator + "fieldManager=tester"
	}
	request, err := http.NewRequest(method, "https://127.0.0.1:"+r.port+path, bytes.NewReader(text))
	require.NoError(r.t, err)
	request.Header.Set("Authorization", "Bearer admin")
	request.Header.Set("Content-Type", "application/json")
	if method == "PATCH" {
		request.Header.Set("Content-Type", "application/strategic-merge-patch+json")
	}
	if body == nil {
		request.Body = http.NoBody
	}
	response, err := r.admin.Do(request)
	require.NoError(r.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(r.t, err)
	require.Less(r.t, response.StatusCode, 300, "%s %s: %s", method, path, answer)
	return answer
}

// apply makes what a manifest says.
func (r *real) apply(file string) {
	text, err := os.ReadFile(file)
	require.NoError(r.t, err)
	for _, part := range strings.Split(string(text), "\n---\n") {
		var o map[string]any
		require.NoError(r.t, yaml.Unmarshal([]byte(part), &o))
		path := map[any]string{
			"Namespace": "/api/v1/namespaces", "ServiceAccount": "/api/v1/namespaces/shipwake/serviceaccounts",
			"ClusterRole":        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
			"ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
		}[o["kind"]]
		require.NotEmpty(r.t, path, "%v", o["kind"])
		r.do("POST", path, o)
	}
}

// live is a workload in the cluster, and how much was told of it so far.
type live struct {
	*real
	resource, name string
	heard          int
}

func (r *real) create(resource, name string, spec doc) *live {
	all := doc{
		"selector": doc{"matchLabels": doc{"app": name}},
		"template": doc{"metadata": doc{"labels": doc{"app": name}}, "spec": doc{"containers": []doc{{"name": "main", "image": "registry.example.com/" + name + ":v1"}}}},
	}
	if resource != "daemonsets" {
		all["replicas"] = 2
	}
	for k, v := range spec {
		all[k] = v
	}
	r.do("POST", "/apis/apps/v1/namespaces/shop/"+resource, doc{"metadata": doc{"name": name}, "spec": all})
	return &live{real: r, resource: resource, name: name}
}

func (w *live) path() string { return "/apis/apps/v1/namespaces/shop/" + w.resource + "/" + w.name }

func (w *live) patch(change doc) { w.do("PATCH", w.path(), change) }

func (w *live) template(change doc) { w.patch(doc{"spec": doc{"template": change}}) }

func (w *live) image(tag string) {
	w.template(doc{"spec": doc{"containers": []doc{{"name": "main", "image": "registry.example.com/" + w.name + ":" + tag}}}})
}

func (w *live) get() (o object) {
	require.NoError(w.t, json.Unmarshal(w.do("GET", w.path(), nil), &o))
	return o
}

// observed waits until the controller has dealt with the specification, and a while for what must not be told.
func (w *live) observed() {
	w.await(func(o object) bool { return o.Status.ObservedGeneration >= o.Metadata.Generation })
	time.Sleep(500 * time.Millisecond)
}

// settled waits until all pods are of the latest revision, and available.
func (w *live) settled() {
	k := kinds()[map[string]int{"deployments": 0, "statefulsets": 1, "daemonsets": 2}[w.resource]]
	w.await(func(o object) bool {
		_, dealt := k.mark(o)
		status, _ := k.progress(o, time.Time{})
		return dealt && status == correlate.StatusSucceeded && (w.resource != "daemonsets" || o.Status.DesiredNumberScheduled == 2)
	})
}

func (w *live) await(done func(object) bool) {
	w.t.Helper()
	var o object
	require.Eventually(w.t, func() bool { o = w.get(); return done(o) }, patience, 50*time.Millisecond, "%s", w.name)
}

// tells waits until this is told of the workload next, and nothing else. A line that ends in | may be missing.
func (w *live) tells(want ...string) {
	w.t.Helper()
	var told []string
	least := 0
	for _, line := range want {
		if !strings.HasSuffix(line, "|") {
			least++
		}
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		told = w.told()[w.heard:]
		if len(told) >= least && (len(told) > 0 || least == 0) || time.Since(began) > patience {
			break
		}
	}
	time.Sleep(200 * time.Millisecond) // for what must not be told
	told = w.told()[w.heard:]
	w.heard += len(told)
	i := 0
	for _, line := range want {
		optional := strings.HasSuffix(line, "|")
		if i < len(told) && told[i] == strings.TrimSuffix(line, "|") {
			i++
		} else if !optional {
			require.Equal(w.t, want, told, "%s", w.name)
		}
	}
	require.Len(w.t, told, i, "%s: %v", w.name, told)
}

// told is what was reported of the workload, a line each.
func (w *live) told() []string {
	lines := []string{}
	for _, e := range w.ledger.Entries() {
		for _, f := range e.Facts {
			if c := f.Change; c.Service == w.name {
				lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s<-%s %s", c.Status, c.Kind, c.Version, c.PreviousVersion, c.Labels["reason"])))
			}
		}
	}
	return lines
}
