package remotewrite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/remotewrite/wire"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

type m = map[string]any

// prometheus keeps samples as one does: each once, and none that is too old.
type prometheus struct {
	mu      sync.Mutex
	samples map[string]map[int64]float64 // by name and service, and by millisecond
	oldest  time.Time                    // what is older is refused
	status  int                          // answered to everything; 0: it is taken
}

func (p *prometheus) set(oldest time.Time, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.oldest, p.status = oldest, status
}

func (p *prometheus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status != 0 {
		w.WriteHeader(p.status)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil && r.Header.Get("Content-Encoding") == "snappy" && r.Header.Get("Authorization") == "Bearer hush-hush" {
		body, err = snappy.Decode(nil, body)
	}
	var bad error
	if err == nil {
		err = wire.V1(body, func(s *wire.Series) {
			key := ""
			for _, l := range s.Labels {
				if name := string(l.Name); name == "__name__" || name == "service" {
					key += string(l.Value) + " "
				}
			}
			if p.samples[key] == nil {
				p.samples[key] = map[int64]float64{}
			}
			for _, one := range s.Samples {
				if _, twice := p.samples[key][one.At]; twice || time.UnixMilli(one.At).Before(p.oldest) {
					bad = errors.New("out of bounds")
					return
				}
				p.samples[key][one.At] = one.Value
			}
		})
	}
	if errors.Join(err, bad) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// sum is sum_over_time from one time to another.
func (p *prometheus) sum(metric, service string, from, to time.Time) (sum int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at, value := range p.samples["shipwake_event_"+metric+" "+service+" "] {
		if at >= from.UnixMilli() && at < to.UnixMilli() {
			sum += int(value)
		}
	}
	return sum
}

// receiving is a sink that reads a record, and what it writes to.
func receiving(t *testing.T, r sinks.Reader) (*sink, *prometheus) {
	t.Helper()
	p := &prometheus{samples: map[string]map[int64]float64{}}
	server := httptest.NewServer(p)
	s, err := Factory().New(r, m{"url": server.URL, "headers": m{"Authorization": "Bearer hush-hush"}, "allow": []any{"loopback"}, "step": "1h", "window": "12h"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()); server.Close() })
	out := s.(*sink)
	out.settle = 0
	return out, p
}

// deployed is a deployment of so many minutes before noon.
func deployed(id string, minutes int, harmful bool) correlate.Effect {
	c := &correlate.ChangeRecord{Phase: correlate.PhaseHistory}
	c.ID, c.Service, c.Environment, c.Version, c.Kind, c.Status = id, "cart", "production", id, correlate.KindDeployment, correlate.StatusSucceeded
	c.FinishedAt = sinktest.Noon.Add(-time.Duration(minutes) * time.Minute)
	if harmful {
		c.RolledBackBy = "later"
	}
	return correlate.Effect{Change: c}
}

func TestSuite(t *testing.T) {
	sinktest.Run(t, Factory(), sinktest.Options{
		Config:  m{"url": "https://example.com/api/v1/write", "headers": m{"Authorization": "Bearer hush-hush"}},
		Secrets: []string{"hush-hush"}, Own: true,
	})
}

// Whatever becomes known in whatever order, the samples of some hours add up to what the API counts in them.
func TestSamplesAddUpToWhatTheAPICounts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		now := sinktest.Noon
		r := sinktest.NewReader(now)
		out, p := receiving(t, r)
		var last []byte
		for range rapid.IntRange(1, 6).Draw(rt, "deliveries") {
			for range rapid.IntRange(0, 4).Draw(rt, "facts") {
				id, minutes := fmt.Sprint("c", rapid.IntRange(0, 5).Draw(rt, "id")), rapid.IntRange(1, 600).Draw(rt, "minutes")
				if rapid.Bool().Draw(rt, "incident") {
					in := &correlate.IncidentRecord{Retracted: rapid.Bool().Draw(rt, "retracted")}
					in.ID, in.Service, in.Environment, in.OpenedAt = id, "cart", "production", sinktest.Noon.Add(-time.Duration(minutes)*time.Minute)
					r.Put(correlate.Effect{Incident: in})
				} else {
					r.Put(deployed(id, minutes, rapid.Bool().Draw(rt, "harmful")))
				}
			}
			if rapid.Bool().Draw(rt, "delivered") {
				receipt, err := out.Deliver(t.Context(), sinks.Message{Receipt: last})
				require.NoError(rt, err)
				last = receipt
			}
			now = now.Add(time.Minute)
			r.SetStatus(func(s *sinks.Status) { s.Now = now })
		}
		_, err := out.Deliver(t.Context(), sinks.Message{Receipt: last})
		require.NoError(rt, err)
		from := sinktest.Noon.Add(-time.Duration(rapid.IntRange(1, 11).Draw(rt, "hours")) * time.Hour)
		report, err := r.DORA(t.Context(), dora.Query{From: from, To: now.Add(time.Hour), AsOf: now})
		require.NoError(rt, err)
		failures := 0
		if report.Total.ChangeFailRate != nil {
			failures = report.Total.ChangeFailRate.Numerator
		}
		require.Equal(rt, report.Total.Deployments, p.sum("deployments", "cart", from, now.Add(time.Hour)))
		require.Equal(rt, failures, p.sum("change_failures", "cart", from, now.Add(time.Hour)))
		incidents, err := r.Incidents(t.Context(), sinks.IncidentQuery{From: from, AsOf: now})
		require.NoError(rt, err)
		open := 0
		for _, i := range incidents {
			if !i.Retracted {
				open++
			}
		}
		require.Equal(rt, open, p.sum("incidents", "cart", from, now.Add(time.Hour)))
	})
}

