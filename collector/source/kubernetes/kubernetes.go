// Package kubernetes answers: what does a rollout in a Kubernetes cluster say of a change?
//
// A delivery is a Report, which the receiver change_kubernetes (package collector/kubernetes) makes of what it sees in the
// cluster; nothing is posted. One rollout of a Deployment, a StatefulSet or a DaemonSet is one change,
// "kubernetes-<uid>-<revision>":
//
//	the pods of a new revision are to run              started, at the creation of its ReplicaSet or ControllerRevision
//	all pods are of the revision and available         succeeded
//	Progressing is False: ProgressDeadlineExceeded     failed; succeeded when it recovers
//	another revision comes first, or it is deleted     cancelled
//
// What sort of change it is:
//
//	the pod template is one of an earlier revision     rollback
//	the main container's image or the version differs  deployment
//	anything else in the pod template differs          config: environment variables, checksums, sidecars, resources
//	only a restart's annotation differs                no change at all, and neither is a scaling
//
// The main container is that of the annotation kubectl.kubernetes.io/default-container, the one called as the workload or the
// service, or the first. Names are meant to equal those of telemetry, so what OpenTelemetry is told comes first. The first that
// there is:
//
//	service      annotation resource.opentelemetry.io/service.name of the pod template; OTEL_SERVICE_NAME; service.name in
//	             OTEL_RESOURCE_ATTRIBUTES; service_labels (app.kubernetes.io/name, service); the workload's name
//	environment  deployment.environment.name by the same annotation or variable; the namespace's label environment_label;
//	             environment (production)
//	version      service.version by the same annotation or variable; version_labels (app.kubernetes.io/version) of the pod
//	             template, unless they stayed while the image changed; the image's tag; version_labels of the workload; the
//	             image's digest
//
// Beside them a change has the image's digest where the image names it, a commit where the tag is one, the field manager that
// set the pod template (kubectl, helm, argocd-controller) as its actor, and the labels k8s.cluster.name (cluster),
// k8s.namespace.name and k8s.deployment.name, k8s.statefulset.name or k8s.daemonset.name. Where one service runs in several
// clusters, zone says which zone of telemetry this one is, and the others are what the change is compared with.
package kubernetes

import (
	"errors"
	"slices"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Source is what the receiver change_kubernetes reports.
func Source() source.Source {
	return source.Source{Name: "kubernetes", Version: "1", Config: func() source.Config { return defaultConfig() }}
}

// Config says how things in the cluster are called in telemetry.
type Config struct {
	// Cluster is the cluster's name, k8s.cluster.name.
	Cluster string `mapstructure:"cluster" json:",omitempty"`
	// Zone is what telemetry calls the zone that the cluster is; "" when it says nothing of zones.
	Zone string `mapstructure:"zone" json:",omitempty"`
	// Environment is where workloads run that say nothing of it.
	Environment string `mapstructure:"environment" json:",omitempty"`
	// EnvironmentLabel is the label of a namespace that names its environment; "" for none.
	EnvironmentLabel string `mapstructure:"environment_label" json:",omitempty"`
	// ServiceLabels and VersionLabels are labels of which the first that there is names the service and the version.
	ServiceLabels []string `mapstructure:"service_labels"`
	VersionLabels []string `mapstructure:"version_labels"`
}

func defaultConfig() *Config {
	return &Config{
		Environment:   correlate.DefaultEnvironment,
		ServiceLabels: []string{"app.kubernetes.io/name", "service"}, VersionLabels: []string{"app.kubernetes.io/version"},
	}
}

// Validate implements source.Config.
func (c *Config) Validate() error {
	switch {
	case slices.Contains(c.ServiceLabels, ""):
		return errors.New("service_labels: must be names of labels, such as app.kubernetes.io/name")
	case slices.Contains(c.VersionLabels, ""):
		return errors.New("version_labels: must be names of labels, such as app.kubernetes.io/version")
	}
	return nil
}

// Configure implements source.Config.
func (c *Config) Configure(s *source.Source) error {
	s.Parse = c.parse
	return nil
}
