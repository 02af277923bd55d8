package judge

import "github.com/shipwake/shipwake/correlate"

// comparisons are the stream's questions: what is counted depends on its kind. Edges are the service as its callers
// see it: what is lost on the way shows only there.
func comparisons(p *Params, c *Case, s *Stream) []comparison {
	switch s.Kind {
	case correlate.Traffic:
		return append(latencies(p, c, s), counted(c, s, "error_ratio", familyErrors, p.Errors))
	case correlate.Edge:
		qs := append(latencies(p, c, s), counted(c, s, "error_ratio", familyErrors, p.Errors))
		for i := range qs {
			qs[i].signal = "client_" + qs[i].signal
		}
		return qs
	case correlate.Log:
		return []comparison{counted(c, s, "log_errors", familyLogs, p.LogErrors)}
	}
	return nil
}

// counted is the question how many of the requests (or records) were errors.
func counted(c *Case, s *Stream, signal string, f family, floor Floor) comparison {
	before, after := halves(c, s)
	return comparison{
		signal: signal, family: f, floor: floor,
		base: ask(before, errorsOfRequests), after: ask(after, errorsOfRequests),
		new: ask(s.New, errorsOfRequests), old: ask(s.Old, errorsOfRequests),
		history: ask(s.History, errorsOfRequests),
	}
}

// latencies are the questions how many requests were slower than the baseline's quantiles. Without a time before the
// change the old version's requests are the baseline.
func latencies(p *Params, c *Case, s *Stream) []comparison {
	before, after := halves(c, s)
	known := new(spread)
	known.add(before)
	if known.total == 0 {
		known.add(s.Old)
	}
	if known.total == 0 {
		return nil
	}
	var above [len(quantiles)]int16
	for i, q := range quantiles {
		above[i] = known.bin(q) + p.LatencySlack
	}
	base, since := exceed(before, above), exceed(after, above)
	new, old := exceed(s.New, above), exceed(s.Old, above)
	history := exceed(s.History, above)
	out := make([]comparison, len(quantiles), len(quantiles)+1)
	for i, q := range quantiles {
		out[i] = comparison{
			signal: latencyNames[i], family: familyLatency, floor: p.Latency[i], nominal: 1 - q,
			base: base[i], after: since[i], new: new[i], old: old[i], history: history[i],
			latency: &latencyView{quantile: q, before: known, after: after, new: s.New, old: s.Old},
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
