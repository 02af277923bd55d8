package kubernetes

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/collector/source/kubernetes"
)

// digestOf is the same for pod templates that differ in nothing but a restart, and in what controllers add to them. It is made of
// all of a template, and nothing of it can be read back.
func digestOf(template json.RawMessage) string {
	var t map[string]any
	decoder := json.NewDecoder(bytes.NewReader(template))
	decoder.UseNumber()
	if err := decoder.Decode(&t); err != nil {
		return ""
	}
	delete(t, "$patch")
	if metadata, ok := t["metadata"].(map[string]any); ok {
		delete(metadata, "creationTimestamp")
		leaveOut(metadata, "labels", func(name string) bool { return name == "pod-template-hash" })
		leaveOut(metadata, "annotations", restarts)
	}
	text, err := json.Marshal(t) // with sorted keys
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// restarts: an annotation that is set for pods to be made anew: kubectl.kubernetes.io/restartedAt, others like it, Rancher's.
func restarts(annotation string) bool {
	return strings.HasSuffix(annotation, "/restartedAt") || annotation == "cattle.io/timestamp"
}

// leaveOut removes entries of an object, and the object when nothing is left of it.
func leaveOut(of map[string]any, key string, entry func(name string) bool) {
	entries, ok := of[key].(map[string]any)
	if !ok {
		return
	}
	for name := range entries {
		if entry(name) {
			delete(entries, name)
		}
	}
	if len(entries) == 0 {
		delete(of, key)
	}
}

// podTemplate is what is read of a pod template.
type podTemplate struct {
	Metadata struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		Containers []struct {
			Name  string `json:"name"`
			Image string `json:"image"`
			Env   []struct{ Name, Value string }
		} `json:"containers"`
	} `json:"spec"`
}

// podOf is what names are made of.
func podOf(template json.RawMessage) kubernetes.Pod {
	var t podTemplate
	if err := json.Unmarshal(template, &t); err != nil {
		return kubernetes.Pod{}
	}
	pod := kubernetes.Pod{Labels: t.Metadata.Labels}
	for name, value := range t.Metadata.Annotations {
		if strings.HasPrefix(name, kubernetes.AnnotationResource) || name == kubernetes.AnnotationContainer {
			if pod.Annotations == nil {
				pod.Annotations = map[string]string{}
			}
			pod.Annotations[name] = value
		}
	}
	delete(pod.Labels, "pod-template-hash")
	for _, c := range t.Spec.Containers {
		container := kubernetes.Container{Name: c.Name, Image: c.Image}
		for _, variable := range c.Env {
			container.Resource = toldBy(variable.Name, variable.Value, container.Resource)
		}
		pod.Containers = append(pod.Containers, container)
	}
	return pod
}

// toldBy adds what a variable tells OpenTelemetry's SDKs; OTEL_SERVICE_NAME wins. What refers to other variables isn't known here.
func toldBy(variable, value string, resource map[string]string) map[string]string {
	told := map[string]string{}
	switch variable {
	case "OTEL_SERVICE_NAME":
		told["service.name"] = value
	case "OTEL_RESOURCE_ATTRIBUTES":
		for pair := range strings.SplitSeq(value, ",") {
			name, text, _ := strings.Cut(pair, "=")
			if name = strings.TrimSpace(name); slices.Contains(kubernetes.ResourceAttributes, name) && resource[name] == "" {
				told[name] = strings.TrimSpace(text)
			}
		}
	}
	for name, text := range told {
		if text == "" || strings.Contains(text, "$(") {
			continue
		}
		if resource == nil {
			resource = map[string]string{}
		}
		resource[name] = text
	}
	return resource
}
