package deploy_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// cluster is a real API server with the real controllers of workloads (internal/kubeserver), and the tools that people have. No
// container runs in it: its kubelets only say so.
type cluster struct {
	dir    string
	server string // its URL
	bin    string // a folder with kubectl, helm and shipwake
}

// tools are the variables that say where each program is; make test-cluster sets them.
var tools = map[string]string{"kubectl": "SHIPWAKE_TEST_KUBECTL", "helm": "SHIPWAKE_TEST_HELM", "shipwake": "SHIPWAKE_TEST_BINARY"}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	program := os.Getenv("SHIPWAKE_TEST_KUBESERVER")
	if program == "" {
		t.Skip("SKIP: needs an API server; make test-cluster builds one")
	}
	c := &cluster{dir: t.TempDir()}
	c.bin = filepath.Join(c.dir, "bin")
	require.NoError(t, os.Mkdir(c.bin, 0o700))
	for name, variable := range tools {
		require.NotEmpty(t, os.Getenv(variable), variable)
		require.NoError(t, os.Symlink(os.Getenv(variable), filepath.Join(c.bin, name)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, "tokens.csv"), []byte("admin,admin,1,\"system:masters\"\n"), 0o600))
	_, port, err := net.SplitHostPort(address(t))
	require.NoError(t, err)
	c.server = "https://127.0.0.1:" + port
	background(t, exec.Command(program, c.dir, port))
	require.Eventually(t, func() bool { return exists(filepath.Join(c.dir, "ready")) }, 3*time.Minute, 100*time.Millisecond, "the cluster isn't ready")
	c.kubeconfig(t, "kubeconfig", "admin", "default")
	return c
}

