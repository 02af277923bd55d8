package kube

import (
	"slices"
	"strings"

	"github.com/shipwake/shipwake/collector/prometheus/counts"
)

// mostPods bounds the pods, and the ReplicaSets, that are remembered.
const mostPods = 50_000

// Name is that of a pod or of a ReplicaSet.
type Name struct{ Cluster, Namespace, Name string }

// Pods is what is known of pods. The zero value knows nothing. Times are Unix milliseconds.
type Pods struct {
	pods map[Name]*pod
	sets map[Name]*set
}

type pod struct {
	containers map[string]*container
	owner      string // the ReplicaSet that it is one of; "" when that is unknown, or there is none
	newest     int64
}

type container struct {
	image  counts.Timeline[string]
	newest int64
}

type set struct{ created, newest int64 }

func (p *Pods) pod(n Name, at int64) *pod {
	known := p.pods[n]
	if known == nil {
		if len(p.pods) >= mostPods {
			return nil
		}
		if p.pods == nil {
			p.pods = map[Name]*pod{}
		}
		known = &pod{containers: map[string]*container{}}
		p.pods[n] = known
	}
	known.newest = max(known.newest, at)
	return known
}

// Runs notes which image a container of a pod ran at an instant.
func (p *Pods) Runs(n Name, name, image string, at int64) {
	of := p.pod(n, at)
	if of == nil || image == "" {
		return // it has not begun yet
	}
	c := of.containers[name]
	if c == nil {
		c = &container{}
		of.containers[name] = c
	}
	c.image.Note(at, image)
	c.newest = max(c.newest, at)
}

// Owned notes whose pod it is.
func (p *Pods) Owned(n Name, kind, owner string, at int64) {
	if of := p.pod(n, at); of != nil && kind == "ReplicaSet" {
		of.owner = owner
	}
}

// Made notes when a ReplicaSet was made.
func (p *Pods) Made(n Name, created, at int64) {
	if p.sets == nil {
		p.sets = map[Name]*set{}
	}
	if s := p.sets[n]; s != nil {
		s.newest = max(s.newest, at)
	} else if len(p.sets) < mostPods {
		p.sets[n] = &set{created, at}
	}
}

// Version is the tag of what a container of a pod ran at an instant, "" when there is none, and then when that was made,
// 0 when that is unknown. The container may be "" when the pod has one besides those that meshes add. Began is when the process
// did, 0 when that is unknown.
func (p *Pods) Version(n Name, name string, at, began int64) (tag string, made int64) {
	of := p.pods[n]
	if of == nil {
		return "", 0
	}
	if c := of.container(name); c != nil && (of.owner != "" || c.newest >= began) {
		image, ok := c.image.At(at)
		if !ok && of.owner != "" {
			image, _ = c.image.At(c.newest) // it never ran another one
		}
		if tag = tagOf(image); tag != "" {
			return tag, 0
		}
	}
	if s := p.sets[Name{n.Cluster, n.Namespace, of.owner}]; s != nil {
		made = s.created
	}
	return "", made
}

// sidecars are the containers that meshes add.
var sidecars = []string{"istio-proxy", "linkerd-proxy", "envoy", "queue-proxy"}

// container is one by its name, or the only one.
func (p *pod) container(name string) (only *container) {
	if c := p.containers[name]; c != nil {
		return c
	}
	if name != "" {
		return nil
	}
	for name, c := range p.containers {
		if slices.Contains(sidecars, name) {
			continue
		}
		if only != nil {
			return nil
		}
		only = c
	}
	return only
}

// Known says that the pod was told of after its process began.
func (p *Pods) Known(n Name, began int64) bool {
	of := p.pods[n]
	return of != nil && len(of.containers) > 0 && of.newest >= began
}

// Set is the ReplicaSet of a pod that must be asked for, as no image says the version.
func (p *Pods) Set(n Name, name string, began int64) (set string, asked bool) {
	of := p.pods[n]
	if of == nil || of.owner == "" || p.sets[Name{n.Cluster, n.Namespace, of.owner}] != nil {
		return "", false
	}
	tag, _ := p.Version(n, name, of.newest, began)
	return of.owner, tag == ""
}

// Forget drops what nobody told of since an instant.
func (p *Pods) Forget(before int64) {
	for n, of := range p.pods {
		if of.newest < before {
			delete(p.pods, n)
			continue
		}
		for _, c := range of.containers {
			c.image.Forget(before)
		}
	}
	for n, s := range p.sets {
		if s.newest < before {
			delete(p.sets, n)
		}
	}
}

// tagOf is the tag of an image that names a version; "" when it has none, or one that moves.
func tagOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	colon := strings.LastIndexByte(image, ':')
	if colon < 0 || colon < strings.LastIndexByte(image, '/') || image[:colon] == "sha256" || image[:colon] == "docker-pullable" {
		return ""
	}
	switch tag := image[colon+1:]; tag {
	case "latest", "stable", "main", "master":
		return ""
	default:
		return tag
	}
}
