package kubernetes

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// workload is one in the cluster, with what its controller does, step by step.
type workload struct {
	server   *server
	kind     kind
	o        doc
	wanted   int
	count    int   // of revisions
	children []doc // ReplicaSets or ControllerRevisions
}

// template is a pod template with containers called as told: "name=image".
func template(containers ...string) doc {
	var all []doc
	for _, text := range containers {
		name, image, _ := cut(text)
		all = append(all, doc{"name": name, "image": image, "env": []doc{{"name": "PASSWORD", "value": "canary"}}})
	}
	return doc{"metadata": doc{"labels": doc{"app": "shop"}}, "spec": doc{"containers": all}}
}

func cut(text string) (string, string, bool) {
	for i := range text {
		if text[i] == '=' {
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// create makes a workload with its first revision rolled out.
func (s *server) create(kindName, namespace, name string, t doc) *workload {
	k := kinds()[slices.IndexFunc(kinds(), func(k kind) bool { return k.name == kindName })]
	w := &workload{server: s, kind: k, wanted: 4}
	w.o = doc{
		"metadata": doc{
			"namespace": namespace, "name": name, "uid": fmt.Sprintf("uid-%s-%s-%d", namespace, name, s.version), "generation": 0, "creationTimestamp": stamp(time.Now()),
			"labels": doc{"team": "shop"}, "annotations": doc{"kubectl.kubernetes.io/last-applied-configuration": "canary"},
		},
		"spec": doc{"replicas": w.wanted, "selector": doc{"matchLabels": doc{"app": "shop"}}},
	}
	w.set(t)
	w.sync()
	w.finish()
	return w
}

// edit is what a user does to the specification.
func (w *workload) edit(change func(spec doc)) {
	change(w.o.at("spec"))
	metadata := w.o.at("metadata")
	metadata["generation"] = metadata["generation"].(int) + 1
	w.managed("kubectl", "", doc{"f:spec": doc{"f:template": doc{"f:spec": doc{}}}})
	w.server.put(w.kind.resource, w.o)
}

func (w *workload) set(t doc) { w.edit(func(spec doc) { spec["template"] = t }) }

// image sets the first container's image.
func (w *workload) image(image string) {
	w.edit(func(spec doc) {
		t := clone(spec["template"])
		t.at("spec")["containers"].([]any)[0].(map[string]any)["image"] = image
		spec["template"] = t
	})
}

// annotate sets an annotation of the pod template.
func (w *workload) annotate(name, value string) {
	w.edit(func(spec doc) {
		t := clone(spec["template"])
		metadata := doc(t["metadata"].(map[string]any))
		annotations, _ := metadata["annotations"].(map[string]any)
		if annotations == nil {
			annotations = map[string]any{}
		}
		annotations[name] = value
		metadata["annotations"] = annotations
		t["metadata"] = metadata
		spec["template"] = t
	})
}

func clone(v any) doc {
	text, _ := json.Marshal(v)
	var copied map[string]any
	_ = json.Unmarshal(text, &copied)
	d := doc(copied)
	for _, key := range []string{"spec"} {
		if m, ok := d[key].(map[string]any); ok {
			d[key] = doc(m)
		}
	}
	return d
}

// managed says who set something now.
func (w *workload) managed(manager, subresource string, fields doc) {
	entries, _ := w.o.at("metadata")["managedFields"].([]doc)
	entries = slices.DeleteFunc(entries, func(e doc) bool { return e["manager"] == manager && e["subresource"] == subresource })
	w.o.at("metadata")["managedFields"] = append(entries, doc{
		"manager": manager, "operation": "Update", "subresource": subresource, "time": stamp(time.Now()), "fieldsType": "FieldsV1", "fieldsV1": fields,
	})
}

// sync is what the controller does first: it finds or makes the revision, and numbers it.
func (w *workload) sync() {
	t := text(w.o.at("spec")["template"])
	i := slices.IndexFunc(w.children, func(c doc) bool { return c["text"] == t })
	if i < 0 {
		w.children = append(w.children, w.child(t))
		w.progressing(w.o.at("status"), "True", "NewReplicaSetCreated")
		i = len(w.children) - 1
	}
	child := w.children[i]
	if child["number"] == w.count && w.count > 0 {
		w.status(func(doc) {})
		return
	}
	w.count++
	w.number(child)
	w.server.put(w.kind.revisions, child["object"].(doc))
	if w.kind.name == "Deployment" {
		w.o.at("metadata", "annotations")[revisionAnnotation] = strconv.Itoa(w.count)
		w.server.put(w.kind.resource, w.o)
	}
	w.pods(0, 0)
}

func text(v any) string {
	t, _ := json.Marshal(v)
	return string(t)
}

// child makes a ReplicaSet or ControllerRevision.
func (w *workload) child(t string) doc {
	metadata := doc{
		"namespace": w.o.at("metadata")["namespace"], "name": fmt.Sprintf("%s-%d", w.o.at("metadata")["name"], len(w.children)+1), "uid": "child",
		"labels": doc{"app": "shop"}, "creationTimestamp": stamp(time.Now()),
		"ownerReferences": []doc{{"uid": w.o.at("metadata")["uid"], "controller": true}},
	}
	o := doc{"metadata": metadata}
	own := clone(w.o.at("spec")["template"])
	if w.kind.name == "Deployment" {
		labels := own["metadata"].(map[string]any)["labels"].(map[string]any)
		labels["pod-template-hash"] = fmt.Sprint(len(w.children))
		o["spec"] = doc{"template": own}
	} else {
		own["$patch"] = "replace"
		o["data"] = doc{"spec": doc{"template": own}}
	}
	return doc{"text": t, "object": o, "number": 0}
}

// number gives a revision the latest number.
func (w *workload) number(child doc) {
	o := child["object"].(doc)
	if w.kind.name == "Deployment" {
		annotations := o.at("metadata", "annotations")
		if before := child["number"].(int); before > 0 {
			past, _ := annotations[historyAnnotation].(string)
			if past != "" {
				past += ","
			}
			annotations[historyAnnotation] = past + strconv.Itoa(before)
		}
		annotations[revisionAnnotation] = strconv.Itoa(w.count)
	}
	o["revision"] = w.count
	o.at("metadata")["managedFields"] = []doc{{"manager": "kube-controller-manager", "time": stamp(time.Now())}}
	child["number"] = w.count
	w.o.at("status")["updateRevision"] = o.at("metadata")["name"]
}

// status is what the controller says after it has dealt with the latest specification.
func (w *workload) status(change func(status doc)) {
	s := w.o.at("status")
	s["observedGeneration"] = w.o.at("metadata")["generation"]
	change(s)
	w.managed("kube-controller-manager", "status", doc{"f:status": doc{}})
	w.server.put(w.kind.resource, w.o)
}

// pods says how many are of the latest revision, and how many of these are available.
func (w *workload) pods(updated, available int) {
	w.status(func(s doc) {
		s["replicas"], s["updatedReplicas"], s["readyReplicas"], s["availableReplicas"] = w.wanted, updated, w.wanted-updated+available, available
		s["desiredNumberScheduled"], s["updatedNumberScheduled"], s["numberAvailable"] = w.wanted, updated, w.wanted-updated+available
		if updated == w.wanted && available == w.wanted {
			s["currentRevision"] = s["updateRevision"]
			w.progressing(s, "True", "NewReplicaSetAvailable")
		} else if updated > 0 {
			w.progressing(s, "True", "ReplicaSetUpdated")
		}
	})
}

func (w *workload) progressing(s doc, status, reason string) {
	now := doc{"type": "Progressing", "status": status, "reason": reason, "lastUpdateTime": stamp(time.Now())}
	if before, ok := s["conditions"].([]doc); ok && before[0]["status"] == status && before[0]["reason"] == reason {
		return // it is set when it is another one, as by the controller
	}
	if w.kind.name == "Deployment" {
		s["conditions"] = []doc{now}
	}
}

// exceed: the deadline is over.
func (w *workload) exceed() {
	w.status(func(s doc) { w.progressing(s, "False", deadlineExceeded) })
}

func (w *workload) finish() { w.pods(w.wanted, w.wanted) }

// roll rolls an image out in a minute.
func (w *workload) roll(image string) {
	w.image(image)
	w.carry()
}

// carry carries out what was set.
func (w *workload) carry() {
	w.sync()
	time.Sleep(30 * time.Second)
	w.pods(2, 1)
	time.Sleep(30 * time.Second)
	w.finish()
}

// back sets the template of an earlier revision, counted from 0.
func (w *workload) back(to int) {
	var t map[string]any
	_ = json.Unmarshal([]byte(w.children[to]["text"].(string)), &t)
	w.edit(func(spec doc) { spec["template"] = clone(t) })
}

func (w *workload) delete() {
	m := w.o.at("metadata")
	w.server.remove(w.kind.resource, m["namespace"].(string), m["name"].(string))
}
