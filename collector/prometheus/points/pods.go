package points

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/collector/prometheus/families"
	"github.com/shipwake/shipwake/collector/prometheus/kube"
)

// runs is the pod of a target, and which of its containers; without a name it isn't known to be one.
type runs struct {
	kube.Name
	container string
}

var clusterLabels = []string{"cluster", "k8s_cluster_name"}

// runsIn is the pod that the labels of a target name, as service discovery puts them.
func runsIn(l families.Labels) (in runs) {
	in.Cluster = l.First(clusterLabels...)
	in.Namespace = l.First("namespace", "kubernetes_namespace", "k8s_namespace_name")
	in.Name.Name = l.First("pod", "kubernetes_pod_name", "k8s_pod_name")
	in.container = l.First("container", "k8s_container_name")
	if in.Namespace == "" || in.Name.Name == "" {
		return runs{}
	}
	return in
}

// tellOf takes in what kube-state-metrics tells. Where its own labels go before those that it tells, they are exported ones.
func (r *Reader) tellOf(l families.Labels, sample Sample) {
	n := kube.Name{Cluster: l.First(clusterLabels...), Namespace: l.First("exported_namespace", "namespace"), Name: l.First("exported_pod", "pod")}
	switch l.Get(families.MetricName) {
	case "kube_pod_container_info":
		r.pods.Runs(n, l.First("exported_container", "container"), l.Get("image"), sample.At)
	case "kube_pod_owner":
		r.pods.Owned(n, l.Get("owner_kind"), l.Get("owner_name"), sample.At)
	case "kube_replicaset_created":
		n.Name = l.Get("replicaset")
		r.pods.Made(n, int64(sample.Value*1000), sample.At)
	}
}

// Wanted is a pod of which kube-state-metrics is to be asked.
type Wanted struct {
	kube.Name
	Known bool   // it told of the pod since its process began
	Set   string // the ReplicaSet that is to be asked for as well; "": none
}

// Pods is the pods whose processes tell requests of services at an instant in milliseconds and no version, sorted.
func (r *Reader) Pods(at int64) (all []Wanted) {
	for _, t := range r.targets {
		if t.in.Name.Name == "" || at-t.Newest() > silentAfter || !t.nameless(at) {
			continue
		}
		w := Wanted{Name: t.in.Name, Known: r.pods.Known(t.in.Name, t.Began(at))}
		w.Set, _ = r.pods.Set(t.in.Name, t.in.container, t.Began(at))
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b Wanted) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name.Name, b.Name.Name))
	})
	return slices.CompactFunc(all, func(a, b Wanted) bool { return a.Name == b.Name })
}

// nameless says that the target tells requests of its own at an instant, and not of which version.
func (t *target) nameless(at int64) bool {
	own, _ := t.about.At(at)
	built, _ := t.built.At(at)
	if own.version != "" || built != "" {
		return false
	}
	for _, of := range t.tells {
		if of.family.Own && of.family.VersionOf(of.labels) == "" {
			return true
		}
	}
	return false
}

// running is the version of a process that runs in a pod and tells none.
func (r *Reader) running(of *told, res *resource, at int64) string {
	t := of.target
	if t.in.Name.Name == "" {
		return ""
	}
	tag, made := r.pods.Version(t.in.Name, t.in.container, at, t.Began(at))
	if tag == "" && made > 0 && r.options.Born != nil {
		return r.options.Born(res.service, res.environment, made)
	}
	return tag
}
