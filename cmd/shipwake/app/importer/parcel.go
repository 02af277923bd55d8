package importer

import (
	"bytes"
	"encoding/json"
	"hash/fnv"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/correlate"
)

// What a batch of facts holds: usually some 500 lines, and never more than the daemon takes at once.
const (
	usualFacts = 512
	mostFacts  = 4096
	mostBytes  = 1 << 20
)

// Parcel is what the daemon takes at once: a batch of facts, or a message.
type Parcel struct {
	At      history.Place // of its last record
	Facts   int
	Lines   []byte // the facts, one a line
	Message *history.Message

	seq   int
	after cursor
}

// batch gathers facts.
type batch struct {
	lines bytes.Buffer
	facts int
	last  history.Place
}

// add adds a fact and tells whether the batch ends there. That depends on the fact alone, but for batches that would be too large,
// so that the same facts make the same batches wherever an export begins.
func (b *batch) add(f correlate.Fact, at history.Place) (full bool, err error) {
	line, err := json.Marshal(f)
	if err != nil {
		return false, err
	}
	b.lines.Write(line)
	b.lines.WriteByte('\n')
	b.facts++
	b.last = at
	sum := fnv.New32a()
	_, _ = sum.Write(line) // a hash takes everything
	return sum.Sum32()%usualFacts == 0 || b.facts >= mostFacts || b.lines.Len() >= mostBytes, nil
}

// take is the batch as a parcel; a new batch begins.
func (b *batch) take() Parcel {
	p := Parcel{At: b.last, Facts: b.facts, Lines: bytes.Clone(b.lines.Bytes())}
	b.lines.Reset()
	b.facts = 0
	return p
}
