// Package client answers: how is an operator told that Kafka can't be read?
package client

import (
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
)

// Health tells the operator when the brokers can't be reached or the group can't be joined, once for each time that it
// begins: the next failure of a row follows half a second later. The client calls it from many goroutines.
type Health struct {
	Host    component.Host
	Log     *zap.Logger
	Brokers []string

	mu      sync.Mutex
	failing bool
	absent  map[string]bool // topics that don't exist
}

var (
	_ kgo.HookBrokerConnect    = (*Health)(nil)
	_ kgo.HookGroupManageError = (*Health)(nil)
)

// OnBrokerConnect is called with the outcome of each attempt to connect.
func (h *Health) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err != nil {
		h.Failed(err)
	}
}

// OnGroupManageError is called with what made the client lose its place in the group.
func (h *Health) OnGroupManageError(err error) { h.Failed(err) }

// Failed tells why there is nothing to read.
func (h *Health) Failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing {
		h.Log.Debug("still can't join the consumer group", zap.Error(err))
		return
	}
	h.failing = true
	h.Log.Warn("can't join the consumer group; trying on", zap.Strings("brokers", h.Brokers), zap.Error(err))
	componentstatus.ReportStatus(h.Host, componentstatus.NewRecoverableErrorEvent(err))
}

// Recovered ends a row of failures.
func (h *Health) Recovered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing {
		h.failing = false
		componentstatus.ReportStatus(h.Host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}

// Missing is told of a topic that doesn't exist as long as it doesn't.
func (h *Health) Missing(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.absent[topic] {
		h.Log.Warn("topic doesn't exist; it will be read as soon as it does", zap.String("topic", topic))
	}
	if h.absent == nil {
		h.absent = map[string]bool{}
	}
	h.absent[topic] = true
}
