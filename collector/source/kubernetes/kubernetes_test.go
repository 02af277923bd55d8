package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func TestSource(t *testing.T) {
	sourcetest.Run(t, Source(), sourcetest.Suite{Valid: "succeeded", Watched: true})
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, Source(), nil) }

func TestTheKeysAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		keys map[string]any
		want string
	}{
		"an empty label of services": {map[string]any{"service_labels": []any{""}}, "service_labels: must be names of labels, such as app.kubernetes.io/name"},
		"an empty label of versions": {map[string]any{"version_labels": []any{"v", ""}}, "version_labels: must be names of labels, such as app.kubernetes.io/version"},
		"a key that isn't":           {map[string]any{"clusters": "eu"}, "clusters: there is no such key; the known ones are cluster, environment,"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Source().Configure("kubernetes", c.keys)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// What is rolled out, and how it is called then. The workload is the Deployment checkout.
func TestNames(t *testing.T) {
	one := func(image string) Pod { return Pod{Containers: []Container{{Name: "checkout", Image: image}}} }
	labelled := func(p Pod, labels map[string]string) Pod { p.Labels = labels; return p }
	version := map[string]string{"app.kubernetes.io/version": "1.2"}
	for name, c := range map[string]struct {
		keys      map[string]any
		workload  map[string]string // labels
		namespace map[string]string
		pod       Pod
		previous  *Pod
		want      correlate.Change // Service, Environment, Version, PreviousVersion, Digest, Commit, Kind
	}{
		"the workload's name and the image's tag": {
			pod:  one("registry.example.com:5000/shop/checkout:v2"),
			want: correlate.Change{Service: "checkout", Environment: "production", Version: "v2", Kind: correlate.KindDeployment},
		},
		"the digest where there is no tag": {
			pod:  one("registry.example.com:5000/checkout@sha256:aa"),
			want: correlate.Change{Service: "checkout", Environment: "production", Version: "sha256:aa", Digest: "sha256:aa", Kind: correlate.KindDeployment},
		},
		"the tag beside a digest": {
			pod:  one("checkout:v2@sha256:aa"),
			want: correlate.Change{Service: "checkout", Environment: "production", Version: "v2", Digest: "sha256:aa", Kind: correlate.KindDeployment},
		},
		"an image with neither": {
			pod:  one("checkout"),
			want: correlate.Change{Service: "checkout", Environment: "production", Kind: correlate.KindDeployment},
		},
		"a commit in the tag": {
			pod: one("checkout:main-9fceb02d0ae598e95dc970b74767f19372d61af8"),
			want: correlate.Change{
				Service: "checkout", Environment: "production", Version: "main-9fceb02d0ae598e95dc970b74767f19372d61af8",
				Commit: "9fceb02d0ae598e95dc970b74767f19372d61af8", Kind: correlate.KindDeployment,
			},
		},
		"another image under the same tag is a deployment": {
			pod: one("checkout:main@sha256:bb"), previous: new(one("checkout:main@sha256:aa")),
			want: correlate.Change{Service: "checkout", Environment: "production", Version: "main", PreviousVersion: "main", Digest: "sha256:bb", Kind: correlate.KindDeployment},
		},
		"labels": {
			workload: map[string]string{"app.kubernetes.io/name": "shop"}, pod: labelled(one("checkout:v2"), version),
			want: correlate.Change{Service: "shop", Environment: "production", Version: "1.2", Kind: correlate.KindDeployment},
		},
		"a version label that is another one, with the same image": {
			pod: labelled(one("checkout:v2"), map[string]string{"app.kubernetes.io/version": "1.3"}), previous: new(labelled(one("checkout:v2"), version)),
			want: correlate.Change{Service: "checkout", Environment: "production", Version: "1.3", PreviousVersion: "1.2", Kind: correlate.KindDeployment},
		},
		"a version label that stayed while the image changed": {
			pod: labelled(one("checkout:v3"), version), previous: new(labelled(one("checkout:v2"), version)),
			want: correlate.Change{Service: "checkout", Environment: "production", Version: "v3", PreviousVersion: "1.2", Kind: correlate.KindDeployment},
		},
		"the tag before a version label of the workload": {
			workload: version, pod: one("checkout:v3"),
			want: correlate.Change{Service: "checkout", Environment: "production", Version: "v3", Kind: correlate.KindDeployment},
		},
		"a version label of the workload where the image has no tag": {
			workload: version, pod: one("checkout"),
			want: correlate.Change{Service: "checkout", Environment: "production", Version: "1.2", Kind: correlate.KindDeployment},
		},
		"labels of one's own": {
			keys:     map[string]any{"service_labels": []any{"svc"}, "version_labels": []any{"rev"}},
			workload: map[string]string{"app.kubernetes.io/name": "shop", "svc": "till"}, pod: labelled(one("checkout:v3"), map[string]string{"rev": "r9"}),
			want: correlate.Change{Service: "till", Environment: "production", Version: "r9", Kind: correlate.KindDeployment},
		},
		"annotations for OpenTelemetry come first": {
			workload: map[string]string{"app.kubernetes.io/name": "shop"},
			pod: Pod{
				Labels: version, Containers: one("checkout:v2").Containers,
				Annotations: map[string]string{
					AnnotationResource + "service.name": "till", AnnotationResource + "service.version": "9", AnnotationResource + "deployment.environment.name": "live",
				},
			},
			want: correlate.Change{Service: "till", Environment: "live", Version: "9", Kind: correlate.KindDeployment},
		},
		"what the main container tells OpenTelemetry": {
			pod: Pod{Containers: []Container{
				{Name: "proxy", Image: "proxy:1", Resource: map[string]string{"service.name": "proxy"}},
				{Name: "checkout", Image: "checkout:v2", Resource: map[string]string{"service.name": "till", "service.version": "9"}},
			}},
			want: correlate.Change{Service: "till", Environment: "production", Version: "9", Kind: correlate.KindDeployment},
		},
		"the default container by its annotation": {
			pod: Pod{
				Annotations: map[string]string{AnnotationContainer: "main"},
				Containers:  []Container{{Name: "checkout", Image: "proxy:1"}, {Name: "main", Image: "checkout:v2"}},
			},
			want: correlate.Change{Service: "checkout", Environment: "production", Version: "v2", Kind: correlate.KindDeployment},
		},
		"the container that is called as the service": {
			workload: map[string]string{"service": "till"},
			pod:      Pod{Containers: []Container{{Name: "proxy", Image: "proxy:1"}, {Name: "till", Image: "till:v2"}}},
			want:     correlate.Change{Service: "till", Environment: "production", Version: "v2", Kind: correlate.KindDeployment},
		},
		"the environment of the namespace": {
			keys: map[string]any{"environment_label": "env", "environment": "other"}, namespace: map[string]string{"env": "staging"}, pod: one("checkout:v2"),
			want: correlate.Change{Service: "checkout", Environment: "staging", Version: "v2", Kind: correlate.KindDeployment},
		},
		"a namespace without the label": {
			keys: map[string]any{"environment_label": "env", "environment": "other"}, pod: one("checkout:v2"),
			want: correlate.Change{Service: "checkout", Environment: "other", Version: "v2", Kind: correlate.KindDeployment},
		},
		"a sidecar's image only": {
			pod:      Pod{Containers: []Container{{Name: "checkout", Image: "checkout:v2"}, {Name: "proxy", Image: "proxy:2"}}},
			previous: &Pod{Containers: []Container{{Name: "checkout", Image: "checkout:v2"}, {Name: "proxy", Image: "proxy:1"}}},
			want:     correlate.Change{Service: "checkout", Environment: "production", Version: "v2", PreviousVersion: "v2", Kind: correlate.KindConfig},
		},
	} {
		t.Run(name, func(t *testing.T) {
			configured, err := Source().Configure("kubernetes", c.keys)
			require.NoError(t, err)
			raw, err := Report{
				Status: correlate.StatusStarted, StartedAt: sourcetest.ReceivedAt,
				Rollout:  Rollout{Revision: 2, Pod: c.pod, Previous: c.previous, NamespaceLabels: c.namespace},
				Workload: Workload{Kind: "Deployment", Namespace: "default", Name: "checkout", UID: "u", Labels: c.workload},
			}.Raw()
			require.NoError(t, err)
			p := configured.Project(raw)
			require.Empty(t, p.Problem)
			got := *p.Facts[0].Change
			require.Equal(t, c.want, correlate.Change{
				Service: got.Service, Environment: got.Environment, Version: got.Version, PreviousVersion: got.PreviousVersion,
				Digest: got.Digest, Commit: got.Commit, Kind: got.Kind,
			})
			require.Equal(t, "kubernetes-u-2", got.ID)
			require.Equal(t, "u/2/started", raw.ID)
		})
	}
}

func TestClusterAndZone(t *testing.T) {
	req := sourcetest.Payload(t, "succeeded")
	c, err := Source().Configure("kubernetes", map[string]any{"cluster": "eu-1", "zone": "eu"})
	require.NoError(t, err)
	items, err := c.Read(source.Request{Body: req.Body, ReceivedAt: req.ReceivedAt})
	require.NoError(t, err)
	change := items[0].Facts[0].Change
	require.Equal(t, []correlate.ZoneStep{{Name: "eu"}}, change.Zones)
	require.Equal(t, map[string]string{"k8s.cluster.name": "eu-1", "k8s.namespace.name": "shop", "k8s.deployment.name": "checkout"}, change.Labels)
}
