package check

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the manifests that the chart renders to")

const (
	chart     = "../shipwake"
	manifests = "../../kubernetes/shipwake.yaml"
)

// values reads a set of values.
func values(t *testing.T, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("values", name+".yaml"))
	require.NoError(t, err)
	var all map[string]any
	require.NoError(t, yaml.UnmarshalStrict(text, &all))
	return all
}

// sets are the names of all sets of values.
func sets(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("values/*.yaml")
	require.NoError(t, err)
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".yaml"))
	}
	require.GreaterOrEqual(t, len(names), 5)
	return names
}

// render is what helm template writes, a document after the other, by the names of their templates.
func render(t *testing.T, set map[string]any) (string, error) {
	t.Helper()
	c, err := loader.LoadDir(chart)
	require.NoError(t, err)
	all, err := util.ToRenderValues(c, set, common.ReleaseOptions{Name: "shipwake", Namespace: "shipwake", IsInstall: true, Revision: 1}, common.DefaultCapabilities)
	if err != nil {
		return "", err
	}
	rendered, err := engine.Render(c, all)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		text := strings.TrimSpace(rendered[name])
		if text == "" || strings.HasSuffix(name, ".txt") {
			continue
		}
		b.WriteString("---\n" + strings.TrimPrefix(text, "---\n") + "\n")
	}
	return b.String(), nil
}

// objects decodes documents into the types of their API, and refuses fields that these don't have.
func objects(t *testing.T, text string) (all []runtime.Object) {
	t.Helper()
	known := runtime.NewScheme()
	require.NoError(t, scheme.AddToScheme(known))
	require.NoError(t, monitoring.AddToScheme(known))
	require.NoError(t, gateway.Install(known))
	decoder := serializer.NewCodecFactory(known, serializer.EnableStrict).UniversalDeserializer()
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		o, _, err := decoder.Decode(document, nil, nil)
		require.NoError(t, err, "%s", document)
		all = append(all, o)
	}
}

func TestHelmLintFindsNothing(t *testing.T) {
	for _, name := range sets(t) {
		t.Run(name, func(t *testing.T) {
			for _, m := range lint.RunAll(chart, values(t, name), "shipwake").Messages {
				require.Contains(t, m.Err.Error(), "icon is recommended", "%s: %s", m.Path, m.Err)
			}
		})
	}
}

// TestEverySetOfValuesRendersToWhatAClusterTakes decodes strictly, and asks the policy of PodSecurity "restricted" about the pod.
func TestEverySetOfValuesRendersToWhatAClusterTakes(t *testing.T) {
	kinds := map[string]bool{}
	for _, name := range sets(t) {
		t.Run(name, func(t *testing.T) {
			text, err := render(t, values(t, name))
			require.NoError(t, err)
			var pods int
			var owned core.ConfigMap
			for _, o := range objects(t, text) {
				kinds[o.GetObjectKind().GroupVersionKind().Kind] = true
				switch o := o.(type) {
				case *apps.StatefulSet:
					pods++
					restricted(t, o.Spec.Template)
					require.Equal(t, o.Spec.Selector.MatchLabels, subset(o.Spec.Template.Labels, o.Spec.Selector.MatchLabels))
					container := o.Spec.Template.Spec.Containers[0]
					require.Less(t, limit(t, values(t, name)), container.Resources.Limits.Memory().Value(), "the container holds more than the daemon takes for itself")
				case *core.ConfigMap:
					if _, is := o.Data["chart.yaml"]; is {
						owned = *o
					}
				}
			}
			require.Equal(t, 1, pods)
			validate(t, owned)
		})
	}
	for _, kind := range []string{
		"StatefulSet", "Service", "ConfigMap", "Secret", "ServiceAccount", "NetworkPolicy", "Ingress", "HTTPRoute", "ServiceMonitor",
		"PrometheusRule", "ClusterRole", "ClusterRoleBinding", "RoleBinding",
	} {
		require.True(t, kinds[kind], "no set of values renders a %s", kind)
	}
}

// limit is the memory limit of the daemon in bytes.
func limit(t *testing.T, set map[string]any) int64 {
	t.Helper()
	c, err := loader.LoadDir(chart)
	require.NoError(t, err)
	all, err := util.CoalesceValues(c, set)
	require.NoError(t, err)
	said := all["memoryLimit"].(string)
	n, unit := said[:len(said)-3], int64(1<<20)
	if strings.HasSuffix(said, "GiB") {
		unit = 1 << 30
	}
	var size int64
	for _, digit := range n {
		size = size*10 + int64(digit-'0')
	}
	return size * unit
}

// restricted holds a pod to the policy that many clusters enforce.
func restricted(t *testing.T, pod core.PodTemplateSpec) {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	require.NoError(t, err)
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &pod.ObjectMeta, &pod.Spec))
	require.True(t, result.Allowed, result.ForbiddenDetail())
}

