//go:build kafka

package otlp

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/shipwake/shipwake/collector/kafka/kafkatest"
)

// TestTelemetryOfARealBroker reads spans from Apache Kafka, which is killed in between.
func TestTelemetryOfARealBroker(t *testing.T) {
	b := kafkatest.Start(t)
	b.CreateTopics(2, "otlp_spans")
	p := &topic{t: t, brokers: []string{b.Address}}
	sink := &consumertest.TracesSink{}
	r := p.read(sink)
	defer func() { require.NoError(t, r.Shutdown(t.Context())) }()
	proto, json := spansOf(t, "GET /cart")
	p.write(proto, json)
	require.Eventually(t, func() bool { return sink.SpanCount() == 2 }, time.Minute, 10*time.Millisecond)
	b.Kill()
	b.Begin()
	p.write(proto) // the broker doesn't know yet how far the others were read
	require.Eventually(t, func() bool { return sink.SpanCount() == 3 }, time.Minute, 10*time.Millisecond)
}
