package past

import (
	"time"

	"github.com/shipwake/shipwake/collector/prometheus/families"
	"github.com/shipwake/shipwake/collector/prometheus/points"
	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/correlate"
)

// Step is the time between two samples, in seconds: the width of a rollup.
const Step = 300

// Piece is the samples of [From, To], in Unix seconds, which are multiples of Step.
type Piece struct {
	From, To int64
	reader   *points.Reader
}

// NewPiece is a piece without samples. The options are those of the reader of live samples.
func NewPiece(from, to int64, o points.Options) *Piece {
	o.Since, o.Whole, o.Born, o.Longest = from*1000, true, nil, 2*Step*1000
	return &Piece{From: from, To: to, reader: points.New(o)}
}

// Series is the series with some labels; nil when nobody asks for it.
func (p *Piece) Series(l families.Labels) *points.Series { return p.reader.Series(l) }

// Sample is a sample of an instant that ends a step: it is none of the next.
func Sample(s points.Sample) points.Sample {
	s.At--
	return s
}

// Cells are what the samples come to, sorted.
func (p *Piece) Cells() []correlate.Measurement {
	r := reduce.New(reduce.Options{Resolution: Step * time.Second})
	otlp.Metrics(r, p.reader.Advance(p.To*1000))
	return r.Drain()
}
