package otlp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/shipwake/shipwake/collector/admission"
)

const (
	// window is how much of a stream the server takes before anybody reads it: most requests in one go.
	window = 256 << 10
	// connectionWindow is the same for all streams of a connection that are being read.
	connectionWindow = 1 << 20
	// maxStreams is how many calls one connection has under way at once, unless configured.
	maxStreams = 128
	// grpcConnection is about what a connection holds beside its read buffer: its goroutines and tables. Its write buffer
	// is there only while it writes.
	grpcConnection = 48 << 10
)

// startGRPC listens, and serves until Shutdown.
//
// The methods are registered as streams, although they aren't, because of what grpc does for a stream and not for a single
// call: it authenticates before the message is read, and leaves the reading to the handler.
func (o *otlp) startGRPC(ctx context.Context, host component.Host) error {
	config := *o.config.Protocols.GRPC.Get()
	g := &grpcHandler{otlp: o, limit: maxMessage}
	if config.MaxRecvMsgSizeMiB > 0 {
		g.limit = int64(config.MaxRecvMsgSizeMiB) << 20
	}
	if config.MaxConcurrentStreams == 0 {
		config.MaxConcurrentStreams = maxStreams
	}
	if config.ReadBufferSize == 0 {
		config.ReadBufferSize = grpcReadBuffer
	}
	var err error
	if o.grpc, err = g.server(ctx, host, &config); err != nil {
		return err
	}
	for _, s := range o.signals {
		o.grpc.RegisterService(&grpc.ServiceDesc{ServiceName: s.service, HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{{
			StreamName: "Export", ClientStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error { return g.export(stream, s) },
		}}}, nil)
	}
	each := int64(config.ReadBufferSize + grpcConnection)
	listener, err := o.listen(ctx, "grpc", config.NetAddr, each)
	if err != nil {
		return err
	}
	o.serve(host, "grpc", listener, func() error { return o.grpc.Serve(listener) }, grpc.ErrServerStopped)
	return nil
}

// server is one with the settings of the configuration, and the receiver's own.
func (g *grpcHandler) server(ctx context.Context, host component.Host, config *configgrpc.ServerConfig) (*grpc.Server, error) {
	own := []grpc.ServerOption{
		grpc.InTapHandle(g.arrive), grpc.ForceServerCodecV2(noAnswer{}), grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.StaticStreamWindowSize(window), grpc.StaticConnWindowSize(connectionWindow), experimental.BufferPool(&frames{}),
		grpc.NumStreamWorkers(uint32(runtime.GOMAXPROCS(0))), // their stacks have grown already
	}
	if g.plainGRPC(config) {
		options, err := plainOptions(ctx, config)
		if err != nil {
			return nil, err
		}
		return grpc.NewServer(append(options, own...)...), nil
	}
	var options []configgrpc.ToServerOption
	for _, option := range own {
		options = append(options, configgrpc.WithGrpcServerOption(option))
	}
	return config.ToServer(ctx, host.GetExtensions(), g.set.TelemetrySettings, options...)
}

// grpcHandler takes requests by gRPC.
type grpcHandler struct {
	*otlp
	limit int64
}

type cancelKey struct{}

// arrive is called when the header of a call has come, before anything else is done for it. It reserves what the
// connection may take of the call before anybody reads it.
func (g *grpcHandler) arrive(ctx context.Context, info *tap.Info) (context.Context, error) {
	err := g.entry.gate.Full()
	if err == nil && !g.entry.budget.Take(window) {
		err = &admission.Refusal{Reason: admission.Busy, Text: "the memory for requests is in use; send it again later"}
	}
	if err != nil {
		for _, s := range g.signals {
			if strings.HasPrefix(info.FullMethodName, "/"+s.service+"/") {
				g.entry.count(s.name(), err)
			}
		}
		return nil, statusOf(err).Err()
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, func() { g.entry.budget.Release(window) })
	return context.WithValue(ctx, cancelKey{}, cancel), nil
}

