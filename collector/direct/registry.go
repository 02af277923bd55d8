package direct

import (
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pipeline"
)

// Registry is where receivers find the ends of their pipelines. The zero value knows none. It is safe for concurrent use.
type Registry struct {
	mu        sync.Mutex
	pipelines Pipelines
	ends      map[component.ID]End
}

// Configure tells the pipelines that are about to start.
func (r *Registry) Configure(p Pipelines) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pipelines = p
}

// Settle says that all of them have started. A receiver that starts later may be part of other pipelines, of which nobody
// tells, so its requests are decoded.
func (r *Registry) Settle() { r.Configure(nil) }

// Offer adds an exporter. Exporters start before the receivers of their pipelines.
func (r *Registry) Offer(exporter component.ID, end End) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ends == nil {
		r.ends = map[component.ID]End{}
	}
	r.ends[exporter] = end
}

// Of is where the requests of a receiver's signal go as they come; nil when they are to be decoded.
func (r *Registry) Of(receiver component.ID, signal pipeline.Signal) End {
	r.mu.Lock()
	defer r.mu.Unlock()
	exporter, ok := r.pipelines.Exporter(receiver, signal)
	if !ok {
		return nil
	}
	return r.ends[exporter]
}
