package kubernetes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// attributeOf is the attribute of semantic conventions with a workload's name.
var attributeOf = map[string]string{
	"Deployment":  "k8s.deployment.name",
	"StatefulSet": "k8s.statefulset.name",
	"DaemonSet":   "k8s.daemonset.name",
}

func (c *Config) parse(raw correlate.Raw) (source.Reading, error) {
	doc, err := source.ParseJSON(raw.Body, "$")
	if err != nil {
		return source.Reading{}, err
	}
	workload := readWorkload(doc.Required().Get("workload"))
	pod, previous := readPod(doc.Get("pod").Required()), (*Pod)(nil)
	if before := doc.Get("previous"); before.Exists() {
		earlier := readPod(before.Required())
		previous = &earlier
	}
	change := c.named(workload, pod, previous, doc.Get("namespace_labels").Labels())
	change.ID = "kubernetes-" + workload.UID + "-" + doc.Get("revision").RequiredText()
	change.Status = readStatus(doc.Get("status"))
	change.StartedAt, change.FinishedAt = doc.Get("started_at").RequiredTime(), doc.Get("finished_at").Time()
	change.Actor = doc.Get("manager").Text()
	if doc.Get("rollback").True() {
		change.Kind = correlate.KindRollback
	}
	if reason := doc.Get("reason").Text(); reason != "" {
		change.Labels["reason"] = reason
	}
	if err := doc.Err(); err != nil {
		return source.Reading{}, err
	}
	var r source.Reading
	return r, r.Add(correlate.Fact{Change: &change}, doc)
}

func readStatus(v source.JSON) correlate.Status {
	status := correlate.Status(v.RequiredText())
	if !slices.Contains(correlate.Statuses(), status) {
		v.Fail(fmt.Sprintf("unknown; use one of %v", correlate.Statuses()))
	}
	return status
}

func readWorkload(v source.JSON) Workload {
	v = v.Required()
	w := Workload{
		Kind: v.Get("kind").Text(), Namespace: v.Get("namespace").Text(), Name: v.Get("name").RequiredText(), UID: v.Get("uid").RequiredText(),
		Labels: v.Get("labels").Labels(),
	}
	if attributeOf[w.Kind] == "" {
		v.Get("kind").Fail("unknown; use one of Deployment, StatefulSet, DaemonSet")
	}
	return w
}

func readPod(v source.JSON) Pod {
	pod := Pod{Labels: v.Get("labels").Labels(), Annotations: v.Get("annotations").Labels()}
	for _, item := range v.Get("containers").Items() {
		item = item.Required()
		pod.Containers = append(pod.Containers, Container{
			Name: item.Get("name").Text(), Image: item.Get("image").Text(), Resource: item.Get("resource").Labels(),
		})
	}
	return pod
}

// named is the change as far as it follows from what is rolled out.
func (c *Config) named(w Workload, pod Pod, previous *Pod, namespace map[string]string) correlate.Change {
	service := c.service(w, pod)
	image := pod.main(w.Name, service).image()
	change := correlate.Change{
		Kind: correlate.KindDeployment, Service: service, Environment: c.environment(w, pod, namespace), Version: c.version(w, pod, previous),
		Digest: image.digest, Commit: commitOf(image.tag), Labels: c.labels(w),
	}
	if previous != nil {
		change.PreviousVersion = c.version(w, *previous, nil)
		if previous.main(w.Name, service).Image == pod.main(w.Name, service).Image && change.PreviousVersion == change.Version {
			change.Kind = correlate.KindConfig
		}
	}
	if c.Zone != "" {
		change.Zones = []correlate.ZoneStep{{Name: c.Zone}}
	}
	return change
}

func (c *Config) labels(w Workload) map[string]string {
	labels := map[string]string{"k8s.namespace.name": w.Namespace}
	if attribute := attributeOf[w.Kind]; attribute != "" {
		labels[attribute] = w.Name
	}
	if c.Cluster != "" {
		labels["k8s.cluster.name"] = c.Cluster
	}
	return labels
}

func (c *Config) service(w Workload, pod Pod) string {
	return firstOf(pod.told(attributeService, w.Name, ""), labelOf(c.ServiceLabels, pod.Labels, w.Labels), w.Name)
}

func (c *Config) environment(w Workload, pod Pod, namespace map[string]string) string {
	return firstOf(pod.told(attributeEnvironment, w.Name, ""), namespace[c.EnvironmentLabel], c.Environment)
}

// version is that of the workload as it is told; see the package comment. Previous is nil when there is none to compare with.
func (c *Config) version(w Workload, pod Pod, previous *Pod) string {
	service := c.service(w, pod)
	container := pod.main(w.Name, service)
	label := labelOf(c.VersionLabels, pod.Labels)
	if previous != nil && label == labelOf(c.VersionLabels, previous.Labels) && previous.main(w.Name, service).Image != container.Image {
		label = ""
	}
	image := container.image()
	return firstOf(pod.told(attributeVersion, w.Name, service), label, image.tag, labelOf(c.VersionLabels, w.Labels), image.digest)
}

// told is what OpenTelemetry is told of an attribute by the pod template.
func (p Pod) told(attribute, workload, service string) string {
	return firstOf(p.Annotations[AnnotationResource+attribute], p.main(workload, service).Resource[attribute])
}

// main is the container that the service runs in.
func (p Pod) main(workload, service string) Container {
	for _, name := range []string{p.Annotations[AnnotationContainer], workload, service} {
		for _, c := range p.Containers {
			if c.Name == name {
				return c
			}
		}
	}
	if len(p.Containers) == 0 {
		return Container{}
	}
	return p.Containers[0]
}

// image is [host[:port]/]path[:tag][@digest], taken apart as https://github.com/distribution/reference has it.
type image struct{ tag, digest string }

func (c Container) image() image {
	name, digest, _ := strings.Cut(c.Image, "@")
	_, tag, _ := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ":")
	return image{tag, digest}
}

var fullCommit = regexp.MustCompile(`(?:^|[^0-9A-Fa-f])([0-9a-f]{40})(?:$|[^0-9A-Fa-f])`)

// commitOf is the commit that a tag names.
func commitOf(tag string) string {
	if found := fullCommit.FindStringSubmatch(tag); found != nil {
		return found[1]
	}
	return ""
}

// labelOf is the first of some labels that is there, wherever it is.
func labelOf(names []string, labels ...map[string]string) string {
	for _, name := range names {
		for _, l := range labels {
			if l[name] != "" {
				return l[name]
			}
		}
	}
	return ""
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
