package reduce

import (
	"sync/atomic"

	"github.com/shipwake/shipwake/collector/reduce/recent"
	"github.com/shipwake/shipwake/correlate"
)

const (
	// TraceBytes bounds the memory of traces, outside of the heap. It is taken when the first rollout is seen.
	TraceBytes = 32 << 20
	youngFor   = 2 * 60 * 60 // seconds for which a version is new
	servingFor = 2 * 60      // seconds after its latest span in which a version still serves
)

// traces remembers who served in each recent trace, while any service rolls out. Which version a failing request touched
// elsewhere tells whose version makes requests fail, also when its own answers look right.
//
// Which services roll out is only looked at in Drain, so that the order of what arrives in between leaves no trace.
type traces struct {
	open  atomic.Bool
	table atomic.Pointer[recent.Traces]
}

// watch begins and ends remembering.
func (t *traces) watch(rollouts bool) {
	if rollouts && t.table.Load() == nil {
		t.table.Store(recent.NewTraces(TraceBytes))
	}
	t.open.Store(rollouts)
}

// watched is the table while traces are followed; nil otherwise.
func (t *traces) watched() *recent.Traces {
	if !t.open.Load() {
		return nil
	}
	return t.table.Load()
}

// touched counts a request beside each version that served in the same trace, of the services that roll out, and, when
// its own service does, the requests of all others beside its version. known is room for them.
func (s *Sender) touched(in *recent.Traces, w *work, known *[recent.MaxTouches]recent.Touch) {
	own := recent.Touch{Scope: s.scope.id, Start: w.start, Requests: 1, Rolling: s.scope.rolling.Load()}
	if w.failed {
		own.Errors = 1
	}
	others, fresh := in.Add(w.trace, &own, known)
	for i := range others {
		o := &others[i]
		if o.Rolling && !listed(others[:i], o.Scope) {
			s.beside(s.scope, o.Scope, &own)
		}
		if fresh && own.Rolling {
			if from := s.other(o.Scope); from != nil {
				s.beside(from, s.scope.id, o)
			}
		}
	}
}

func listed(all []recent.Touch, scope uint32) bool {
	for i := range all {
		if all[i].Scope == scope {
			return true
		}
	}
	return false
}

// beside counts requests to a scope in a trace in which another service's served as well.
func (s *Sender) beside(sc *scope, other uint32, t *recent.Touch) {
	if sc.id == other || sc.countBeside(other, t) {
		return
	}
	peer := s.other(other)
	if peer == nil || sc.place() == peer.place() || sc.environment != peer.environment {
		return
	}
	cell, owner, _ := s.r.open(sc, peer.touched(), t.Start)
	if cell == nil {
		return
	}
	addTouch(cell, t)
	owner.mu.Unlock()
	sc.link(peer)
}

func addTouch(cell *correlate.Cell, t *recent.Touch) {
	cell.Requests += int64(t.Requests)
	cell.Errors += int64(t.Errors)
}

// rollouts notes which services serve several versions by their spans, one of them new, and returns whether any does.
func (all *scopes) rollouts(now int64) bool {
	type versions struct{ serving, young int }
	var found map[place]versions
	several := all.several()
	for _, sc := range several {
		oldest, newest := sc.served()
		if newest < now-servingFor {
			continue
		}
		if found == nil {
			found = map[place]versions{}
		}
		p := sc.place()
		v := found[p]
		v.serving++
		if oldest >= now-youngFor {
			v.young++
		}
		found[p] = v
	}
	rolling := false
	for _, sc := range several {
		v := found[sc.place()]
		now := v.serving > 1 && v.young > 0
		sc.rolling.Store(now)
		rolling = rolling || now
	}
	return rolling
}

// several are the scopes of services with more than one version, and those that were rolling.
func (all *scopes) several() []*scope {
	all.mu.RLock()
	defer all.mu.RUnlock()
	var list []*scope
	for _, sc := range all.byName {
		if all.versions[sc.place()] > 1 || sc.rolling.Load() {
			list = append(list, sc)
		}
	}
	return list
}

// served is when the first and the last spans were counted, in buckets; 0 when none were.
func (sc *scope) served() (oldest, newest int64) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	spans := sc.requests[correlate.OriginSpan]
	if spans == nil {
		return 0, 0
	}
	return spans.oldest, spans.newest
}
