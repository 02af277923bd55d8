package engine

import (
	"encoding/hex"
	"encoding/json"
	"hash"
	"hash/fnv"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/record"
)

// generation is raised when the same inputs may lead to another verdict than before.
const generation = "1"

// digestOf is a digest of a configuration and of the way of judging.
func digestOf(cfg Config) string {
	h := fnv.New64a()
	text, err := json.Marshal(cfg)
	if err != nil {
		text = []byte(err.Error()) // of a number that JSON can't tell; no configuration holds one
	}
	writeAll(h, generation, string(text))
	return hex.EncodeToString(h.Sum(nil))
}

// inputs is a digest of what a verdict of an instant is a function of: the way of judging, the change and those near it
// that are looked at with it, and what was measured of its service since the beginning of the baseline.
func (e *Engine) inputs(c *change, t int64) string {
	h := fnv.New64a()
	writeAll(h, e.digest)
	near := e.near(c.place())
	for _, o := range e.watched {
		if o != c && near[o.place()] && o.live() && o.start() < t && o.start() > c.start()-e.cfg.FineKeep {
			writeChange(h, o.rec.Change, t)
		}
	}
	writeChange(h, c.rec.Change, t)
	b := e.before(c.place(), c.start())
	writeInts(h, b.digest, int64(len(b.rolled)))
	for _, g := range e.store.Gaps(t) {
		writeInts(h, g.From, g.To)
	}
	e.writeCells(h, c.place(), c.start()-e.cfg.Baseline, t)
	return hex.EncodeToString(h.Sum(nil))
}

// writeChange writes what judging depends on, as far as it was known by an instant.
func writeChange(h hash.Hash, c correlate.Change, t int64) {
	finish := int64(0)
	if !c.FinishedAt.IsZero() && record.Ended(c) <= t {
		finish = record.Ended(c)
	}
	writeAll(h, c.ID, string(c.Kind), c.Service, c.Environment, c.Version, c.Commit)
	writeInts(h, record.Began(c), finish)
	for _, z := range c.Zones {
		if reached := z.ReachedAt.Unix(); z.ReachedAt.IsZero() || reached <= t {
			writeAll(h, z.Name)
			writeInts(h, reached)
		}
	}
}

func (e *Engine) writeCells(h hash.Hash, p place, from, to int64) {
	s := e.store.Service(p)
	if s == nil {
		return
	}
	for _, k := range s.Keys() {
		str := s.Stream(k)
		if !str.BeganBefore(to) {
			continue
		}
		writeInts(h, int64(k.Kind), int64(k.Origin))
		writeAll(h, k.Name, k.Peer)
		writeSeries(h, *str.Total(), from, to)
		for _, v := range str.Versions(nil) {
			if of := str.Version(v); of.BeganBefore(to) {
				writeAll(h, v)
				writeSeries(h, *of, from, to)
			}
		}
	}
}

func writeSeries(h hash.Hash, s cells.Series, from, to int64) {
	for _, c := range s.Between(from, to) {
		writeInts(h, c.Start, c.Requests, c.Errors, c.Sum, c.N)
		for _, b := range c.Latency {
			writeInts(h, int64(b.Index), int64(b.Count))
		}
	}
}

// writeInts and writeAll write to a hash, which does not fail, so that no two lists look alike.
func writeInts(h hash.Hash, all ...int64) {
	var room [8]byte
	for _, n := range all {
		for i := range room {
			room[i] = byte(n >> (8 * i))
		}
		_, _ = h.Write(room[:])
	}
}

func writeAll(h hash.Hash, all ...string) {
	for _, text := range all {
		writeInts(h, int64(len(text)))
		_, _ = h.Write([]byte(text))
	}
}
