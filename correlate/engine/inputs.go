package engine

import (
	"encoding/json"
	"slices"
	"sort"

	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/observe"
)

// generation is raised when the same inputs may lead to another verdict than before.
const generation = "3"

// digestOf is a digest of a configuration and of the way of judging.
func digestOf(cfg Config) string {
	d := observe.NewDigest()
	text, err := json.Marshal(cfg)
	if err != nil {
		text = []byte(err.Error()) // of a number that JSON can't tell; no configuration holds one
	}
	d.Words(generation, string(text))
	return d.String()
}

// inputs is a digest of what a verdict at the instant of a view is a function of: the way of judging, the change and those
// near it that are looked at with it, and what was measured of its service since the beginning of the baseline. What was
// decided follows from these.
func (r *round) inputs(c *change, is observe.Subject) string {
	d := observe.NewDigest()
	d.Words(r.digest)
	for _, i := range liveNear(r, c.place(), c.start()-r.cfg.FineKeep) {
		if r.changes[i] != c {
			d.Reported(r.Watched[i])
		}
	}
	known := is.At(max(r.At, is.Start+1))
	d.Reported(&known)
	past := r.observer.Past(r.View, c.place(), c.start())
	d.Ints(past.Digest, int64(len(past.Rolled)))
	for _, g := range r.cells.Gaps(r.At) {
		d.Ints(g.From, g.To)
	}
	writeCells(&d, r.cells, c.place(), c.start()-r.cfg.Baseline, r.At)
	return d.String()
}

// liveNear are the watched changes near a place that are live and began after an instant, in order. Those of each place are
// listed once a look.
func liveNear(r *round, p place, after int64) (all []int) {
	if r.live == nil {
		r.live = map[place][]int{}
		for i, s := range r.Watched {
			if s.Live {
				r.live[s.Place] = append(r.live[s.Place], i)
			}
		}
	}
	for q := range r.observer.Near(p, r.At) {
		of := r.live[q]
		all = append(all, of[sort.Search(len(of), func(n int) bool { return r.Watched[of[n]].Start > after }):]...)
	}
	slices.Sort(all)
	return all
}

func writeCells(d *observe.Digest, store *cells.Store, p place, from, to int64) {
	s := store.Service(p)
	if s == nil {
		return
	}
	for _, k := range s.Keys() {
		str := s.Stream(k)
		if !str.BeganBefore(to) {
			continue
		}
		d.Ints(int64(k.Kind), int64(k.Origin))
		d.Words(k.Name, k.Peer)
		d.Cells(str.Total().Between(from, to))
		for _, v := range str.Versions(nil) {
			if of := str.Version(v); of.BeganBefore(to) {
				d.Words(v)
				d.Cells(of.Between(from, to))
			}
		}
	}
}
