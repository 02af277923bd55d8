package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // so that it can be chosen
	"google.golang.org/grpc/status"
)

// Sender sends rounds over several connections.
type Sender struct {
	connections []connection
	Refused     int // requests that were refused for now, and sent again
}

// connection carries one request at a time.
type connection interface {
	// send returns the answer, and whether one that was refused is to be sent again.
	send(ctx context.Context, method string, body []byte) (answer []byte, again bool, err error)
	Close() error
}

// NewSender connects to a server on this machine by gRPC. The encoding is gzip, or "" for none.
func NewSender(address string, connections int, encoding string) (*Sender, error) {
	s := &Sender{}
	calls := []grpc.CallOption{grpc.ForceCodec(encoded{}), grpc.WaitForReady(true)}
	if encoding != "" {
		calls = append(calls, grpc.UseCompressor(encoding))
	}
	for range connections {
		client, err := grpc.NewClient("passthrough:///"+address,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(calls...))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connecting to %s: %w", address, err), s.Close())
		}
		s.connections = append(s.connections, unary{client})
	}
	return s, nil
}

// Close ends the connections.
func (s *Sender) Close() error {
	var all error
	for _, connection := range s.connections {
		all = errors.Join(all, connection.Close())
	}
	return all
}

// Round sends every request of a load once, with an event time, and returns when all are acknowledged in full. The
// requests of one resource always take the same connection, one after the other.
func (s *Sender) Round(ctx context.Context, l *Load, at time.Time) error {
	var running sync.WaitGroup
	errs := make([]error, len(s.connections))
	refused := make([]int, len(s.connections))
	for c := range s.connections {
		running.Go(func() {
			for i := c; i < len(l.Requests) && errs[c] == nil; i += len(s.connections) {
				var n int
				n, errs[c] = s.export(ctx, c, l.Method, l.Requests[i].Stamp(at))
				refused[c] += n
			}
		})
	}
	running.Wait()
	for _, n := range refused {
		s.Refused += n
	}
	return errors.Join(errs...)
}

const (
	patience = 30 * time.Second // with one request
	pause    = 50 * time.Millisecond
)

// export sends one request until it is taken, and tells how often it was refused.
func (s *Sender) export(ctx context.Context, connection int, method string, body []byte) (refused int, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		answer, again, err := s.connections[connection].send(ctx, method, body)
		switch {
		case err == nil && !inFull(answer):
			return refused, fmt.Errorf("the server took only a part of a request: %q", answer)
		case err == nil:
			return refused, nil
		case !again:
			return refused, fmt.Errorf("sending telemetry: %w", err)
		}
		refused++
		select {
		case <-ctx.Done():
			return refused, fmt.Errorf("sending telemetry, refused %d times: %w", refused, err)
		case <-time.After(pause):
		}
	}
}

// inFull tells whether an answer is empty, or holds an empty partial success.
func inFull(answer []byte) bool { return len(answer) == 0 || string(answer) == "\n\x00" }

// unary is a connection by gRPC.
type unary struct{ *grpc.ClientConn }

func (c unary) send(ctx context.Context, method string, body []byte) (answer []byte, again bool, err error) {
	err = c.Invoke(ctx, method, &body, &answer)
	code := status.Code(err)
	return answer, code == codes.Unavailable || code == codes.ResourceExhausted, err
}

// encoded passes messages as the bytes that they are.
type encoded struct{}

func (encoded) Name() string { return "proto" }

func (encoded) Marshal(v any) ([]byte, error) {
	body, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("%T is not an encoded message", v)
	}
	return *body, nil
}

func (encoded) Unmarshal(data []byte, v any) error {
	body, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("%T can't take an encoded message", v)
	}
	*body = append((*body)[:0], data...)
	return nil
}
