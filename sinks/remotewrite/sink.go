// Package remotewrite answers: how does a Prometheus learn what happened, at the time when it happened, also when that was
// told late?
//
// By remote write, a sample holds how many more (or fewer) were counted in a step of time than was known when it was written to
// last: sum_over_time over any steps is what the API counts in them, whatever the order in which it became known. A counter
// couldn't: Prometheus never changes a sample, so a late one would have to raise all that were sent after it.
//
// Messages only say that there is something. What to send is asked when one is delivered: the numbers as they were known at the
// last delivery, which the receipt has the time of, against those of now.
package remotewrite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
)

// Name is the name of the sink in the configuration.
const Name = "remotewrite"

// Factory makes the sink.
func Factory() sinks.Factory {
	return sinks.Kind[Config]{Name: Name, Defaults: defaults, Prepare: prepared, Open: open}.Factory()
}

func open(r sinks.Reader, c Config) (sinks.Sink, error) {
	caller, err := c.Config.Open(Name)
	if err != nil {
		return nil, err
	}
	at, err := call.ParseURL(string(c.URL))
	if err == nil {
		err = caller.Check(at)
	}
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	client, err := caller.Client(c.TargetConfig)
	if err != nil {
		return nil, err
	}
	return &sink{reader: r, config: c, client: client, settle: settle}, nil
}

type sink struct {
	reader sinks.Reader
	config Config
	client *call.Client
	settle time.Duration
}

var _ sinks.Outgoing = (*sink)(nil)

func (s *sink) Name() string { return Name }

func (s *sink) Close() error {
	s.client.Close()
	return nil
}

// Queues implements sinks.Outgoing.
func (s *sink) Queues() []string { return []string{""} }

// subject is that of all messages: each brings all there is.
const subject = "history"

// Messages has one that says that something was decided.
func (s *sink) Messages(b sinks.Batch) ([]sinks.Message, error) {
	if len(b.Decisions)+len(b.Incidents) == 0 {
		return nil, nil
	}
	sum := sha256.New()
	for _, d := range b.Decisions {
		fmt.Fprintf(sum, "%q\n", sinks.RevisionKey(d.Verdict))
	}
	if err := json.NewEncoder(sum).Encode(b.Incidents); err != nil {
		return nil, err
	}
	return []sinks.Message{{Subject: subject, Key: hex.EncodeToString(sum.Sum(nil)[:16])}}, nil
}

// receipt is what is remembered of the last delivery.
type receipt struct {
	AsOf    time.Time `json:"as_of"`   // what was known then has been sent
	N       int64     `json:"n"`       // how many deliveries there were
	Refused int       `json:"refused"` // samples that the receiver didn't take, because they were too old or out of order
}

// settle is how long after it was recorded something is surely there to be read.
const settle = 2 * time.Second

// Deliver sends what became known since the last delivery. A step that the receiver refuses is counted and given up, unless it
// refuses everything.
func (s *sink) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	var was receipt
	if len(m.Receipt) > 0 {
		if err := json.Unmarshal(m.Receipt, &was); err != nil {
			return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: fmt.Errorf("the stored receipt can't be read: %w", err)}
		}
	}
	asOf := s.reader.Status().Now
	select {
	case <-time.After(s.settle):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	is := receipt{AsOf: asOf, N: was.N + 1, Refused: was.Refused}
	for from := s.begin(was, asOf); !from.After(asOf); from = from.Add(s.config.Step) {
		samples, err := s.step(ctx, from, was, is)
		if err == nil && len(samples) > 0 {
			err = s.write(ctx, samples, &is.Refused)
		}
		if err != nil {
			return nil, err
		}
	}
	if is.Refused > was.Refused {
		var lost int
		if err := s.write(ctx, []sample{s.refusedSample(is)}, &lost); err != nil {
			return nil, err
		}
		if lost > 0 {
			return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("the receiver refuses samples of now as well (400)")}
		}
	}
	return json.Marshal(is)
}

// begin is the first step that may be other than it was sent.
func (s *sink) begin(was receipt, asOf time.Time) time.Time {
	from := asOf
	if !was.AsOf.IsZero() && was.AsOf.Before(from) && asOf.Sub(was.AsOf) < mostSteps*s.config.Step {
		from = was.AsOf
	}
	return from.Add(-s.config.Window).Truncate(s.config.Step)
}

// tooOld is what Prometheus says, as late as 2.42 with the status of a failure of its own, of a sample beyond its window.
const tooOld = "too old sample"

// write sends samples. What the receiver refuses as bad, as it does with what is out of order or too old, is counted.
func (s *sink) write(ctx context.Context, samples []sample, refused *int) error {
	request, err := http.NewRequest(http.MethodPost, string(s.config.URL), bytes.NewReader(encode(samples)))
	if err != nil {
		return &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("url: it is not a URL")}
	}
	request.Header = s.config.header()
	answer, err := s.client.Do(ctx, request, 1<<10)
	if err != nil {
		return err
	}
	if answer.Status == http.StatusBadRequest || bytes.Contains(answer.Body, []byte(tooOld)) {
		*refused += len(samples)
		return nil
	}
	if u := call.Outcome(answer, time.Now()); u != nil {
		return u
	}
	return nil
}
