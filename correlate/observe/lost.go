package observe

import (
	"slices"

	"github.com/shipwake/shipwake/correlate/cells"
)

// lost tells, of a stretch in which an account told no requests, whether these were lost, or only what it had to tell of them:
//
//  1. Something else came on the way on which it comes: the way was open. Metrics of containers say nothing of that of spans.
//  2. No other account of the same requests tells of any there, once its turn has come.
func (w *Watch) lost(st *cells.Store, a account, others []account, now int64) func(from, to int64) bool {
	return func(from, to int64) bool {
		if st.LastHeard(w.place.Environment, a.key.Origin, to) < from {
			return false
		}
		for _, other := range others {
			if turn := w.turn(other); from+turn > now || len(other.Total().Between(from, from+turn)) > 0 {
				return false
			}
		}
		return true
	}
}

// turn is for how long what an account has to tell may take, in seconds: twice as long as it usually did.
func (w *Watch) turn(a account) int64 {
	t := a.kept.told
	if t.before.cells < 2 {
		return interval
	}
	return min(interval, 2*(t.last-t.first)/(t.before.cells-1))
}

// without is some accounts but one.
func without(all []account, but account) []account {
	if len(all) == 1 && all[0].Stream == but.Stream {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(a account) bool { return a.Stream == but.Stream })
}
