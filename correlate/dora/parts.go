package dora

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/labels"
)

// A table can be taken apart into bytes and put together again: what is worked out of the rows isn't among them. Each part
// stands for itself, and begins with what it is. Numbers are varints, keys eight bytes; times are told as what they differ
// from another by.
const (
	partSite      = 1
	partAliases   = 2
	partIncidents = 3
	partSince     = 4
	partTraits    = 5
	partLabels    = 6
)

// mostInPart is how many aliases, incidents or traits a part has.
const mostInPart = 4096

// PartsVersion is that of the form of the parts: others can't be read.
const PartsVersion = 5

// ErrPart says that bytes are no part of a table.
var ErrPart = errors.New("not a part of a table of DORA numbers")

// Parts yields the table in parts. Each is only valid until the next.
func (t *Table) Parts(yield func(part []byte) bool) {
	var w partWriter
	w.begin(partSince)
	w.since(t.since, 0)
	if !yield(w.b) {
		return
	}
	w.begin(partLabels)
	w.labels(t.kept)
	if !yield(w.b) {
		return
	}
	for run := range slices.Chunk(t.traits, mostInPart) {
		w.begin(partTraits)
		for i := range run {
			w.traits(&run[i])
		}
		if !yield(w.b) {
			return
		}
	}
	for _, s := range t.sites {
		w.begin(partSite)
		w.site(t, s)
		if len(s.rows) > 0 && !yield(w.b) {
			return
		}
	}
	for run := range slices.Chunk(slices.Sorted(maps.Keys(t.aliases)), mostInPart) {
		w.begin(partAliases)
		for _, id := range run {
			w.key(id)
			w.key(t.aliases[id])
		}
		if !yield(w.b) {
			return
		}
	}
	for run := range slices.Chunk(slices.Sorted(maps.Keys(t.incidentAt)), mostInPart) {
		w.begin(partIncidents)
		for _, id := range run {
			w.incident(&t.trouble[t.incidentAt[id]])
		}
		if !yield(w.b) {
			return
		}
	}
}

// partWriter writes one part after another.
type partWriter struct{ b []byte }

func (w *partWriter) begin(kind byte) { w.b = append(w.b[:0], kind) }
func (w *partWriter) key(k key)       { w.b = binary.LittleEndian.AppendUint64(w.b, uint64(k)) }
func (w *partWriter) number(n uint64) { w.b = binary.AppendUvarint(w.b, n) }
func (w *partWriter) float(f float64) {
	w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(f))
}
func (w *partWriter) since(a, b instant) { w.b = binary.AppendVarint(w.b, int64(a-b)) }

