// Package sinktest answers: does this sink keep the contract of package sinks?
//
// Run is the suite that each sink passes. Reader and Story are a daemon to read from and something to tell.
package sinktest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// patience is how long a call that must not block may take before the suite calls it blocked.
const patience = 5 * time.Second

// Options are what the suite needs to know of a sink.
type Options struct {
	// Config is a valid configuration of the sink; nil when it needs none.
	Config map[string]any
	// Secrets are values in Config that must not show anywhere.
	Secrets []string
	// Told returns what the sink has told the outside so far, without what varies from run to run. It is compared
	// after the same effects were published once and twice; required for a sink that follows what is committed.
	Told func(*testing.T, sinks.Sink) string
	// Streams are the patterns of routes whose answers go on until the reader leaves; the suite doesn't ask for them.
	Streams []string
	// Receiver plays the receiver of a sink that sends; required for one, unless Own.
	Receiver *Receiver
	// Own says that the sink's own tests hold Deliver against the contract, because HTTP can't play its receiver.
	Own bool
}

// Run holds a sink against the contract, as far as the sink says that it keeps it: by what it implements.
func Run(t *testing.T, f sinks.Factory, o Options) {
	s := suite{f, o}
	sink := s.new(t, NewReader(Noon))
	_, follows := sink.(sinks.Publisher)
	_, sends := sink.(sinks.Outgoing)
	_, serves := sink.(sinks.Server)
	require.True(t, follows || sends || serves, "a sink is a Publisher, an Outgoing or a Server, or it tells nobody anything")
	s.run(t, map[string]func(*testing.T){
		"the sink has the name of its factory":                            s.name,
		"an unknown key is refused by name, without a secret":             s.unknownKey,
		"the handlers survive readers and Publish at the same time":       s.concurrent,
		"the handlers answer, without a secret, when nothing can be read": s.failingReader,
		"Close can be called twice, and Publish after it":                 s.closeTwice,
	})
	if follows {
		s.run(t, map[string]func(*testing.T){
			"Publish returns while every read is stuck":         s.publishDoesNotBlock,
			"Publish leaves the effects as they are":            s.publishDoesNotEdit,
			"the same effects published twice tell nothing new": s.publishTwice,
			"an empty batch and an empty effect are fine":       s.publishNothing,
		})
	}
	if sends {
		s.run(t, map[string]func(*testing.T){
			"the same batch gives the same messages, in known queues": s.messages,
			"what was said is not left wrong":                         s.corrects,
		})
	}
	if sends && !o.Own {
		s.run(t, map[string]func(*testing.T){
			"an answer of the receiver says for how long it is worth a try":    s.answers,
			"a receiver that can't prove who it is gets nothing":               s.forged,
			"a message and its receipt may be delivered again":                 s.again,
			"a conversation ends with what was decided last, whatever happens": s.conversation,
		})
	}
}

func (s suite) run(t *testing.T, tests map[string]func(*testing.T)) {
	for name, test := range tests {
		t.Run(name, test)
	}
}

type suite struct {
	factory sinks.Factory
	options Options
}

func (s suite) new(t *testing.T, r sinks.Reader) sinks.Sink {
	t.Helper()
	sink, err := s.factory.New(r, s.options.Config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sink.Close()) })
	return sink
}

// publisher is a sink that follows what is committed.
func (s suite) publisher(t *testing.T, r sinks.Reader) sinks.Publisher {
	t.Helper()
	p, follows := s.new(t, r).(sinks.Publisher)
	require.True(t, follows)
	return p
}

func (s suite) name(t *testing.T) {
	require.NotEmpty(t, s.factory.Name)
	require.Equal(t, s.factory.Name, s.new(t, NewReader(Noon)).Name())
}

func (s suite) unknownKey(t *testing.T) {
	config := map[string]any{"no_such_key": true}
	for k, v := range s.options.Config {
		config[k] = v
	}
	sink, err := s.factory.New(NewReader(Noon), config)
	if err == nil {
		require.NoError(t, sink.Close())
	}
	require.ErrorContains(t, err, "no_such_key")
	s.secretFree(t, err.Error())
}

