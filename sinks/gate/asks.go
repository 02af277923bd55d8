package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/gate/callback"
)

const (
	// askedQueue keeps what was asked and has no answer. Nothing is delivered from it.
	askedQueue = "asked"
	// mostAsked is how many questions may be open at once; the next ones are refused, to be asked again.
	mostAsked = 1000
	// decideEvery is how often each is looked at, besides when something is committed, and decideWithin bounds that.
	decideEvery  = 10 * time.Second
	decideWithin = 10 * time.Second
	// askedPage is how many are in memory at once.
	askedPage = 50
	// informFor is how long after a question its tool is told how it stands. Each reason is told once, and keys of messages
	// are known for a week.
	informFor = 6 * 24 * time.Hour
)

// answering is the sink with callers that ask once. What they ask is kept in the outbox until it is decided; then the answer
// takes its place there, and is delivered like every message.
type answering struct {
	*sink
	callers []callback.Caller
	desk    sinks.Desk // nil before Keep

	room chan struct{} // holds a token for each request that is read
	open atomic.Int64  // how many questions there are, about
	news chan struct{}
	told map[string][]gate.Why // by open question: what its tool was told. Only the deciding goroutine has it.
	stop context.CancelFunc
	done sync.WaitGroup
}

var (
	_ sinks.Keeper    = (*answering)(nil)
	_ sinks.Publisher = (*answering)(nil)
)

func newAnswering(s *sink, callers []callback.Caller) *answering {
	return &answering{
		sink: s, callers: callers, room: make(chan struct{}, mostReading), news: make(chan struct{}, 1), told: map[string][]gate.Why{},
		stop: func() {},
	}
}

// Queues implements sinks.Outgoing: each caller has one, so that none waits for another.
func (a *answering) Queues() (names []string) {
	for _, c := range a.callers {
		names = append(names, c.Name())
	}
	return names
}

// Messages implements sinks.Outgoing: answers are put into the outbox by themselves.
func (a *answering) Messages(sinks.Batch) ([]sinks.Message, error) { return nil, nil }

// Keep implements sinks.Keeper.
func (a *answering) Keep(d sinks.Desk) {
	a.desk = d
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.done.Go(func() { a.run(ctx) })
}

// Publish wakes also those who wait for an answer about what was committed.
func (a *answering) Publish(effects []correlate.Effect) {
	a.sink.Publish(effects)
	if slices.ContainsFunc(effects, func(e correlate.Effect) bool { return len(about(e)) > 0 }) {
		a.wake()
	}
}

func (a *answering) wake() {
	select {
	case a.news <- struct{}{}:
	default:
	}
}

func (a *answering) Close() error {
	a.stop()
	a.done.Wait()
	for _, c := range a.callers {
		c.Close()
	}
	return a.sink.Close()
}

// run decides what is open until the context ends.
func (a *answering) run(ctx context.Context) {
	ticker := time.NewTicker(decideEvery)
	defer ticker.Stop()
	for {
		a.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-a.news:
		}
	}
}

// round looks at each open question once. What the ledger can't do now is done in a later one.
func (a *answering) round(ctx context.Context) {
	still := map[string][]gate.Why{}
	for after := int64(0); ; {
		page, err := a.desk.Waiting(ctx, askedQueue, after, askedPage)
		if err != nil {
			return
		}
		for _, k := range page {
			if !a.decide(ctx, k.Message) {
				still[k.Key] = a.told[k.Key]
			}
		}
		if len(page) < askedPage {
			break
		}
		after = page[len(page)-1].Place
	}
	a.told = still
	a.open.Store(int64(len(still)))
}

// toTell is a message to a caller.
type toTell struct {
	Ask    callback.Ask    `json:"ask"`
	Answer callback.Answer `json:"answer"`
}

// decide asks for one caller, and says whether there is an answer, which is kept then in place of the question. When the daemon
// dies in between, the answer is made again, and the first one stands.
func (a *answering) decide(ctx context.Context, m sinks.Message) bool {
	ctx, cancel := context.WithTimeout(ctx, decideWithin)
	defer cancel()
	var ask callback.Ask
	if json.Unmarshal(m.Payload, &ask) != nil {
		return false
	}
	c := a.caller(ask.Caller)
	if c == nil { // its settings were taken away
		return false
	}
	q := questionOf(ask.Question)
	f, err := a.look(ctx, &q)
	if err != nil {
		return false
	}
	if f.Decision == gate.Wait {
		a.inform(ctx, c, ask, f, q)
		return false
	}
	return a.tell(ctx, ask, a.answerTo(q, f), "answer") == nil && a.desk.Done(ctx, askedQueue, m.Key) == nil
}

// inform tells a caller how it stands, once for each reason.
func (a *answering) inform(ctx context.Context, c callback.Caller, ask callback.Ask, f found, q question) {
	late := a.reader.Status().Now.Sub(ask.At) > informFor
	if !c.Informs() || late || slices.Contains(a.told[ask.ID], f.Why) {
		return
	}
	if a.tell(ctx, ask, a.answerTo(q, f), string(f.Why)) == nil {
		a.told[ask.ID] = append(a.told[ask.ID], f.Why)
	}
}

// tell puts a message to the caller into its queue. One that comes later takes the place of one that waits still.
func (a *answering) tell(ctx context.Context, ask callback.Ask, answer callback.Answer, what string) error {
	payload, err := json.Marshal(toTell{ask, answer})
	if err != nil {
		return err
	}
	return a.desk.Put(ctx, sinks.Message{Queue: ask.Caller, Subject: ask.About(), Key: sinks.MessageKey(ask.ID, what), Payload: payload})
}

