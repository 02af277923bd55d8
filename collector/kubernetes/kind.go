package kubernetes

import (
	"strconv"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// kind is how one kind of workload says how far its rollout has come.
type kind struct {
	name      string // as in a manifest
	resource  string // as in a path
	revisions string // the resource with its revisions
	// mark tells whether there may be another revision: then it is another number. False: the controller has not dealt with the
	// workload yet.
	mark func(object) (int64, bool)
	// replaced is how many pods are of the latest revision.
	replaced func(object) int64
	// progress is how far the latest revision, whose rollout started at an instant, has come, and since when; "" while it goes on.
	progress func(o object, started time.Time) (correlate.Status, time.Time)
}

const (
	revisionAnnotation = "deployment.kubernetes.io/revision"
	historyAnnotation  = "deployment.kubernetes.io/revision-history"

	deadlineExceeded = "ProgressDeadlineExceeded"
	onDelete         = "OnDelete"
)

func kinds() []kind {
	return []kind{
		{
			name: "Deployment", resource: "deployments", revisions: "replicasets",
			mark: numberOf, replaced: func(o object) int64 { return o.Status.UpdatedReplicas }, progress: progressOfDeployment,
		},
		{
			name: "StatefulSet", resource: "statefulsets", revisions: "controllerrevisions",
			mark: generationOf, replaced: func(o object) int64 { return o.Status.UpdatedReplicas },
			progress: whenComplete(statefulSetComplete),
		},
		{
			name: "DaemonSet", resource: "daemonsets", revisions: "controllerrevisions",
			mark: generationOf, replaced: func(o object) int64 { return o.Status.UpdatedNumberScheduled },
			progress: whenComplete(daemonSetComplete),
		},
	}
}

// numberOf is the number of a Deployment's latest revision, or of a ReplicaSet's.
func numberOf(o object) (int64, bool) {
	number, err := strconv.ParseInt(o.Metadata.Annotations[revisionAnnotation], 10, 64)
	return number, err == nil
}

func generationOf(o object) (int64, bool) {
	return o.Metadata.Generation, o.Status.ObservedGeneration >= o.Metadata.Generation
}

// progressOfDeployment is that of kubectl (polymorphichelpers/rollout_status.go). A condition that is older than the rollout is
// of the one before it.
func progressOfDeployment(o object, started time.Time) (correlate.Status, time.Time) {
	progressing := o.condition("Progressing")
	switch {
	case o.Metadata.Generation > o.Status.ObservedGeneration:
		return "", time.Time{}
	case deploymentComplete(o):
		if progressing.Reason == "NewReplicaSetAvailable" && !progressing.LastUpdateTime.Before(started) {
			return correlate.StatusSucceeded, progressing.LastUpdateTime
		}
		return correlate.StatusSucceeded, o.statusSet()
	case progressing.Reason == deadlineExceeded && progressing.LastUpdateTime.After(started):
		return correlate.StatusFailed, progressing.LastUpdateTime
	}
	return "", time.Time{}
}

func deploymentComplete(o object) bool {
	s := o.Status
	return s.UpdatedReplicas >= o.replicas() && s.Replicas <= s.UpdatedReplicas && s.AvailableReplicas >= s.UpdatedReplicas
}

func whenComplete(complete func(object) bool) func(object, time.Time) (correlate.Status, time.Time) {
	return func(o object, _ time.Time) (correlate.Status, time.Time) {
		if o.Status.ObservedGeneration < o.Metadata.Generation || !complete(o) {
			return "", time.Time{}
		}
		return correlate.StatusSucceeded, o.statusSet()
	}
}

// statefulSetComplete: with the strategy OnDelete, the current revision stays the old one.
func statefulSetComplete(o object) bool {
	s := o.Status
	if o.Spec.UpdateStrategy.Type == onDelete {
		return s.UpdatedReplicas >= o.replicas() && s.ReadyReplicas >= o.replicas()
	}
	return s.UpdateRevision == s.CurrentRevision && s.ReadyReplicas >= o.replicas()
}

func daemonSetComplete(o object) bool {
	s := o.Status
	return s.UpdatedNumberScheduled >= s.DesiredNumberScheduled && s.NumberAvailable >= s.DesiredNumberScheduled
}
