package judge

import "github.com/shipwake/shipwake/correlate"

// comparisons are the stream's questions: what is counted depends on its kind. Edges are the service as its callers
// see it: what is lost on the way shows only there. Without before, only what the versions' contrast needs is counted.
func comparisons(p *Params, c *Case, s *Stream, before bool) []comparison {
	switch s.Kind {
	case correlate.Traffic:
		return append(latencies(p, c, s, before), counted(c, s, "error_ratio", familyErrors, p.Errors, before))
	case correlate.Edge:
		qs := append(latencies(p, c, s, before), counted(c, s, "error_ratio", familyErrors, p.Errors, before))
		for i := range qs {
			qs[i].signal = "client_" + qs[i].signal
		}
		return qs
	case correlate.Log:
		return []comparison{counted(c, s, "log_errors", familyLogs, p.LogErrors, before)}
	}
	return nil
}

// counted is the question how many of the requests (or records) were errors.
func counted(c *Case, s *Stream, signal string, f family, floor Floor, before bool) comparison {
	base, after := halves(c, s)
	q := comparison{
		signal: signal, family: f, floor: floor,
		base: ask(base, errorsOfRequests), new: ask(s.New, errorsOfRequests), old: ask(s.Old, errorsOfRequests),
	}
	if before {
		q.after, q.history = ask(after, errorsOfRequests), ask(s.History, errorsOfRequests)
	}
	return q
}

// latencies are the questions how many requests were slower than the baseline's quantiles. Without a time before the
// change the old version's requests are the baseline. A quantile that the baseline holds too few requests to know is
// doubled, and what lies beyond that needn't be as much more frequent.
func latencies(p *Params, c *Case, s *Stream, before bool) []comparison {
	earlier, later := halves(c, s)
	known := new(spread)
	known.add(earlier)
	if known.total == 0 {
		known.add(s.Old)
	}
	if known.total == 0 {
		return nil
	}
	var above [len(quantiles)]int16
	floors := p.Latency
	for i, q := range quantiles {
		above[i] = known.bin(q) + p.LatencySlack
		if float64(known.total)*(1-q) < p.KnownBeyond {
			above[i] += correlate.BinsPerOctave
			floors[i].Ratio, floors[i].BeforeAfter = p.Latency[0].Ratio, p.Latency[0].Ratio
		}
	}
	base, fresh, old := exceed(earlier, above), exceed(s.New, above), exceed(s.Old, above)
	var after, history [len(quantiles)][]tally
	if before {
		after, history = exceed(later, above), exceed(s.History, above)
	}
	view := &latencyView{before: known, after: later, new: s.New, old: s.Old}
	out := make([]comparison, len(quantiles), len(quantiles)+1)
	for i, q := range quantiles {
		out[i] = comparison{
			signal: latencyNames[i], family: familyLatency, floor: floors[i], nominal: 1 - q, quantile: q,
			base: base[i], after: after[i], new: fresh[i], old: old[i], history: history[i], latency: view,
		}
		if i > 0 {
			out[i].lower = &out[i-1]
		}
	}
	return out
}

// halves splits the whole at the start of the change; the cell in which it happened belongs to neither.
func halves(c *Case, s *Stream) (before, after []correlate.Cell) {
	n := 0
	for n < len(s.Whole) && s.Whole[n].Start+c.Resolution <= c.Start {
		n++
	}
	before, after = s.Whole[:n], s.Whole[n:]
	for len(after) > 0 && after[0].Start < c.Start {
		after = after[1:]
	}
	return before, after
}
