package cells

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// How many rollups of time a block holds: of fine cells, of routes, and of rollups themselves.
const (
	fineOfBlock    = 3
	routesOfBlock  = 12
	rollupsOfBlock = 48
)

// packing is how the cells of a store are packed, and how far they are.
type packing struct {
	ofFine, ofRoutes, ofRollups *manner
	looks                       *looks
	minute, coarse              int64 // how often fine cells, and those of routes, are packed that are over, in seconds
	packed                      int64 // fine cells that start before this are packed
	rolled                      int64 // rollups that start before this are packed
}

func newPacking(cfg Config) packing {
	l := &looks{now: firstLook}
	return packing{
		ofFine:    &manner{span: fineOfBlock * cfg.Coarse, looks: l},
		ofRoutes:  &manner{span: routesOfBlock * cfg.Coarse, looks: l},
		ofRollups: &manner{span: rollupsOfBlock * cfg.Coarse, looks: l},
		looks:     l,
		minute:    cfg.RouteWidth(),
		coarse:    cfg.Coarse,
	}
}

// Look begins another look at what was measured before an instant: what was over by then is packed, and what the look before
// asked for stays at hand for this one. It changes nothing of what is known.
func (st *Store) Look(at int64) {
	st.looks.next(max(st.cfg.Budget/4, st.cfg.Budget-st.bytes))
	st.bytes += st.pack(st.services, at)
}

// pack packs fine cells of whole minutes that were over by an instant, and those of routes of whole rollups.
func (p *packing) pack(of map[correlate.Place]*Service, at int64) (grown int64) {
	at = window.Floor(at, p.minute)
	if at <= p.packed {
		return 0
	}
	p.packed = at
	routes := window.Floor(at, p.coarse)
	for _, s := range of {
		for _, str := range s.streams {
			grown += str.pack(at)
		}
		for _, r := range s.routes {
			grown += r.pack(routes)
		}
	}
	return grown
}

func (str *Stream) pack(to int64) (grown int64) {
	grown = str.total.pack(to)
	for _, v := range str.versions {
		from := v.of.stretch(v.packed)
		grown += v.pack(to) + v.share(&str.total, from)
	}
	return grown
}

// packRollups packs those that end by an instant, a multiple of their width.
func (p *packing) packRollups(of map[correlate.Place]*Service, end int64) (grown int64) {
	if end <= p.rolled {
		return 0
	}
	p.rolled = end
	for _, s := range of {
		for _, str := range s.streams {
			grown += str.coarse.pack(end)
		}
	}
	return grown
}

// shareAgain is share after a cell of packed time was added, and returns by how many bytes the stream grew.
func (str *Stream) shareAgain(start int64) (grown int64) {
	if start < str.total.packed {
		for _, v := range str.versions {
			grown += v.share(&str.total, v.of.stretch(start))
		}
	}
	return grown
}