func TestWhatIsTooOldForTheReceiverIsCounted(t *testing.T) {
	r := sinktest.NewReader(sinktest.Noon, deployed("old", 300, false), deployed("new", 30, false))
	out, p := receiving(t, r)
	p.set(sinktest.Noon.Add(-2*time.Hour), 0)
	last, err := out.Deliver(t.Context(), sinks.Message{})
	require.NoError(t, err)
	var is receipt
	require.NoError(t, json.Unmarshal(last, &is))
	require.Equal(t, 2, is.Refused, "a deployment, and that it was completed")
	require.Equal(t, 1, p.sum("deployments", "cart", sinktest.Noon.Add(-12*time.Hour), sinktest.Noon))
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Equal(t, map[int64]float64{sinktest.Noon.UnixMilli(): 2}, p.samples[refusedName+" "])
}

func TestWhoseFaultItIs(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		want   sinks.Cause
	}{
		"it refuses all that is sent": {http.StatusBadRequest, sinks.Refused},
		"it doesn't know us":          {http.StatusUnauthorized, sinks.Refused},
		"it is down":                  {http.StatusServiceUnavailable, sinks.Unreachable},
		"it fails":                    {http.StatusInternalServerError, sinks.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			out, p := receiving(t, sinktest.NewReader(sinktest.Noon, deployed("c", 30, false)))
			p.set(time.Time{}, c.status)
			_, err := out.Deliver(t.Context(), sinks.Message{})
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u)
			require.Equal(t, c.want, u.Cause)
			require.NotContains(t, err.Error(), "hush")
			p.set(time.Time{}, 0)
			_, err = out.Deliver(t.Context(), sinks.Message{})
			require.NoError(t, err)
			require.Equal(t, 1, p.sum("deployments", "cart", sinktest.Noon.Add(-time.Hour), sinktest.Noon))
		})
	}
}

func TestMistakesInTheConfiguration(t *testing.T) {
	const url = "https://example.com/api/v1/write"
	for name, c := range map[string]struct {
		config m
		want   string
	}{
		"no url":              {m{}, "url: required"},
		"no address":          {m{"url": "example"}, "url: it must begin with https:// or http://"},
		"a short step":        {m{"url": url, "step": "1s"}, "step: 1s: must be whole seconds, at least 1m0s"},
		"a short window":      {m{"url": url, "window": "1m"}, "window: 1m0s: must be at least step (1h0m0s)"},
		"a window of a month": {m{"url": url, "window": "720h"}, "at most 200 times that"},
		"no header":           {m{"url": url, "headers": m{"a b": "c"}}, `headers: "a b" is no name of a header`},
		"a place within":      {m{"url": "http://127.0.0.1:9090/api/v1/write"}, "url: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Factory().New(sinktest.NewReader(sinktest.Noon), c.config)
			require.ErrorContains(t, err, c.want)
		})
	}
}
