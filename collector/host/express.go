package host

import (
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
