package points_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/prometheus/families"
	"github.com/shipwake/shipwake/collector/prometheus/native"
	"github.com/shipwake/shipwake/collector/prometheus/points"
	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/correlate"
)

// told is a sample as it stands in an exposition, of a scrape in Unix seconds.
type told struct {
	at     int64
	series string // name{a="b"}
	value  float64
}

func parse(text string) families.Labels {
	name, rest, _ := strings.Cut(strings.TrimSuffix(text, "}"), "{")
	l := []families.Label{{Name: families.MetricName, Value: name}}
	for _, pair := range strings.Split(rest, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			l = append(l, families.Label{Name: key, Value: strings.Trim(value, `"`)})
		}
	}
	return families.Sorted(l)
}

func add(r *points.Reader, all []told) {
	for _, s := range all {
		if of := r.Series(parse(s.series)); of != nil {
			of.Add(points.Sample{At: s.at * 1000, Value: s.value})
		}
	}
}

const began = 1_700_000_000 // when the readers begin to listen, Unix seconds

func reader(whole bool) *points.Reader {
	return points.New(points.Options{
		Table: families.NewTable(families.All()), Environment: "production", Since: began * 1000, Whole: whole,
		ReplicaLabels: []string{"replica"},
	})
}

// cells are those of a reader that was given samples at once.
func cells(all []told) []correlate.Measurement {
	r, into := reader(true), reduce.New(reduce.Options{})
	add(r, all)
	otlp.Metrics(into, r.Advance(math.MaxInt64/2))
	return into.Drain()
}

// sums are the requests and errors of each service, environment and version, with the instrumentation that told.
func sums(all []correlate.Measurement) map[string][2]int64 {
	got := map[string][2]int64{}
	for _, m := range all {
		if m.Kind == correlate.Traffic {
			key := fmt.Sprintf("%s %s %s %d", m.Service, m.Environment, m.Version, m.Origin)
			got[key] = [2]int64{got[key][0] + m.Requests, got[key][1] + m.Errors}
		}
	}
	return got
}

// twice scrapes series at nothing and then at a value, of a target that answers.
func twice(values map[string]float64) (all []told) {
	for i, at := range []int64{began + 10, began + 20} {
		all = append(all, told{at, `up{job="j",instance="i"}`, 1})
		for series, value := range values {
			all = append(all, told{at, series, value * float64(i)})
		}
	}
	return all
}

