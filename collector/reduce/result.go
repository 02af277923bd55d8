package reduce

import "github.com/shipwake/shipwake/correlate"

// Result says what became of one record. It is a label of the tally.
type Result uint8

// The results. Whatever was received is in exactly one of them.
const (
	Accepted Result = iota // counted, or the reference that a later cumulative point is counted from
	Ignored                // well-formed and of no use here: an internal span, a metric that nobody asked for or told twice
	Unusable               // no service.name, no time, or numbers that can't be right
	Overflow               // counted under a folded name, or dropped, because a bound was reached
	Future                 // dated more than five minutes ahead of the clock
	results
)

func (r Result) String() string {
	return [results]string{"accepted", "ignored", "unusable", "overflow", "future"}[r]
}

// Counts holds one count for each Result.
type Counts [results]int64

// The sources under which records are counted in the tally.
const (
	Spans  = "spans"
	Points = "points"
	Logs   = "logs"
)

// Count adds a batch of results to the tally, under Spans, Points or Logs.
func (r *Reducer) Count(source string, counts Counts) {
	for result, n := range counts {
		if n > 0 {
			r.tally.Add(correlate.Count{What: "telemetry", Source: source, Result: Result(result).String()}, n)
		}
	}
}

// announce creates every counter, so that nothing lost reads as 0 and not as absent.
func (r *Reducer) announce() {
	for _, source := range []string{Spans, Points, Logs} {
		for result := range results {
			r.tally.Add(correlate.Count{What: "telemetry", Source: source, Result: result.String()}, 0)
		}
	}
}
