package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Zone is the requests of the changed service in one of its zones or clusters, every version together.
type Zone struct {
	Name    string
	Account uint64           // another number when the cells were taken from another instrumentation than before
	Reached int64            // Unix seconds: since when the change is there; 0 while it isn't
	Cells   []correlate.Cell // from Start minus the baseline to Now
}

// zoning compares the zones that a change has reached with the others.
type zoning struct{ *trial }

// serving says whether unchanged zones were serving a moment ago beside changed ones.
func (t zoning) serving() bool {
	treated, control := t.requests(evalue.Span{From: t.c.Now - t.p.Restart, To: t.c.Now})
	return treated > 0 && 20*control > treated
}

// requests are the requests in a span on the two sides.
func (t zoning) requests(in evalue.Span) (treated, control int64) {
	for _, r := range t.records() {
		for _, c := range evalue.Since(evalue.Before(r.after[0], in.To), in.From) {
			switch t.sideOf(r, c.At) {
			case reached:
				treated += c.Exposure
			case unreached:
				control += c.Exposure
			}
		}
	}
	return treated, control
}

// The sides that a zone is on in a cell. In the grace time after the change reached it, it is on neither.
const (
	neither = iota
	reached
	unreached
)

func (t zoning) sideOf(r *zoneRecord, at int64) int {
	grace := t.begin - t.c.Start
	switch {
	case r.reached == 0 || at+t.c.Resolution <= r.reached:
		return unreached
	case at >= r.reached+grace:
		return reached
	}
	return neither
}

// The questions that are put to zones: the median is left out, since what moves it moves the others too.
const (
	zoneErrors = iota
	zoneP90
	zoneP99
	zoneQuestions
)

// zoneRecord is what is remembered of a zone. Latencies are counted beyond the zone's own quantiles before the change.
type zoneRecord struct {
	name    string
	account uint64
	first   int64 // when its cells begin
	reached int64
	cells   []correlate.Cell // as of the present look

	spread evalue.Durations // before the change
	above  [len(quantiles)]int16
	seen   int // cells since the change
	base   [zoneQuestions][]evalue.Tally
	after  [zoneQuestions][]evalue.Tally
	far    [zoneQuestions][]evalue.Tally // beyond the margin in time; nil for errors
}

// records are those of the case's zones, caught up with their cells.
func (t zoning) records() []*zoneRecord {
	if len(t.c.Zones) == 0 || !t.p.Guards.On(guardZones) {
		return nil
	}
	m := &t.m.zones
	if !slices.EqualFunc(m.records, t.c.Zones, (*zoneRecord).of) {
		*m = zoneMemory{records: make([]*zoneRecord, len(t.c.Zones))}
		for i := range m.records {
			m.records[i] = newZoneRecord(t.p, t.c, &t.c.Zones[i])
		}
		t.m.proof = proof{}
	}
	for i, r := range m.records {
		z := &t.c.Zones[i]
		if r.reached != z.Reached {
			r.reached, t.m.proof = z.Reached, proof{}
		}
		r.cells = z.Cells
		r.count(t.p, evalue.CellsIn(z.Cells, evalue.Span{From: t.c.Start, To: math.MaxInt64}))
	}
	return m.records
}

// zoneMemory is what is remembered of the zones of a case.
type zoneMemory struct {
	records []*zoneRecord
	earlier [zoneQuestions]zonesBefore
}

func (r *zoneRecord) of(z Zone) bool {
	return r.name == z.Name && r.account == z.Account && r.first == firstOf(z.Cells)
}

func firstOf(cells []correlate.Cell) int64 {
	if len(cells) == 0 {
		return 0
	}
	return cells[0].Start
}

func newZoneRecord(p *Params, c *Case, z *Zone) *zoneRecord {
	r := &zoneRecord{name: z.Name, account: z.Account, first: firstOf(z.Cells), reached: z.Reached}
	earlier := evalue.CellsIn(z.Cells, evalue.Span{From: math.MinInt64, To: c.Start - c.Resolution + 1})
	r.spread.Add(earlier)
	for i, q := range quantiles {
		r.above[i] = r.spread.Bin(q) + p.LatencySlack
	}
	r.ask(&r.base, earlier, 0)
	return r
}

func (r *zoneRecord) count(p *Params, after []correlate.Cell) {
	fresh := unseen(after, &r.seen)
	r.ask(&r.after, fresh, 0)
	r.ask(&r.far, fresh, p.LatencyMargin)
}

// ask puts the questions to some cells, with thresholds of latency that lie so many bins higher.
func (r *zoneRecord) ask(to *[zoneQuestions][]evalue.Tally, cells []correlate.Cell, bins int16) {
	if len(cells) == 0 {
		return
	}
	above := r.above
	for i := range above {
		above[i] += bins
	}
	out := evalue.Exceed([3][]evalue.Tally{nil, to[zoneP90], to[zoneP99]}, cells, above)
	to[zoneErrors], to[zoneP90], to[zoneP99] = evalue.Tallies(to[zoneErrors], cells, evalue.ErrorsOfRequests), out[1], out[2]
}

// knows says that a zone was seen for long enough before the change to compare it with.
func (r *zoneRecord) knows(q int, p *Params) bool {
	_, n := evalue.Sum(r.base[q])
	beyond := 0.1
	if q == zoneP99 {
		beyond = 1 - quantiles[2]
	}
	return float64(n)*beyond >= p.KnownBeyond
}