func TestWhoseRequestsTheyAre(t *testing.T) {
	const own, span, rpc = int(correlate.OriginServerMetric), int(correlate.OriginSpanMetrics), int(correlate.OriginRPCMetric)
	key := func(service, environment, version string, origin int) string {
		return fmt.Sprintf("%s %s %s %d", service, environment, version, origin)
	}
	for name, test := range map[string]struct {
		values map[string]float64
		more   []told
		want   map[string][2]int64
	}{
		"a histogram of OpenTelemetry counts by itself": {
			values: map[string]float64{
				`http_server_request_duration_seconds_bucket{job="j",instance="i",le="1",http_response_status_code="500"}`:    3,
				`http_server_request_duration_seconds_bucket{job="j",instance="i",le="+Inf",http_response_status_code="500"}`: 4,
				`http_server_request_duration_seconds_count{job="j",instance="i",http_response_status_code="500"}`:            4,
				`http_server_request_duration_seconds_sum{job="j",instance="i",http_response_status_code="500"}`:              9,
			},
			want: map[string][2]int64{key("j", "production", "", own): {4, 4}},
		},
		"one without buckets counts as well": {
			values: map[string]float64{
				`http_server_requests_seconds_count{job="j",instance="i",application="shop",status="200"}`: 4,
				`http_server_requests_seconds_sum{job="j",instance="i",application="shop",status="200"}`:   1,
			},
			want: map[string][2]int64{key("shop", "production", "", own): {4, 0}},
		},
		"gRPC is apart": {
			values: map[string]float64{
				`rpc_server_call_duration_seconds_bucket{job="j",instance="i",le="+Inf",rpc_response_status_code="UNAVAILABLE"}`: 2,
				`http_server_request_duration_seconds_bucket{job="j",instance="i",le="+Inf",http_response_status_code="200"}`:    3,
			},
			want: map[string][2]int64{key("j", "production", "", own): {3, 0}, key("j", "production", "", rpc): {2, 2}},
		},
		"beside a counter a histogram only tells durations": {
			values: map[string]float64{
				`http_requests_total{job="j",instance="i",code="200"}`:                 5,
				`http_request_duration_seconds_bucket{job="j",instance="i",le="+Inf"}`: 5,
			},
			want: map[string][2]int64{key("j", "production", "", span): {5, 0}},
		},
		"without the counter it counts, if it tells how requests ended": {
			values: map[string]float64{`http_request_duration_seconds_bucket{job="j",instance="i",le="+Inf",code="5xx"}`: 5},
			want:   map[string][2]int64{key("j", "production", "", span): {5, 5}},
		},
		"a histogram of which nobody knows how requests ended makes nothing healthy": {
			values: map[string]float64{`http_request_duration_seconds_bucket{job="j",instance="i",le="+Inf"}`: 5},
			want:   map[string][2]int64{},
		},
		"the application's own counts outweigh its sidecar's": {
			values: map[string]float64{
				`http_requests_total{job="shop",instance="i",code="200"}`:                                                                       5,
				`istio_requests_total{job="mesh",instance="s",reporter="destination",destination_canonical_service="shop",response_code="200"}`: 6,
				`istio_requests_total{job="mesh",instance="s",reporter="destination",destination_canonical_service="cart",response_code="503"}`: 7,
			},
			more: []told{{began + 10, `up{job="mesh",instance="s"}`, 1}},
			want: map[string][2]int64{key("shop", "production", "", span): {5, 0}, key("cart", "production", "", span): {7, 7}},
		},
		"what target_info says of the process": {
			values: map[string]float64{`http_requests_total{job="j",instance="i",code="200"}`: 5},
			more: []told{{began + 15, `target_info{job="j",instance="i",service_name="shop",service_version="v3",deployment_environment_name="staging"}`, 1},
				{began + 30, `target_info{job="j",instance="i",service_name="shop",service_version="v4"}`, 1}},
			want: map[string][2]int64{key("shop", "staging", "v3", span): {5, 0}},
		},
		"the series' own version outweighs the build's": {
			values: map[string]float64{`http_requests_total{job="j",instance="i",code="200",version="v7"}`: 5},
			more:   []told{{began + 15, `shop_build_info{job="j",instance="i",version="v3"}`, 1}},
			want:   map[string][2]int64{key("j", "production", "v7", span): {5, 0}},
		},
		"the build of a gateway isn't that of those behind it": {
			values: map[string]float64{`traefik_service_requests_total{job="j",instance="i",service="shop@docker",code="404"}`: 5},
			more:   []told{{began + 15, `traefik_build_info{job="j",instance="i",version="3.1"}`, 1}},
			want:   map[string][2]int64{key("shop", "production", "", span): {5, 0}},
		},
		"two processes of a service add up": {
			values: map[string]float64{
				`http_requests_total{job="j",instance="i",code="200",env="staging"}`: 5,
				`http_requests_total{job="j",instance="k",code="200",env="staging"}`: 6,
			},
			more: []told{{began + 10, `up{job="j",instance="k"}`, 1}},
			want: map[string][2]int64{key("j", "staging", "", span): {11, 0}},
		},
		"two servers that scrape the same count once": {
			values: map[string]float64{
				`http_requests_total{job="j",instance="i",code="200",replica="a"}`: 5,
				`http_requests_total{job="j",instance="i",code="200",replica="b"}`: 5,
			},
			want: map[string][2]int64{key("j", "production", "", span): {5, 0}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, sums(cells(append(twice(test.values), test.more...))))
		})
	}
}

// histogram is a native histogram of octaves, with some observations in those that end at 1, 2, 4, …
func histogram(counts ...float64) *native.Histogram {
	h, err := (&native.Spans{Spans: []native.Span{{Length: uint32(len(counts))}}, Counts: counts, Sum: 1}).Histogram()
	if err != nil {
		panic(err)
	}
	return h
}

