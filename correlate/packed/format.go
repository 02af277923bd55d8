// Package packed answers: how do measurements become bytes, and how are bytes read that nobody vouches for?
//
// A Format packs a payload into a form byte, the payload's length as a uvarint, and the payload: as it is (1), or as one zstd
// frame (2), which an empty one may follow. What a payload holds is for those who write it; they share the numbering of texts (Names) and a Reader.
// Nothing in it depends on a map, a clock or the machine: equal payloads are equal bytes.
package packed

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// The forms of a payload.
const (
	Plain      = 1
	Compressed = 2
)

// likeID is the number by which frames name the dictionary of their format.
const likeID = 1

// window is how many bytes back a frame refers.
const window = 1 << 20

// Format says how payloads of one kind are packed. A Format is safe for concurrent use and must not be copied.
type Format struct {
	// What a payload is, in the plural or with an article left out, as errors call it.
	What string
	// MaxPayload is the most that may be unpacked, in bytes.
	MaxPayload int
	// MaxRatio bounds what a compressed payload may unpack to by its own size, so that a damaged one can't ask for more.
	MaxRatio int
	// MinCompress is the size of a payload, in bytes, below which a frame isn't worth its header.
	MinCompress int
	// Level is how hard the compressor tries, and Checked has a checksum in each frame.
	Level   zstd.EncoderLevel
	Checked bool
	// Like is what payloads look like, to compress them against; both sides must have the same. May be nil.
	Like []byte

	zip     sync.Once
	encoder *zstd.Encoder
	unzip   sync.Once
	decoder *zstd.Decoder
	failed  error
}

// DamagedError says where bytes stop making sense.
type DamagedError struct {
	What   string
	Offset int // bytes into the payload
	Want   string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("damaged %s: %s expected at byte %d", e.What, e.Want, e.Offset)
}

// Pack appends a payload to what precedes it: compressed, unless that doesn't pay.
func (f *Format) Pack(head, payload []byte) []byte {
	if zip := f.compressor(); zip != nil && len(payload) >= f.MinCompress {
		start := header(head, Compressed, len(payload))
		packed := zip.EncodeAll(payload, start)
		packed = pad(packed, (len(payload)+f.MaxRatio-1)/f.MaxRatio-(len(packed)-len(start)))
		if len(packed)-len(start) < len(payload) {
			return packed
		}
	}
	return append(header(head, Plain, len(payload)), payload...)
}

// skippable and skippableHeader are how a frame begins that decoders pass over (RFC 8878, 3.1.2), and how long that is with the
// length of what follows in it.
const skippable, skippableHeader = 0x184D2A50, 8

// pad makes a frame longer by at least so many bytes: one that compressed so well that Unpack would take it for damage.
func pad(packed []byte, missing int) []byte {
	if missing <= 0 {
		return packed
	}
	n := max(missing-skippableHeader, 0)
	packed = binary.LittleEndian.AppendUint32(packed, skippable)
	packed = binary.LittleEndian.AppendUint32(packed, uint32(n))
	return append(packed, make([]byte, n)...)
}

func header(head []byte, form byte, length int) []byte {
	return binary.AppendUvarint(append(head[:len(head):len(head)], form), uint64(length))
}

// compressor is shared: EncodeAll keeps no state between calls. It is nil if the options were ever refused, and payloads are
// then written plain.
func (f *Format) compressor() *zstd.Encoder {
	f.zip.Do(func() {
		options := []zstd.EOption{
			zstd.WithEncoderLevel(f.Level), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(f.Checked), zstd.WithWindowSize(window),
		}
		if f.Like != nil {
			options = append(options, zstd.WithEncoderDictRaw(likeID, f.Like))
		}
		zip, err := zstd.NewWriter(nil, options...)
		if err == nil {
			f.encoder = zip
		}
	})
	return f.encoder
}

// Unpack is the payload that Pack packed. Whatever the bytes are, it neither panics nor allocates more than MaxRatio times
// their number; what isn't a payload is refused with an error that says where.
func (f *Format) Unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, f.damaged(0, "a form byte")
	}
	form, body := packed[0], packed[1:]
	length, n := binary.Uvarint(body)
	if n <= 0 {
		return nil, f.damaged(0, "a length")
	}
	switch body = body[n:]; form {
	case Plain:
		return f.whole(body, length)
	case Compressed:
		return f.decompress(body, length)
	}
	return nil, fmt.Errorf("%s of the unknown form %d: written by a newer version, or damaged", f.What, form)
}

func (f *Format) damaged(offset int, want string) error {
	return &DamagedError{What: f.What, Offset: offset, Want: want}
}

// whole is a payload of a length.
func (f *Format) whole(payload []byte, length uint64) ([]byte, error) {
	if uint64(len(payload)) != length {
		return nil, f.damaged(len(payload), fmt.Sprintf("a payload of %d bytes", length))
	}
	return payload, nil
}

func (f *Format) decompress(body []byte, length uint64) ([]byte, error) {
	if length > uint64(f.MaxPayload) || length > uint64(len(body))*uint64(f.MaxRatio) {
		return nil, f.damaged(0, fmt.Sprintf("at most %d bytes from %d", len(body)*f.MaxRatio, len(body)))
	}
	unzip, err := f.decompressor()
	if err != nil {
		return nil, err
	}
	payload, err := unzip.DecodeAll(body, make([]byte, 0, length))
	if err != nil {
		return nil, fmt.Errorf("damaged %s: %w", f.What, err)
	}
	return f.whole(payload, length)
}

// decompressor is shared: DecodeAll keeps no state between calls, and never grows the buffer it is given.
func (f *Format) decompressor() (*zstd.Decoder, error) {
	f.unzip.Do(func() {
		options := []zstd.DOption{
			zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(uint64(f.MaxPayload)),
			zstd.WithDecoderMaxWindow(window),
		}
		if f.Like != nil {
			options = append(options, zstd.WithDecoderDictRaw(likeID, f.Like))
		}
		f.decoder, f.failed = zstd.NewReader(nil, options...)
	})
	return f.decoder, f.failed
}
