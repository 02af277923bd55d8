package wire_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

// now is the clock of all tests.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a reducer with what it counts.
type world struct {
	tally   *correlate.Tally
	reducer *reduce.Reducer
}

func newWorld() world {
	tally := &correlate.Tally{}
	return world{tally, reduce.New(reduce.Options{
		Tally: tally, Now: func() time.Time { return now }, MaxSeries: 300,
		Signals: []correlate.Signal{
			{Name: "orders", Metric: "kpi", Type: correlate.SignalRate},
			{Name: "depth", Metric: "kpi", Type: correlate.SignalGauge},
			{Name: "size", Metric: "kpi", Type: correlate.SignalHistogram},
			{
				Name: "paid", Type: correlate.SignalRatio, Numerator: correlate.MetricSelector{Metric: "kpi", Attributes: map[string]string{"code": "7"}},
				Denominator: correlate.MetricSelector{Metric: "kpi"},
			},
		},
	})}
}

// sees is everything that a reducer lets anybody know.
type sees struct {
	Cells  []correlate.Measurement
	Tally  []correlate.CountValue
	Newest int64
	Use    []correlate.Use
}

func (w world) sees() sees {
	counts := w.tally.Values()
	slices.SortFunc(counts, func(a, b correlate.CountValue) int {
		return strings.Compare(a.What+a.Source+a.Result, b.What+b.Source+b.Result)
	})
	return sees{w.reducer.Drain(), counts, w.reducer.Newest(), w.reducer.Use()}
}

// plenty is a room that is never full.
type plenty struct{ taken int64 }

func (p *plenty) Take(n int64) error {
	p.taken += n
	return nil
}

var errFull = errors.New("full")

// little is a room for so many bytes.
type little int64

func (l *little) Take(n int64) error {
	if *l -= little(n); *l < 0 {
		return errFull
	}
	return nil
}

// way is one of the two ways of a signal's requests. It is false when it doesn't take one.
type way func(t require.TestingT, w world, body []byte) bool

// same reduces requests both ways, and fails unless what the walk takes the decoder takes too, with the same result. It says
// how many were walked.
func same(t require.TestingT, walk, decode way, bodies ...[]byte) (walked int) {
	wire, pdata := newWorld(), newWorld()
	for _, body := range bodies {
		lent := slices.Clone(body)
		took := walk(t, wire, lent)
		require.Equal(t, body, lent, "the walk changed the request")
		for i := range lent {
			lent[i] = '~' // the buffer is used again
		}
		if !took {
			continue
		}
		require.True(t, decode(t, pdata, body), "the walk took what the decoder refuses: %x", body)
		walked++
	}
	require.Equal(t, pdata.sees(), wire.sees())
	return walked
}

// reordered is a request with the fields of its messages in another order: those of one number keep theirs, for the last of
// several counts, and lists have an order.
func reordered(t *rapid.T, body []byte, m *shape) []byte {
	type part struct {
		number uint64
		bytes  []byte
	}
	var parts []part
	for at := 0; at < len(body); {
		tag, from := uvarint(body, at)
		value, to := from, from
		switch tag & 7 {
		case 0:
			_, to = uvarint(body, from)
		case 1:
			to += 8
		case 5:
			to += 4
		case 2:
			var n uint64
			n, value = uvarint(body, from)
			to = value + int(n)
		}
		p := part{tag >> 3, slices.Clone(body[at:to])}
		if inner := m.of(tag >> 3); inner != nil && tag&7 == 2 {
			p.bytes = delimited(tag>>3, reordered(t, body[value:to], inner))
		}
		parts = append(parts, p)
		at = to
	}
	var numbers []uint64
	for _, p := range parts {
		if !slices.Contains(numbers, p.number) {
			numbers = append(numbers, p.number)
		}
	}
	if len(numbers) > 1 {
		numbers = rapid.Permutation(numbers).Draw(t, "order")
	}
	var out []byte
	for _, number := range numbers {
		for _, p := range parts {
			if p.number == number {
				out = append(out, p.bytes...)
			}
		}
	}
	return out
}

func uvarint(b []byte, at int) (v uint64, next int) {
	for shift := 0; ; shift += 7 {
		v |= uint64(b[at]&0x7f) << shift
		at++
		if b[at-1] < 0x80 {
			return v, at
		}
	}
}

func number(v uint64) []byte {
	var b []byte
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func delimited(field uint64, content []byte) []byte {
	b := append(number(field<<3|2), number(uint64(len(content)))...)
	return append(b, content...)
}

// shape is which fields of a message are messages.
type shape map[uint64]*shape

func (s *shape) of(field uint64) *shape {
	if s == nil {
		return nil
	}
	return (*s)[field]
}

var (
	anyShape  = &shape{}
	pairShape = &shape{2: anyShape}
	scoped    = &shape{3: pairShape}
	sender    = &shape{1: pairShape}
)

func init() {
	(*anyShape)[5], (*anyShape)[6] = &shape{1: anyShape}, &shape{1: pairShape}
}

func request(record *shape) *shape {
	return &shape{1: &shape{1: sender, 2: &shape{1: scoped, 2: record}}}
}

// mutant is a request with some bytes changed, taken out or put in.
func mutant(t *rapid.T, body []byte) []byte {
	b := slices.Clone(body)
	for range rapid.IntRange(1, 3).Draw(t, "changes") {
		if len(b) == 0 {
			return b
		}
		at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		switch rapid.IntRange(0, 4).Draw(t, "how") {
		case 0:
			b[at] = rapid.Byte().Draw(t, "byte")
		case 1:
			b[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 2:
			b = slices.Delete(b, at, min(len(b), at+rapid.IntRange(1, 4).Draw(t, "out")))
		case 3:
			b = slices.Insert(b, at, rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "in")...)
		case 4:
			b = b[:at]
		}
	}
	return b
}

// rarely is one of the given values, mostly the first.
func rarely[T any](t *rapid.T, label string, usual T, others ...T) T {
	if i := rapid.IntRange(0, 3+len(others)).Draw(t, label); i > 3 {
		return others[i-4]
	}
	return usual
}

var _ testing.TB
