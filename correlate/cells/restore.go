package cells

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// restoredTogether is how many rollups are packed together when they are restored.
const restoredTogether = 12

// Restore takes back a closed coarse bucket with what was told of it, and forgets what was forgotten at its end. Rollups come
// by start.
func (st *Store) Restore(r correlate.Rollup) {
	st.full = false
	for _, m := range r.Cells {
		if st.addCoarse(m) && m.Kind == correlate.Edge && m.Peer != "" {
			m.Start = r.Start + st.cfg.Coarse // it was seen by then; fine cells, where there are any left, tell better
			st.call(st.at(placeOf(&m.Key)), m)
		}
	}
	past := telling{st, map[int64]bool{}}
	for i := range r.Past {
		past.stream(r.Past[i : i+1])
	}
	for _, f := range r.Forgotten {
		switch {
		case f.Service == correlate.Overflow && f.What == correlate.LostServices:
			st.full = true
		case f.Place == everybody:
			st.floor = max(st.floor, f.Before)
		default:
			st.forget(f.Place, f.What, f.Before)
		}
	}
	if len(r.Cells)+len(r.Forgotten) > 0 || len(r.Past) == 0 {
		st.closed = max(st.closed, r.Start+st.cfg.Coarse)
	}
	st.bytes += st.packRollups(st.services, window.Floor(max(st.closed, r.Start+st.cfg.Coarse), restoredTogether*st.cfg.Coarse))
}

// beyond is how far what is restored may be beyond twice the budget: that much may have come since memory was last
// rationed, so that it lived through it.
const beyond = 64 << 20

// Restrain keeps what is restored within bounds also when the budget is less than it was.
func (st *Store) Restrain(end int64, held func() Held) {
	if st.cfg.Budget > 0 && st.bytes > 2*st.cfg.Budget+beyond {
		full := st.full
		st.ration(end, held().Open)
		st.full = full
	}
}
