package load

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"
)

// Packed is a load whose requests are compressed, so that sending one costs next to nothing.
type Packed struct {
	load   *Load
	items  int
	bodies atomic.Pointer[[][]byte]
}

// Pack compresses a load.
func Pack(l *Load) (*Packed, error) {
	p := &Packed{load: l, items: l.Items / len(l.Requests)}
	return p, p.renew()
}

func (p *Packed) renew() error {
	bodies := make([][]byte, len(p.load.Requests))
	now := time.Now()
	for i, r := range p.load.Requests {
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		if err != nil {
			return err
		}
		if _, err := w.Write(r.Stamp(now)); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		bodies[i] = b.Bytes()
	}
	p.bodies.Store(&bodies)
	return nil
}

// Renew keeps event times no older than every, until the returned function is called.
func (p *Packed) Renew(every time.Duration) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-end:
				return
			case <-ticker.C:
				_ = p.renew() // compressing to memory doesn't fail
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// Answers are what became of requests.
type Answers struct {
	Sent, Accepted int64
	Shed           int64 // put off, to be sent again
	Hinted         int64 // of those, told when
	Closed         int64 // the connection was closed instead of an answer
}

// Flood sends the requests of a load over gRPC and HTTP, as fast as it is told to and without ever waiting for a server
// that asks for it.
type Flood struct {
	packed                               *Packed
	url                                  string
	client                               *http.Client
	conns                                []*grpc.ClientConn
	next                                 atomic.Int64
	sent, accepted, shed, hinted, closed atomic.Int64
}

const grpcConnections = 8

// NewFlood connects to a server.
func NewFlood(grpcAddress, httpAddress string, p *Packed) (*Flood, error) {
	f := &Flood{packed: p, url: "http://" + httpAddress + "/v1/traces", client: &http.Client{
		Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 256},
	}}
	for range grpcConnections {
		conn, err := grpc.NewClient("passthrough:///"+grpcAddress, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodec(encoded{}), grpc.UseCompressor("gzip")))
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.conns = append(f.conns, conn)
	}
	encoding.RegisterCompressor(compressed{})
	return f, nil
}

// Close ends the connections.
func (f *Flood) Close() error {
	f.client.CloseIdleConnections()
	var all error
	for _, conn := range f.conns {
		all = errors.Join(all, conn.Close())
	}
	return all
}

// Run sends for a while from so many senders of each protocol, at most perSecond requests a second in all; 0 is as fast as
// each gets its answers.
func (f *Flood) Run(ctx context.Context, d time.Duration, senders int, perSecond float64) (Answers, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	before := f.answers()
	began := time.Now()
	var turns atomic.Int64
	var running sync.WaitGroup
	errs := make([]error, 2*senders)
	for i := range 2 * senders {
		running.Go(func() {
			for errs[i] == nil {
				if turn := turns.Add(1); perSecond > 0 {
					at := began.Add(time.Duration(float64(turn) / perSecond * float64(time.Second)))
					select {
					case <-ctx.Done():
					case <-time.After(time.Until(at)):
					}
				}
				if ctx.Err() != nil {
					return
				}
				errs[i] = f.send(i)
			}
		})
	}
	running.Wait()
	after := f.answers()
	return Answers{
		after.Sent - before.Sent, after.Accepted - before.Accepted, after.Shed - before.Shed,
		after.Hinted - before.Hinted, after.Closed - before.Closed,
	}, errors.Join(errs...)
}

func (f *Flood) answers() Answers {
	return Answers{f.sent.Load(), f.accepted.Load(), f.shed.Load(), f.hinted.Load(), f.closed.Load()}
}

// send sends the next request by the protocol of a sender, and waits for the answer even when the time is over: only what
// was answered can be counted.
func (f *Flood) send(sender int) error {
	bodies := *f.packed.bodies.Load()
	body := bodies[int(f.next.Add(1))%len(bodies)]
	f.sent.Add(1)
	if sender%2 == 0 {
		return f.byHTTP(body)
	}
	return f.byGRPC(f.conns[sender/2%len(f.conns)], body)
}

func (f *Flood) byHTTP(body []byte) error {
	request, err := http.NewRequest(http.MethodPost, f.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("Content-Encoding", "gzip")
	answer, err := f.client.Do(request)
	if err != nil {
		f.closed.Add(1)
		return nil
	}
	_, err = io.Copy(io.Discard, answer.Body)
	err = errors.Join(err, answer.Body.Close())
	switch answer.StatusCode {
	case http.StatusOK:
		f.accepted.Add(1)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		f.count(answer.Header.Get("Retry-After") != "")
	default:
		err = errors.Join(err, fmt.Errorf("POST %s: %s", f.url, answer.Status))
	}
	return err
}

func (f *Flood) byGRPC(conn *grpc.ClientConn, body []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var answer []byte
	err := conn.Invoke(ctx, f.packed.load.Method, &body, &answer)
	s := status.Convert(err)
	switch {
	case err == nil:
		f.accepted.Add(1)
	case s.Code() == codes.Unavailable && hint(s):
		f.count(true)
	case s.Code() == codes.Unavailable: // by the daemon without a hint, or by grpc itself: the connection is gone
		f.closed.Add(1)
	default:
		return fmt.Errorf("sending by gRPC: %w", err)
	}
	return nil
}

func (f *Flood) count(hinted bool) {
	f.shed.Add(1)
	if hinted {
		f.hinted.Add(1)
	}
}

func hint(s *status.Status) bool {
	for _, detail := range s.Details() {
		if _, ok := detail.(*errdetails.RetryInfo); ok {
			return true
		}
	}
	return false
}

// compressed passes bytes that are gzip already as gzip.
type compressed struct{}

func (compressed) Name() string { return "gzip" }

func (compressed) Compress(w io.Writer) (io.WriteCloser, error) { return passing{w}, nil }

func (compressed) Decompress(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }

type passing struct{ io.Writer }

func (passing) Close() error { return nil }
