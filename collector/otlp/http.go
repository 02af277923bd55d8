package otlp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/listen"
)

const (
	protoType = "application/x-protobuf"
	jsonType  = "application/json"

	maxHeaderBytes = 64 << 10
	// httpConnection is about what an idle connection holds: its buffers and its goroutine.
	httpConnection = 32 << 10
)

// startHTTP listens, and serves until Shutdown.
func (o *otlp) startHTTP(ctx context.Context, host component.Host) error {
	config := *o.config.Protocols.HTTP.Get()
	server := config.ServerConfig
	h := &httpHandler{otlp: o, limit: server.MaxRequestBodySize, encodings: map[string]bool{"": true, "identity": true}}
	if h.limit <= 0 {
		h.limit = maxBody
	}
	names := server.CompressionAlgorithms
	if names == nil {
		names = admission.Encodings()
	}
	for _, name := range names {
		h.encodings[name] = true
	}
	mux := http.NewServeMux()
	for _, s := range o.signals {
		mux.HandleFunc(s.path(&config), func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, s) })
	}
	server.CompressionAlgorithms = []string{} // the handler itself decompresses, when it has reserved the room
	server.MaxRequestBodySize = h.limit
	var err error
	o.http, err = server.ToServer(ctx, host.GetExtensions(), o.set.TelemetrySettings, mux, confighttp.WithErrorHandler(
		func(w http.ResponseWriter, r *http.Request, text string, code int) {
			json, _ := isJSON(r)
			write(w, json, code, status.New(codes.InvalidArgument, text))
		}))
	if err != nil {
		return err
	}
	if o.plainHTTP(&server) {
		o.http.Handler = mux
	}
	o.http.MaxHeaderBytes = maxHeaderBytes
	listen.Limit(o.http, max(1, int(o.entry.connections()/httpConnection/8*7))) // one more is open before another one is closed
	listener, err := o.listen(ctx, "http", server.NetAddr, httpConnection)
	if err != nil {
		return err
	}
	if server.TLS.HasValue() {
		secured, err := server.TLS.Get().LoadTLSConfig(ctx)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		secured.NextProtos = []string{"h2", "http/1.1"}
		listener = tls.NewListener(listener, secured)
	}
	o.serve(host, "http", listener, func() error { return o.http.Serve(listener) }, http.ErrServerClosed)
	return nil
}

// httpHandler takes requests by HTTP.
type httpHandler struct {
	*otlp
	limit     int64
	encodings map[string]bool
}

func (h *httpHandler) serve(w http.ResponseWriter, r *http.Request, s *signal) {
	json, known := isJSON(r)
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ",")))
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "405 method not allowed, supported: [POST]", http.StatusMethodNotAllowed)
		return
	case !known:
		http.Error(w, "415 unsupported media type, supported: ["+jsonType+", "+protoType+"]", http.StatusUnsupportedMediaType)
		return
	case !h.encodings[encoding]:
		write(w, json, http.StatusUnsupportedMediaType, status.New(codes.Unimplemented, fmt.Sprintf("unsupported Content-Encoding %q", encoding)))
		return
	}
	room := h.entry.budget.Pooled()
	defer room.Release()
	err := h.take(r, s, received{encoding: encoding, json: json, limit: h.limit}, room)
	h.entry.count(s.name(), err)
	if err != nil {
		answer := statusOf(err)
		write(w, json, httpStatus(err, answer), answer)
		return
	}
	if json {
		w.Header().Set("Content-Type", jsonType)
		_, _ = w.Write([]byte("{}")) // the sender is gone; there is nobody to tell
		return
	}
	w.Header().Set("Content-Type", protoType)
	w.WriteHeader(http.StatusOK)
}

func (h *httpHandler) take(r *http.Request, s *signal, request received, room *admission.Grant) error {
	if err := h.entry.gate.Full(); err != nil {
		return err
	}
	if r.ContentLength > h.limit {
		return &admission.Refusal{Reason: admission.TooLarge, Text: fmt.Sprintf(
			"the body is larger than %d bytes; max_request_body_size sets the limit", h.limit)}
	}
	room.Expect(r.ContentLength)
	wire, err := room.ReadAll(r.Body, h.limit)
	if err != nil {
		return h.unread(r, err)
	}
	request.wire = wire
	return h.entry.take(r.Context(), s, request, room, h.reportHTTP)
}

// unread tells why a body couldn't be read to its end.
func (h *httpHandler) unread(r *http.Request, err error) error {
	var (
		refusal *admission.Refusal
		large   *http.MaxBytesError
		timeout net.Error
	)
	switch {
	case errors.As(err, &refusal):
		return err
	case errors.As(err, &large):
		return &admission.Refusal{Reason: admission.TooLarge, Text: fmt.Sprintf(
			"the body is larger than %d bytes; max_request_body_size sets the limit", h.limit)}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &admission.Refusal{Reason: admission.TooSlow, Text: "the body came too slowly; read_timeout sets the limit"}
	case r.Context().Err() != nil:
		return r.Context().Err()
	}
	return &admission.Refusal{Reason: admission.Malformed, Text: "the body can't be read to its end: " + err.Error()}
}

// isJSON tells which of the two encodings a request has; known is false when it has neither.
func isJSON(r *http.Request) (json, known bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == jsonType, err == nil && (kind == jsonType || kind == protoType)
}

// write answers with a status in the encoding of the request, as OTLP asks for.
func write(w http.ResponseWriter, json bool, code int, s *status.Status) {
	if delay := retryDelay(s); delay > 0 && (code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable) {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(delay.Seconds()))))
	}
	kind, encode := protoType, proto.Marshal
	if json {
		kind, encode = jsonType, protojson.Marshal
	}
	body, err := encode(s.Proto())
	if err != nil {
		code, kind, body = http.StatusInternalServerError, jsonType, []byte(`{"code": 13, "message": "the answer can't be encoded"}`)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(code)
	_, _ = w.Write(body) // the sender is gone; there is nobody to tell
}
