package observe

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/cells"
)

// asking is what the callers of a service ask of it, before a fault and since, in requests a second.
type asking struct {
	before, since             float64
	failedBefore, failedSince float64
	follows                   float64 // as many as would be left if each asked less as it is asked less itself
}

// LostAbove says of a loss of requests that it begins above the service: those who call it get fewer requests themselves,
// which accounts for about as much, and the calls that they still make don't fail more often.
func LostAbove(st *cells.Store, f Fault, t int64) bool {
	s, end := st.Service(f.Place), f.until(t)
	if f.Signal != "throughput" || s == nil || end <= f.Onset {
		return false
	}
	var all asking
	for _, name := range s.Callers() {
		if caller := st.Service(correlate.Place{Service: name, Environment: f.Place.Environment}); caller != nil {
			all.add(caller, f, end)
		}
	}
	if all.before == 0 || all.since >= all.before || all.failsMore() {
		return false
	}
	return math.Log(all.before/math.Max(all.follows, 1e-9)) >= alike*math.Log(all.before/math.Max(all.since, 1e-9))
}

// add takes in a caller, as the most trusted of its accounts tells that has both times.
func (a *asking) add(caller *cells.Service, f Fault, end int64) {
	for _, origin := range callerOrigins {
		calls := caller.Stream(cells.Key{Kind: correlate.Edge, Origin: origin, Peer: f.Place.Service})
		if calls == nil {
			continue
		}
		before, failedBefore := rate(calls, f.Onset-doseBefore, f.Onset)
		since, failedSince := rate(calls, f.Onset, end)
		if before == 0 {
			continue
		}
		a.before, a.failedBefore = a.before+before, a.failedBefore+failedBefore
		a.since, a.failedSince = a.since+since, a.failedSince+failedSince
		a.follows += before * left(caller, f.Onset, end)
		return
	}
}

// failsMore says that what is still asked fails more often than it did.
func (a *asking) failsMore() bool {
	const share = 0.01 // of the calls, at least
	ratio, usual := a.failedSince/math.Max(a.since, 1e-9), a.failedBefore/a.before
	return ratio >= usual*worse && ratio >= usual+share
}

// OnlyCaller is the one caller whose calls of a faulty service fail more often since the onset, while those of others
// that ask enough to tell don't: then it is how that one asks, or the way to it, as likely as what is asked. It is ""
// otherwise.
func OnlyCaller(st *cells.Store, f Fault, t int64) (only string) {
	s, seconds := st.Service(f.Place), f.until(t)-f.Onset
	if f.Signal != "client_error_ratio" || s == nil {
		return ""
	}
	failing, fine := 0, 0
	for _, name := range s.Callers() {
		var a asking
		if caller := st.Service(correlate.Place{Service: name, Environment: f.Place.Environment}); caller != nil {
			a.add(caller, f, f.until(t))
		}
		switch a.tells(float64(seconds)) {
		case 1:
			only, failing = name, failing+1
		case -1:
			fine++
		}
	}
	if failing != 1 || fine == 0 {
		return ""
	}
	return only
}

// tells is 1 when so many seconds of calls fail more often than they did, -1 when they don't, and 0 when they are too few.
func (a *asking) tells(seconds float64) int {
	const enough, deviations = 100, 4
	if a.before == 0 || a.since*seconds < enough {
		return 0
	}
	failed, usual := a.failedSince*seconds, a.since*seconds*a.failedBefore/a.before
	if a.failsMore() && failed-usual >= deviations*math.Sqrt(usual+1) {
		return 1
	}
	return -1
}

// left is the share of its own requests that a service still gets, 1 where nothing counts them.
func left(s *cells.Service, onset, end int64) float64 {
	for _, k := range s.Keys() {
		if k.Kind != correlate.Traffic {
			continue
		}
		if before, _ := rate(s.Stream(k), onset-doseBefore, onset); before > 0 {
			since, _ := rate(s.Stream(k), onset, end)
			return math.Min(1, since/before)
		}
	}
	return 1
}

// rate is how many requests a stream saw a second, and how many of them failed. Time before its first cell doesn't count.
func rate(s *cells.Stream, from, to int64) (requests, failed float64) {
	all := s.Total().Between(from, to)
	if len(all) == 0 {
		return 0, 0
	}
	if !s.BeganBefore(from) {
		from = all[0].Start
	}
	for i := range all {
		requests, failed = requests+float64(all[i].Requests), failed+float64(all[i].Errors)
	}
	seconds := float64(max(1, to-from))
	return requests / seconds, failed / seconds
}

// multiplied is the factor by which a request must make more calls of a service to have multiplied its load.
const multiplied = 1.5