func (w *partWriter) word(s string) {
	w.number(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *partWriter) site(t *Table, s *siteRows) {
	w.word(s.service)
	w.word(s.environment)
	w.number(uint64(len(s.rows)))
	w.number(uint64(len(s.commits) - s.waste))
	before := row{}
	for i := range s.rows {
		w.row(t, s, &s.rows[i], &before)
		before = s.rows[i]
	}
}

func (w *partWriter) row(t *Table, s *siteRows, r, before *row) {
	w.key(r.id)
	w.since(r.completion, before.completion)
	w.since(r.completion, r.start)
	w.number(uint64(r.traits))
	w.number(uint64(r.marks &^ (hurt | rework)))
	w.number(uint64(r.revision))
	w.number(uint64(r.carries))
	for _, c := range s.carriedBy(r) {
		w.key(c.sha &^ arrived)
		w.since(r.completion, c.authored)
	}
	if r.marks.has(detailed) {
		w.detail(r, t.details[r.id])
	}
}

func (w *partWriter) labels(kept *labels.Kept) {
	dropped, others := kept.Dropped()
	w.number(uint64(len(dropped)))
	for _, name := range dropped {
		w.word(name)
	}
	w.number(0)
	if others {
		w.b[len(w.b)-1] = 1
	}
}

func (w *partWriter) traits(t *traits) {
	for _, text := range []string{t.team, t.system, string(t.class), string(t.kind), string(t.labels)} {
		w.word(text)
	}
}

func (w *partWriter) detail(r *row, d *detail) {
	w.key(d.takenBackBy)
	w.since(d.told, r.completion)
	w.since(d.seen, r.completion)
	w.since(d.convicted, r.completion)
	w.since(d.approved, r.completion)
	w.number(uint64(len(d.evidence)))
	for _, e := range d.evidence {
		w.word(e.Service)
		w.word(e.Signal)
		w.float(e.Baseline)
		w.float(e.Observed)
	}
}

func (w *partWriter) incident(in *incidentRow) {
	w.key(in.id)
	w.key(in.attributedTo)
	w.word(in.service)
	w.number(uint64(len(in.others)))
	for _, service := range in.others {
		w.word(service)
	}
	w.word(in.environment)
	w.since(in.opened, 0)
	w.since(in.resolved, in.opened)
}

// Restore adds what a part holds. A record that is known already isn't to be in it.
func (t *Table) Restore(part []byte) error {
	r := partReader{b: part}
	switch r.byte() {
	case partSite:
		r.site(t)
	case partSince:
		t.since = r.since(0)
	case partLabels:
		r.labels(t.kept)
	case partTraits:
		for len(r.b) > 0 && !r.bad {
			t.restored = append(t.restored, t.number(r.traits(t)))
		}
	case partAliases:
		for len(r.b) > 0 && !r.bad {
			id := r.key()
			t.aliases[id] = r.key()
		}
	case partIncidents:
		for len(r.b) > 0 && !r.bad {
			t.restoreIncident(r.incident(t))
		}
	default:
		r.bad = true
	}
	t.unlinked = true
	if r.bad {
		return ErrPart
	}
	return nil
}

// partReader reads a part. Once something isn't what it ought to be it reads zeros.
type partReader struct {
	b   []byte
	bad bool
}

// take is the next n bytes.
func (r *partReader) take(n uint64) []byte {
	if r.bad || uint64(len(r.b)) < n {
		r.b, r.bad = nil, true
		return make([]byte, min(n, 8))
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *partReader) byte() byte { return r.take(1)[0] }
func (r *partReader) key() key   { return key(binary.LittleEndian.Uint64(r.take(8))) }
func (r *partReader) float() float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
}

func (r *partReader) number() uint64 {
	n, length := binary.Uvarint(r.b)
	r.take(uint64(max(length, 0)))
	r.bad = r.bad || length <= 0
	return n
}

func (r *partReader) since(o instant) instant {
	n, length := binary.Varint(r.b)
	r.take(uint64(max(length, 0)))
	r.bad = r.bad || length <= 0
	return o + instant(n)
}

func (r *partReader) word(t *Table) string {
	text := r.take(r.number())
	if own, known := t.words[string(text)]; known {
		return own
	}
	return t.word(string(text))
}

// count is a number of things that each take at least so many bytes.
func (r *partReader) count(bytes int) int {
	n := r.number()
	if n > uint64(len(r.b)/bytes) {
		r.b, r.bad = nil, true
		return 0
	}
	return int(n)
}

// The least that a row, a commit and a piece of evidence take.
const (
	leastRow      = 14
	leastCarried  = 9
	leastEvidence = 18
)

func (r *partReader) site(t *Table) {
	n := t.site(site{r.word(t), r.word(t)})
	s := t.sites[n]
	rows := r.count(leastRow)
	s.rows = slices.Grow(s.rows, rows)
	s.commits = slices.Grow(s.commits, r.count(leastCarried))
	var before row
	for range rows {
		read := r.row(t, s, before)
		if r.bad {
			return
		}
		t.at[read.id] = n
		s.rows = append(s.rows, read)
		before = read
	}
	t.stale[n] = struct{}{}
}

func (r *partReader) row(t *Table, s *siteRows, before row) row {
	is := row{id: r.key()}
	is.completion = r.since(before.completion)
	is.start = is.completion - r.since(0)
	is.traits = r.traitsOf(t)
	is.marks, is.revision = marks(r.number()), uint16(r.number())
	commits := make([]carried, r.count(leastCarried))
	for i := range commits {
		commits[i] = carried{sha: r.key(), authored: is.completion - r.since(0)}
	}
	is.commits, is.carries = s.carry(commits)
	if is.marks.has(detailed) {
		t.keep(&is, r.detail(t, is.completion))
	}
	return is
}

func (r *partReader) labels(kept *labels.Kept) {
	for range r.count(1) {
		kept.Drop(string(r.take(r.number())))
	}
	if r.number() != 0 {
		kept.Crowd()
	}
}

// traits are some, with such labels as are still kept.
func (r *partReader) traits(t *Table) traits {
	is := traits{owner{r.word(t), r.word(t)}, Class(r.word(t)), correlate.Kind(r.word(t)), labels.Set(r.take(r.number()))}
	for name, value := range is.labels.All {
		t.kept.Keep(name, value)
	}
	return is
}

// traitsOf is the number of the traits that the part names by the place among those of before.
func (r *partReader) traitsOf(t *Table) uint32 {
	n := r.number()
	if n >= uint64(len(t.restored)) {
		r.b, r.bad = nil, true
		return 0
	}
	return t.restored[n]
}

func (r *partReader) detail(t *Table, completion instant) detail {
	d := noDetail()
	d.takenBackBy, d.told, d.seen = r.key(), r.since(completion), r.since(completion)
	d.convicted, d.approved = r.since(completion), r.since(completion)
	for range r.count(leastEvidence) {
		d.evidence = append(d.evidence, correlate.Evidence{
			Service: r.word(t), Signal: r.word(t), Baseline: r.float(), Observed: r.float(),
		})
	}
	return d
}

func (r *partReader) incident(t *Table) incidentRow {
	in := incidentRow{id: r.key(), attributedTo: r.key(), service: r.word(t), altered: true}
	for range r.count(1) {
		in.others = append(in.others, r.word(t))
	}
	in.environment, in.opened = r.word(t), r.since(0)
	in.resolved = r.since(in.opened)
	return in
}

func (t *Table) restoreIncident(in incidentRow) {
	if in.id != 0 {
		t.incidentAt[in.id] = uint32(len(t.trouble))
		t.trouble = append(grown(t.trouble, 1), in)
	}
}
