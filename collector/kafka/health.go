package kafka

import (
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
)

// health tells the operator when the brokers can't be reached or the group can't be joined, once for each time that it
// begins: the next failure of a row follows half a second later. The client calls it from many goroutines.
type health struct {
	host    component.Host
	log     *zap.Logger
	brokers []string

	mu      sync.Mutex
	failing bool
	absent  map[string]bool // topics that don't exist
}

var (
	_ kgo.HookBrokerConnect    = (*health)(nil)
	_ kgo.HookGroupManageError = (*health)(nil)
)

// OnBrokerConnect is called with the outcome of each attempt to connect.
func (h *health) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err != nil {
		h.failed(err)
	}
}

// OnGroupManageError is called with what made the client lose its place in the group.
func (h *health) OnGroupManageError(err error) { h.failed(err) }

func (h *health) failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing {
		h.log.Debug("still can't join the consumer group", zap.Error(err))
		return
	}
	h.failing = true
	h.log.Warn("can't join the consumer group; trying on", zap.Strings("brokers", h.brokers), zap.Error(err))
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
}

func (h *health) recovered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing {
		h.failing = false
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}

// missing is told of a topic that doesn't exist as long as it doesn't.
func (h *health) missing(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.absent[topic] {
		h.log.Warn("topic doesn't exist; it will be read as soon as it does", zap.String("topic", topic))
	}
	if h.absent == nil {
		h.absent = map[string]bool{}
	}
	h.absent[topic] = true
}
