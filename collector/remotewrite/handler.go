package remotewrite

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"os"
	"strconv"

	"github.com/klauspost/compress/snappy"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/remotewrite/wire"
)

// handler takes requests.
type handler struct {
	held   *held
	budget *admission.Budget
	limit  int64
}

// version is a message of the protocol.
type version struct {
	read   func(request []byte, yield func(*wire.Series)) error
	counts bool // the sender wants to know what was written
}

// versionOf is the message that a content type names.
func versionOf(contentType string) (version, bool) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/x-protobuf" {
		return version{}, false
	}
	switch parameters["proto"] {
	case "", "prometheus.WriteRequest":
		return version{read: wire.V1}, true
	case "io.prometheus.write.v2.Request":
		return version{read: wire.V2, counts: true}, true
	}
	return version{}, false
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v, known := versionOf(r.Header.Get("Content-Type"))
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "remote write is a POST", http.StatusMethodNotAllowed)
		return
	case !known:
		http.Error(w, "the content type must be application/x-protobuf, with proto=prometheus.WriteRequest, which is the default, "+
			"or proto=io.prometheus.write.v2.Request", http.StatusUnsupportedMediaType)
		return
	case r.Header.Get("Content-Encoding") != "snappy":
		http.Error(w, "the content encoding must be snappy", http.StatusUnsupportedMediaType)
		return
	}
	room := h.budget.Pooled()
	defer room.Release()
	request, err := h.body(r, room)
	if err != nil {
		refuse(w, err)
		return
	}
	taken, err := h.held.take(r.Context(), func(yield func(*wire.Series)) error {
		if err := v.read(request, yield); err != nil {
			return &admission.Refusal{Reason: admission.Malformed, Text: err.Error()}
		}
		return nil
	})
	if v.counts {
		taken.headers(w.Header())
	}
	switch {
	case err != nil:
		refuse(w, err)
	case taken.why != nil:
		http.Error(w, fmt.Sprintf("%d series can't be used, the others were taken: %v", taken.refused, taken.why), http.StatusBadRequest)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// headers say what was written. What is of no use here was, or senders would take it for lost.
func (w *written) headers(h http.Header) {
	for name, n := range map[string]int{"Samples": w.samples, "Histograms": w.histograms, "Exemplars": w.exemplars} {
		h.Set("X-Prometheus-Remote-Write-"+name+"-Written", strconv.Itoa(n))
	}
}

// body reads and decompresses, each within the limit and with room that is reserved before.
func (h *handler) body(r *http.Request, room *admission.Grant) ([]byte, error) {
	tooLarge := &admission.Refusal{Reason: admission.TooLarge, Text: fmt.Sprintf("the request is larger than %d bytes; max_request_body_size sets the limit", h.limit)}
	if r.ContentLength > h.limit {
		return nil, tooLarge
	}
	room.Expect(r.ContentLength)
	packed, err := room.ReadAll(r.Body, h.limit)
	if err != nil {
		return nil, err
	}
	n, err := snappy.DecodedLen(packed)
	switch {
	case err != nil:
		return nil, &admission.Refusal{Reason: admission.Malformed, Text: "the body is not in snappy's block format"}
	case int64(n) > h.limit:
		return nil, tooLarge
	}
	if err := room.Take(int64(n)); err != nil {
		return nil, err
	}
	request, err := snappy.Decode(make([]byte, n), packed)
	if err != nil {
		return nil, &admission.Refusal{Reason: admission.Malformed, Text: "the body is not in snappy's block format"}
	}
	return request, nil
}

// refuse answers what wasn't taken. Whatever isn't the sender's fault is worth sending again.
func refuse(w http.ResponseWriter, err error) {
	code := http.StatusServiceUnavailable
	if refusal := (*admission.Refusal)(nil); errors.As(err, &refusal) {
		switch refusal.Reason {
		case admission.TooLarge:
			code = http.StatusRequestEntityTooLarge
		case admission.Malformed:
			code = http.StatusBadRequest
		}
	} else if errors.Is(err, os.ErrDeadlineExceeded) {
		code = http.StatusRequestTimeout
	}
	text := err.Error()
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
		text = "can't be taken now; come again"
	}
	http.Error(w, text, code)
}
