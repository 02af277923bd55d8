package reduce_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

const minute = 60 * sec

// counter is calls_total as a connector or an SDK sends it, cumulative.
var counter = reduce.Metric{Name: "calls", Type: reduce.SumMetric, Monotonic: true}

// report is one cumulative point of a counter. Times are offsets from t0.
type report struct {
	instance   string
	start, end int64 // start noStart: unknown
	value      float64
	status     string
}

const noStart = int64(-1)

func send(r *reduce.Reducer, reports ...report) {
	for _, p := range reports {
		resource := checkout()
		resource.Instance = p.instance
		sender := r.Sender(resource)
		reader := sender.Metric(counter)
		point := reduce.Point{
			Start: t0 + p.start, Time: t0 + p.end, Value: p.value,
			Attributes: []reduce.Attribute{str("span.kind", "SPAN_KIND_SERVER"), str("status.code", p.status)},
		}
		if p.start == noStart {
			point.Start = 0
		}
		reader.Point(&point)
	}
}

// total is what a reducer counted over all buckets.
func total(r *reduce.Reducer) (requests, errors int64) {
	cells, _ := taken(r)
	for _, m := range cells {
		requests += m.Requests
		errors += m.Errors
	}
	return requests, errors
}

func TestCumulativeCounters(t *testing.T) {
	const old = -3600 * sec
	tests := map[string]struct {
		reports          []report
		requests, errors int64
	}{
		"the first point of an old process is a reference only": {
			reports: []report{{start: old, end: 0, value: 1000}},
		},
		"later points add what they grew by": {
			reports: []report{
				{start: old, end: 0, value: 1000}, {start: old, end: minute, value: 1010}, {start: old, end: 2 * minute, value: 1030},
			},
			requests: 30,
		},
		"a point that comes twice or late adds nothing": {
			reports: []report{
				{start: old, end: 0, value: 1000}, {start: old, end: 2 * minute, value: 1030},
				{start: old, end: 2 * minute, value: 1030}, {start: old, end: minute, value: 1010},
			},
			requests: 30,
		},
		"a process that has just begun counts from zero": {
			reports:  []report{{instance: "new", start: -minute, end: 0, value: 5}},
			requests: 5,
		},
		"so does one that began while we listened to its service, however seldom it reports": {
			reports: []report{
				{instance: "a", start: old, end: 0, value: 1000}, {instance: "b", start: minute, end: 20 * minute, value: 7},
			},
			requests: 7,
		},
		"the first error of a known process counts from zero": {
			reports: []report{
				{start: old, end: 0, value: 1000, status: "STATUS_CODE_UNSET"},
				{start: old, end: minute, value: 1004, status: "STATUS_CODE_UNSET"},
				{start: old, end: minute, value: 3, status: "STATUS_CODE_ERROR"},
			},
			requests: 7, errors: 3,
		},
		"a restart counts from zero": {
			reports: []report{
				{start: old, end: 0, value: 1000}, {start: old, end: minute, value: 1010},
				{start: minute + 5*sec, end: 2 * minute, value: 4},
			},
			requests: 14,
		},
		"a value that fell is a restart, also when the start doesn't tell": {
			reports: []report{
				{start: noStart, end: 0, value: 1000}, {start: noStart, end: minute, value: 1010},
				{start: noStart, end: 2 * minute, value: 4},
			},
			requests: 14,
		},
		"a point whose start is its own time is a reference, also of a service that is known": {
			reports: []report{
				{instance: "a", start: old, end: 0, value: 1000}, {instance: "a", start: old, end: minute, value: 1010},
				{instance: "b", start: 2 * minute, end: 2 * minute, value: 5000},
				{instance: "b", start: 2 * minute, end: 3 * minute, value: 5003},
			},
			requests: 13,
		},
		"a point that starts a millisecond before its time is one too": {
			reports: []report{
				{instance: "a", start: old, end: 0, value: 1000}, {instance: "a", start: old, end: minute, value: 1010},
				{instance: "b", start: 2*minute - ms, end: 2 * minute, value: 5000},
				{instance: "b", start: 2*minute - ms, end: 3 * minute, value: 5003},
			},
			requests: 13,
		},
		"so is one of a known target that begins again": {
			reports: []report{
				{start: 0, end: 0, value: 1000}, {start: 0, end: minute, value: 1010},
				{start: 2 * minute, end: 2 * minute, value: 1015}, {start: 2 * minute, end: 3 * minute, value: 1020},
			},
			requests: 15,
		},
		"and the errors of a target that moved": {
			reports: []report{
				{instance: "a", start: 0, end: 0, value: 1000}, {instance: "a", start: 0, end: minute, value: 1010},
				{instance: "b", start: minute, end: minute, value: 900, status: "STATUS_CODE_ERROR"},
				{instance: "b", start: minute, end: 2 * minute, value: 901, status: "STATUS_CODE_ERROR"},
			},
			requests: 11, errors: 1,
		},
		"two senders that look alike add up": {
			reports: []report{
				{start: old, end: 0, value: 1000}, {start: old + sec, end: 0, value: 50},
				{start: old, end: minute, value: 1010}, {start: old + sec, end: minute + sec, value: 55},
				{start: old, end: 2 * minute, value: 1020}, {start: old + sec, end: 2*minute + sec, value: 60},
			},
			requests: 30,
		},
		"a second anonymous sender that is older than we are brings no flood": {
			reports: []report{
				{start: old, end: 0, value: 1000}, {start: old, end: minute, value: 1001},
				{start: old + sec, end: minute, value: 5000}, {start: old + sec, end: 2 * minute, value: 5001},
			},
			requests: 2,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			send(r, test.reports...)
			requests, errors := total(r)
			require.Equal(t, [2]int64{test.requests, test.errors}, [2]int64{requests, errors})
		})
	}
}

