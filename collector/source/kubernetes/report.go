package kubernetes

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Report is the body of a delivery: how far a rollout has come, and what is needed of the workload to name it. Of environment
// variables it holds only those that OpenTelemetry's SDKs read names from, since others may be secrets.
type Report struct {
	Status     correlate.Status `json:"status"`
	Reason     string           `json:"reason,omitempty"` // of a failed or cancelled one
	StartedAt  time.Time        `json:"started_at"`
	FinishedAt time.Time        `json:"finished_at,omitzero"`
	Rollout
	Workload Workload `json:"workload"`
}

// Rollout is what stays the same while one goes on.
type Rollout struct {
	Revision int64 `json:"revision"`
	// Rollback: the pod template is that of an earlier revision.
	Rollback bool `json:"rollback,omitempty"`
	// Manager is the field manager that set the pod template.
	Manager string `json:"manager,omitempty"`
	// Pod is what is rolled out, and Previous what was rolled out before; nil when that isn't known.
	Pod      Pod  `json:"pod"`
	Previous *Pod `json:"previous,omitempty"`
	// NamespaceLabels are there if they were asked for and could be had.
	NamespaceLabels map[string]string `json:"namespace_labels,omitempty"`
}

// Workload is a Deployment, a StatefulSet or a DaemonSet.
type Workload struct {
	Kind      string            `json:"kind"`
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	UID       string            `json:"uid"`
	Labels    map[string]string `json:"labels,omitempty"`
}

// Pod is what a pod template says that bears on names.
type Pod struct {
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations are those below resource.opentelemetry.io/, and the name of the default container.
	Annotations map[string]string `json:"annotations,omitempty"`
	Containers  []Container       `json:"containers"`
}

// Container is one of a pod's containers. Resource is what it tells OpenTelemetry's SDKs of service.name, service.version and
// deployment.environment.name.
type Container struct {
	Name     string            `json:"name"`
	Image    string            `json:"image"`
	Resource map[string]string `json:"resource,omitempty"`
}

// Annotations that are read of a pod template.
const (
	AnnotationResource  = "resource.opentelemetry.io/" // a prefix
	AnnotationContainer = "kubectl.kubernetes.io/default-container"
)

// ResourceAttributes are the attributes that name a service, its version and its environment.
var ResourceAttributes = []string{attributeService, attributeVersion, attributeEnvironment}

const (
	attributeService     = "service.name"
	attributeVersion     = "service.version"
	attributeEnvironment = "deployment.environment.name"
)

// Raw is the report as a delivery: of one rollout, each status is told once.
func (r Report) Raw() (correlate.Raw, error) {
	body, err := json.Marshal(r)
	return correlate.Raw{ID: fmt.Sprintf("%s/%d/%s", r.Workload.UID, r.Revision, r.Status), Body: body}, err
}
