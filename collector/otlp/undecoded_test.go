package otlp

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

func TestWhyARequestIsNoOTLPMessage(t *testing.T) {
	span := func(member string) string {
		return `{"resourceSpans":[{"scopeSpans":[{"spans":[{` + member + `,"name":"canary"}]}]}]}`
	}
	for name, c := range map[string]struct{ body, want string }{
		"an id in Base64": {span(`"traceId":"W47/95gDgQPSabYzgT/GDA=="`), "traceId and spanId must be hexadecimal, of 32 and 16 digits"},
		"half an id":      {span(`"spanId":"7e"`), "traceId and spanId must be hexadecimal, of 32 and 16 digits"},
		"no hexadecimal":  {span(`"spanId":"zzzzzzzzzzzzzzzz"`), "traceId and spanId must be hexadecimal, of 32 and 16 digits"},
		"a word as time":  {span(`"startTimeUnixNano":"soon"`), "invalid syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			err := ptraceotlp.NewExportRequest().UnmarshalJSON([]byte(c.body))
			require.Error(t, err)
			require.Contains(t, undecoded(err), c.want)
			for _, part := range []string{"canary", "bigger context", "found in #", "Iter"} {
				require.NotContains(t, undecoded(err), part)
			}
		})
	}
	require.Equal(t, "proto: wrong\ntag", undecoded(errors.New("proto: wrong\ntag")), "what has no quotation stays whole")
}
