package judge

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Outlook is an assessment by everything known now, with what an acquittal still takes: nothing when it is there.
func (m *Memory) Outlook(p *Params, c *Case) (Assessment, []correlate.Wait) {
	t := ruling{m.newTrial(p, c, c.countsFrom(p))}
	t.askAll()
	a := t.assessment()
	a.Evidence = t.evidence()
	if a.Outcome != correlate.Inconclusive {
		return a, nil
	}
	return a, t.waits()
}

// waits are what an acquittal still takes.
func (t ruling) waits() []correlate.Wait {
	if !t.anything() {
		return []correlate.Wait{{For: correlate.WaitTelemetry}}
	}
	var all []correlate.Wait
	if t.doubtful() {
		all = append(all, correlate.Wait{For: correlate.WaitDoubt, Reason: t.strongest()})
	}
	if t.c.Finish == 0 {
		all = append(all, correlate.Wait{For: correlate.WaitRollout})
	}
	if enough := t.watchedFrom(); t.c.Now < enough {
		all = append(all, correlate.Wait{For: correlate.WaitTime, Until: instant(enough)})
	}
	for f, required := range t.required() {
		if t.c.Now > t.begin && required && t.proof(family(f), t.provenNow) == "" {
			all = append(all, t.lacks(family(f)))
		}
	}
	return all
}

// strongest is the reason that the strongest finding would convict with.
func (t ruling) strongest() (r correlate.Reason) {
	most := 0.0
	for i := range t.findings {
		if f := &t.findings[i]; f.family != supporting && f.strength > most {
			r, most = asked[f.family].reason, f.strength
		}
	}
	return r
}

// watchedFrom is when the change was watched for long enough, as far as that depends on its dates.
func (t ruling) watchedFrom() int64 {
	enough := t.p.MinHealthy
	if t.p.Guards.On(guardTwiceTheRollout) {
		enough = max(enough, 2*(t.c.Finish-t.c.Start))
	}
	return t.c.Start + enough
}

// lacks is what the proof that a family is harmless still takes.
func (t ruling) lacks(f family) correlate.Wait {
	w := correlate.Wait{For: correlate.WaitBaseline, Reason: asked[f].reason}
	grade := t.acquitting(f)
	if grade == "" {
		return w
	}
	w.For = correlate.WaitMargin
	if f == familyCustom {
		return w // more of the same isn't steadier
	}
	for _, times := range [...]float64{1.1, 1.25, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32} {
		if !t.provenBy(f, grade, times) {
			continue
		}
		w.For, w.Requests = correlate.WaitRequests, int64((times-1)*t.treated(f, grade))
		w.Until = instant(t.c.Now + int64((times-1)*float64(t.c.Now-t.begin)))
		break
	}
	return w
}

// acquitting is the best grade of a family's findings that can acquit, "" when there is none.
func (t ruling) acquitting(f family) correlate.Grade {
	best := correlate.Grade("")
	for i := range t.findings {
		o := &t.findings[i]
		if o.family == f && (o.contest != nil || o.worst != nil) && o.Grade <= correlate.GradeC && (best == "" || o.Grade < best) {
			best = o.Grade
		}
	}
	return best
}

// provenBy says whether so many times as many requests like those so far would prove a family harmless.
func (t ruling) provenBy(f family, grade correlate.Grade, times float64) bool {
	for i := range t.findings {
		if o := &t.findings[i]; o.family == f && o.Grade == grade && !t.provenNow(o.repeated(times)) {
			return false
		}
	}
	return true
}

// treated are the requests that a family's comparison of a grade counted since the change.
func (t ruling) treated(f family, grade correlate.Grade) (n float64) {
	for i := range t.findings {
		if o := &t.findings[i]; o.family == f && o.Grade == grade && o.contest != nil {
			n = max(n, evalue.Totals(o.contest.pairs.all()).NT)
		}
	}
	return n
}

// repeated is the finding with everything that was counted at the same time counted so many times.
func (f *finding) repeated(times float64) *finding {
	if f.contest == nil {
		return f
	}
	c := *f.contest
	c.pairs, c.far, c.worked = aside{made: scaled(f.contest.pairs.all(), times)}, aside{made: scaled(f.contest.far.all(), times)}, worked{}
	again := *f
	again.contest = &c
	return &again
}

func scaled(pairs []evalue.Pair, times float64) []evalue.Pair {
	out := make([]evalue.Pair, len(pairs))
	for i, p := range pairs {
		out[i] = evalue.Pair{At: p.At, ET: p.ET * times, NT: p.NT * times, EC: p.EC * times, NC: p.NC * times}
	}
	return out
}

func instant(unix int64) *time.Time {
	t := time.Unix(unix, 0).UTC()
	return &t
}