func TestCumulativeStateOutlivesConfigure(t *testing.T) {
	r := reduce.New(reduce.Options{})
	send(r, report{start: -3600 * sec, end: 0, value: 1000})
	r.Configure([]correlate.Signal{{Name: "x", Metric: "y", Type: correlate.SignalGauge}}, 10*time.Second)
	send(r, report{start: -3600 * sec, end: minute, value: 1003})
	requests, _ := total(r)
	require.EqualValues(t, 3, requests)
}

func TestAStreamThatWasForgottenIsAReferenceWhenItComesBack(t *testing.T) {
	r := reduce.New(reduce.Options{})
	send(r, report{instance: "a", start: -minute, end: 0, value: 10})
	send(r, report{instance: "b", start: -minute, end: 0, value: 10}, report{instance: "b", start: -minute, end: 180 * minute, value: 11})
	requests, _ := total(r)
	require.EqualValues(t, 21, requests)
	send(r, report{instance: "a", start: -minute, end: 181 * minute, value: 5000})
	send(r, report{instance: "a", start: -minute, end: 182 * minute, value: 5002})
	requests, _ = total(r)
	require.EqualValues(t, 2, requests)
}

// sendTogether sends the points of several cumulative counters of one sender, told apart by a status each, in the order given.
func sendTogether(r *reduce.Reducer, end int64, order []int, values []float64) {
	sender := r.Sender(checkout())
	reader := sender.Metric(counter)
	for _, i := range order {
		reader.Point(&reduce.Point{
			Start: t0 - minute, Time: t0 + end, Value: values[i],
			Attributes: []reduce.Attribute{str("span.kind", "SPAN_KIND_SERVER"), num("http.response.status_code", int64(200+i))},
		})
	}
}

