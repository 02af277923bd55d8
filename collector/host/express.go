package host

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger"
)

const (
	// presentFor is how long before it is received a fact is of the present.
	presentFor = 2 * time.Hour
	// expressMost bounds the facts that are held ready; the others come when it is their turn.
	expressMost = 100
)

// freshMost bounds the facts that are held so that they need not be read back.
const freshMost = factsAtOnce

// fresh holds the facts that were committed last, as the ledger would give them. Those that are next are applied without
// being read back.
type fresh struct {
	mu    sync.Mutex
	facts []ledger.Fact
}

// add takes in what was committed. What there is no room for is read from the ledger, and so is what comes before it.
func (f *fresh) add(committed []ledger.Fact) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.facts)+len(committed) > freshMost {
		f.facts = nil
	}
	if len(committed) <= freshMost {
		f.facts = append(f.facts, committed...)
	}
}

// after takes out the facts that follow a sequence number without a gap, at most so many; none when the next one isn't here.
// Those up to the number are forgotten. Numbers have no gaps in the ledger, so one that is missing here is there.
func (f *fresh) after(seq int64, most int) []ledger.Fact {
	f.mu.Lock()
	defer f.mu.Unlock()
	slices.SortFunc(f.facts, func(a, b ledger.Fact) int { return cmp.Compare(a.Seq, b.Seq) })
	f.facts = slices.DeleteFunc(f.facts, func(fact ledger.Fact) bool { return fact.Seq <= seq })
	n := 0
	for n < len(f.facts) && n < most && f.facts[n].Seq == seq+int64(n)+1 {
		n++
	}
	next := slices.Clone(f.facts[:n])
	f.facts = slices.Delete(f.facts, 0, n)
	return next
}

// express holds facts of the present that were just committed. While a history is taken in they are applied ahead of it, so
// that their verdicts come in time, and once more when it is their turn, which changes nothing.
type express struct {
	mu    sync.Mutex
	facts []ledger.Fact
}

// add takes in what was committed, as far as it is of the present and there is room.
func (e *express) add(committed []ledger.Fact) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range committed {
		if len(e.facts) < expressMost && !f.Retracted && f.ReceivedAt.Sub(f.EventTime()) < presentFor {
			e.facts = append(e.facts, f)
		}
	}
}

// applied drops the facts up to a sequence number.
func (e *express) applied(seq int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.facts = slices.DeleteFunc(e.facts, func(f ledger.Fact) bool { return f.Seq <= seq })
}

// take empties it.
func (e *express) take() []ledger.Fact {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.facts
	e.facts = nil
	return all
}
