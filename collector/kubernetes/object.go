package kubernetes

import (
	"encoding/json"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// object is what is read of a workload, of its ReplicaSets and of its ControllerRevisions: k8s.io/api/apps/v1, as JSON.
type object struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		Replicas       *int64              `json:"replicas"`
		Selector       *meta.LabelSelector `json:"selector"`
		Template       json.RawMessage     `json:"template"`
		UpdateStrategy struct {
			Type string `json:"type"`
		} `json:"updateStrategy"`
	} `json:"spec"`
	Status status `json:"status"`
	// Of a ControllerRevision.
	Revision int64 `json:"revision"`
	Data     struct {
		Spec struct {
			Template json.RawMessage `json:"template"`
		} `json:"spec"`
	} `json:"data"`
}

type metadata struct {
	Name              string            `json:"name"`
	Namespace         string            `json:"namespace"`
	UID               string            `json:"uid"`
	ResourceVersion   string            `json:"resourceVersion"`
	Generation        int64             `json:"generation"`
	CreationTimestamp time.Time         `json:"creationTimestamp"`
	DeletionTimestamp *time.Time        `json:"deletionTimestamp"`
	Labels            map[string]string `json:"labels"`
	Annotations       map[string]string `json:"annotations"`
	OwnerReferences   []struct {
		UID        string `json:"uid"`
		Controller bool   `json:"controller"`
	} `json:"ownerReferences"`
	ManagedFields []managed `json:"managedFields"`
}

// managed says who set some of the fields, and when.
type managed struct {
	Manager     string    `json:"manager"`
	Time        time.Time `json:"time"`
	Subresource string    `json:"subresource"`
	Fields      struct {
		Spec struct {
			Template json.RawMessage `json:"f:template"`
		} `json:"f:spec"`
	} `json:"fieldsV1"`
}

type status struct {
	ObservedGeneration int64       `json:"observedGeneration"`
	Replicas           int64       `json:"replicas"`
	UpdatedReplicas    int64       `json:"updatedReplicas"`
	ReadyReplicas      int64       `json:"readyReplicas"`
	AvailableReplicas  int64       `json:"availableReplicas"`
	Conditions         []condition `json:"conditions"`
	// Of a StatefulSet: names of ControllerRevisions.
	CurrentRevision string `json:"currentRevision"`
	UpdateRevision  string `json:"updateRevision"`
	// Of a DaemonSet: numbers of nodes.
	DesiredNumberScheduled int64 `json:"desiredNumberScheduled"`
	UpdatedNumberScheduled int64 `json:"updatedNumberScheduled"`
	NumberAvailable        int64 `json:"numberAvailable"`
}

type condition struct {
	Type           string    `json:"type"`
	Status         string    `json:"status"`
	Reason         string    `json:"reason"`
	LastUpdateTime time.Time `json:"lastUpdateTime"`
}

func (o object) condition(name string) condition {
	for _, c := range o.Status.Conditions {
		if c.Type == name {
			return c
		}
	}
	return condition{}
}

// replicas are those that are wanted; one, unless it is said.
func (o object) replicas() int64 {
	if o.Spec.Replicas == nil {
		return 1
	}
	return *o.Spec.Replicas
}

func (o object) ownedBy(uid string) bool {
	for _, owner := range o.Metadata.OwnerReferences {
		if owner.UID == uid && owner.Controller {
			return true
		}
	}
	return false
}

// templateSet is who set the pod template last, and when; zero where the server doesn't tell.
func (o object) templateSet() (last managed) {
	for _, m := range o.Metadata.ManagedFields {
		if m.Subresource == "" && m.Fields.Spec.Template != nil && m.Time.After(last.Time) {
			last = m
		}
	}
	return last
}

// statusSet is when the status was set last; zero where the server doesn't tell.
func (o object) statusSet() (last time.Time) {
	for _, m := range o.Metadata.ManagedFields {
		if m.Subresource == "status" && m.Time.After(last) {
			last = m.Time
		}
	}
	return last
}

// set is when the object, but for its status, was set last; zero where the server doesn't tell.
func (o object) set() (last time.Time) {
	for _, m := range o.Metadata.ManagedFields {
		if m.Subresource == "" && m.Time.After(last) {
			last = m.Time
		}
	}
	return last
}

// newest is the latest time that the object tells of itself.
func (o object) newest() time.Time {
	last := o.Metadata.CreationTimestamp
	for _, m := range o.Metadata.ManagedFields {
		if m.Time.After(last) {
			last = m.Time
		}
	}
	return last
}
