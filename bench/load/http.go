package load

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"

	"github.com/klauspost/compress/zstd"
)

// NewHTTPSender connects to a server on this machine by HTTP. The encoding is gzip or zstd, or "" for none.
func NewHTTPSender(address string, connections int, encoding string) (*Sender, error) {
	s := &Sender{}
	for range connections {
		p := &post{url: "http://" + address, encoding: encoding, client: &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}}
		var err error
		if p.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest)); err != nil {
			return nil, err
		}
		s.connections = append(s.connections, p)
	}
	return s, nil
}

// post is a connection by HTTP.
type post struct {
	url, encoding string
	client        *http.Client
	zstd          *zstd.Encoder
	buffer        bytes.Buffer
}

// paths are the paths of the methods of gRPC.
var paths = map[string]string{tracesMethod: "/v1/traces", metricsMethod: "/v1/metrics"}

func (p *post) send(ctx context.Context, method string, body []byte) (answer []byte, again bool, err error) {
	if body, err = p.encode(body); err != nil {
		return nil, false, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+paths[method], bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	if p.encoding != "" {
		request.Header.Set("Content-Encoding", p.encoding)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return nil, errors.Is(err, syscall.ECONNREFUSED), err // it doesn't listen yet
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		return nil, false, err
	}
	if response.StatusCode == http.StatusOK {
		return answer, false, nil
	}
	again = response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusServiceUnavailable
	return nil, again, fmt.Errorf("%s: %q", response.Status, answer)
}

// encode compresses a request as an SDK does, for speed.
func (p *post) encode(body []byte) ([]byte, error) {
	p.buffer.Reset()
	switch p.encoding {
	case "gzip":
		w, err := gzip.NewWriterLevel(&p.buffer, gzip.BestSpeed)
		if err != nil {
			return nil, err
		}
		if _, err = w.Write(body); err == nil {
			err = w.Close()
		}
		return p.buffer.Bytes(), err
	case "zstd":
		return p.zstd.EncodeAll(body, p.buffer.AvailableBuffer()), nil
	}
	return body, nil
}

func (p *post) Close() error {
	p.client.CloseIdleConnections()
	return p.zstd.Close()
}