// kubeconfig writes a file with which a token comes to the API server, and to a namespace where a command names none.
func (c *cluster) kubeconfig(t *testing.T, name, token, namespace string) (file string) {
	t.Helper()
	file = filepath.Join(c.dir, name)
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: it, cluster: {server: %q, insecure-skip-tls-verify: true}}]
users: [{name: who, user: {token: %q}}]
contexts: [{name: it, context: {cluster: it, user: who, namespace: %q}}]
current-context: it
`, c.server, token, namespace), 0o600))
	return file
}

// environment is that of somebody who administers the cluster.
func (c *cluster) environment() []string {
	return append(os.Environ(), "PATH="+c.bin+string(os.PathListSeparator)+os.Getenv("PATH"), "KUBECONFIG="+filepath.Join(c.dir, "kubeconfig"),
		"HOME="+c.dir, "HELM_CACHE_HOME="+c.dir, "HELM_CONFIG_HOME="+c.dir, "HELM_DATA_HOME="+c.dir)
}

// tries runs a tool with an input, in the root of the repository.
func (c *cluster) tries(t *testing.T, input string, words ...string) (stdout string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(c.bin, words[0]), words[1:]...)
	command.Env, command.Dir, command.Stdin = c.environment(), "..", strings.NewReader(input)
	var out, problems strings.Builder
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, problems.String())
	}
	return out.String(), nil
}

// does is tries, and a failure is the test's.
func (c *cluster) does(t *testing.T, input string, words ...string) string {
	t.Helper()
	out, err := c.tries(t, input, words...)
	require.NoError(t, err)
	return out
}

// read decodes what kubectl gets as JSON.
func (c *cluster) read(t *testing.T, into any, words ...string) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(c.does(t, "", append([]string{"kubectl", "get", "-o", "json"}, words...)...)), into))
}

// dryRun has the API server decode, default, validate and admit every object, and refuse fields that it doesn't know.
func (c *cluster) dryRun(t *testing.T, manifests, namespace string) error {
	t.Helper()
	there := c.kubeconfig(t, "in-"+namespace, "admin", namespace) // objects that name another namespace go there
	_, err := c.tries(t, manifests, "kubectl", "--kubeconfig", there, "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
	return err
}

// foreign are kinds that a cluster has only with their CustomResourceDefinitions, by the module that has these.
var foreign = map[string]string{
	"ServiceMonitor": "prometheus-operator", "PrometheusRule": "prometheus-operator", "HTTPRoute": "gateway-api",
}

// customKinds makes the cluster know what it can of the foreign kinds, and says which.
func (c *cluster) customKinds(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for _, file := range strings.Fields(os.Getenv("SHIPWAKE_TEST_CRDS")) {
		text := read(t, file)
		var crd struct {
			Spec struct{ Names struct{ Kind string } }
		}
		require.NoError(t, yaml.Unmarshal([]byte(text), &crd))
		c.does(t, text, "kubectl", "apply", "--server-side", "-f", "-")
		require.Eventually(t, func() bool {
			_, err := c.tries(t, text, "kubectl", "wait", "--for=condition=Established", "--timeout=5s", "-f", "-")
			return err == nil // before the server has looked at it, it has no conditions at all, which is an error
		}, time.Minute, 200*time.Millisecond, file)
		known[crd.Spec.Names.Kind] = true
	}
	return known
}

// without leaves out the objects of kinds that the cluster doesn't know, and says so.
func without(t *testing.T, manifests string, known map[string]bool) (left string, pods []map[string]any) {
	t.Helper()
	var kept []string
	for document := range strings.SplitSeq(manifests, "\n---\n") {
		var o struct {
			Kind string
			Spec struct{ Template map[string]any }
		}
		require.NoError(t, yaml.Unmarshal([]byte(document), &o))
		if module, is := foreign[o.Kind]; is && !known[o.Kind] {
			t.Logf("SKIP: no API server is asked about a %s: the CustomResourceDefinitions of %s can not be had", o.Kind, module)
			continue
		}
		if o.Kind == "StatefulSet" {
			pods = append(pods, o.Spec.Template)
		}
		kept = append(kept, document)
	}
	return strings.Join(kept, "\n---\n"), pods
}

// aPod is the first pod that a StatefulSet makes of its template.
func aPod(t *testing.T, template map[string]any) string {
	t.Helper()
	metadata, spec := template["metadata"].(map[string]any), template["spec"].(map[string]any)
	metadata["name"] = "shipwake-0"
	volumes, _ := spec["volumes"].([]any)
	has := false
	for _, v := range volumes {
		has = has || v.(map[string]any)["name"] == "data"
	}
	if !has {
		spec["volumes"] = append(volumes, map[string]any{"name": "data", "persistentVolumeClaim": map[string]any{"claimName": "data-shipwake-0"}})
	}
	text, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
	require.NoError(t, err)
	return string(text)
}

// TestClusterTakesWhatIsShipped asks a real API server, in a namespace that enforces the pod security standard "restricted".
func TestClusterTakesWhatIsShipped(t *testing.T) {
	c := startCluster(t)
	t.Run("the walk of docs/tasks/kubernetes.md", c.walk)
	for _, name := range []string{"dry", "payments"} {
		c.does(t, "", "kubectl", "create", "namespace", name)
	}
	c.does(t, "", "kubectl", "label", "namespace", "dry", "pod-security.kubernetes.io/enforce=restricted")
	c.does(t, "", "kubectl", "create", "priorityclass", "observability", "--value=1000")
	known := c.customKinds(t)

	sets, err := filepath.Glob("helm/check/values/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(sets), 5)
	for _, set := range sets {
		t.Run("the chart with "+filepath.Base(set), func(t *testing.T) {
			rendered, pods := without(t, c.does(t, "", "helm", "template", "shipwake", "deploy/helm/shipwake", "--namespace", "dry", "--values", "deploy/"+set), known)
			require.NoError(t, c.dryRun(t, rendered, "dry"))
			require.Len(t, pods, 1)
			require.NoError(t, c.dryRun(t, aPod(t, pods[0]), "dry"), "the pod is admitted")
		})
	}
	t.Run("the manifests", func(t *testing.T) {
		require.NoError(t, c.dryRun(t, read(t, "kubernetes/shipwake.yaml"), "dry"))
		require.NoError(t, c.dryRun(t, read(t, "kubernetes/watch.yaml"), "dry"))
	})
	t.Run("what a cluster doesn't take is refused here as well", func(t *testing.T) {
		text := read(t, "kubernetes/shipwake.yaml")
		require.ErrorContains(t, c.dryRun(t, strings.Replace(text, "serviceName: shipwake", "serviceNam: shipwake", 1), "dry"), "serviceNam")
		require.ErrorContains(t, c.dryRun(t, strings.Replace(text, "port: 8787", "port: 88787", 1), "dry"), "88787")
		_, pods := without(t, text, nil)
		pod := aPod(t, pods[0])
		require.ErrorContains(t, c.dryRun(t, strings.Replace(pod, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", 1), "dry"),
			`violates PodSecurity "restricted`)
	})
	t.Run("the commands at the head of the manifests", func(t *testing.T) {
		var commands []string
		for line := range strings.Lines(read(t, "kubernetes/shipwake.yaml")) {
			if command, is := strings.CutPrefix(line, "#   "); is {
				commands = append(commands, strings.TrimSpace(command))
			}
		}
		require.Len(t, commands, 3)
		script := strings.NewReplacer("create namespace shipwake", "create namespace plain", "-n shipwake", "-n plain").Replace(strings.Join(commands, "\n"))
		code, said := c.types(t, script)
		require.Zero(t, code, said)
		c.does(t, "", "kubectl", "-n", "plain", "rollout", "status", "statefulset/shipwake", "--timeout=2m")
	})
}
