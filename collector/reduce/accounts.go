package reduce

import (
	"sync"
	"time"

	"github.com/shipwake/shipwake/collector/reduce/convention"
)

const (
	mostAccounts = 6                          // of one sender in one batch; further ones are as if they came alone
	accountFor   = int64(10 * time.Minute)    // of event time in which an account that counts silences others
	alikeWithin  = 10                         // counts that differ by less than one in so many may be of the same calls
	meaningSalt  = uint64(0x2545F4914F6CDD1D) // tells the groups of one sender apart
)

// account is one telling of the calls of a process: a metric of an instrumentation scope. A process may tell the same calls
// several times: by the old and the new name of a metric while it migrates (http/dup, rpc/dup), by two libraries of which
// one wraps the other, by explicit buckets and by buckets of a scale. Accounts of one group are of the same calls, so only
// one of them counts.
type account struct {
	group, id uint64
	old       bool   // by the name of an earlier convention
	scope     string // as in the batch
	shape     MetricType
	calls     uint64
}

// accountOf is the account that a metric gives. All servers' metrics of a protocol are one group: a request is received
// once. Two client libraries call different services, so that theirs are only one group by name.
func (s *Sender) accountOf(row convention.Metric, m *Metric, stream streamID) account {
	group := stream.process + uint64(row.Meaning)*meaningSalt
	if row.Meaning.Client() {
		group ^= hash(streamSeeds[0], m.Scope)
	}
	return account{group: group, id: stream.a, old: row.Old, scope: m.Scope, shape: m.Type}
}

// Announce tells of a metric in the batch before any of its points, with how many calls these count. Of those that tell
// the same calls the one with the most then counts, by the newest convention of those with about as many. Of what isn't
// announced together the first one counts.
func (s *Sender) Announce(m Metric, calls uint64) {
	named := s.namedMetric(m.Scope, m.Name)
	if !named.row.Meaning.Calls() {
		return
	}
	a := s.accountOf(named.row, &m, s.identity().of(named, m.Type))
	for i := range s.accounts[:s.announced] {
		if s.accounts[i].id == a.id {
			s.accounts[i].calls += calls
			return
		}
	}
	if s.announced < mostAccounts {
		a.calls = calls
		s.accounts[s.announced] = a
		s.announced++
	}
}

// silent says that another account of the same calls counts instead of a metric's, as of an event time in nanoseconds.
func (s *Sender) silent(row convention.Metric, m *Metric, stream streamID, at int64) bool {
	if !row.Meaning.Calls() {
		return false
	}
	a := s.accountOf(row, m, stream)
	best, rivals := s.best(a.group)
	if rivals > 1 {
		s.r.accounts.elect(best, at, s.r.maxSeries.Load())
		return best.id != a.id
	}
	return !s.r.accounts.alone(a, at, s.r.maxSeries.Load())
}

// best is the account of a group in the batch that counts, and how many there are.
func (s *Sender) best(group uint64) (best account, rivals int) {
	var most uint64
	for _, a := range s.accounts[:s.announced] {
		if a.group == group {
			rivals++
			most = max(most, a.calls)
		}
	}
	first := true
	for _, a := range s.accounts[:s.announced] {
		if a.group != group || a.calls < most-most/alikeWithin {
			continue
		}
		if first || a.outranks(best) {
			best, first = a, false
		}
	}
	return best, rivals
}

// outranks decides between accounts with about as many calls, the same way in every batch.
func (a account) outranks(o account) bool {
	if a.old != o.old {
		return o.old
	}
	if a.scope != o.scope {
		return a.scope < o.scope
	}
	return a.shape > o.shape // buckets by scale are the finer ones
}

// accounts remembers which account of each group counts: a batch may hold only one of them.
type accounts struct {
	mu      sync.RWMutex
	elected map[uint64]election
}

type election struct {
	id   uint64
	old  bool
	seen int64 // event time, within a minute
}

func newAccounts() *accounts { return &accounts{elected: map[uint64]election{}} }

func (all *accounts) of(group uint64) (e election, known bool) {
	all.mu.RLock()
	defer all.mu.RUnlock()
	e, known = all.elected[group]
	return e, known
}

// stands says that an election needs no note: it was made within the last minute.
func (e election) stands(a account, at int64) bool {
	return e.id == a.id && at < e.seen+int64(time.Minute)
}

// elect notes the account that counts, unless there are as many groups as there may be.
func (all *accounts) elect(a account, at, most int64) {
	e, known := all.of(a.group)
	if known && e.stands(a, at) {
		return
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	if known || int64(len(all.elected)) < most {
		all.elected[a.group] = election{a.id, a.old, max(at, e.seen)}
	}
}

// alone says whether an account counts that came without a rival: not when another one counted just before, but the newest
// convention takes over from an earlier one.
func (all *accounts) alone(a account, at, most int64) bool {
	e, known := all.of(a.group)
	switch {
	case known && e.stands(a, at):
		return true
	case known && e.id != a.id && at < e.seen+accountFor && (a.old || !e.old):
		return false
	}
	all.elect(a, at, most)
	return true
}

// forget drops what counted last before a time in Unix nanoseconds.
func (all *accounts) forget(before int64) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for group, e := range all.elected {
		if e.seen < before {
			delete(all.elected, group)
		}
	}
}
