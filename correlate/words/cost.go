package words

import (
	"math"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Cost is about what a regression came to until it was decided: how many more events than were to be expected.
type Cost struct {
	Events float64 // 0 where that can't be told
	Text   string  // "1,240 failed requests"; "" where that can't be told
}

// CostOf is what the evidence that convicts a change comes to; nothing of a verdict that isn't regressed.
func CostOf(v *correlate.Verdict) Cost {
	if v == nil || v.Outcome != correlate.Regressed {
		return Cost{}
	}
	e, ok := convicting(*v)
	if !ok {
		return Cost{}
	}
	events, what := costOf(e)
	if events = math.Round(events); events < 1 || what == "" {
		return Cost{}
	}
	return Cost{events, Count(int64(events)) + " " + what}
}

// costOf is the number of events that are too many, and what they are.
func costOf(e correlate.Evidence) (events float64, what string) {
	usual := e.Baseline
	if e.Mix > 0 {
		usual *= e.Mix
	}
	beyond := (e.Observed - usual) * float64(e.N)
	switch signal := strings.TrimPrefix(e.Signal, "client_"); {
	case signal == "error_ratio":
		return beyond, "failed requests"
	case shareBeyond[signal] > 0:
		return float64(e.Events) - shareBeyond[signal]*float64(e.N), "slow requests"
	case signal == "latency_mean":
		return float64(e.N), "slow requests" // all of them, on average
	case signal == "throughput": // whose exposure is seconds
		return -beyond, "missing requests"
	case signal == "log_errors":
		return beyond, "logged errors"
	case correlate.OfException(signal):
		return float64(e.Events), "logged errors"
	case strings.HasPrefix(signal, correlate.CallsOf):
		return beyond, "calls too many"
	}
	return 0, ""
}

// shareBeyond is the share of requests that a quantile usually leaves beyond it.
var shareBeyond = map[string]float64{"latency_p50": 0.5, "latency_p90": 0.1, "latency_p99": 0.01}