func (s suite) publishDoesNotBlock(t *testing.T) {
	r := NewReader(Noon)
	sink := s.publisher(t, r)
	release := r.Stall()
	defer release()
	var asking sync.WaitGroup
	for _, path := range s.paths(sink) {
		asking.Go(func() { get(handler(sink), path) })
	}
	published := make(chan struct{})
	go func() {
		defer close(published)
		for range 100 {
			sink.Publish(Story())
		}
	}()
	select {
	case <-published:
	case <-time.After(patience):
		t.Error("Publish blocked on a read")
	}
	release()
	asking.Wait()
	<-published
}

func (s suite) publishDoesNotEdit(t *testing.T) {
	sink := s.publisher(t, NewReader(Noon))
	effects := Story()
	before, err := json.Marshal(effects)
	require.NoError(t, err)
	sink.Publish(effects)
	get(handler(sink), "/")
	after, err := json.Marshal(effects)
	require.NoError(t, err)
	require.JSONEq(t, string(before), string(after))
}

func (s suite) publishTwice(t *testing.T) {
	require.NotNil(t, s.options.Told, "of a sink that follows what is committed the suite must know what it told")
	once, twice := s.publisher(t, NewReader(Noon)), s.publisher(t, NewReader(Noon))
	once.Publish(Story())
	twice.Publish(Story())
	twice.Publish(Story())
	require.Equal(t, s.options.Told(t, once), s.options.Told(t, twice))
}

func (s suite) publishNothing(t *testing.T) {
	sink := s.publisher(t, NewReader(Noon))
	sink.Publish(nil)
	sink.Publish([]correlate.Effect{})
	sink.Publish([]correlate.Effect{{}})
}

func (s suite) concurrent(t *testing.T) {
	r := NewReader(Noon, Story()...)
	sink := s.new(t, r)
	h := handler(sink)
	var all sync.WaitGroup
	for _, path := range s.paths(sink) {
		for range 4 {
			all.Go(func() {
				for range 5 {
					answer := get(h, path)
					if answer.Code >= 500 {
						t.Errorf("GET %s: %d %s", path, answer.Code, answer.Body)
					}
					s.secretFree(t, answer.Body.String())
				}
			})
		}
	}
	all.Go(func() {
		for range 20 {
			publish(sink, Story())
		}
	})
	all.Wait()
}

func (s suite) failingReader(t *testing.T) {
	r := NewReader(Noon, Story()...)
	sink := s.new(t, r)
	r.Fail(io.ErrUnexpectedEOF)
	for _, path := range s.paths(sink) {
		s.secretFree(t, get(handler(sink), path).Body.String())
	}
}

func (s suite) closeTwice(t *testing.T) {
	sink, err := s.factory.New(NewReader(Noon), s.options.Config)
	require.NoError(t, err)
	publish(sink, Story())
	require.NoError(t, sink.Close())
	require.NoError(t, sink.Close())
	publish(sink, Story())
}

// publish tells a sink that follows what is committed.
func publish(s sinks.Sink, effects []correlate.Effect) {
	if p, follows := s.(sinks.Publisher); follows {
		p.Publish(effects)
	}
}

func (s suite) secretFree(t *testing.T, text string) {
	t.Helper()
	for _, secret := range s.options.Secrets {
		if strings.Contains(text, secret) {
			t.Error("a secret of the configuration shows")
		}
	}
}

func handler(sink sinks.Sink) http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range sinks.Routes(sink) {
		mux.Handle(pattern, h)
	}
	return mux
}

// paths turns the patterns of a sink into paths to ask for.
func (s suite) paths(sink sinks.Sink) []string {
	var all []string
	for pattern := range sinks.Routes(sink) {
		if slices.Contains(s.options.Streams, pattern) {
			continue
		}
		if _, path, ok := strings.Cut(pattern, " "); ok {
			pattern = path
		}
		pattern = strings.TrimSuffix(pattern, "{$}")
		for _, wildcard := range []string{"{id...}", "{id}"} {
			pattern = strings.ReplaceAll(pattern, wildcard, "checkout-4711")
		}
		all = append(all, pattern)
	}
	return all
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}
