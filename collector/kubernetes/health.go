package kubernetes

import (
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// health tells the Collector whether everything can be watched.
type health struct {
	host    component.Host
	mu      sync.Mutex
	failing map[string]bool
}

// ill tells whether this is news.
func (h *health) ill(watch string, err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing[watch] {
		return false
	}
	h.failing[watch] = true
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
	return true
}

func (h *health) well(watch string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.failing[watch] {
		return
	}
	delete(h.failing, watch)
	if len(h.failing) == 0 {
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}
