package sinktest

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/sinks"
)

// Receiver plays the receiver of a sink that sends over HTTP.
type Receiver struct {
	// Config is a configuration that sends everything to the server at an address, in one queue.
	Config func(url string) map[string]any
	// Read says which change a request is about and what it says of it, in any words; ok is false for a request that
	// brings no message, such as a look-up.
	Read func(r *http.Request, body []byte) (subject, says string, ok bool)
	// Relayed: the sink doesn't speak HTTP, and somebody in between puts what it says, and the answers, in other words. Then
	// nobody can ask for patience, and encryption is for the sink's own tests.
	Relayed bool
	// Answer is how the receiver says that all is well; nil: 200 without a body.
	Answer http.HandlerFunc
	// Objects are the keys of the things that the receiver keeps, such as posts; nil when it isn't known. Begin makes it a
	// receiver without any.
	Objects func() []string
	Begin   func()
	// Doubles: a message that comes twice, without its receipt, is kept twice. Else it must not be.
	Doubles bool
}

// arrival is a message that the receiver has taken.
type arrival struct{ subject, says string }

// stage is an HTTP server that plays the receiver.
type stage struct {
	*httptest.Server
	receiver *Receiver

	mu       sync.Mutex
	arrivals []arrival
	requests int                                                 // that bring a message
	refuses  func(subject string) (code int, header http.Header) // code 0: takes it
}

func (s suite) stage(t *testing.T) *stage {
	t.Helper()
	require.NotNil(t, s.options.Receiver, "a sink that sends needs Options.Receiver")
	st := s.behindTheScenes()
	st.Start()
	t.Cleanup(st.Close)
	return st
}

// behindTheScenes is a stage that isn't open yet.
func (s suite) behindTheScenes() *stage {
	st := &stage{receiver: s.options.Receiver}
	if st.receiver.Begin != nil {
		st.receiver.Begin()
	}
	st.Server = httptest.NewUnstartedServer(http.HandlerFunc(st.serve))
	st.Config.SetKeepAlivesEnabled(false) // an idle connection would hold virtual time up
	return st
}

func (st *stage) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	subject, says, ok := st.receiver.Read(r, body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	st.mu.Lock()
	defer st.mu.Unlock()
	if ok {
		st.requests++
	}
	if ok && st.refuses != nil {
		if code, header := st.refuses(subject); code != 0 {
			for name, values := range header {
				w.Header()[name] = values
			}
			w.WriteHeader(code)
			return
		}
	}
	if ok {
		st.arrivals = append(st.arrivals, arrival{subject, says})
	}
	if st.receiver.Answer != nil {
		st.receiver.Answer(w, r)
	}
}

// refuse sets what the receiver answers; nil takes everything.
func (st *stage) refuse(by func(subject string) (int, http.Header)) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.refuses = by
}

// everything answers every message with a code.
func everything(code int, header http.Header) func(string) (int, http.Header) {
	return func(string) (int, http.Header) { return code, header }
}

// asked is how many requests brought a message.
func (st *stage) asked() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.requests
}

func (st *stage) taken() []arrival {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.Clone(st.arrivals)
}

// sender is a sink that sends to the stage.
func (s suite) sender(t *testing.T, st *stage) sinks.Outgoing {
	t.Helper()
	sink, err := s.factory.New(NewReader(Noon), s.options.Receiver.Config(st.URL))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sink.Close()) })
	out := sink.(sinks.Outgoing)
	require.Len(t, out.Queues(), 1, "Receiver.Config has one queue")
	return out
}

// firstMessage is one that the sink makes of the course.
func (s suite) firstMessage(t *testing.T, out sinks.Outgoing) sinks.Message {
	t.Helper()
	messages, err := out.Messages(NewBatch(nil, course(0)...))
	require.NoError(t, err)
	require.NotEmpty(t, messages, "a regression is worth a message")
	return messages[0]
}