func (a *answering) answerTo(q question, f found) callback.Answer {
	full := a.answer(q, f)
	return callback.Answer{Decision: full.Decision, Text: full.Message, Page: full.Page}
}

// Deliver implements sinks.Outgoing.
func (a *answering) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	var t toTell
	c := a.caller(m.Queue)
	if json.Unmarshal(m.Payload, &t) != nil || c == nil {
		return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("it isn't an answer to a caller that is configured")}
	}
	return nil, c.Answer(ctx, t.Ask, t.Answer, a.reader.Status().Now)
}

func (a *answering) caller(name string) callback.Caller {
	i := slices.IndexFunc(a.callers, func(c callback.Caller) bool { return c.Name() == name })
	if i < 0 {
		return nil
	}
	return a.callers[i]
}

func questionOf(q callback.Question) question {
	return question{
		service: q.Service, version: q.Version, commit: q.Commit, environment: q.Environment, after: q.After,
		stage: q.Stage, repair: q.Repair, deadline: q.Deadline, undecided: q.Undecided,
	}
}

// completed is a question with the daemon's names, and with what the settings choose.
func (a *answering) completed(ask callback.Ask, c callback.Caller) callback.Ask {
	s := c.Settings()
	ask.Caller, ask.At = c.Name(), a.reader.Status().Now
	q := &ask.Question
	q.Service, q.Environment = a.desk.Named(q.Service, or(q.Environment, correlate.DefaultEnvironment))
	if q.After == "" && q.Stage == gate.Start && !q.Alone {
		q.After = s.After[q.Environment]
	}
	if q.Undecided == "" {
		q.Undecided = gate.Decision(or(string(s.OnUndecided), string(a.cfg.OnUndecided)))
	}
	if until := ask.At.Add(s.Wait); q.Deadline.IsZero() || q.Deadline.After(ask.At.Add(c.MostWait())) {
		q.Deadline = until
	}
	return ask
}

// errMany refuses a question while too many are open.
var errMany = fmt.Errorf("%d questions are open already; ask again later", mostAsked)

// keep stores a question until it is decided.
func (a *answering) keep(ctx context.Context, ask callback.Ask, c callback.Caller) error {
	if a.desk == nil || a.open.Load() >= mostAsked {
		return errMany
	}
	payload, err := json.Marshal(a.completed(ask, c))
	if err != nil {
		return err
	}
	err = a.desk.Put(ctx, sinks.Message{Queue: askedQueue, Subject: ask.About(), Key: ask.ID, Payload: payload})
	if err == nil {
		a.open.Add(1)
		a.wake()
	}
	return err
}

// mostReading is how many requests of callers are read at once; mostAskedBody bounds each in bytes, and keepWithin how long it
// takes to keep one: some callers give up after three seconds.
const (
	mostReading   = 64
	mostAskedBody = 512 << 10
	keepWithin    = 2500 * time.Millisecond
)

// Routes implements sinks.Server. Callers can't send a token of readers; each proves by itself who it is.
func (a *answering) Routes() map[string]http.Handler {
	routes := a.sink.Routes()
	for _, c := range a.callers {
		routes["POST /gate/"+c.Name()] = access.Public(a.receive(c))
	}
	return routes
}

// Kept is what a caller gets at once.
type Kept struct {
	Status  string `json:"status"` // kept or ignored
	ID      string `json:"id,omitempty"`
	Ignored string `json:"ignored,omitempty"` // why nothing is asked
}

// receive takes a question, and answers as soon as it is kept.
func (a *answering) receive(c callback.Caller) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case a.room <- struct{}{}:
			defer func() { <-a.room }()
		default:
			unable(w, "too many ask at once")
			return
		}
		body, ok := readAsked(w, r)
		if !ok {
			return
		}
		ask, err := c.Read(r.Header, body, a.reader.Status().Now)
		var refused *callback.Refusal
		var ignored callback.Ignored
		switch {
		case errors.As(err, &refused):
			reply(w, refused.Status, Error{Error: refused.Why})
		case errors.As(err, &ignored):
			reply(w, http.StatusOK, Kept{Status: "ignored", Ignored: string(ignored)})
		case err != nil:
			reply(w, http.StatusBadRequest, Error{Error: "the question can't be read"})
		default:
			a.keepFor(w, r, ask, c)
		}
	})
}

func (a *answering) keepFor(w http.ResponseWriter, r *http.Request, ask callback.Ask, c callback.Caller) {
	ctx, cancel := context.WithTimeout(r.Context(), keepWithin)
	defer cancel()
	switch err := a.keep(ctx, ask, c); {
	case errors.Is(err, errMany):
		unable(w, errMany.Error())
	case err != nil:
		unable(w, "the question can't be kept now; ask again")
	default:
		reply(w, http.StatusOK, Kept{Status: "kept", ID: ask.ID})
	}
}

// unable says that it is not the caller's fault.
func unable(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "5")
	reply(w, http.StatusServiceUnavailable, Error{Error: why})
}

// readAsked reads a body, which must be JSON.
func readAsked(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if media := r.Header.Get("Content-Type"); !strings.HasPrefix(media, "application/json") {
		reply(w, http.StatusUnsupportedMediaType, Error{Error: "the content type must be application/json"})
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostAskedBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		reply(w, http.StatusRequestEntityTooLarge, Error{Error: fmt.Sprintf("the body is larger than %d bytes", mostAskedBody)})
	case err != nil:
		reply(w, http.StatusBadRequest, Error{Error: "the body can't be read"})
	}
	return body, err == nil
}
