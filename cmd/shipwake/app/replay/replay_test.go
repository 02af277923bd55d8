package replay

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
)

// noon is when the change of the tests begins.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// recorded is a case in the making: the lines of its files.
type recorded map[string][]string

// record is an hour of checkout at v1, and half an hour of v2 that fails 10 % of its requests. Spans and logs come
// every ten seconds, a cumulative queue length counter every minute.
func record(t *testing.T) recorded {
	c := recorded{
		"facts.jsonl": {
			`{"change":{"id":"checkout-2","service":"checkout","version":"v2","status":"started","started_at":"2026-03-02T12:00:00Z"}}`,
			`{"change":{"id":"checkout-2","service":"checkout","version":"v2","status":"succeeded","started_at":"2026-03-02T12:00:00Z","finished_at":"2026-03-02T12:00:30Z"}}`,
			`{"incident":{"id":"inc-1","service":"checkout","opened_at":"2026-03-02T12:10:00Z"}}`,
		},
		"signals.yaml": {"signals:", "  - name: orders", "    metric: shop.orders", "    type: rate", "    bad: down"},
	}
	for at := noon.Add(-time.Hour); at.Before(noon.Add(30 * time.Minute)); at = at.Add(10 * time.Second) {
		version, failing := "v1", 0
		if !at.Before(noon) {
			version, failing = "v2", 10
		}
		c.add(t, "traces.otlp.jsonl", spans(version, at, 100, failing))
		c.add(t, "logs.otlp.jsonl.gz", logs(version, at, failing))
		if at.Second() == 0 {
			c.add(t, "metrics.otlp.jsonl", orders(version, at))
		}
	}
	return c
}

func (c recorded) add(t *testing.T, file string, telemetry any) {
	var line []byte
	var err error
	switch x := telemetry.(type) {
	case ptrace.Traces:
		line, err = (&ptrace.JSONMarshaler{}).MarshalTraces(x)
	case plog.Logs:
		line, err = (&plog.JSONMarshaler{}).MarshalLogs(x)
	case pmetric.Metrics:
		line, err = (&pmetric.JSONMarshaler{}).MarshalMetrics(x)
	}
	require.NoError(t, err)
	c[file] = append(c[file], string(line))
}

func checkout(r pcommon.Resource, version string) {
	r.Attributes().PutStr("service.name", "checkout")
	r.Attributes().PutStr("service.version", version)
	r.Attributes().PutStr("service.instance.id", "checkout-"+version)
}

func spans(version string, at time.Time, n, failing int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	checkout(rs.Resource(), version)
	all := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		s := all.AppendEmpty()
		s.SetKind(ptrace.SpanKindServer)
		s.SetTraceID(pcommon.TraceID{1, byte(i), byte(at.Unix()), byte(at.Unix() >> 8), byte(at.Unix() >> 16)})
		s.SetSpanID(pcommon.SpanID{2, byte(i), byte(at.Unix()), byte(at.Unix() >> 8), byte(at.Unix() >> 16)})
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(at))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(20+i%7) * time.Millisecond)))
		if i < failing {
			s.Status().SetCode(ptrace.StatusCodeError)
			s.Attributes().PutInt("http.response.status_code", 500)
		}
	}
	return td
}

func logs(version string, at time.Time, failing int) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	checkout(rl.Resource(), version)
	all := rl.ScopeLogs().AppendEmpty().LogRecords()
	for i := range 50 {
		r := all.AppendEmpty()
		r.SetTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Second)))
		r.SetSeverityNumber(plog.SeverityNumberInfo)
		if i < failing {
			r.SetSeverityNumber(plog.SeverityNumberError)
		}
	}
	return ld
}

func orders(version string, at time.Time) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	checkout(rm.Resource(), version)
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("shop.orders")
	sum := m.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := sum.DataPoints().AppendEmpty()
	began := noon.Add(-2 * time.Hour)
	if version == "v2" {
		began = noon
	}
	p.SetStartTimestamp(pcommon.NewTimestampFromTime(began))
	p.SetTimestamp(pcommon.NewTimestampFromTime(at))
	p.SetDoubleValue(7 * at.Sub(began).Seconds())
	return md
}

