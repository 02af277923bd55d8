package judge

import (
	"slices"

	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// expect gives tallies as much more exposure as lets expect the events of a warm-up. It leaves those alone that it is
// given.
func (t *trial) expect(q *comparison, ts []evalue.Tally) []evalue.Tally {
	if !t.warms(q) {
		return ts
	}
	out := slices.Clone(ts)
	for i := range out {
		out[i].Exposure = int64(float64(out[i].Exposure) * q.warm.At(out[i].At-t.c.Start))
	}
	return out
}

// expectBeside is expect for the new version beside the old one. What is known of earlier rollouts is about all versions
// together, and the more is due to the new one the fewer of the requests it had. Where that was too few to show, its
// first instances are taken to be as cold, and for as long, as the service was at its coldest.
func (t *trial) expectBeside(q *comparison, pairs []evalue.Pair) []evalue.Pair {
	if !t.warms(q) {
		return pairs
	}
	out := slices.Clone(pairs)
	for i := range out {
		p := &out[i]
		age := p.At - t.c.Start
		f := 1 + (q.warm.At(age)-1)*(p.NT+p.NC)/p.NT
		if coldest, lasts := q.warm.Coldest(); age < lasts {
			f = max(f, coldest)
		}
		p.NT *= min(f, t.p.Catastrophe)
	}
	return out
}

// warms says that the service is known to warm up. A catastrophe is judged without that.
func (t *trial) warms(q *comparison) bool { return q.warm != nil && t.begin > t.c.Start }

// learn puts every question to the time of the earlier rollouts.
func (r *record) learn(p *Params, c *Case, s *Stream) {
	r.add(s.Past, func(q *comparison) *[]evalue.Tally { return &q.past }, 0, nil)
	for i := range r.questions {
		if q := &r.questions[i]; len(q.base) > 0 {
			q.warm = expect.WarmUpOf(q.past, c.Coarse, c.Earlier, &p.Params)
		}
		r.questions[i].past = nil
	}
}
