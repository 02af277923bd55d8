package kubernetes

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func configured(t *testing.T, keys map[string]any) *Config {
	cfg := NewFactory(&correlate.Tally{}).CreateDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(keys).Unmarshal(cfg))
	return cfg
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		keys map[string]any
		want string // "" is valid
	}{
		"nothing at all": {nil, ""},
		"everything": {map[string]any{
			"name": "eu", "kubeconfig": "/etc/k", "context": "eu", "namespaces": []any{"shop", "payments"}, "label_selector": "team in (a, b),!canary",
			"cluster": "eu-1", "zone": "eu", "environment": "staging", "environment_label": "env", "service_labels": []any{"a"}, "version_labels": []any{},
		}, ""},
		"a name with a slash":         {map[string]any{"name": "a/b"}, "name: use letters, digits, dot, dash and underscore"},
		"a context without its file":  {map[string]any{"context": "eu"}, "context: can't be set without kubeconfig"},
		"what is no namespace":        {map[string]any{"namespaces": []any{"shop", "Shop"}}, "namespaces[1]: must be the name of a namespace"},
		"a namespace twice":           {map[string]any{"namespaces": []any{"shop", "shop"}}, "namespaces[1]: must be the name of a namespace, each only once"},
		"what is no selector":         {map[string]any{"label_selector": "team=="}, ""},
		"a selector that can't be":    {map[string]any{"label_selector": "team in shop"}, "label_selector: must be a selector such as team=shop"},
		"a key that isn't":            {map[string]any{"namespace": "shop"}, "namespace: there is no such key; the known ones are cluster, environment"},
		"a key with the wrong type":   {map[string]any{"service_labels": map[string]any{"a": "b"}}, "service_labels"},
		"a label without a name":      {map[string]any{"version_labels": []any{""}}, "version_labels: must be names of labels"},
		"two mistakes at once, first": {map[string]any{"name": "/", "context": "x"}, "name: use letters"},
		"two mistakes at once, last":  {map[string]any{"name": "/", "context": "x"}, "context: can't be set"},
	} {
		t.Run(name, func(t *testing.T) {
			err := configured(t, c.keys).Validate()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestDeliveriesAreNamedAsTheReceiver(t *testing.T) {
	for name, c := range map[string]struct {
		id   component.ID
		keys map[string]any
		want string
	}{
		"the receiver without a name": {component.NewID(Type), nil, "kubernetes"},
		"a receiver with a name":      {component.NewIDWithName(Type, "eu"), nil, "kubernetes-eu"},
		"as it is configured":         {component.NewIDWithName(Type, "eu"), map[string]any{"name": "cluster"}, "cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			set := receivertest.NewNopSettings(Type)
			set.ID = c.id
			require.Equal(t, c.want, newWatching(set, configured(t, c.keys), &correlate.Tally{}).name())
		})
	}
}

func TestStartSaysWhatIsMissing(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	broken := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(broken, []byte("clusters: canary"), 0o600))
	empty := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	host := sourcetest.NewHost(&sourcetest.Intake{})
	for name, c := range map[string]struct {
		keys map[string]any
		host component.Host
		want string
	}{
		"no extension":             {nil, componenttest.NewNopHost(), "put `correlate:` under `extensions:`"},
		"no cluster around it":     {nil, host, "kubeconfig: required, since this doesn't run in a pod"},
		"a file that isn't there":  {map[string]any{"kubeconfig": "/nowhere"}, host, "kubeconfig: stat /nowhere: no such file"},
		"a file that isn't one":    {map[string]any{"kubeconfig": broken}, host, "kubeconfig: "},
		"a file that says nothing": {map[string]any{"kubeconfig": empty}, host, "kubeconfig: "},
		"a context that isn't in it": {
			map[string]any{"kubeconfig": empty, "context": "eu"}, host, `context "eu" does not exist`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatching(receivertest.NewNopSettings(Type), configured(t, c.keys), &correlate.Tally{})
			err := w.Start(t.Context(), c.host)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "canary")
			require.NoError(t, w.Shutdown(t.Context()))
		})
	}
}
