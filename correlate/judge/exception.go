package judge

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// fewestRecords is how many records of a new type it takes.
const fewestRecords = 3

// newException is a finding when an exception type showed after the change that never showed before, nor on the old
// version since. How unlikely that is depends on in how many cells it showed, and for how long it had not: that a few
// records in a cell or two are none follows from the evidence that a family needs without its strongest cell.
func (t *trial) newException(s *Stream) {
	before, after := halves(t.c, s)
	if seen(before) || seen(s.History) || seen(s.Old) {
		return
	}
	if s.New != nil {
		after = s.New
	}
	var f finding
	var cells int64
	for i := range after {
		if n := after[i].Errors; n > 0 {
			f.Events += n
			cells++
			f.end = after[i].Start
			if f.onset == 0 {
				f.onset = after[i].Start
			}
		}
	}
	if f.Events == 0 {
		return
	}
	quiet := t.quietTime(s)
	watched := float64(t.c.Now - t.c.Start)
	f.Signal, f.family, f.N = signalOf(s.Name), familyExceptions, f.Events
	f.Observed, f.Grade = float64(f.Events)/watched, correlate.GradeD
	if s.New != nil {
		f.Grade = correlate.GradeA
	}
	// One failing call may leave several records, and so may its retries: what counts is in how many cells it showed.
	once := evalue.Pair{At: t.c.Start, ET: float64(cells), NT: watched, NC: quiet}
	h := evalue.Hypothesis{Theta: 1, Phi: 1}
	share := watched / (watched + quiet)
	f.logE = evalue.OnOneSide(float64(cells), share)
	l := evalue.NewLikelihood([]evalue.Pair{once}, h)
	f.bounds[0], f.bounds[1] = evalue.Interval(&l, t.p.Alpha)
	f.Interval = f.bounds
	f.Ratio = quotient(f.Observed, 0, once)
	f.bar = familyExceptions.need(t.p)
	f.strength = f.logE / f.bar
	rest := evalue.OnOneSide(float64(cells-1), share)
	if f.Events < fewestRecords {
		rest = 0
	}
	f.survive(rest, t.p)
	f.recovered = t.c.Now-(f.end+t.c.Resolution) >= t.p.Recovery
	t.findings = append(t.findings, f)
}

// signalOf is the signal of a new type, or of a message.
func signalOf(name string) string {
	if strings.HasPrefix(name, correlate.Message) {
		return name
	}
	return "exception " + name
}

// quietTime is for how long the service was watched before the change, as far as its streams tell.
func (t *trial) quietTime(s *Stream) float64 {
	first := t.c.Start
	for i := range t.c.Streams {
		o := &t.c.Streams[i]
		for _, cells := range [...][]correlate.Cell{o.Whole, o.History} {
			if len(cells) > 0 {
				first = min(first, cells[0].Start)
			}
		}
	}
	return float64(t.c.Start - first)
}

func seen(cells []correlate.Cell) bool {
	for i := range cells {
		if cells[i].Errors > 0 {
			return true
		}
	}
	return false
}
