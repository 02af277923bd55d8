package prometheus

import (
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// health tells the Collector whether every server answers.
type health struct {
	host    component.Host
	mu      sync.Mutex
	failing map[*server]bool
}

func newHealth(host component.Host) *health { return &health{host: host, failing: map[*server]bool{}} }

// ill returns whether that is news.
func (h *health) ill(s *server, err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	news := !h.failing[s]
	h.failing[s] = true
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
	return news
}

// well returns whether that is news.
func (h *health) well(s *server) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	news := h.failing[s]
	delete(h.failing, s)
	if news && len(h.failing) == 0 {
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
	return news
}