func TestAStreamThatWasForgottenIsAReferenceAlsoAfterOneThatGoesOn(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sendTogether(r, 0, []int{0, 1}, []float64{9, 9})
	sendTogether(r, sec, []int{0, 1}, []float64{10, 10})
	sendTogether(r, 180*minute, []int{0}, []float64{11})
	requests, _ := total(r)
	require.EqualValues(t, 21, requests)
	sendTogether(r, 181*minute, []int{0, 1}, []float64{12, 5000})
	sendTogether(r, 182*minute, []int{0, 1}, []float64{12, 5002})
	requests, _ = total(r)
	require.EqualValues(t, 1+2, requests)
}

func TestStreamsOfOneSenderCountWhateverOrderTheyComeIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := reduce.New(reduce.Options{})
		values := make([]float64, rapid.IntRange(1, 6).Draw(t, "streams"))
		told := make([]float64, len(values))
		all := make([]int, len(values))
		for i := range all {
			all[i] = i
		}
		sendTogether(r, 0, all, values)
		for round := range int64(rapid.IntRange(1, 6).Draw(t, "rounds")) {
			for i := range values {
				values[i] += float64(rapid.IntRange(0, 100).Draw(t, "more"))
			}
			order := rapid.Permutation(all).Draw(t, "order")
			order = order[:rapid.IntRange(0, len(order)).Draw(t, "sent")]
			sendTogether(r, (round+1)*sec, order, values)
			for _, i := range order {
				told[i] = values[i]
			}
		}
		want := 0.0
		for _, value := range told {
			want += value
		}
		requests, _ := total(r)
		require.EqualValues(t, want, requests)
	})
}

func TestTooManyStreamsAreToldAndTheOldOnesStay(t *testing.T) {
	r := reduce.New(reduce.Options{MaxSeries: 10})
	results := reduce.Counts{}
	for round := range int64(2) {
		for i := range 20 {
			sender := r.Sender(reduce.Resource{Service: "checkout", Instance: fmt.Sprint(i)})
			reader := sender.Metric(counter)
			point := reduce.Point{
				Start: t0, Time: t0 + (round+1)*minute, Value: float64(round),
				Attributes: []reduce.Attribute{str("span.kind", "SPAN_KIND_SERVER")},
			}
			results[reader.Point(&point)]++
		}
	}
	require.Equal(t, reduce.Counts{reduce.Accepted: 16, reduce.Overflow: 24}, results, "a quarter is kept for those known for an hour")
	requests, _ := total(r)
	require.EqualValues(t, 8, requests)
}

