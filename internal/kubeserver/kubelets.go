package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	informers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// nodes are the names of the nodes there are.
var nodes = []string{"node-1", "node-2"}

// kubelets stand for the scheduler and for the kubelets of all nodes: they say at once that what is to run runs.
type kubelets struct {
	client kubernetes.Interface
	pods   informers.PodInformer
	queue  workqueue.TypedRateLimitingInterface[string]
}

func newKubelets(ctx context.Context, client kubernetes.Interface, pods informers.PodInformer) (*kubelets, error) {
	for _, name := range nodes {
		node := &core.Node{ObjectMeta: meta.ObjectMeta{Name: name, Labels: map[string]string{core.LabelHostname: name}}}
		node.Status.Conditions = []core.NodeCondition{{Type: core.NodeReady, Status: core.ConditionTrue}}
		if _, err := client.CoreV1().Nodes().Create(ctx, node, meta.CreateOptions{}); err != nil && !errors.IsAlreadyExists(err) {
			return nil, err
		}
	}
	k := &kubelets{client: client, pods: pods,
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())}
	add := func(object any) {
		if key, err := cache.MetaNamespaceKeyFunc(object); err == nil {
			k.queue.Add(key)
		}
	}
	_, err := pods.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: add, UpdateFunc: func(_, object any) { add(object) }})
	return k, err
}

func (k *kubelets) run(ctx context.Context) {
	go func() {
		<-ctx.Done()
		k.queue.ShutDown()
	}()
	for {
		key, shut := k.queue.Get()
		if shut {
			return
		}
		if err := k.tend(ctx, key); err != nil && !errors.IsNotFound(err) && !errors.IsConflict(err) {
			fmt.Fprintln(os.Stderr, "kubelet:", err)
			k.queue.AddRateLimited(key)
		}
		k.queue.Done(key)
	}
}

// tend does for a pod what comes next.
func (k *kubelets) tend(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	pod, err := k.pods.Lister().Pods(namespace).Get(name)
	if err != nil {
		return err
	}
	api := k.client.CoreV1().Pods(namespace)
	switch {
	case pod.DeletionTimestamp != nil:
		at := int64(0)
		return api.Delete(ctx, name, meta.DeleteOptions{GracePeriodSeconds: &at, Preconditions: &meta.Preconditions{UID: &pod.UID}})
	case pod.Spec.NodeName == "":
		return api.Bind(ctx, &core.Binding{ObjectMeta: meta.ObjectMeta{Name: name, UID: pod.UID}, Target: core.ObjectReference{Kind: "Node", Name: nodeOf(pod)}}, meta.CreateOptions{})
	case pod.Status.Phase != core.PodRunning:
		pod = pod.DeepCopy()
		pod.Status.Phase = core.PodRunning
		started := meta.Now()
		pod.Status.StartTime = &started
		pod.Status.Conditions = []core.PodCondition{{Type: core.PodReady, Status: ready(pod), LastTransitionTime: started}}
		_, err := api.UpdateStatus(ctx, pod, meta.UpdateOptions{})
		return err
	}
	return nil
}

// nodeOf is the node that a DaemonSet asks for, or any.
func nodeOf(pod *core.Pod) string {
	if a := pod.Spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
			for _, field := range term.MatchFields {
				if field.Key == meta.ObjectNameField {
					return field.Values[0]
				}
			}
		}
	}
	return nodes[0]
}

func ready(pod *core.Pod) core.ConditionStatus {
	for _, c := range pod.Spec.Containers {
		if strings.Contains(c.Image, "broken") {
			return core.ConditionFalse
		}
	}
	return core.ConditionTrue
}
