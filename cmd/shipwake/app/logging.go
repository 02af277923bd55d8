package app

import (
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logging makes the Collector's log fit for a terminal; it changes nothing at level debug.
func logging() []zap.Option {
	return []zap.Option{zap.WrapCore(func(core zapcore.Core) zapcore.Core { return quiet{core} })}
}

// quiet drops what the Collector's frame says at level info about its own parts, source positions and stack traces.
type quiet struct{ zapcore.Core }

func (q quiet) With(fields []zapcore.Field) zapcore.Core {
	if q.Enabled(zapcore.DebugLevel) {
		return quiet{q.Core.With(fields)}
	}
	return quiet{q.Core.With(withoutFrame(fields))}
}

func (q quiet) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if q.Enabled(entry.Level) {
		return checked.AddCore(entry, q)
	}
	return checked
}

// Write is where chatter is told apart: the caller isn't known yet when an entry is checked.
func (q quiet) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if q.Enabled(zapcore.DebugLevel) {
		return q.Core.Write(entry, fields)
	}
	if chatter(entry) {
		words, telling := addresses[entry.Message]
		if !telling {
			return nil
		}
		entry.Message = words
	}
	entry.Caller, entry.Stack = zapcore.EntryCaller{}, ""
	return q.Core.Write(entry, withoutFrame(fields))
}

// chatter is what the Collector says of its own progress.
func chatter(entry zapcore.Entry) bool {
	return entry.Level == zapcore.InfoLevel && strings.Contains(entry.Caller.File, "go.opentelemetry.io/collector/")
}

// addresses are the lines of the Collector that tell where it listens, and how we say it.
var addresses = map[string]string{
	"Starting GRPC server": "Taking OTLP over gRPC",
	"Starting HTTP server": "Taking OTLP over HTTP",
}

// withoutFrame says which component speaks by its id, and drops where the Collector placed it in its pipelines.
func withoutFrame(fields []zapcore.Field) []zapcore.Field {
	kept := make([]zapcore.Field, 0, len(fields))
	for _, f := range fields {
		if f.Type != zapcore.InlineMarshalerType {
			kept = append(kept, f)
			continue
		}
		inline := zapcore.NewMapObjectEncoder()
		f.AddTo(inline)
		id, placed := inline.Fields["otelcol.component.id"].(string)
		switch {
		case placed:
			kept = append(kept, zap.String("component", id))
		case inline.Fields["otelcol.component.kind"] == nil:
			kept = append(kept, f)
		}
	}
	return kept
}
