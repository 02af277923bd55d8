package points

import (
	"github.com/shipwake/shipwake/collector/prometheus/counts"
	"github.com/shipwake/shipwake/collector/prometheus/families"
)

// targetKey tells processes that are scraped apart. Several clusters behind one server may use the same names.
type targetKey struct{ job, instance, cluster string }

// target is a process that is scraped, with what it says of itself.
type target struct {
	counts.Target
	key     targetKey
	about   counts.Timeline[said]
	built   counts.Timeline[string]
	metrics map[string]*counts.Metric
	tells   map[tellsBy]*told // one of those that a family has
	scrapes scrapes
	in      runs
}

// said is what target_info says, see OpenTelemetry's compatibility with Prometheus.
type said struct{ service, namespace, version, environment, zone string }

// target is the process that a series is of; nil when there are too many.
func (r *Reader) target(l families.Labels) *target {
	key := targetKey{l.Get("job"), l.Get("instance"), l.First(clusterLabels...)}
	t := r.targets[key]
	if t == nil && len(r.targets) < mostTargets {
		t = &target{key: key, metrics: map[string]*counts.Metric{}, tells: map[tellsBy]*told{}}
		r.targets[key] = t
	}
	if in := runsIn(l); t != nil && in.Name.Name != "" {
		t.in = in // an address may go from one pod to another
	}
	return t
}

// metric is a metric of the target.
func (t *target) metric(name string) *counts.Metric {
	m := t.metrics[name]
	if m == nil {
		m = &counts.Metric{}
		t.metrics[name] = m
	}
	return m
}

// note takes in what a target says of itself as of a scrape.
func (t *target) note(as role, at int64, l families.Labels) {
	if as == built {
		if version := l.First("version", "revision", "commit"); version != "" {
			t.built.Note(at, version)
		}
		return
	}
	t.about.Note(at, said{
		service: l.Get("service_name"), namespace: l.Get("service_namespace"), version: l.First("service_version"),
		environment: l.First(families.EnvironmentLabels...), zone: l.First(families.ZoneLabels...),
	})
}

// forget drops what nobody asks for after an instant.
func (t *target) forget(before int64) {
	t.Forget(before)
	t.about.Forget(before)
	t.built.Forget(before)
}
