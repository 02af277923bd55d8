package otlp

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/correlate"
)

// topic is a cluster with a topic of spans, and a receiver of it.
type topic struct {
	t       *testing.T
	brokers []string
	tally   correlate.Tally
}

func newTopic(t *testing.T) *topic {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "otlp_spans"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return &topic{t: t, brokers: cluster.ListenAddrs()}
}

// read starts a receiver that reads from the beginning.
func (p *topic) read(next consumer.Traces) receiver.Traces {
	config := defaultConfig()
	brokers := make([]any, 0, len(p.brokers))
	for _, b := range p.brokers {
		brokers = append(brokers, b)
	}
	require.NoError(p.t, confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"kafka": map[string]any{"brokers": brokers, "from": "earliest"},
	}}).Unmarshal(config))
	require.NoError(p.t, confmap.Validate(config))
	r, err := NewFactory(admission.NewBudget(8<<20), &p.tally).CreateTraces(p.t.Context(), receivertest.NewNopSettings(Type()), config, next)
	require.NoError(p.t, err)
	require.NoError(p.t, r.Start(p.t.Context(), componenttest.NewNopHost()))
	return r
}

func (p *topic) write(values ...[]byte) {
	client, err := kgo.NewClient(kgo.SeedBrokers(p.brokers...), kgo.DefaultProduceTopic("otlp_spans"))
	require.NoError(p.t, err)
	defer client.Close()
	for _, v := range values {
		require.NoError(p.t, client.ProduceSync(p.t.Context(), &kgo.Record{Value: v}).FirstErr())
	}
}

func (p *topic) count(result string) int64 {
	for _, v := range p.tally.Values() {
		if v.Count == (correlate.Count{What: "otlp", Source: "traces", Result: result}) {
			return v.Value
		}
	}
	return -1
}

// spansOf is a request with one span of that name, in protobuf and in JSON.
func spansOf(t *testing.T, name string) (proto, json []byte) {
	td := ptrace.NewTraces()
	td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty().SetName(name)
	request := ptraceotlp.NewExportRequestFromTraces(td)
	proto, err := request.MarshalProto()
	require.NoError(t, err)
	json, err = request.MarshalJSON()
	require.NoError(t, err)
	return proto, json
}

func TestTelemetryIsReadFromTopics(t *testing.T) {
	p := newTopic(t)
	proto, json := spansOf(t, "GET /cart")
	p.write(proto, json, []byte("}{ neither"), proto)
	sink := &consumertest.TracesSink{}
	r := p.read(sink)
	require.Eventually(t, func() bool { return p.count(accepted) == 3 && p.count("malformed") == 1 }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, r.Shutdown(t.Context()))
	require.Equal(t, 3, sink.SpanCount())

	p.write(proto)
	r = p.read(sink)
	require.Eventually(t, func() bool { return sink.SpanCount() == 4 }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, r.Shutdown(t.Context()))
	require.Equal(t, 4, sink.SpanCount(), "what was taken is not read again after an orderly end")
}

func TestAMessageIsTriedUntilItIsTaken(t *testing.T) {
	p := newTopic(t)
	var tries atomic.Int64
	next, err := consumer.NewTraces(func(context.Context, ptrace.Traces) error {
		switch tries.Add(1) {
		case 1, 2:
			return errors.New("not now")
		case 4:
			return consumererror.NewPermanent(errors.New("never"))
		}
		return nil
	})
	require.NoError(t, err)
	proto, _ := spansOf(t, "GET /cart")
	p.write(proto)
	r := p.read(next)
	require.Eventually(t, func() bool { return p.count(accepted) == 1 }, 20*time.Second, 10*time.Millisecond)
	p.write(proto, proto)
	require.Eventually(t, func() bool { return p.count(accepted) == 2 }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, r.Shutdown(t.Context()))
	require.EqualValues(t, 2, p.count(unavailable))
	require.EqualValues(t, 1, p.count(failed), "one that is refused for good is passed over")
	require.EqualValues(t, 5, tries.Load())
}

func TestAMemberWithoutABrokerEndsAtOnce(t *testing.T) {
	p := &topic{t: t, brokers: []string{freeAddress(t)}}
	r := p.read(consumertest.NewNop())
	began := time.Now()
	require.NoError(t, r.Shutdown(t.Context()))
	require.Less(t, time.Since(began), 10*time.Second)
}

func TestKafkaConfig(t *testing.T) {
	for name, test := range map[string]struct {
		kafka map[string]any
		wrong string
	}{
		"nothing is needed for a broker of this machine": {map[string]any{}, ""},
		"a place to begin that is none":                  {map[string]any{"from": "yesterday"}, `from: "yesterday": must be latest or earliest`},
		"a topic under two signals":                      {map[string]any{"topics": map[string]any{"logs": []any{"otlp_spans"}}}, `topics: "otlp_spans": must be a name, and stand under one signal only`},
		"no group":                                       {map[string]any{"group_id": ""}, "group_id: must not be empty"},
		"no broker":                                      {map[string]any{"brokers": []any{}}, "brokers: at least one host:port is required"},
		"an unknown key":                                 {map[string]any{"topic": "otlp_spans"}, "topic"},
	} {
		t.Run(name, func(t *testing.T) {
			config := defaultConfig()
			err := confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{"kafka": test.kafka}}).Unmarshal(config)
			if err == nil {
				err = confmap.Validate(config)
			}
			if test.wrong == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.wrong, fmt.Sprint(test.kafka))
			}
		})
	}
}
