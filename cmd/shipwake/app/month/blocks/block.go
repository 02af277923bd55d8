package blocks

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// Write writes the series as a block into a directory of Prometheus' data. The seed makes the block's name, which is the
// same for the same seed and time.
func (s *Set) Write(dir string, seed uint64) (err error) {
	b := block{series: s.sorted()}
	if len(b.series) == 0 {
		return errors.New("a block needs a sample")
	}
	b.span()
	name := ulid(b.maxt, seed)
	at := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Join(at, "chunks"), 0o755); err != nil {
		return err
	}
	if err := create(filepath.Join(at, "chunks", "000001"), b.writeChunks); err != nil {
		return err
	}
	if err := create(filepath.Join(at, "index"), b.writeIndex); err != nil {
		return err
	}
	return create(filepath.Join(at, "meta.json"), func(w io.Writer) error { return b.writeMeta(w, name) })
}

// block is what is written of it so far.
type block struct {
	series     []*Series
	mint, maxt int64
	samples    int
	chunks     int
	refs       [][]uint64 // where the chunks of each series are
}

func (b *block) span() {
	for _, s := range b.series {
		for _, c := range s.chunks() {
			if b.chunks == 0 || c.mint < b.mint {
				b.mint = c.mint
			}
			b.maxt = max(b.maxt, c.maxt+1)
			b.samples += int(c.n)
			b.chunks++
		}
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeChunks writes the segment of chunks and notes where each is.
func (b *block) writeChunks(w io.Writer) error {
	header := []byte{0x85, 0xBD, 0x40, 0xDD, 1, 0, 0, 0} // magic, version, padding
	if _, err := w.Write(header); err != nil {
		return err
	}
	at := uint64(len(header))
	for _, s := range b.series {
		var refs []uint64
		for _, c := range s.chunks() {
			data := c.encoded()
			entry := binary.AppendUvarint(nil, uint64(len(data)))
			summed := len(entry)
			entry = append(append(entry, xorEncoding), data...)
			entry = binary.BigEndian.AppendUint32(entry, crc32.Checksum(entry[summed:], castagnoli))
			if _, err := w.Write(entry); err != nil {
				return err
			}
			refs = append(refs, at)
			at += uint64(len(entry))
		}
		b.refs = append(b.refs, refs)
	}
	return nil
}

const xorEncoding = 1

func (b *block) writeMeta(w io.Writer, name string) error {
	type object = map[string]any
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "\t")
	return encoder.Encode(object{
		"ulid": name, "minTime": b.mint, "maxTime": b.maxt, "version": 1,
		"stats":      object{"numSamples": b.samples, "numSeries": len(b.series), "numChunks": b.chunks},
		"compaction": object{"level": 1, "sources": []string{name}},
	})
}

// create writes a file.
func create(path string, write func(io.Writer) error) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriterSize(file, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// ulid is a name as Prometheus gives it to a block: 48 bits of time in milliseconds and 80 others, in Crockford's base 32.
func ulid(at int64, seed uint64) string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(at)<<16)
	binary.BigEndian.PutUint64(raw[8:], seed)
	hi, lo := binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
	name := make([]byte, 26)
	for i := range name {
		name[len(name)-1-i] = digits[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(name)
}
