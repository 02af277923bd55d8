// Package kubernetes answers: what rolls out in a Kubernetes cluster?
//
// It is the receiver change_kubernetes, a logs receiver. It watches Deployments, StatefulSets and DaemonSets, and reports their
// rollouts to the extension's intake as deliveries of the source in package collector/source/kubernetes, which says how they are
// called and what sort of change they are:
//
//	receivers:
//	  change_kubernetes:
//	    kubeconfig: /etc/shipwake/kubeconfig   # default: the service account of the pod it runs in
//	    context: production                    # default: the kubeconfig's own
//	    namespaces: [shop, payments]           # default: all
//	    label_selector: team=shop              # default: all workloads
//	    name: kubernetes                       # of its deliveries; default: kubernetes, of change_kubernetes/eu kubernetes-eu
//	    cluster: eu-1                          # and the other keys of the source
//
//	service:
//	  extensions: [correlate]
//	  pipelines:
//	    logs/changes:
//	      receivers: [change_kubernetes]
//	      exporters: [correlate]
//
// The pipeline only makes the receiver run, and carries nothing. Several clusters are several receivers.
//
// # What is a rollout
//
// The controllers number the pod templates of a workload, in the annotation deployment.kubernetes.io/revision of ReplicaSets and
// in ControllerRevisions. A new number is a rollout, unless its pod template differs from the one before in nothing but a
// restart's annotation. A number is not looked up before the controller has dealt with the workload, so a paused Deployment
// rolls out when it is resumed. Where a ReplicaSet or ControllerRevision gets another number, or has the template of an earlier
// one, the rollout goes back to that. It is over by the rules of `kubectl rollout status`, but for a StatefulSet with a
// partition: that is over when all of its pods are of the revision. With the strategy OnDelete a rollout starts with the first
// pod that was replaced. StatefulSets and DaemonSets never say that they failed.
//
// Times are the cluster's own: the creation of the ReplicaSet or ControllerRevision, or, for one that is reused, when the pod
// template was last set (managedFields); the condition Progressing; or when the status was last set.
//
// # Nothing lost, nothing twice
//
// What was reported of each workload is in cursors of the ledger, "kubernetes/<name>/<shard>", which move in the same
// transaction as the deliveries (correlate.Move). At a start, and whenever the server has forgotten where a watch stood (410
// Gone), all workloads are listed and compared with that. So what rolled out in between is reported once, with its own times;
// of a rollout that another one followed in between the end isn't known, of one whose pods were restarted in between it is
// that of the restart, of a rollback that another one followed no more than the latest instant at which it can have begun, and
// a pod template that came and went several times in between is reported once or twice. Two receivers of one name may watch
// one cluster: a ledger lets only one of them move a cursor, and the other reads it again.
//
// Workloads that were there before the first start are reported from their next rollout on, and when a rollout of theirs is
// under way that began within the hour.
//
// # Being a good guest
//
// Objects are not kept: 5,000 workloads take a few hundred bytes each. A rollout costs the server one list of its revisions;
// what doesn't roll out costs nothing beyond the watch. Errors are tried again after 1 s, 2 s, … 1 minute, of which chance takes
// up to a half. The role it needs is in deploy/kubernetes.
//
// Each is a counter of the tally, of the name of the cluster: see counts.go.
package kubernetes
