package codec

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/packed"
)

// MaxSeries is the most that EncodeSeries returns, in bytes.
const MaxSeries = 2048

// A series is packed as measurements are. Its payload is
//
//	at, start, from         varints: Unix seconds, then each as the difference from the one before
//	finish                  a flag byte; when it is 1, a varint difference from start
//	step, points            uvarints
//	steps                   uvarint count, then each as a text (uvarint length, bytes) and a varint difference from start
//	gaps                    uvarint count, then each as a varint difference from from and a uvarint length
//	signals                 uvarint count, then each as
//	                        service, signal, grade, basis  texts
//	                        lines    uvarint count, then each as role (text) and values
//	values                  the lengths of the stretches without and with values as uvarints, in turns, to the last point;
//	                        then the values as varint differences from the one before, see ordinal
var seriesFormat = &packed.Format{
	What: "series", MaxPayload: 64 << 10, MaxRatio: 32, MinCompress: 64, Level: zstd.SpeedBetterCompression, Checked: true,
}

// What is kept of a series besides its signals, so that there is room for these.
const (
	maxName  = 40 // bytes of the name of a zone
	maxText  = 96 // bytes of any other name
	maxSteps = correlate.MaxZones
	maxGaps  = 24 // the longest
)

// EncodeSeries writes what was measured around a change, but for which change and revision it is: values with three significant
// digits, and of what takes more than MaxSeries the last signals not. It is safe for concurrent use.
func EncodeSeries(s correlate.Series) []byte {
	s.Steps, s.Gaps = s.Steps[:min(len(s.Steps), maxSteps)], longest(s.Gaps)
	for {
		blob := seriesFormat.Pack(nil, appendSeries(nil, &s))
		if n := len(s.Signals); len(blob) > MaxSeries && n > 0 {
			s.Signals = s.Signals[:n-1]
			continue
		}
		return blob
	}
}

// longest are the gaps that are kept, in order.
func longest(gaps []correlate.Stretch) []correlate.Stretch {
	if len(gaps) <= maxGaps {
		return gaps
	}
	some := slices.Clone(gaps)
	slices.SortStableFunc(some, func(a, b correlate.Stretch) int { return cmp.Compare(b.To.Sub(b.From), a.To.Sub(a.From)) })
	some = some[:maxGaps]
	slices.SortFunc(some, func(a, b correlate.Stretch) int { return a.From.Compare(b.From) })
	return some
}

func appendSeries(out []byte, s *correlate.Series) []byte {
	start, from := s.Start.Unix(), s.From.Unix()
	for _, t := range [3]int64{s.At.Unix(), start - s.At.Unix(), from - start} {
		out = binary.AppendVarint(out, t)
	}
	if s.Finish.IsZero() {
		out = append(out, 0)
	} else {
		out = binary.AppendVarint(append(out, 1), s.Finish.Unix()-start)
	}
	out = binary.AppendUvarint(out, uint64(s.Step))
	out = binary.AppendUvarint(out, uint64(s.Points))
	out = binary.AppendUvarint(out, uint64(len(s.Steps)))
	for _, z := range s.Steps {
		out = binary.AppendVarint(appendText(out, z.Name, maxName), z.ReachedAt.Unix()-start)
	}
	out = binary.AppendUvarint(out, uint64(len(s.Gaps)))
	for _, g := range s.Gaps {
		out = binary.AppendVarint(out, g.From.Unix()-from)
		out = binary.AppendUvarint(out, uint64(max(g.To.Unix()-g.From.Unix(), 0)))
	}
	out = binary.AppendUvarint(out, uint64(len(s.Signals)))
	for i := range s.Signals {
		out = appendSignal(out, &s.Signals[i])
	}
	return out
}

