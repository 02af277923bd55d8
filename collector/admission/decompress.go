package admission

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/shipwake/shipwake/collector/admission/inflate"
)

// Encodings are the content encodings that Decompress knows, beside none.
func Encodings() []string {
	return []string{"gzip", "zstd", "zlib", "snappy", "deflate", "lz4", "x-snappy-framed"}
}

// KnowsEncoding tells whether Decompress knows an encoding; "" and "identity" are none.
func KnowsEncoding(name string) bool {
	return name == "" || name == "identity" || slices.Contains(Encodings(), name)
}

// Decompress returns the content of up to limit bytes. Its room, and what the decompressor itself takes meanwhile, is
// reserved. A Refusal is Malformed, TooLarge or Busy. Without an encoding it is wire itself.
func (g *Grant) Decompress(encoding string, wire []byte, limit int64) ([]byte, error) {
	if whole := wholly[encoding]; whole != nil {
		if body, ok, err := whole(g, wire, limit); ok || err != nil {
			return body, err
		}
	}
	open, own := decompressor(encoding, wire, limit)
	if open == nil {
		return wire, nil
	}
	g.Expect(announced(encoding, wire))
	if err := g.Take(own); err != nil {
		return nil, err
	}
	defer g.Give(own)
	r, err := open(bytes.NewReader(wire))
	if err != nil {
		return nil, cantDecompress(encoding, err)
	}
	body, err := g.ReadAll(r, limit)
	if closing := r.Close(); err == nil {
		err = closing
	}
	if _, refused := err.(*Refusal); err == nil || refused { //nolint:errorlint // ReadAll returns it bare
		return body, err
	}
	return nil, cantDecompress(encoding, err)
}

// wholly are the encodings whose contents are decompressed in one piece when they say how long they are. Anything else isn't ok,
// whether it can be decompressed or not: then the stream's decompressor says what is wrong.
var wholly = map[string]func(g *Grant, wire []byte, limit int64) (body []byte, ok bool, err error){
	"zstd": (*Grant).frame, "gzip": (*Grant).member,
}

// longestWhole is the longest content that is decompressed in one piece.
const longestWhole = 1 << 20

// member decompresses a member of gzip.
func (g *Grant) member(wire []byte, limit int64) (body []byte, ok bool, err error) {
	n, ok := inflate.Length(wire)
	if !ok || n > min(limit, longestWhole) {
		return nil, false, nil
	}
	if err := g.Take(flateTakes); err != nil {
		return nil, false, err
	}
	defer g.Give(flateTakes)
	room, err := g.buffer(int(n) + inflate.Ahead)
	if err != nil {
		return nil, false, err
	}
	if body = room[:n]; inflate.Gzip(body, wire) {
		return body, true, nil
	}
	g.drop(room)
	return nil, false, nil
}

// announced is how long the content is by what stands in it; 0 when nothing does. It may be a lie.
func announced(encoding string, wire []byte) int64 {
	if encoding != "gzip" || len(wire) < 8 {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(wire[len(wire)-4:]))
}

// frames decompresses contents that say how long they are, for all requests: making a decoder takes longer than decoding
// with it.
var frames = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true),
		zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(longestWhole))
})

// frame decompresses what is a single frame of zstd.
func (g *Grant) frame(wire []byte, limit int64) (body []byte, ok bool, err error) {
	var header zstd.Header
	if header.Decode(wire) != nil || !header.HasFCS || header.FrameContentSize > uint64(min(limit, longestWhole)) {
		return nil, false, nil
	}
	decoder, err := frames()
	if err != nil {
		return nil, false, nil //nolint:nilerr // the stream's decoder says what is wrong
	}
	if err := g.Take(zstdTakes); err != nil {
		return nil, false, err
	}
	defer g.Give(zstdTakes)
	room, err := g.buffer(max(int(header.FrameContentSize), 1))
	if err != nil {
		return nil, false, err
	}
	if body, err = decoder.DecodeAll(wire, room); err == nil && int64(len(body)) <= limit {
		return body, true, nil
	}
	g.drop(room)
	return nil, false, nil
}

func cantDecompress(encoding string, err error) error {
	return &Refusal{Malformed, fmt.Sprintf("the body can't be decompressed as %s: %v", encoding, err)}
}

// What decompressors take for themselves, in bytes.
const (
	flateTakes   = 48 << 10
	snappyTakes  = 192 << 10
	lz4Takes     = 16 << 20 // two blocks of the largest kind
	zstdTakes    = 1 << 20  // beside the window
	maxZstdFrame = 8 << 20  // the largest window that decoders must support
)

// decompressor returns how to open an encoding, nil for none, and how many bytes that takes beside the content.
func decompressor(encoding string, wire []byte, limit int64) (open func(io.Reader) (io.ReadCloser, error), own int64) {
	switch encoding {
	case "gzip":
		return openGzip, flateTakes
	case "zlib", "deflate":
		return zlib.NewReader, flateTakes
	case "zstd":
		window := windowOf(wire)
		return func(r io.Reader) (io.ReadCloser, error) { return openZstd(r, window, limit) }, zstdTakes + 2*int64(window)
	case "x-snappy-framed":
		return openFramed, snappyTakes
	case "snappy":
		// The name stands for the block format; some senders use it for the framed one.
		if bytes.HasPrefix(wire, []byte("\xff\x06\x00\x00sNaPpY")) {
			return openFramed, snappyTakes
		}
		if n, err := snappy.DecodedLen(wire); err == nil && int64(n) <= limit {
			return openBlock, int64(n)
		}
		return func(io.Reader) (io.ReadCloser, error) {
			return nil, fmt.Errorf("no block of at most %d bytes", limit)
		}, 0
	case "lz4":
		return func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(lz4.NewReader(r)), nil }, lz4Takes
	}
	return nil, 0
}

var gzips sync.Pool

// pooled gives a gzip reader back when it is closed.
type pooled struct{ *gzip.Reader }

func (p pooled) Close() error {
	err := p.Reader.Close()
	gzips.Put(p.Reader)
	return err
}

func openGzip(r io.Reader) (io.ReadCloser, error) {
	old, ok := gzips.Get().(*gzip.Reader)
	if !ok {
		fresh, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		return pooled{fresh}, nil
	}
	if err := old.Reset(r); err != nil {
		gzips.Put(old)
		return nil, err
	}
	return pooled{old}, nil
}

// windowOf is how much of its own output the first frame of a zstd stream refers back to. Later frames may not need more.
func windowOf(wire []byte) uint64 {
	var header zstd.Header
	if err := header.Decode(wire); err != nil {
		return zstd.MinWindowSize // opening it will say what is wrong
	}
	return min(max(header.WindowSize, header.FrameContentSize, zstd.MinWindowSize), maxZstdFrame)
}

func openZstd(r io.Reader, window uint64, limit int64) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(window), zstd.WithDecoderMaxMemory(uint64(limit)+1))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

func openFramed(r io.Reader) (io.ReadCloser, error) {
	return io.NopCloser(snappy.NewReader(bufio.NewReader(r))), nil
}

func openBlock(r io.Reader) (io.ReadCloser, error) {
	wire, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	body, err := snappy.Decode(nil, wire)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}
