package pull

import (
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// health tells the Collector whether every stream can be read.
type health struct {
	host    component.Host
	mu      sync.Mutex
	failing map[string]bool
}

func (h *health) ill(stream string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failing[stream] = true
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
}

func (h *health) well(stream string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.failing[stream] {
		return
	}
	delete(h.failing, stream)
	if len(h.failing) == 0 {
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}