func appendText(out []byte, text string, most int) []byte {
	text = text[:min(len(text), most)]
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

func appendSignal(out []byte, s *correlate.SignalSeries) []byte {
	for _, text := range [4]string{s.Service, s.Signal, string(s.Grade), string(s.Expected)} {
		out = appendText(out, text, maxText)
	}
	out = binary.AppendUvarint(out, uint64(len(s.Lines)))
	for _, l := range s.Lines {
		out = appendValues(appendText(out, string(l.Role), maxText), l.Values)
	}
	return out
}

func appendValues(out []byte, values correlate.Values) []byte {
	for known, at := false, 0; at < len(values); known = !known {
		end := at
		for end < len(values) && math.IsNaN(values[end]) != known {
			end++
		}
		out = binary.AppendUvarint(out, uint64(end-at))
		at = end
	}
	var before int64
	for _, v := range values {
		if !math.IsNaN(v) {
			is := ordinal(v)
			out = binary.AppendVarint(out, is-before)
			before = is
		}
	}
	return out
}

// DecodeSeries reads what EncodeSeries wrote. Whatever the bytes are, it neither panics nor allocates more than a fixed
// multiple of their number and of the number of points.
func DecodeSeries(blob []byte) (correlate.Series, error) {
	payload, err := seriesFormat.Unpack(blob)
	if err != nil {
		return correlate.Series{}, err
	}
	r := &reader{seriesFormat.Reader(payload)}
	s := r.series()
	if err := r.End(); err != nil {
		return correlate.Series{}, err
	}
	return s, nil
}

// What a damaged blob may ask for.
const maxPoints, maxEach = 1024, 16

func (r *reader) series() (s correlate.Series) {
	last := r.Varint("an instant")
	start := last + r.Varint("a start")
	from := start + r.Varint("a first point")
	s.At, s.Start, s.From = instant(last), instant(start), instant(from)
	if r.Byte("a flag") != 0 {
		s.Finish = instant(start + r.Varint("a finish"))
	}
	s.Step = int64(r.Uvarint("a step"))
	points := r.Uvarint("a number of points")
	if points > maxPoints {
		r.Fail(fmt.Sprintf("at most %d points", maxPoints))
		return s
	}
	s.Points = int(points)
	for range r.Count(2, "a count of steps") {
		s.Steps = append(s.Steps, correlate.ZoneStep{Name: r.Text(), ReachedAt: instant(start + r.Varint("a step"))})
	}
	for range r.Count(2, "a count of gaps") {
		g := from + r.Varint("a gap")
		s.Gaps = append(s.Gaps, correlate.Stretch{From: instant(g), To: instant(g + int64(r.Uvarint("a length")))})
	}
	for range r.few(5, "a count of signals") {
		s.Signals = append(s.Signals, r.signal(s.Points))
	}
	return s
}

// few reads how many items follow, each of which takes at least size bytes and much more in memory.
func (r *reader) few(size int, want string) int {
	n := r.Count(size, want)
	if n > maxEach {
		r.Fail(fmt.Sprintf("%s of at most %d", want, maxEach))
		return 0
	}
	return n
}

func instant(unix int64) time.Time { return time.Unix(unix, 0).UTC() }

func (r *reader) signal(points int) (s correlate.SignalSeries) {
	s.Service, s.Signal = r.Text(), r.Text()
	s.Grade, s.Expected = correlate.Grade(r.Text()), correlate.Basis(r.Text())
	for range r.few(2, "a count of lines") {
		s.Lines = append(s.Lines, correlate.Line{Role: correlate.Role(r.Text()), Values: r.values(points)})
	}
	return s
}

func (r *reader) values(points int) correlate.Values {
	if r.Err() != nil {
		return nil
	}
	known := make([]bool, 0, points)
	for is := false; len(known) < points; is = !is {
		n := r.Uvarint("the length of a stretch")
		if r.Err() != nil || n > uint64(points-len(known)) || (n == 0 && len(known) > 0) {
			r.Fail("a length that fits")
			return nil
		}
		known = append(known, slices.Repeat([]bool{is}, int(n))...)
	}
	values := make(correlate.Values, points)
	var before int64
	for i := range values {
		if values[i] = math.NaN(); known[i] {
			before += r.Varint("a value")
			values[i] = valueOf(before)
		}
	}
	return values
}

// The numbers that are told apart: m × 10^(e-2) with three digits m and e from -least to least, of either sign, and 0.
const least, digits = 40, 900

// ordinal numbers values of three significant digits in their order: neighbours differ by one. What is closer to 0 than any of
// them is 0, and what is farther the last.
func ordinal(v float64) int64 {
	if v < 0 {
		return -ordinal(-v)
	}
	var room [32]byte
	text := strconv.AppendFloat(room[:0], v, 'e', 2, 64) // d.dde±dd
	exponent, err := strconv.Atoi(string(text[5:]))
	switch {
	case v == 0 || err != nil || exponent < -least:
		return 0
	case exponent > least:
		return int64(2*least+1) * digits
	}
	mantissa := int64(text[0]-'0')*100 + int64(text[2]-'0')*10 + int64(text[3]-'0')
	return int64(exponent+least)*digits + mantissa - 99
}

// valueOf is the value with a number.
func valueOf(n int64) float64 {
	switch {
	case n == 0:
		return 0
	case n < 0:
		return -valueOf(-max(n, -math.MaxInt64))
	}
	n = min(n, (2*least+1)*digits) - 1
	v, err := strconv.ParseFloat(strconv.FormatInt(n%digits+100, 10)+"e"+strconv.FormatInt(n/digits-least-2, 10), 64)
	if err != nil {
		return 0
	}
	return v
}
