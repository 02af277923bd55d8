package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/listen"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

const prefix = "/hooks/"

// maxSurplus is how many bytes beyond the limit are read and thrown away, so that the sender hears why. GitHub sends up to
// 25 MiB.
const maxSurplus = 32 << 20

// handler takes the requests of all sources.
type handler struct {
	sources map[string]*liveSource
	names   []string // of the sources, sorted
	limit   int64    // of a body, in bytes
	budget  *admission.Budget
	tally   *correlate.Tally
	report  *receiverhelper.ObsReport
	intake  source.Intake // from Start on
	log     *zap.Logger
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _ := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/"), prefix)
	live, name := h.at(name, r.Header)
	if live == nil && strings.Trim(name, "/") == strings.Trim(prefix, "/") && r.Method == http.MethodGet {
		h.listing().write(w)
		return
	}
	if live == nil {
		answer{status: http.StatusNotFound, body: refused{
			Error: "there is no source at this path; send to " + prefix + "{source}", Sources: h.names,
		}}.write(w)
		return
	}
	if !takeQuery(live, r) {
		a := refuse(http.StatusRequestURITooLong, resultMalformed, fmt.Sprintf("the query must not be longer than %d bytes", maxQuery))
		h.count(name, a.result, 1)
		a.write(w)
		return
	}
	room := h.budget.Grant()
	defer room.Release()
	a := h.route(live, r, room)
	h.count(name, a.result, 1)
	a.write(w)
}

// maxPath bounds a path below a hook, in bytes.
const maxPath = 512

// maxQuery bounds the query of a source that is given it, in bytes.
const maxQuery = 4096

// takeQuery puts the query into the header of a request for a source that asks for it, if it isn't too long.
func takeQuery(live *liveSource, r *http.Request) bool {
	r.Header.Del(source.HeaderQuery)
	if query := r.URL.RawQuery; live.TakesQuery() && query != "" {
		if len(query) > maxQuery {
			return false
		}
		r.Header.Set(source.HeaderQuery, query)
	}
	return true
}

// at is the source that a path leads to, and its name: the source itself, or a path below the hook of one that takes these, which
// is put into the header. Nil: there is none.
func (h *handler) at(path string, header http.Header) (*liveSource, string) {
	header.Del(source.HeaderPath)
	if live := h.sources[path]; live != nil {
		return live, path
	}
	name, below, _ := strings.Cut(path, "/")
	live := h.sources[name]
	if live == nil || !live.TakesPaths() || len(below) > maxPath {
		return nil, path
	}
	if below = strings.Trim(below, "/"); below != "" {
		header.Set(source.HeaderPath, below)
	}
	return live, name
}

func (h *handler) route(live *liveSource, r *http.Request, room *admission.Grant) answer {
	if live.closed {
		return refuse(http.StatusForbidden, resultUnauthorized, "this source is closed: it has no secret, and other machines reach this address; "+
			"give it a secret, or set allow_unauthenticated: true")
	}
	if live.guarded && (!listen.Local(r) || listen.FromPage(r)) {
		return refuse(http.StatusForbidden, resultUnauthorized, "a source without a secret takes what programs on this machine send "+
			"to this machine by its loopback name, and nothing from web pages; set a secret, or allow_unauthenticated: true")
	}
	switch r.Method {
	case http.MethodPost:
		return h.take(live, r, room)
	case http.MethodOptions:
		return handshake(r)
	}
	return notAllowed()
}

// take is the way of one delivery: read, authenticate, parse, commit.
func (h *handler) take(live *liveSource, r *http.Request, room *admission.Grant) answer {
	open, known := decoder(r.Header)
	if !known {
		a := refuse(http.StatusUnsupportedMediaType, resultMalformed, "the content encoding must be one of "+encodings+", or none")
		a.header = map[string]string{"Accept-Encoding": encodings}
		return a
	}
	limit := max(h.limit, live.MaxBody())
	if r.ContentLength > limit {
		return h.surplus(r, limit)
	}
	wire, err := room.ReadAll(r.Body, limit)
	switch {
	case refusedFor(err, admission.TooLarge):
		return h.surplus(r, limit)
	case err != nil:
		return h.unread(err, limit)
	}
	req := source.Request{Header: r.Header, Body: wire, ReceivedAt: time.Now().UTC()}
	secrets := live.live()
	refusal := live.Authenticate(secrets, req)
	if open != nil {
		if req.Body, err = inflate(wire, open, limit, room); err != nil {
			return h.unread(err, limit)
		}
		// Who compresses may have signed the bytes that were sent; a proxy that compresses leaves the signature of the
		// original. Either is authentic.
		if refusal != nil {
			refusal = live.Authenticate(secrets, req)
		}
	}
	if refusal != nil {
		return refuse(http.StatusUnauthorized, resultUnauthorized, refusal.Error())
	}
	return h.read(r.Context(), live, req)
}

