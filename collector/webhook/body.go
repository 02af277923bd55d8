package webhook

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"

	"github.com/shipwake/shipwake/collector/admission"
)

// encodings are the content encodings that are accepted.
const encodings = "gzip, deflate"

// decoder returns a decompressor for the content encoding of a request: nil, true for none.
func decoder(header http.Header) (open func(io.Reader) (io.ReadCloser, error), known bool) {
	switch strings.ToLower(strings.TrimSpace(strings.Join(header.Values("Content-Encoding"), ","))) {
	case "", "identity":
		return nil, true
	case "gzip", "x-gzip":
		return func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }, true
	case "deflate":
		return zlib.NewReader, true
	}
	return nil, false
}

// inflate decompresses up to limit bytes.
func inflate(wire []byte, open func(io.Reader) (io.ReadCloser, error), limit int64, room *admission.Grant) ([]byte, error) {
	r, err := open(bytes.NewReader(wire))
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return room.ReadAll(r, limit)
}
