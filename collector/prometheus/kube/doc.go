// Package kube answers: of which version is a pod, by what kube-state-metrics tells of it?
//
// Of the tag of the image that its container runs (kube_pod_container_info). Where that has none, or a tag that moves (latest), a
// pod of a ReplicaSet (kube_pod_owner) is of what was being deployed when the ReplicaSet was made (kube_replicaset_created): each
// version of a Deployment has one, and unlike a process it isn't made again by a restart.
//
// A pod of a StatefulSet keeps its name when its image becomes another one. What is told of it holds for a process only when it was
// told after that began.
//
// The metrics are those of https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics/workload.
package kube
