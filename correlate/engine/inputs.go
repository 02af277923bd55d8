package engine

import (
	"encoding/json"

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
	near := r.observer.Near(c.place(), r.At)
	for i := range r.Watched {
		if s := r.Watched[i]; r.changes[i] != c && near[s.Place] && s.Live && s.Start > c.start()-r.cfg.FineKeep {
			d.Reported(s)
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
		writeSeries(d, str.Total(), from, to)
		for _, v := range str.Versions(nil) {
			if of := str.Version(v); of.BeganBefore(to) {
				d.Words(v)
				writeSeries(d, of, from, to)
			}
		}
	}
}

func writeSeries(d *observe.Digest, s *cells.Series, from, to int64) {
	for _, c := range s.Between(from, to) {
		d.Ints(c.Start, c.Requests, c.Errors, c.Sum, c.N)
		for _, b := range c.Latency {
			d.Ints(int64(b.Index), int64(b.Count))
		}
	}
}
