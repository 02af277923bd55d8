package accuracy

import (
	"fmt"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

const environment = correlate.DefaultEnvironment

// measure turns what happened in a bucket into the cells that telemetry makes of it.
func (w *world) measure(s *service, o *rollout, at int64, all *[2]outcome, lost, memory float64) {
	var whole correlate.Cell
	for i, out := range all {
		if out.n == 0 {
			continue
		}
		c := w.requests(s, o, i, at, out)
		w.cells = append(w.cells, correlate.Measurement{
			Key:  s.key(correlate.Traffic, s.origin(), s.version(o, i)),
			Cell: c,
		})
		whole.Merge(c)
		w.told(s, o, i, c, out)
		if w.traced {
			w.touched(s, s.version(o, i), c)
		}
	}
	if s.memory > 0 {
		w.occupied(s, at, memory)
	}
	if s.restarts != nil {
		w.restarted(s, o, at)
	}
	if o != nil && o.harm.loud {
		n := w.r.poisson(lost)
		whole.Requests, whole.Errors = whole.Requests+n, whole.Errors+n
		s.times.add(&whole.Latency, w.r, n, 0.2) // refused connections
	}
	whole.Start = at
	w.called(s, whole)
}

// requests are those of one side of a rollout.
func (w *world) requests(s *service, o *rollout, side int, at int64, out outcome) correlate.Cell {
	switch {
	case s.zones != nil:
		return w.located(s, o, side, at, out)
	case s.mix != nil:
		return w.routed(s, o, side, at, out)
	}
	return w.drawn(s, at, out)
}

// drawn are so many requests of one kind.
func (w *world) drawn(s *service, at int64, out outcome) correlate.Cell {
	c := correlate.Cell{Start: at, Requests: out.n, Errors: w.r.binomial(out.n, out.fails)}
	late := w.r.binomial(out.n, out.tail)
	s.times.add(&c.Latency, w.r, out.n-late, out.slow)
	s.times.add(&c.Latency, w.r, late, out.slow*out.tailSlow)
	return c
}

func (s *service) key(kind correlate.SignalKind, origin correlate.Origin, version string) correlate.Key {
	return correlate.Key{Service: s.name, Environment: environment, Version: version, Kind: kind, Origin: origin}
}

// version is what the telemetry of the old (0) or the new (1) side carries.
func (s *service) version(o *rollout, side int) string {
	if !s.versions {
		return ""
	}
	return fmt.Sprintf("1.%d.0", 1+side+max(0, slices.Index(s.rollouts, o)))
}

// told is what logs and exceptions say of the requests of one version.
func (w *world) told(s *service, o *rollout, side int, c correlate.Cell, out outcome) {
	version := s.version(o, side)
	if s.logs > 0 {
		n := w.r.poisson(float64(c.Requests) * s.logs)
		w.cells = append(w.cells, correlate.Measurement{
			Key:  s.key(correlate.Log, correlate.OriginLog, version),
			Cell: correlate.Cell{Start: c.Start, Requests: n + c.Errors, Errors: c.Errors + w.r.poisson(0.001*float64(n))},
		})
	}
	if len(s.failures) == 0 || c.Errors == 0 {
		return
	}
	fresh := int64(0)
	if side == 1 && o.harm.exception != "" && out.fails > 0 {
		fresh = w.r.binomial(c.Errors, out.own/out.fails)
		w.thrown(s, version, c.Start, o.harm.exception, fresh)
	}
	left := c.Errors - fresh
	for i, name := range s.failures {
		n := left
		if i+1 < len(s.failures) {
			n = w.r.binomial(left, 0.7)
		}
		w.thrown(s, version, c.Start, name, n)
		left -= n
	}
}

// touched is the requests of one version by the versions of the services that their traces touched, as far as the callees
// of its callees: each request touches each of them once.
func (w *world) touched(s *service, version string, c correlate.Cell) {
	for _, near := range s.calls {
		w.beside(s, version, c, near.to, s.concentrated(near.to, c.Start))
		brought := min(1, w.state[near.to].excess*near.share*float64(c.Requests)/float64(max(1, c.Errors)))
		for _, far := range near.to.calls {
			_, fresh := far.to.rolloutAt(c.Start).at(c.Start)
			failing := fresh.share
			if near.to.concentrated(far.to, c.Start) > fresh.share {
				failing += brought * (1 - fresh.share) // it was a wrong answer that made them fail
			}
			w.beside(s, version, c, far.to, failing)
		}
	}
}

// concentrated is the share of a service's failing requests that touched the new version of a callee.
func (s *service) concentrated(callee *service, at int64) float64 {
	o := callee.rolloutAt(at)
	_, fresh := o.at(at)
	for _, f := range s.suffers {
		if more := f.harm.after(at - f.of.start).errors; f.of == o {
			return fresh.share * more / (1 + fresh.share*(more-1))
		}
	}
	return fresh.share
}

// beside counts requests by the version of another service that they touched, while that serves two.
func (w *world) beside(s *service, version string, c correlate.Cell, other *service, failing float64) {
	o := other.rolloutAt(c.Start)
	_, fresh := o.at(c.Start)
	if fresh.share == 0 || fresh.share == 1 {
		return
	}
	errors := w.r.binomial(c.Errors, failing)
	requests := errors + w.r.binomial(c.Requests-c.Errors, fresh.share)
	for side, n := range [...][2]int64{{c.Requests - requests, c.Errors - errors}, {requests, errors}} {
		if n[0] > 0 {
			k := s.key(correlate.Trace, correlate.OriginSpan, version)
			k.Peer, k.Name = other.name, other.version(o, side)
			w.cells = append(w.cells, correlate.Measurement{Key: k, Cell: correlate.Cell{Start: c.Start, Requests: n[0], Errors: n[1]}})
		}
	}
}

func (w *world) thrown(s *service, version string, at int64, name string, n int64) {
	if n == 0 {
		return
	}
	k := s.key(correlate.Exception, s.origin(), version)
	k.Name = name
	w.cells = append(w.cells, correlate.Measurement{Key: k, Cell: correlate.Cell{Start: at, Errors: n, Requests: n}})
}

// occupied is the use of memory, as a share of the limit. What leaks comes on top until the limit.
func (w *world) occupied(s *service, at int64, leaked float64) {
	used := s.memory + (1-s.memory)*leaked
	k := s.key(correlate.Saturation, correlate.OriginCustom, "")
	k.Name = "process_memory_utilization"
	n := int64(s.instances)
	w.cells = append(w.cells, correlate.Measurement{
		Key:  k,
		Cell: correlate.Cell{Start: at, N: n, Sum: int64(min(1, used*w.r.about(0.02)) * correlate.Fixed * float64(n))},
	})
}

// called is the same requests as the callers count them, each its part.
func (w *world) called(s *service, whole correlate.Cell) {
	var callers []*service
	var ways []float64
	for _, caller := range w.services {
		for _, c := range caller.calls {
			if c.to == s {
				callers, ways = append(callers, caller), append(ways, c.way)
			}
		}
	}
	rest := whole
	for i, caller := range callers {
		mine := rest
		if left := len(callers) - i; left > 1 {
			part := 1 / float64(left)
			mine.Latency, rest.Latency = halve(w.r, rest.Latency, part)
			mine.Errors = w.r.binomial(rest.Errors, part)
			mine.Requests = mine.Latency.Total()
			rest.Errors, rest.Requests = rest.Errors-mine.Errors, rest.Requests-mine.Requests
		}
		if mine.Requests == 0 || (caller.silent != nil && caller.silent(whole.Start)) {
			continue
		}
		mine.Errors = min(mine.Requests, mine.Errors+w.r.binomial(mine.Requests, 0.0001+caller.failing(s, whole.Start)))
		mine.Latency = later(mine.Latency, ways[i])
		k := caller.key(correlate.Edge, caller.callerOrigin(), "")
		k.Peer = s.name
		w.cells = append(w.cells, correlate.Measurement{Key: k, Cell: mine})
	}
}

// failing is the share of calls to a changed callee that only the caller finds wrong.
func (s *service) failing(callee *service, at int64) (share float64) {
	for _, f := range s.suffers {
		if f.seen && slices.Contains(callee.rollouts, f.of) {
			share += s.errors * max(0, f.at(at).errors-1)
		}
	}
	return share
}

// reports are the facts of a rollout: started and finished, or only the latter.
func (o *rollout) reports(s *service) []correlate.Fact {
	c := correlate.Change{
		ID: o.id, Kind: correlate.KindDeployment, Service: s.name, Environment: environment,
		Version: fmt.Sprintf("1.%d.0", 2+slices.Index(s.rollouts, o)), Source: "ci", Status: correlate.StatusStarted, StartedAt: time.Unix(o.start, 0).UTC(),
	}
	var facts []correlate.Fact
	if !o.whole {
		started := c
		started.Zones = o.reached(s.zones, o.start)
		facts = append(facts, correlate.Fact{Change: &started})
	}
	facts = append(facts, o.progress(s, c)...)
	if o.finish > 0 {
		c.Status, c.FinishedAt = correlate.StatusSucceeded, time.Unix(o.finish, 0).UTC()
		c.Zones = o.reached(s.zones, o.finish)
		facts = append(facts, correlate.Fact{Change: &c})
	}
	return facts
}
