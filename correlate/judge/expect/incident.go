package expect

import (
	"slices"

	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

const (
	// dayRise is up to which factor a rise of the event ratio is the day's, or the week's. An incident is twice that.
	dayRise = 1.5
	// incidentProof is ln of how much more likely an incident is than a rise of the day.
	incidentProof = 10
	// incidentPart: an incident takes at most one part in so many of the history. What takes more is usual.
	incidentPart = 10
	// incidentAlone: it says so many times as much as any other. A service that has incidents again and again will have another.
	incidentAlone = 4
	// incidentAround: an incident at the time of day of a change, or up to such a part of a day later, may be something that
	// comes at that time.
	incidentAround = 8
)

// WithoutIncident is a history, in cells of the given width, without the one old incident in it: the stretch in which events
// were several times as frequent as in the whole, where there is no second that comes near to it. It would widen what is
// expected of every hour. One that lies at the time of day of the change stays: a nightly batch comes again. before is the
// time before the change, up to it.
//
// The stretch is that of the largest log-likelihood ratio, as evalue.Locate finds it. A history without such a stretch is
// returned as it is.
func WithoutIncident(history []evalue.Tally, width int64, before evalue.Span, p *Params) []evalue.Tally {
	e, n := evalue.Sum(history)
	if e == 0 || e >= n || !p.Guards.On(guardOldIncident) {
		return history
	}
	rate := float64(e) / float64(n)
	h := p.Hypothesize(0, dayRise, 0, rate, 1)
	pairs := evalue.Alongside(history, evalue.Pair{EC: float64(e), NC: float64(n)})
	x, gain := evalue.Locate(pairs, h, 2*h.Theta)
	incident := evalue.Span{From: x.Onset, To: x.End + width}
	all := history[len(history)-1].At + width - history[0].At
	if gain < incidentProof || incident.Length()*incidentPart > all || x.Onset == history[0].At || comesAgain(incident, before, p.Day) {
		return history
	}
	inside := func(at int64) bool { return at >= incident.From && at < incident.To }
	rest := slices.DeleteFunc(pairs, func(o evalue.Pair) bool { return inside(o.At) })
	if _, next := evalue.Locate(rest, h, 2*h.Theta); gain < incidentAlone*next {
		return history
	}
	return slices.DeleteFunc(slices.Clone(history), func(t evalue.Tally) bool { return inside(t.At) })
}

// comesAgain says that an incident lies where one of the days that are asked says what is to be expected.
func comesAgain(incident, before evalue.Span, day int64) bool {
	asked := evalue.Span{From: before.From, To: before.To + day/incidentAround}
	return slices.ContainsFunc(daysBack[:], func(d int64) bool { return asked.Back(d * day).Overlaps(incident) })
}
