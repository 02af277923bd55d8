package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/shipwake/shipwake/sinks/api"
)

// telemetry says when telemetry last came, and whether any of it is lost.
func telemetry(_ context.Context, p *Patient) []Finding {
	s := p.answers.status
	const mend = "point OTEL_EXPORTER_OTLP_ENDPOINT of your services, or an exporter of your Collector, at the daemon's OTLP address"
	switch {
	case s == nil:
		return p.noDaemon()
	case s.Watermark == nil:
		return warn(mend, "none has come since the daemon was first started: no change can be judged")
	case s.TelemetryIdle:
		return append(warn(mend, "silent: it is complete up to %s ago, and nothing has come since", ago(s.Now.Sub(*s.Watermark))), lost(s)...)
	}
	return append(ok("complete up to %s ago; since the start %s", ago(s.Now.Sub(*s.Watermark)), records(s, "accepted")), lost(s)...)
}

// records are how many spans, points and logs had a result.
func records(s *api.Status, results ...string) string {
	var parts []string
	for _, c := range s.Counts {
		for _, result := range results {
			if c.What == "telemetry" && c.Result == result && c.Value > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", c.Value, c.Source))
			}
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// lost is what was refused.
func lost(s *api.Status) (found []Finding) {
	for _, kind := range []struct{ result, says, mend string }{
		{"shed", "were put off for lack of memory; those that their senders don't send again are lost", "raise extensions::correlate::memory::limit; docs/runbooks/ShipwakeTelemetryLost.md"},
		{"refused", "were refused, and no verdict is healthy that they may have been meant for", "look at the daemon's log; docs/runbooks/ShipwakeTelemetryLost.md"},
		{"future", "were dated in the future, and left out", "synchronize the clocks of the senders"},
	} {
		if what := records(s, kind.result); what != "nothing" {
			found = append(found, warn(kind.mend, "%s %s", what, kind.says)...)
		}
	}
	return found
}
