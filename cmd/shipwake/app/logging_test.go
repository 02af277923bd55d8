package app

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// frame is how the Collector places a component.
type frame struct{}

func (frame) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("otelcol.component.id", "otlp")
	e.AddString("otelcol.component.kind", "receiver")
	return nil
}

func TestTheLogIsReadable(t *testing.T) {
	const theirs = "/go/pkg/mod/go.opentelemetry.io/collector/service@v0.162.0/service.go"
	for name, c := range map[string]struct {
		level zapcore.Level // of the configuration
		entry zapcore.Entry
		want  string
	}{
		"our own lines stay":           {zap.InfoLevel, zapcore.Entry{Message: "verdict", Caller: zapcore.EntryCaller{Defined: true, File: "/src/host/loop.go"}}, "info\tverdict\t{\"component\": \"otlp\"}\n"},
		"the Collector's progress not": {zap.InfoLevel, zapcore.Entry{Message: "Starting extensions...", Caller: zapcore.EntryCaller{Defined: true, File: theirs}}, ""},
		"but its addresses":            {zap.InfoLevel, zapcore.Entry{Message: "Starting GRPC server", Caller: zapcore.EntryCaller{Defined: true, File: theirs}}, "info\tTaking OTLP over gRPC\t{\"component\": \"otlp\"}\n"},
		"and its warnings":             {zap.InfoLevel, zapcore.Entry{Level: zap.WarnLevel, Message: "slow", Stack: "main.main", Caller: zapcore.EntryCaller{Defined: true, File: theirs}}, "warn\tslow\t{\"component\": \"otlp\"}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			encoder := zap.NewProductionEncoderConfig()
			encoder.TimeKey = ""
			core := zapcore.NewCore(zapcore.NewConsoleEncoder(encoder), zapcore.AddSync(&out), c.level)
			quieted := quiet{core}.With([]zapcore.Field{zap.Inline(frame{})})
			if checked := quieted.Check(c.entry, nil); checked != nil {
				checked.Caller = c.entry.Caller
				checked.Write()
			}
			require.Equal(t, c.want, out.String())
		})
	}
}

func TestNothingIsDroppedAtLevelDebug(t *testing.T) {
	var out bytes.Buffer
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&out), zap.DebugLevel)
	zap.New(quiet{core}.With([]zapcore.Field{zap.Inline(frame{})})).Info("Starting extensions...")
	require.Contains(t, out.String(), "Starting extensions...")
	require.Contains(t, out.String(), "otelcol.component.kind")
}