func TestNativeHistogramsAreFoundUnderTheNamesOfClassicOnes(t *testing.T) {
	const own, span = int(correlate.OriginServerMetric), int(correlate.OriginSpanMetrics)
	const otel, library, spring = `http_server_request_duration_seconds`, `http_request_duration_seconds`, `http_server_requests_seconds`
	for name, test := range map[string]struct {
		native  string
		classic map[string]float64
		want    map[string][2]int64
		timed   uint64
	}{
		"OpenTelemetry's counts by itself": {
			native: otel + `{job="j",instance="i",http_response_status_code="500"}`,
			want:   map[string][2]int64{fmt.Sprint("j production  ", own): {5, 5}}, timed: 5,
		},
		"beside its classic twin it counts once": {
			native: otel + `{job="j",instance="i",http_response_status_code="500"}`,
			classic: map[string]float64{
				otel + `_bucket{job="j",instance="i",le="1",http_response_status_code="500"}`:    3,
				otel + `_bucket{job="j",instance="i",le="+Inf",http_response_status_code="500"}`: 5,
				otel + `_count{job="j",instance="i",http_response_status_code="500"}`:            5,
			},
			want: map[string][2]int64{fmt.Sprint("j production  ", own): {5, 5}}, timed: 5,
		},
		"beside a counter it only tells durations": {
			native:  library + `{job="j",instance="i",code="200"}`,
			classic: map[string]float64{`http_requests_total{job="j",instance="i",code="200"}`: 7},
			want:    map[string][2]int64{fmt.Sprint("j production  ", span): {7, 0}}, timed: 5,
		},
		"a summary's count beside it is none more": {
			native:  spring + `{job="j",instance="i",status="200"}`,
			classic: map[string]float64{spring + `{job="j",instance="i",status="200",quantile="0.5"}`: 0.3},
			want:    map[string][2]int64{fmt.Sprint("j production  ", own): {5, 0}}, timed: 5,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, into := reader(true), reduce.New(reduce.Options{})
			add(r, twice(test.classic))
			of := r.Series(parse(test.native))
			of.Add(points.Sample{At: (began + 10) * 1000, Histogram: histogram(1, 1)})
			of.Add(points.Sample{At: (began + 10) * 1000, Value: 99}) // not of this type
			of.Add(points.Sample{At: (began + 20) * 1000, Histogram: histogram(3, 1, 3)})
			otlp.Metrics(into, r.Advance(math.MaxInt64/2))
			all := into.Drain()
			require.Equal(t, test.want, sums(all))
			require.Equal(t, test.timed, timed(all))
			require.Zero(t, r.Lost())
		})
	}
}

func timed(all []correlate.Measurement) (n uint64) {
	for _, m := range all {
		for _, b := range m.Latency {
			n += uint64(b.Count)
		}
	}
	return n
}

// A service that sends OTLP and one that is scraped come to the same cells.
func TestANativeHistogramComesToTheCellsOfAnExponentialOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := native.Spans{
			Schema: rapid.Int32Range(-4, 8).Draw(t, "schema"), Zero: float64(rapid.IntRange(0, 3).Draw(t, "zero")), Sum: 7,
			Spans: []native.Span{{Offset: rapid.Int32Range(-60, 20).Draw(t, "offset")}},
		}
		counts := rapid.SliceOfN(rapid.Uint64Range(0, 5), 1, 60).Draw(t, "counts")
		counts[0]++
		sent := pmetric.NewMetrics()
		rm := sent.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", "j")
		rm.Resource().Attributes().PutStr("service.instance.id", "i")
		rm.Resource().Attributes().PutStr("deployment.environment.name", "production")
		m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetName("http.server.request.duration")
		m.SetUnit("s")
		m.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		p := m.ExponentialHistogram().DataPoints().AppendEmpty()
		p.SetStartTimestamp(pcommon.Timestamp((began + 10) * 1_000_000_000))
		p.SetTimestamp(pcommon.Timestamp((began + 20) * 1_000_000_000))
		p.SetScale(s.Schema)
		p.SetZeroCount(uint64(s.Zero))
		p.SetCount(uint64(s.Zero))
		p.SetSum(7)
		p.Positive().SetOffset(s.Spans[0].Offset - 1)
		for _, n := range counts {
			p.Positive().BucketCounts().Append(n)
			p.SetCount(p.Count() + n)
			s.Counts = append(s.Counts, float64(n))
		}
		s.Spans[0].Length = uint32(len(counts))
		want := reduce.New(reduce.Options{})
		otlp.Metrics(want, sent)

		h, err := s.Histogram()
		require.NoError(t, err)
		r, got := reader(true), reduce.New(reduce.Options{})
		of := r.Series(parse(`http_server_request_duration_seconds{job="j",instance="i"}`))
		of.Add(points.Sample{At: (began + 10) * 1000, Histogram: &native.Histogram{Schema: s.Schema}})
		of.Add(points.Sample{At: (began + 20) * 1000, Histogram: h})
		otlp.Metrics(got, r.Advance(math.MaxInt64/2))
		require.Equal(t, want.Drain(), got.Drain())
	})
}

func TestAGaugeHistogramIsNoCounter(t *testing.T) {
	r := reader(true)
	of := r.Series(parse(`http_server_request_duration_seconds{job="j",instance="i"}`))
	for i := range int64(3) {
		h := histogram(float64(i))
		h.Hint = native.Gauge
		of.Add(points.Sample{At: (began + 10*i) * 1000, Histogram: h})
	}
	require.Zero(t, r.Advance(math.MaxInt64/2).DataPointCount())
}