// validate has the daemon read the configuration that a pod gets.
func validate(t *testing.T, c core.ConfigMap) {
	t.Helper()
	require.NotEmpty(t, c.Data)
	program := os.Getenv("SHIPWAKE_TEST_PROGRAM")
	if program == "" {
		t.Skip("SHIPWAKE_TEST_PROGRAM is not set: the configuration is not validated; make test-helm sets it")
	}
	dir := t.TempDir()
	args := []string{"validate", "--config", "builtin:default"}
	for _, name := range []string{"chart.yaml", "values.yaml"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(c.Data[name]), 0o600))
		args = append(args, "--config", filepath.Join(dir, name))
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "SHIPWAKE_GENERIC_SECRET=a-secret", "SHIPWAKE_READ_TOKENS=a-token",
		"KUBERNETES_SERVICE_HOST=10.0.0.1", "KUBERNETES_SERVICE_PORT=443")
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", said, c.Data)
}

func subset(all, of map[string]string) map[string]string {
	found := map[string]string{}
	for key := range of {
		found[key] = all[key]
	}
	return found
}

func TestValuesThatAreWrongAreRefusedByName(t *testing.T) {
	for wrong, want := range map[string]string{
		"replicas: 3":        "replicas",
		"memoryLimit: 512Mi": "memoryLimit",
		"persistence: {accessModes: [ReadWriteMany]}":  "accessModes",
		"ingress: {enabled: true}":                     "ingress.host",
		"gateway: {enabled: true}":                     "gateway.parentRefs",
		"image: {digest: latest}":                      "digest",
		"watch: {enabled: true, namespaces: checkout}": "namespaces",
	} {
		t.Run(wrong, func(t *testing.T) {
			var set map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(wrong), &set))
			_, err := render(t, set)
			require.ErrorContains(t, err, want)
		})
	}
}

// TestOnlyWebhooksArePublic: what leads into the cluster leads to /hooks, and to /gate when that is wanted.
func TestOnlyWebhooksArePublic(t *testing.T) {
	for _, name := range []string{"public", "gateway"} {
		for _, gate := range []bool{false, true} {
			set := values(t, name)
			for _, door := range []string{"ingress", "gateway"} {
				if d, is := set[door].(map[string]any); is {
					d["gate"] = gate
				}
			}
			text, err := render(t, set)
			require.NoError(t, err)
			var paths []string
			for _, o := range objects(t, text) {
				switch o := o.(type) {
				case *networking.Ingress:
					for _, p := range o.Spec.Rules[0].HTTP.Paths {
						paths = append(paths, p.Path)
					}
				case *gateway.HTTPRoute:
					for _, r := range o.Spec.Rules {
						paths = append(paths, *r.Matches[0].Path.Value)
					}
				}
			}
			want := []string{"/hooks"}
			if gate {
				want = append(want, "/gate")
			}
			require.Equal(t, want, paths)
		}
	}
}

// TestWatchingOnlyReads: neither Secrets nor ConfigMaps nor pods, and the same rules as those of deploy/kubernetes/watch.yaml.
func TestWatchingOnlyReads(t *testing.T) {
	roles := func(text string) (all []rbac.PolicyRule) {
		for _, o := range objects(t, text) {
			if role, is := o.(*rbac.ClusterRole); is {
				all = append(all, role.Rules...)
			}
		}
		return all
	}
	text, err := render(t, values(t, "watched"))
	require.NoError(t, err)
	alone, err := os.ReadFile("../../kubernetes/watch.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, roles(text))
	require.Equal(t, roles(string(alone)), roles(text))
}

// TestTheManifestsAreWhatTheChartRenders: people without Helm apply them as they are.
func TestTheManifestsAreWhatTheChartRenders(t *testing.T) {
	text, err := render(t, values(t, "plain"))
	require.NoError(t, err)
	text = "# Rendered from deploy/helm/shipwake by `make helm-manifests`. It wants a namespace and a Secret:\n" +
		"#   kubectl create namespace shipwake\n" +
		"#   kubectl -n shipwake create secret generic shipwake --from-literal=SHIPWAKE_GENERIC_SECRET=$(openssl rand -hex 20) --from-literal=SHIPWAKE_READ_TOKENS=$(openssl rand -hex 20)\n" +
		"#   kubectl -n shipwake apply -f deploy/kubernetes/shipwake.yaml\n" + text
	if *update {
		require.NoError(t, os.WriteFile(manifests, []byte(text), 0o644))
	}
	committed, err := os.ReadFile(manifests)
	require.NoError(t, err)
	require.Equal(t, text, string(committed), "make helm-manifests renders it again")
}