// surplus answers a body that is too large when it has come, up to a point: a sender whose connection is closed while it
// sends never reads the answer. One that asks before it sends is told at once.
func (h *handler) surplus(r *http.Request, limit int64) answer {
	if r.Header.Get("Expect") == "" && r.ContentLength <= limit+maxSurplus {
		_, _ = io.Copy(io.Discard, r.Body) // bounded by the server's own limit and by its read timeout
	}
	return h.tooLarge(limit)
}

// unread answers a body that couldn't be read to its end.
func (h *handler) unread(err error, limit int64) answer {
	var (
		surplus *http.MaxBytesError
		timeout net.Error
	)
	switch {
	case refusedFor(err, admission.TooLarge), errors.As(err, &surplus):
		return h.tooLarge(limit)
	case refusedFor(err, admission.Busy):
		return unavailable(resultUnavailable, "too many bodies are being read; try again")
	case errors.As(err, &timeout) && timeout.Timeout():
		return refuse(http.StatusRequestTimeout, resultMalformed, "the body came too slowly")
	}
	return refuse(http.StatusBadRequest, resultMalformed, "the body can't be read to its end: "+err.Error())
}

func (h *handler) tooLarge(limit int64) answer {
	return refuse(http.StatusRequestEntityTooLarge, resultTooLarge,
		fmt.Sprintf("the body must not be larger than %d bytes; max_body_size sets the limit", limit))
}

func refusedFor(err error, reason admission.Reason) bool {
	var r *admission.Refusal
	return errors.As(err, &r) && r.Reason == reason
}

// read answers a message in which nothing can be read at once. Where some of its deliveries can be, all are kept.
func (h *handler) read(ctx context.Context, live *liveSource, req source.Request) answer {
	items, err := live.Read(req)
	var wrong *source.ParseError
	switch {
	case errors.As(err, &wrong):
		return malformed(wrong)
	case err != nil:
		h.log.Error("A source failed", zap.String("source", live.Name()), zap.Error(err))
		return refuse(http.StatusInternalServerError, resultError, "the delivery can't be read; see the log")
	}
	if !slices.ContainsFunc(items, func(item source.Item) bool { return item.Wrong == nil }) {
		return malformed(items[0].Wrong)
	}
	return h.commit(ctx, live.Name(), items)
}

func malformed(wrong *source.ParseError) answer {
	return answer{status: http.StatusBadRequest, result: resultMalformed, body: refused{Error: wrong.Want, Path: wrong.Path}}
}

// commit hands the deliveries on and waits. It goes on when the sender hangs up: a delivery that is here whole is not
// lost because its sender didn't wait.
func (h *handler) commit(ctx context.Context, name string, items []source.Item) answer {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	ctx = h.report.StartLogsOp(ctx)
	receipt, err := h.intake.Commit(ctx, source.Entries(items), nil)
	h.report.EndLogsOp(ctx, name, len(items), err)
	if err == nil {
		for _, item := range items {
			h.count(name, resultOf(item), 1)
			h.count(name, resultTruncated, int64(item.Left))
		}
		return accept(items, receipt)
	}
	return h.unkept(name, items, err)
}

// unkept answers for deliveries that the intake didn't take.
func (h *handler) unkept(name string, items []source.Item, err error) answer {
	id := items[0].ID
	log := h.log.With(zap.String("source", name), zap.String("delivery_id", id), zap.Error(err))
	if errors.Is(err, correlate.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		log.Warn("A delivery can't be kept now")
		h.count(name, resultUnavailable, int64(len(items)))
		return unavailable("", "the delivery can't be kept now; send it again")
	}
	log.Error("A delivery was refused for good")
	h.count(name, resultError, int64(len(items)))
	return answer{status: http.StatusInternalServerError, body: refused{Error: "the delivery was refused; see the log", ID: id}}
}

func resultOf(item source.Item) string {
	switch {
	case item.Problem != "":
		return resultQuarantined
	case item.Ignored != "":
		return resultIgnored
	}
	return resultAccepted
}

func (h *handler) count(name, result string, n int64) {
	if result != "" {
		h.tally.Add(correlate.Count{What: "deliveries", Source: name, Result: result}, n)
	}
}

// countFromZero makes every counter of a source exist, so that a rate over it sees the first increase.
func (h *handler) countFromZero(name string) {
	for _, result := range results() {
		h.count(name, result, 0)
	}
}