func TestWhatIsOfNoUseIsToldApart(t *testing.T) {
	r := reader(true)
	require.Nil(t, r.Series(parse(`go_goroutines{job="j"}`)))
	require.Nil(t, r.Series(parse(`http_requests_total{code="200"}`)), "nobody's")
	require.Nil(t, r.Series(parse(`istio_requests_total{reporter="destination",app="a",response_code="0"}`)), "the client left")
	require.Zero(t, r.Lost())
	require.Nil(t, r.Series(parse(`http_request_duration_seconds_bucket{job="j",code="200",le="x"}`)))
	require.EqualValues(t, 1, r.Lost())
}

// life is what processes of a service expose while they serve, restart and are replaced, scrape by scrape.
type life struct {
	scrapes [][]told
	total   int64 // requests since the first scrape
}

func draw(t *rapid.T) (l life) {
	type process struct {
		instance       string
		at             int64
		version        int
		ok, bad, quick float64
	}
	var all []*process
	for i := range rapid.IntRange(1, 3).Draw(t, "processes") {
		all = append(all, &process{instance: fmt.Sprintf("i%d", i), at: began - 100, ok: 50, quick: 20})
	}
	now := int64(began)
	for i := range rapid.IntRange(2, 12).Draw(t, "scrapes") {
		now += 15
		var scrape []told
		for _, p := range all {
			if i > 0 {
				if rapid.IntRange(0, 5).Draw(t, "restarts") == 0 {
					*p = process{instance: p.instance, at: now - 5, version: p.version + 1}
				}
				ok, bad := rapid.IntRange(0, 9).Draw(t, "requests"), rapid.IntRange(0, 3).Draw(t, "errors")
				p.ok, p.bad = p.ok+float64(ok), p.bad+float64(bad)
				p.quick += float64(ok / 2)
				l.total += int64(ok + bad)
			}
			scrape = append(scrape, expose(now, p.instance, p.at, p.version, p.ok, p.bad, p.quick)...)
		}
		l.scrapes = append(l.scrapes, scrape)
	}
	return l
}

func expose(now int64, instance string, at int64, version int, ok, bad, quick float64) []told {
	of := fmt.Sprintf(`job="shop",instance=%q`, instance)
	all := []told{
		{now, "up{" + of + "}", 1},
		{now, "process_start_time_seconds{" + of + "}", float64(at)},
		{now, fmt.Sprintf(`target_info{%s,service_version="v%d"}`, of, version), 1},
		{now, "http_requests_total{" + of + `,code="200"}`, ok},
		{now, "http_request_duration_seconds_bucket{" + of + `,le="0.1"}`, quick},
		{now, "http_request_duration_seconds_bucket{" + of + `,le="+Inf"}`, ok + bad},
		{now, "http_request_duration_seconds_count{" + of + "}", ok + bad},
		{now, "http_request_duration_seconds_sum{" + of + "}", (ok + bad) / 10},
	}
	if bad > 0 {
		all = append(all, told{now, "http_requests_total{" + of + `,code="500"}`, bad})
	}
	return all
}

// Any chunking, overlap and order, pulled or pushed, with or without the series that only a server has: the same cells.
func TestHoweverSamplesComeTheCellsAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := draw(t)
		var all []told
		for _, scrape := range l.scrapes {
			all = append(all, scrape...)
		}
		want := cells(all)

		pushed := rapid.Bool().Draw(t, "pushed")
		r, into := reader(!pushed), reduce.New(reduce.Options{})
		for from, to := 0, 0; to < len(l.scrapes); from = to - rapid.IntRange(0, min(to, 2)).Draw(t, "overlap") {
			to = rapid.IntRange(to+1, len(l.scrapes)).Draw(t, "chunk")
			var chunk []told
			for _, scrape := range l.scrapes[from:to] {
				for _, s := range scrape {
					if !pushed || !strings.HasPrefix(s.series, "up") {
						chunk = append(chunk, s)
					}
				}
			}
			add(r, rapid.Permutation(chunk).Draw(t, "order"))
			otlp.Metrics(into, r.Advance(chunk[len(chunk)-1].at*1000))
		}
		require.Zero(t, r.Lost())
		got := into.Drain()
		require.Equal(t, want, got)
		var total int64
		for _, n := range sums(got) {
			total += n[0]
		}
		require.Equal(t, l.total, total, "every request counts once")
	})
}

func TestSilentSeriesAreForgotten(t *testing.T) {
	r := reader(true)
	add(r, twice(map[string]float64{`http_requests_total{job="j",instance="i",code="200"}`: 5}))
	require.Equal(t, 1, r.Advance((began+30)*1000).DataPointCount())
	live, oldest := r.Live(began * 1000)
	require.Equal(t, 1, live)
	require.EqualValues(t, (began+20)*1000, oldest)
	require.EqualValues(t, 10_000, r.Every(began*1000))
	r.Advance((began + 2*3600) * 1000)
	live, _ = r.Live(0)
	require.Zero(t, live)
}