// Multiplies says of a caller, whose change began at an instant, that since then it calls the faulty service more often for
// each request that it serves itself, and that this is most of what the load of the faulty one grew by, which it did.
func Multiplies(st *cells.Store, f Fault, caller string, start, t int64) bool {
	end := f.until(t)
	s, c := st.Service(f.Place), st.Service(correlate.Place{Service: caller, Environment: f.Place.Environment})
	if s == nil || c == nil || end <= f.Onset {
		return false
	}
	served, usually := loads(s, start, f.Onset, end)
	own, ownUsually := loads(c, start, f.Onset, end)
	if usually == 0 || ownUsually == 0 || served < worse*usually {
		return false
	}
	for _, origin := range callerOrigins {
		calls := c.Stream(cells.Key{Kind: correlate.Edge, Origin: origin, Peer: f.Place.Service})
		if calls == nil {
			continue
		}
		before, _ := rate(calls, start-doseBefore, start)
		since, _ := rate(calls, f.Onset, end)
		if before == 0 || since*float64(end-f.Onset) < enough {
			continue
		}
		return since*ownUsually >= multiplied*before*own && 2*(since-before) >= served-usually
	}
	return false
}

// Burden notes of the candidates of a fault which of them multiplied the load of the faulty service, or of one in trouble on
// which that depends, and which of them are of a service that bears it. It returns the bystanders that bear none: the
// trouble of the others is a candidate's doing, and no explanation of what else that did.
func Burden(st *cells.Store, calls *blame.Graph, f Fault, others []Bystander, candidates []blame.Candidate, t int64) (left []Bystander) {
	burdened := map[string]bool{}
	bears := func(service string) bool {
		its := Fault{Place: correlate.Place{Service: service, Environment: f.Place.Environment}, Onset: f.Onset, Recovered: f.Recovered}
		for i := range candidates {
			if c := &candidates[i]; c.Service != service && Multiplies(st, its, c.Service, c.Steps[0], t) {
				c.Multiplies, burdened[service] = true, true
			}
		}
		return burdened[service]
	}
	bears(f.Place.Service)
	for i := range candidates {
		if c := &candidates[i]; c.Regressed && c.Service != f.Place.Service && calls.DependsOn(f.Place.Service, c.Service) {
			bears(c.Service)
		}
	}
	for _, b := range others {
		if b.less || !calls.DependsOn(f.Place.Service, b.Service) || !bears(b.Service) {
			left = append(left, b)
		}
	}
	for i := range candidates {
		candidates[i].Burdened = burdened[candidates[i].Service] && !candidates[i].Multiplies
	}
	return left
}

// loads are the requests a second of a service since the onset of a fault, and before a change.
func loads(s *cells.Service, start, onset, end int64) (since, before float64) {
	for _, k := range s.Keys() {
		if k.Kind != correlate.Traffic {
			continue
		}
		if before, _ = rate(s.Stream(k), start-doseBefore, start); before > 0 {
			since, _ = rate(s.Stream(k), onset, end)
			return since, before
		}
	}
	return 0, 0
}

const (
	// surgeWidth is how long before a fault a surge of load shows, in seconds.
	surgeWidth = 120
	// surged is how many times the usual load it is at least, and beyond how many times the most of any such stretch of the
	// half hour before: what bursts all the time has no surges.
	surged, beyondMost = 1.5, 1.25
)

// Surged says that a service was asked for much more than before just when its fault began: load alone may have done it. What
// comes after the onset doesn't count, since callers ask again where they fail.
func Surged(st *cells.Store, f Fault) bool {
	s := st.Service(f.Place)
	if s == nil || f.Signal == "throughput" {
		return false
	}
	for _, k := range s.Keys() {
		if k.Kind != correlate.Traffic || !s.Stream(k).BeganBefore(f.Onset-doseBefore) {
			continue
		}
		usual, most := load(s.Stream(k), f.Onset-doseBefore, f.Onset-surgeWidth)
		last, _ := rate(s.Stream(k), f.Onset-surgeWidth, f.Onset)
		return usual > 0 && last >= surged*usual && last >= beyondMost*most
	}
	return false
}

// load is the requests a second of a stream in a stretch of time, and the most of them in a part of it as long as a surge.
func load(s *cells.Stream, from, to int64) (usual, most float64) {
	n := 0.0
	for at := to - surgeWidth; at >= from; at -= surgeWidth {
		requests, _ := rate(s, at, at+surgeWidth)
		usual, most, n = usual+requests, math.Max(most, requests), n+1
	}
	return usual / math.Max(n, 1), most
}
