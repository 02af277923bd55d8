package engine

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// A change is reported by a name of its service, with or without the namespace, and telemetry comes by another one.
func TestAChangeMeetsTheTelemetryOfItsService(t *testing.T) {
	api := func(t teller, service string) teller { t.service = service; return t }
	spans := teller{origin: correlate.OriginSpan, late: 5, share: 1}
	for name, c := range map[string]struct {
		heard []string
		of    string
		want  correlate.Reason
		as    []correlate.Heard
	}{
		"by the very name":                         {[]string{"api"}, "api", correlate.ReasonErrorRatio, nil},
		"with a namespace that telemetry lacks":    {[]string{"api"}, "shop/api", correlate.ReasonErrorRatio, nil},
		"without the namespace that telemetry has": {[]string{"shop/api"}, "api", correlate.ReasonErrorRatio, nil},
		"of two namespaces neither is meant": {
			[]string{"shop/api", "billing/api"}, "api", correlate.ReasonNoTelemetry,
			[]correlate.Heard{{Service: "billing/api", Environment: "production"}, {Service: "shop/api", Environment: "production"}},
		},
		"another service is another one": {[]string{"apis"}, "api", correlate.ReasonNoTelemetry, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := canaried{seed: 5, before: 1800, after: 4200, pods: 1, rps: 5, fails: 0.3, of: c.of, done: true}
			for _, service := range c.heard {
				s.tellers = append(s.tellers, api(spans, service))
			}
			all := s.verdicts(t)
			require.NotEmpty(t, all)
			for _, v := range all {
				require.Equal(t, c.want, v.Reason, "%+v", v)
				require.Equal(t, c.as, v.HeardAs)
			}
			for id := range s.judged {
				if c.want == correlate.ReasonErrorRatio {
					require.False(t, strings.HasPrefix(id, "telemetry-"), "one change, not two: %s", id)
				}
			}
		})
	}
}