func (s suite) answers(t *testing.T) {
	st := s.stage(t)
	out := s.sender(t, st)
	m := s.firstMessage(t, out)
	later := http.Header{"Retry-After": {"90"}}
	for name, c := range map[string]struct {
		code   int
		header http.Header
		causes []sinks.Cause
		after  time.Duration
	}{
		"too many requests":  {http.StatusTooManyRequests, later, []sinks.Cause{sinks.Unreachable}, 90 * time.Second},
		"come later":         {http.StatusServiceUnavailable, later, []sinks.Cause{sinks.Unreachable}, 90 * time.Second},
		"a gateway's error":  {http.StatusBadGateway, nil, []sinks.Cause{sinks.Unreachable}, 0},
		"the server's error": {http.StatusInternalServerError, nil, []sinks.Cause{sinks.Failed, sinks.Unreachable}, 0},
		"a bad request":      {http.StatusBadRequest, nil, []sinks.Cause{sinks.Refused}, 0},
		"a redirect":         {http.StatusPermanentRedirect, http.Header{"Location": {st.URL + "/elsewhere"}}, []sinks.Cause{sinks.Refused}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			st.refuse(everything(c.code, c.header))
			before := st.asked()
			_, err := out.Deliver(t.Context(), m)
			u := undelivered(t, err)
			require.Contains(t, c.causes, u.Cause, u)
			if !s.options.Receiver.Relayed {
				require.Equal(t, c.after, u.After)
			}
			require.Equal(t, before+1, st.asked(), "a redirect is not followed, and nothing is tried again by the sink itself")
			s.secretFree(t, u.Error())
		})
	}
	st.refuse(nil)
	t.Run("given up by the daemon", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := out.Deliver(ctx, m)
		require.Equal(t, sinks.Unreachable, undelivered(t, err).Cause)
	})
	t.Run("slow", func(t *testing.T) {
		release := make(chan struct{})
		st.refuse(func(string) (int, http.Header) { <-release; return 0, nil })
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := out.Deliver(ctx, m)
		close(release)
		st.refuse(nil)
		require.Equal(t, sinks.Unreachable, undelivered(t, err).Cause)
	})
	t.Run("nobody there", func(t *testing.T) {
		st.Close()
		_, err := out.Deliver(t.Context(), m)
		require.Equal(t, sinks.Unreachable, undelivered(t, err).Cause)
	})
}

// forged: a receiver with a certificate that nobody vouches for gets nothing.
func (s suite) forged(t *testing.T) {
	if s.options.Receiver.Relayed {
		return
	}
	st := s.behindTheScenes()
	st.Config.ErrorLog = log.New(io.Discard, "", 0)
	st.StartTLS()
	t.Cleanup(st.Close)
	out := s.sender(t, st)
	_, err := out.Deliver(t.Context(), s.firstMessage(t, out))
	u := undelivered(t, err)
	require.Equal(t, sinks.Unreachable, u.Cause)
	require.ErrorContains(t, u, "certificate")
	require.Empty(t, st.taken())
}

func undelivered(t *testing.T, err error) *sinks.Undelivered {
	t.Helper()
	var u *sinks.Undelivered
	require.ErrorAs(t, err, &u)
	return u
}

// again delivers one message as after a crash: without its receipt, and with it.
func (s suite) again(t *testing.T) {
	st := s.stage(t)
	out := s.sender(t, st)
	m := s.firstMessage(t, out)
	for _, receipt := range []string{"none yet", "lost", "kept"} {
		got, err := out.Deliver(t.Context(), m)
		require.NoError(t, err, receipt)
		require.LessOrEqual(t, len(got), sinks.LongestReceipt)
		s.secretFree(t, string(got))
		if receipt == "lost" && got != nil {
			m.Receipt = got
		}
	}
	for _, a := range st.taken() {
		require.Equal(t, st.taken()[0], a, "the same message says the same")
	}
	if objects := st.receiver.Objects; objects != nil && !st.receiver.Doubles {
		require.Len(t, objects(), 1, "a message whose receipt was lost is not there twice")
	}
}
