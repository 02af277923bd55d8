package month

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/shipwake/shipwake/cmd/shipwake/app/month/blocks"
)

const (
	// scrapes is how often Prometheus would scrape, and idle how long the answer of before stands while nothing is told:
	// what changes then is the age of things. In the last hours no answer stands for longer than until the next scrape.
	scrapes = time.Minute
	idle    = 10 * time.Minute
)

// samples are what Prometheus would have scraped.
type samples struct {
	metrics http.Handler
	until   time.Time // the end of it all
	next    time.Time
	answers chan answer
	done    sync.WaitGroup
	tape    tape
	err     error
}

// answer is what /metrics said at an instant, compressed.
type answer struct {
	at   time.Time
	body []byte
}

// newSamples reads answers beside whoever asks.
func newSamples(metrics http.Handler, until time.Time) *samples {
	s := &samples{metrics: metrics, until: until, answers: make(chan answer, 64), tape: tape{known: map[string]*line{}}}
	s.done.Go(func() {
		for a := range s.answers {
			s.err = errors.Join(s.err, s.tape.play(a))
		}
	})
	return s
}

// due says whether it is time to ask although nothing was told.
func (s *samples) due(at time.Time) bool { return !at.Before(s.next) || at.Equal(s.until) }

func (s *samples) scrape(at time.Time) error {
	s.next = at.Add(idle)
	if s.until.Sub(at) < awake {
		s.next = at.Add(scrapes)
	}
	request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	request.Header.Set("Accept-Encoding", "gzip")
	recorder := httptest.NewRecorder()
	s.metrics.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusOK {
		return fmt.Errorf("/metrics answered %d: %s", recorder.Code, recorder.Body)
	}
	s.answers <- answer{at, recorder.Body.Bytes()}
	return nil
}

// close returns the series once all answers are read.
func (s *samples) close() (*blocks.Set, error) {
	close(s.answers)
	s.done.Wait()
	return &s.tape.set, s.err
}

// tape turns answers into series.
type tape struct {
	set   blocks.Set
	known map[string]*line // by what stands before the value
	last  time.Time
	order []*line // of the answer before
	gzip  gzip.Reader
}

// line is a series and its value at the last answer.
type line struct {
	series *blocks.Series
	text   string
	value  float64
	seen   time.Time
}

// play takes in an answer: what was answered before stands until then, and what is not in it any more has ended.
func (t *tape) play(a answer) error {
	for at := t.last.Add(scrapes); !t.last.IsZero() && at.Before(a.at); at = at.Add(scrapes) {
		for _, l := range t.order {
			l.series.Add(at.UnixMilli(), l.value)
		}
	}
	if err := t.gzip.Reset(bytes.NewReader(a.body)); err != nil {
		return err
	}
	text, err := io.ReadAll(&t.gzip)
	if err != nil {
		return err
	}
	before := t.order
	if err := t.read(text, a.at); err != nil {
		return err
	}
	for _, l := range before {
		if !l.seen.Equal(a.at) {
			l.series.End(a.at.UnixMilli())
		}
	}
	t.last = a.at
	return nil
}

// read reads the text format. Most lines are where they were in the answer before.
func (t *tape) read(text []byte, at time.Time) error {
	order := make([]*line, 0, len(t.order)+16)
	for raw := range bytes.Lines(text) {
		raw = bytes.TrimSuffix(raw, []byte("\n"))
		cut := bytes.LastIndexByte(raw, ' ')
		if cut < 0 || raw[0] == '#' || bytes.HasPrefix(raw, []byte("go_")) {
			continue
		}
		l, err := t.line(raw[:cut], len(order))
		if err != nil {
			return err
		}
		if l.value, err = strconv.ParseFloat(string(raw[cut+1:]), 64); err != nil || math.IsNaN(l.value) {
			return fmt.Errorf("%s: not a number", raw)
		}
		l.seen = at
		l.series.Add(at.UnixMilli(), l.value)
		order = append(order, l)
	}
	t.order = order
	return nil
}

func (t *tape) line(text []byte, place int) (*line, error) {
	if place < len(t.order) && t.order[place].text == string(text) {
		return t.order[place], nil
	}
	if l := t.known[string(text)]; l != nil {
		return l, nil
	}
	labels, err := labelsOf(string(text))
	if err != nil {
		return nil, err
	}
	l := &line{series: t.set.Series(labels), text: string(text)}
	t.known[l.text] = l
	return l, nil
}

// labelsOf reads name{label="value",…}, and adds what Prometheus adds when it scrapes.
func labelsOf(text string) ([]blocks.Label, error) {
	name, rest, _ := strings.Cut(text, "{")
	labels := []blocks.Label{{Name: "__name__", Value: name}, {Name: "job", Value: "shipwake"}, {Name: "instance", Value: "127.0.0.1:8788"}}
	for rest = strings.TrimSuffix(rest, "}"); rest != ""; rest = strings.TrimPrefix(rest, ",") {
		label, value, found := strings.Cut(rest, "=")
		quoted, err := strconv.QuotedPrefix(value)
		if !found || err != nil {
			return nil, fmt.Errorf("%s: not a series", text)
		}
		plain, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("%s: not a series", text)
		}
		labels, rest = append(labels, blocks.Label{Name: label, Value: plain}), value[len(quoted):]
	}
	return labels, nil
}