// rawStream is what grpc reads a stream's messages from. It is not part of grpc's promise; TestGRPC fails when it is gone.
type rawStream interface {
	ReadMessageHeader(header []byte) error
	Read(n int) (mem.BufferSlice, error)
	RecvCompress() string
}

func (g *grpcHandler) export(stream grpc.ServerStream, s *signal) error {
	ctx := stream.Context()
	raw, ok := grpc.ServerTransportStreamFromContext(ctx).(rawStream)
	cancel, tapped := ctx.Value(cancelKey{}).(context.CancelFunc)
	if !ok || !tapped {
		return status.Error(codes.Internal, "this version of grpc doesn't let messages be read piece by piece")
	}
	room := g.entry.budget.Pooled()
	defer room.Release()
	err := g.take(ctx, cancel, raw, s, room)
	g.entry.count(s.name(), err)
	if err != nil {
		return statusOf(err).Err()
	}
	return stream.SendMsg(nil)
}

func (g *grpcHandler) take(ctx context.Context, cancel context.CancelFunc, raw rawStream, s *signal, room *admission.Grant) error {
	timer := time.AfterFunc(g.patience, cancel)
	request, err := receive(raw, g.limit, room)
	if late := !timer.Stop(); err != nil && late && !errors.As(err, new(*admission.Refusal)) {
		return &admission.Refusal{Reason: admission.TooSlow, Text: fmt.Sprintf("the message didn't come within %s", g.patience)}
	}
	if err != nil {
		return err
	}
	return g.entry.take(ctx, s, request, room, g.reportGRPC)
}

// receive reads a message: a byte that tells whether it is compressed, four of its length, and its bytes.
func receive(raw rawStream, limit int64, room *admission.Grant) (received, error) {
	var header [5]byte
	if err := raw.ReadMessageHeader(header[:]); err != nil {
		return received{}, unread(err)
	}
	r := received{limit: limit}
	if header[0] == 1 {
		r.encoding = encodingOf(raw.RecvCompress())
	}
	if header[0] > 1 || (header[0] == 1 && !admission.KnowsEncoding(r.encoding)) {
		return received{}, &admission.Refusal{Reason: admission.Malformed, Text: fmt.Sprintf("a message with flag %d and grpc-encoding %q", header[0], raw.RecvCompress())}
	}
	length := int64(binary.BigEndian.Uint32(header[1:]))
	if length > limit {
		return received{}, &admission.Refusal{Reason: admission.TooLarge, Text: fmt.Sprintf(
			"the message of %d bytes is larger than %d; max_recv_msg_size_mib sets the limit", length, limit)}
	}
	room.Expect(length)
	var err error
	if r.wire, err = room.ReadAll(&message{raw: raw, left: int(length)}, limit); err != nil {
		return received{}, unread(err)
	}
	return r, nil
}

// encodingOf: gRPC's snappy is the framed format.
func encodingOf(grpcEncoding string) string {
	if grpcEncoding == "snappy" {
		return "x-snappy-framed"
	}
	return grpcEncoding
}

// unread: what ends too early is malformed; other errors are the connection's.
func unread(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &admission.Refusal{Reason: admission.Malformed, Text: "the message is cut short"}
	}
	return err
}

// message reads the bytes of one message.
type message struct {
	raw  rawStream
	left int
}

func (m *message) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, io.EOF
	}
	data, err := m.raw.Read(min(len(p), m.left, window))
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, err
	}
	defer data.Free()
	n := data.CopyTo(p)
	m.left -= n
	return n, nil
}

// noAnswer encodes the answer: a response with nothing in it has no bytes.
type noAnswer struct{}

func (noAnswer) Name() string { return "proto" }

func (noAnswer) Marshal(any) (mem.BufferSlice, error) { return nil, nil }

func (noAnswer) Unmarshal(mem.BufferSlice, any) error {
	return errors.New("messages are read by the handler")
}