// write puts the files into a folder, the lines of each permuted when an order is given.
func (c recorded) write(t *testing.T, order *rand.Rand) string {
	dir := t.TempDir()
	for name, lines := range c {
		lines := append([]string(nil), lines...)
		if order != nil && name != "signals.yaml" {
			order.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		}
		text := []byte(strings.Join(lines, "\n") + "\n")
		if strings.HasSuffix(name, ".gz") {
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			_, err := w.Write(text)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			text = packed.Bytes()
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	return dir
}

func replayed(t *testing.T, dir string) string {
	var out bytes.Buffer
	require.NoError(t, Run(t.Context(), []string{dir}, &out, engine.DefaultConfig()))
	return out.String()
}

func TestTheOrderOfLinesDoesNotShow(t *testing.T) {
	c := record(t)
	want := replayed(t, c.write(t, nil))
	require.Contains(t, want, `"change_id":"checkout-2"`)
	require.Contains(t, want, `"verdict":"regressed","reason":"error_ratio"`)
	for seed := range int64(4) {
		require.True(t, want == replayed(t, c.write(t, rand.New(rand.NewSource(seed)))), "seed %d gives other bytes", seed)
	}
}

func TestACaseIsReadUnderTheNamesThatADaemonUses(t *testing.T) {
	c := record(t)
	want := replayed(t, c.write(t, nil))
	for i, line := range c["facts.jsonl"] {
		line = strings.ReplaceAll(line, `"version":"v2"`, `"version":"registry.example.com/shop/checkout:v2"`)
		c["facts.jsonl"][i] = strings.ReplaceAll(line, `"service"`, `"environment":"PROD","service"`)
	}
	require.Equal(t, want, replayed(t, c.write(t, nil)))
}

// A daemon knows that the generic webhook told of the change, and so puts it together with what telemetry showed of it.
func TestAChangeThatIsToldAtItsEndIsTheOneThatTelemetryShowed(t *testing.T) {
	c := record(t)
	c["facts.jsonl"] = []string{
		`{"change":{"id":"checkout-2","service":"checkout","version":"v2","started_at":"2026-03-02T12:00:00Z","finished_at":"2026-03-02T12:20:00Z"}}`,
	}
	out := replayed(t, c.write(t, nil))
	last := map[string]string{}
	for line := range strings.Lines(out) {
		var v correlate.Verdict
		require.NoError(t, json.Unmarshal([]byte(line), &v))
		if v.ChangeID != "" {
			last[v.ChangeID] = fmt.Sprint(v.Outcome, " ", v.Reason, " withdrawn=", v.Withdrawn)
		}
	}
	require.Equal(t, "regressed error_ratio withdrawn=false", last["checkout-2"], out)
	delete(last, "checkout-2")
	for id, verdict := range last {
		require.Contains(t, verdict, "withdrawn=true", "%s is the same rollout", id)
	}
}

func TestTheLastSecondsOfACaseAreJudged(t *testing.T) {
	c := recorded{"facts.jsonl": {
		`{"change":{"id":"checkout-2","service":"checkout","version":"v2","status":"started","started_at":"2026-03-02T12:00:00Z"}}`,
	}}
	for at := noon.Add(-time.Hour); at.Before(noon.Add(30 * time.Second)); at = at.Add(10 * time.Second) {
		if at.Before(noon) {
			c.add(t, "traces.otlp.jsonl", spans("v1", at, 100, 0))
			continue
		}
		c.add(t, "traces.otlp.jsonl", spans("v1", at, 100, 0))
		c.add(t, "traces.otlp.jsonl", spans("v2", at, 100, 60))
	}
	out := replayed(t, c.write(t, nil))
	require.Contains(t, out, `"verdict":"regressed","reason":"error_ratio"`)
	require.Contains(t, out, `"decided_at":"2026-03-02T12:00:30Z"`, "the end of what was measured")
}

// FuzzRequest checks that whatever stands on a line of telemetry is read or refused, and that its time is found.
func FuzzRequest(f *testing.F) {
	for _, line := range []string{
		`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}}]},"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","kind":2,"startTimeUnixNano":"1772359560000000000","endTimeUnixNano":"1772359560100000000","status":{"code":2}}]}]}]}`,
		`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"http.server.request.duration","unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"9223372036854775807","count":"3","sum":1,"bucketCounts":["1","2"],"explicitBounds":[0.5]}]}}]}]}]}`,
		`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":1772359560000000000,"severityNumber":17}]}]}]}`,
		`{"resourceLogs":[]} `, `{}`, `[1]`, `"imeUnixNano":`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		require.GreaterOrEqual(t, newestTime(line), int64(0))
		r := reduce.New(reduce.Options{Resolution: 10 * time.Second})
		if feed(r, line) == nil {
			r.Drain()
		}
	})
}

func TestTheTruthIsNotOpened(t *testing.T) {
	c := record(t)
	want := replayed(t, c.write(t, nil))
	dir := c.write(t, nil)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "truth.json"), 0o700))
	require.Equal(t, want, replayed(t, dir))
}

func TestWhatIsUnreadableIsNamed(t *testing.T) {
	for name, tc := range map[string]struct {
		file, line, want string
		at               int
	}{
		"a fact that is no JSON":            {"facts.jsonl", "{", "facts.jsonl:2", 1},
		"a fact without a service":          {"facts.jsonl", `{"change":{"id":"x","started_at":"2026-03-02T12:00:00Z"}}`, "change.service", 1},
		"telemetry that is no JSON":         {"traces.otlp.jsonl", "oops", "traces.otlp.jsonl:4", 3},
		"telemetry that is no OTLP request": {"traces.otlp.jsonl", `{"spans":[]}`, "traces.otlp.jsonl:4", 3},
		"a signal without a type":           {"signals.yaml", "signals: [{name: orders, metric: shop.orders}]", "signals[0]", 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := record(t)
			lines := append([]string(nil), c[tc.file][:tc.at]...)
			c[tc.file] = append(lines, tc.line)
			err := Run(t.Context(), []string{c.write(t, nil)}, &bytes.Buffer{}, engine.DefaultConfig())
			require.ErrorContains(t, err, tc.want)
		})
	}
	t.Run("a folder that isn't there", func(t *testing.T) {
		missing := filepath.Join(t.TempDir(), "nothing")
		err := Run(t.Context(), []string{missing}, &bytes.Buffer{}, engine.DefaultConfig())
		require.EqualError(t, err, fmt.Sprintf("%s: not a case: a case is a folder with facts.jsonl", missing))
	})
}
