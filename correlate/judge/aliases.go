package judge

import "github.com/shipwake/shipwake/correlate/judge/expect"

type (
	// Gap is a stretch of time without telemetry.
	Gap = expect.Gap
	// Part is the requests for one route that one version served.
	Part = expect.Part
	// Rollout is an earlier rollout that says how a service warms up.
	Rollout = expect.Rollout
	// GaugeParams calibrates signals that are values, not counts.
	GaugeParams = expect.GaugeParams
)
