package points

import (
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/shipwake/shipwake/collector/prometheus/counts"
)

const sweepEvery = 5 * 60 * 1000

// Advance is what was added up to an instant in milliseconds, and after Since: what was added before somebody else may have
// counted.
func (r *Reader) Advance(to int64) pmetric.Metrics {
	b := newBatch()
	r.book.Advance(to, func(g *counts.Group[*told], inc *counts.Increment) {
		if of := g.Of; inc.Value > 0 && inc.To > r.options.Since && !r.long(inc) && !of.teller.outdone(r.options.Table, of.row, inc.To) {
			r.emit(b, of, inc)
		}
	})
	r.miss(to)
	r.sweep(to)
	return b.metrics
}

func (r *Reader) long(inc *counts.Increment) bool {
	return r.options.Longest > 0 && inc.From > 0 && inc.To-inc.From > r.options.Longest
}

// emit writes the points that an increment comes to. Beside a counter a histogram tells durations only; alone, of a library
// that has both, it counts if it says how requests ended.
func (r *Reader) emit(b *batch, of *told, inc *counts.Increment) {
	m := b.metricsOf(r.resource(of, inc.To))
	switch {
	case of.family.Counter == "":
		m.served(of, inc)
	case of.unit == "":
		m.calls(of, inc)
	case of.teller.counters.told(of.row, inc.To):
		m.durations(of, inc)
	case of.known:
		m.calls(of, inc)
		m.durations(of, inc)
	}
}

// sweep forgets what has been silent for long.
func (r *Reader) sweep(to int64) {
	if to-r.swept < sweepEvery {
		return
	}
	r.swept = to
	before := to - forgetAfter
	for key, s := range r.series {
		if s.newest < before {
			delete(r.series, key)
		}
	}
	for key, g := range r.groups {
		if g.Gone() {
			delete(r.groups, key)
		}
	}
	r.pods.Forget(before)
	for key, t := range r.targets {
		t.forget(before)
		if t.Newest() < before {
			delete(r.targets, key)
		}
	}
	for key, t := range r.services {
		if t.newest() < before {
			delete(r.services, key)
		}
	}
}

// resource is who served the requests that were counted by an instant.
func (r *Reader) resource(of *told, at int64) resource {
	own := said{}
	built := ""
	if of.family.Own {
		own, _ = of.target.about.At(at)
		built, _ = of.target.built.At(at)
	}
	res := resource{
		service: of.teller.name, namespace: of.teller.namespace, instance: of.target.key.instance,
		version:     first(of.family.VersionOf(of.labels), own.version, built),
		environment: first(of.teller.environment, own.environment, r.options.Environment),
		zone:        first(of.labels.First("cloud_availability_zone", "topology_kubernetes_io_zone"), own.zone),
		cluster:     of.target.key.cluster,
	}
	if own.service != "" && of.teller.name == of.target.key.job {
		res.service, res.namespace = own.service, own.namespace
	}
	if res.version == "" && of.family.Own {
		res.version = r.running(of, &res, at)
	}
	if began := of.target.Began(at); res.version == "" && of.family.Own && began > 0 && r.options.Born != nil {
		res.version = r.options.Born(res.service, res.environment, began)
	}
	return res
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
