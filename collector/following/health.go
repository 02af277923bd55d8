package following

import (
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// Health tells the Collector whether all that a receiver follows can be read. The zero value knows of no failure; only Host must be
// given. It is safe for concurrent use.
type Health struct {
	Host component.Host

	mu      sync.Mutex
	failing map[string]bool
}

// Ill says that something can't be read, and returns whether that is news.
func (h *Health) Ill(what string, err error) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing == nil {
		h.failing = map[string]bool{}
	}
	news = !h.failing[what]
	h.failing[what] = true
	componentstatus.ReportStatus(h.Host, componentstatus.NewRecoverableErrorEvent(err))
	return news
}

// Well says that something can be read, and returns whether that is news. The Collector is told once all can be.
func (h *Health) Well(what string) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	news = h.failing[what]
	delete(h.failing, what)
	if news && len(h.failing) == 0 {
		componentstatus.ReportStatus(h.Host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
	return news
}