func TestCumulativeHistograms(t *testing.T) {
	const old = t0 - 3600*sec
	explicit := reduce.Metric{Name: "http.server.request.duration", Unit: "s", Type: reduce.HistogramMetric}
	exponential := explicit
	exponential.Type = reduce.ExponentialMetric
	bounds := []float64{0.010, 0.040}

	tests := map[string]struct {
		metric reduce.Metric
		points []reduce.Point
		want   []correlate.Bin
	}{
		"buckets are subtracted": {
			metric: explicit,
			points: []reduce.Point{
				{Buckets: []uint64{10, 20, 30}, Bounds: bounds, Count: 60},
				{Buckets: []uint64{12, 20, 31}, Bounds: bounds, Count: 63},
			},
			want: []correlate.Bin{at(5*time.Millisecond, 2), at(57*time.Millisecond, 1)},
		},
		"a histogram that shrank began again": {
			metric: explicit,
			points: []reduce.Point{
				{Buckets: []uint64{10, 20, 30}, Bounds: bounds, Count: 60},
				{Buckets: []uint64{0, 3, 0}, Bounds: bounds, Count: 3},
			},
			want: []correlate.Bin{at(20*time.Millisecond, 3)},
		},
		"other bounds can't be subtracted": {
			metric: explicit,
			points: []reduce.Point{
				{Buckets: []uint64{10, 20, 30}, Bounds: bounds, Count: 60},
				{Buckets: []uint64{12, 20, 31}, Bounds: []float64{0.010, 0.050}, Count: 63},
			},
		},
		"an exponential histogram that moved its offset": {
			metric: exponential,
			points: []reduce.Point{
				{Buckets: []uint64{4}, Offset: 1, Count: 4},
				{Buckets: []uint64{2, 5}, Offset: 0, Count: 7},
			},
			want: []correlate.Bin{at(1415*time.Millisecond, 2), at(2829*time.Millisecond, 1)},
		},
		"an exponential histogram that lowered its scale": {
			metric: exponential,
			points: []reduce.Point{ // at scale 1, buckets -1…2 are (0.7,1], (1,1.41], (1.41,2], (2,2.83]
				{Buckets: []uint64{1, 1, 1, 1}, Offset: -1, Scale: 1, Count: 4},
				{Buckets: []uint64{1, 4, 1}, Offset: -1, Scale: 0, Count: 6},
			},
			want: []correlate.Bin{at(1415*time.Millisecond, 2)},
		},
		"an exponential histogram that raised its scale can't be subtracted": {
			metric: exponential,
			points: []reduce.Point{
				{Buckets: []uint64{4}, Count: 4},
				{Buckets: []uint64{5}, Scale: 1, Count: 5},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			for i, point := range test.points {
				sender := r.Sender(checkout())
				reader := sender.Metric(test.metric)
				point.Start, point.Time = old, t0+int64(i+1)*sec
				require.Equal(t, reduce.Accepted, reader.Point(&point))
			}
			var n int64
			for _, b := range test.want {
				n += int64(b.Count)
			}
			if n == 0 {
				require.Empty(t, r.Drain())
				return
			}
			got := only(t, r)
			require.Equal(t, correlate.Histogram(test.want), got.Latency)
			require.Equal(t, n, got.Requests)
		})
	}
}

func TestTheSumOfACumulativeHistogramIsWhatItGrewBy(t *testing.T) {
	r := reduce.New(reduce.Options{})
	metric := deltaHistogram("http.server.request.duration", "s")
	metric.Delta = false
	for i, sum := range []float64{100, 100.4, 101} {
		sender := r.Sender(checkout())
		reader := sender.Metric(metric)
		n := uint64(1000 + 10*i)
		reader.Point(&reduce.Point{
			Start: t0 - 3600*sec, Time: t0 + int64(i+1)*sec, Count: n, Sum: sum, Buckets: []uint64{n, 0}, Bounds: []float64{1},
		})
	}
	m := only(t, r)
	require.Equal(t, [3]int64{20, 20, 1_000_000}, [3]int64{m.Requests, m.N, m.Sum})
}

// TestRestartsThatAreToldAsALevel: the Kubernetes cluster receiver tells a gauge for each container.
func TestRestartsThatAreToldAsALevel(t *testing.T) {
	r := reduce.New(reduce.Options{})
	tell := func(instance, container string, end int64, value float64) {
		resource := checkout()
		resource.Instance, resource.Container = instance, container
		sender := r.Sender(resource)
		reader := sender.Metric(reduce.Metric{Name: "k8s.container.restarts", Unit: "{restart}", Type: reduce.GaugeMetric})
		require.Equal(t, reduce.Accepted, reader.Point(&reduce.Point{Time: t0 + end, Value: value}))
	}
	tell("pod-a", "app", 0, 7) // of months ago
	tell("pod-a", "proxy", 0, 0)
	tell("pod-b", "app", sec, 3)
	tell("pod-a", "app", minute, 7)
	tell("pod-a", "proxy", minute, 0)
	tell("pod-b", "app", minute, 5)
	tell("pod-c", "app", minute, 0) // a new one
	tell("pod-c", "app", 2*minute, 1)
	cells, _ := taken(r)
	samples, restarts := int64(0), int64(0)
	for _, m := range cells {
		require.Equal(t, correlate.Restarts, m.Name)
		samples, restarts = samples+m.N, restarts+m.Sum
	}
	require.EqualValues(t, 8, samples)
	require.EqualValues(t, 3*correlate.Fixed, restarts)
}
