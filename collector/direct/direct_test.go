package direct_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/shipwake/shipwake/collector/direct"
)

var (
	otlp      = component.MustNewID("otlp")
	correlate = component.MustNewID("correlate")
)

func pipelines(t *testing.T, of map[string]any) direct.Pipelines {
	t.Helper()
	read, err := direct.Read(confmap.NewFromStringMap(map[string]any{
		"receivers": map[string]any{"otlp": nil}, "service": map[string]any{"extensions": []any{"correlate"}, "pipelines": of},
	}))
	require.NoError(t, err)
	return read
}

func TestWhatIsDirect(t *testing.T) {
	list := func(names ...any) []any { return names }
	plain := map[string]any{"receivers": list("otlp"), "exporters": list("correlate")}
	for name, test := range map[string]struct {
		of   map[string]any
		want bool
	}{
		"a pipeline with nothing in between": {map[string]any{"traces": plain}, true},
		"another signal's pipeline beside it": {
			map[string]any{"traces": plain, "logs": map[string]any{"receivers": list("otlp"), "processors": list("batch"), "exporters": list("debug")}}, true,
		},
		"another receiver's pipeline beside it": {
			map[string]any{"traces": plain, "traces/2": map[string]any{"receivers": list("zipkin"), "exporters": list("debug")}}, true,
		},
		"a processor": {
			map[string]any{"traces": map[string]any{"receivers": list("otlp"), "processors": list("batch"), "exporters": list("correlate")}}, false,
		},
		"another exporter": {
			map[string]any{"traces": map[string]any{"receivers": list("otlp"), "exporters": list("correlate", "debug")}}, false,
		},
		"another exporter only": {
			map[string]any{"traces": map[string]any{"receivers": list("otlp"), "exporters": list("debug")}}, false,
		},
		"a second pipeline of the same receiver": {map[string]any{"traces": plain, "traces/2": plain}, false},
		"no pipeline":                            {map[string]any{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			exporter, ok := pipelines(t, test.of).Exporter(otlp, pipeline.SignalTraces)
			require.Equal(t, test.want, ok && exporter == correlate)
		})
	}
}

func TestPipelinesThatCantBeRead(t *testing.T) {
	_, err := direct.Read(confmap.NewFromStringMap(map[string]any{"service": map[string]any{"pipelines": map[string]any{"traces": map[string]any{"receivers": 7}}}}))
	require.ErrorContains(t, err, "service::pipelines")
}

type end struct{ direct.End }

type keeper struct {
	component.StartFunc
	component.ShutdownFunc
	direct.Registry
}

func (k *keeper) DirectEnds() *direct.Registry { return &k.Registry }

type extensions map[component.ID]component.Component

func (e extensions) GetExtensions() map[component.ID]component.Component { return e }

func TestReceiversFindTheirEnds(t *testing.T) {
	require.Nil(t, direct.Ends(componenttest.NewNopHost()))

	r := direct.Ends(extensions{correlate: &keeper{}})
	require.Nil(t, r.Of(otlp, pipeline.SignalTraces), "nobody told the pipelines")

	all := pipelines(t, map[string]any{"traces": map[string]any{"receivers": []any{"otlp"}, "exporters": []any{"correlate"}}})
	r.Configure(all)
	require.Nil(t, r.Of(otlp, pipeline.SignalTraces), "the exporter wants decoded requests")

	r.Offer(correlate, end{})
	require.NotNil(t, r.Of(otlp, pipeline.SignalTraces))
	require.Nil(t, r.Of(otlp, pipeline.SignalMetrics))

	r.Settle()
	require.Nil(t, r.Of(otlp, pipeline.SignalTraces), "it may be in other pipelines by now")
}
