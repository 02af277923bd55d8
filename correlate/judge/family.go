package judge

import "github.com/shipwake/shipwake/correlate"

// family is a group of signals that ask the same question: their e-values are averaged, and a family spends its own
// share of alpha.
type family uint8

const (
	familyErrors family = iota
	familyLatency
	familyLogs
	familyExceptions
	familyTraffic
	familyCustom
	families
	supporting // never convicts and blocks nothing
)

func (f family) reason() correlate.Reason {
	return [families]correlate.Reason{
		correlate.ReasonErrorRatio, correlate.ReasonLatency, correlate.ReasonLogErrors,
		correlate.ReasonNewException, correlate.ReasonThroughput, correlate.ReasonCustomSignal,
	}[f]
}

func (f family) weight(w *Weights) float64 {
	return [families]float64{w.Errors, w.Latency, w.Logs, w.Exceptions, w.Traffic, w.Custom}[f]
}

// required families must be proven harmless before a change is healthy.
func (f family) required() bool { return f == familyErrors || f == familyLatency }
