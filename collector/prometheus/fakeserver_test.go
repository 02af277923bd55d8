package prometheus

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/shipwake/shipwake/collector/prometheus/families"
)

// fakeServer answers instant queries of range vectors as Prometheus 2 does: windows are closed at both ends.
type fakeServer struct {
	mu     sync.Mutex
	series map[string]*recorded
	kube   int             // queries for what kube-state-metrics tells
	asked  []time.Duration // how much each query for series wanted
	past   [][2]int64      // from when to when each range query was, in Unix seconds
	wrong  func(http.ResponseWriter, *http.Request) bool
	say    string // more members of each answer
	ahead  time.Duration
}

type recorded struct {
	labels families.Labels
	values samples
	native []answered
}

// answered is a native histogram at an instant, as it is answered.
type answered struct {
	at   int64
	text string
}

func newFakeServer() *fakeServer { return &fakeServer{series: map[string]*recorded{}} }

// scrape records a sample of each series, told as in name{a="b"}, of a target.
func (f *fakeServer) scrape(at time.Time, instance string, values map[string]float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	values["up"] = 1
	for text, value := range values {
		s := f.of(text, instance)
		s.values = append(s.values, sample{at.UnixMilli(), value})
	}
}

// scrapeNative records a native histogram of octaves, with so many observations in the buckets that end at 1, 2, 4, …
func (f *fakeServer) scrapeNative(at time.Time, instance, series string, counts ...int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var buckets []string
	all := 0
	for i, n := range counts {
		if all += n; n > 0 {
			buckets = append(buckets, fmt.Sprintf(`[0,"%g","%g","%d"]`, math.Exp2(float64(i-1)), math.Exp2(float64(i)), n))
		}
	}
	s := f.of(series, instance)
	s.native = append(s.native, answered{at.UnixMilli(), fmt.Sprintf(
		`{"count":"%d","sum":"%d","buckets":[%s]}`, all, all, strings.Join(buckets, ","))})
}

// of is a series of a target.
func (f *fakeServer) of(text, instance string) *recorded {
	name, rest, _ := strings.Cut(strings.TrimSuffix(text, "}"), "{")
	l := []families.Label{{Name: families.MetricName, Value: name}, {Name: "job", Value: "shop"}, {Name: "instance", Value: instance}}
	for _, pair := range strings.Split(rest, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			l = append(l, families.Label{Name: key, Value: strings.Trim(value, `"`)})
		}
	}
	labels := families.Sorted(l)
	s := f.series[labels.Key()]
	if s == nil {
		s = &recorded{labels: labels}
		f.series[labels.Key()] = s
	}
	return s
}

// fail makes the server answer otherwise until it is called with nil.
func (f *fakeServer) fail(wrong func(http.ResponseWriter, *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wrong = wrong
}

// also makes every answer have more members.
func (f *fakeServer) also(say string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.say = say
}

// widths are how much each query for series wanted.
func (f *fakeServer) widths() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// kubeQueries is how many queries were for what kube-state-metrics tells.
func (f *fakeServer) kubeQueries() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kube
}

// ranges are from when to when each range query was.
func (f *fakeServer) ranges() [][2]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.past)
}

// RoundTrip implements http.RoundTripper, without a network.
func (f *fakeServer) RoundTrip(request *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, request)
	return w.Result(), nil
}

var ranged = regexp.MustCompile(`^(\{.*\})\[(\d+)ms\]$`)

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	query := r.FormValue("query")
	if query == "time()" {
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"scalar","result":[%[1]s,"%[1]s"]}}`, seconds(time.Now().Add(f.ahead).UnixMilli()))
		return
	}
	if r.URL.Path == "/prometheus/api/v1/query_range" {
		f.steps(w, r)
		return
	}
	parts := ranged.FindStringSubmatch(query)
	if r.URL.Path != "/prometheus/api/v1/query" || parts == nil {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"status":"error","errorType":"bad_data","error":"unexpected %s"}`, query)
		return
	}
	width, _ := strconv.ParseInt(parts[2], 10, 64)
	if strings.Contains(query, "kube_") {
		f.kube++
	}
	f.asked = append(f.asked, time.Duration(width)*time.Millisecond)
	if f.wrong != nil && f.wrong(w, r) {
		return
	}
	at, _ := strconv.ParseFloat(r.FormValue("time"), 64)
	to := int64(at * 1000)
	var found []string
	for _, s := range f.series {
		if s.matches(parts[1]) {
			found = append(found, s.between(to-width, to)...)
		}
	}
	slices.Sort(found)
	fmt.Fprintf(w, `{"status":"success",%s"data":{"resultType":"matrix","result":[%s]}}`, f.say, strings.Join(found, ","))
}

// steps answers a range query: at each step the newest sample of the five minutes before it.
func (f *fakeServer) steps(w http.ResponseWriter, r *http.Request) {
	whole := func(name string) int64 {
		n, _ := strconv.ParseInt(r.FormValue(name), 10, 64)
		return n * 1000
	}
	f.past = append(f.past, [2]int64{whole("start") / 1000, whole("end") / 1000})
	if f.wrong != nil && f.wrong(w, r) {
		return
	}
	var found []string
	for _, s := range f.series {
		if !s.matches(r.FormValue("query")) {
			continue
		}
		picked := &recorded{labels: s.labels}
		n := 0
		for at := whole("start"); at <= whole("end"); at += whole("step") {
			for n < len(s.values) && s.values[n].at <= at {
				n++
			}
			if n > 0 && s.values[n-1].at > at-5*60_000 {
				picked.values = append(picked.values, sample{at, s.values[n-1].value})
			}
		}
		picked.native = s.stepped(whole("start"), whole("end"), whole("step"))
		found = append(found, picked.between(whole("start"), whole("end"))...)
	}
	slices.Sort(found)
	fmt.Fprintf(w, `{"status":"success",%s"data":{"resultType":"matrix","result":[%s]}}`, f.say, strings.Join(found, ","))
}

// stepped is the newest native histogram at each step.
func (s *recorded) stepped(from, to, step int64) (picked []answered) {
	for at := from; at <= to; at += step {
		for i := len(s.native) - 1; i >= 0; i-- {
			if h := s.native[i]; h.at <= at {
				if h.at > at-5*60_000 {
					picked = append(picked, answered{at, h.text})
				}
				break
			}
		}
	}
	return picked
}

var matcher = regexp.MustCompile(`(\w+)(=~|!~|=)("(?:[^"\\]|\\.)*")`)

func (s *recorded) matches(selector string) bool {
	for _, m := range matcher.FindAllStringSubmatch(selector, -1) {
		text, err := strconv.Unquote(m[3])
		if err != nil || regexp.MustCompile("^(?:"+text+")$").MatchString(s.labels.Get(m[1])) != (m[2] != "!~") {
			return false
		}
	}
	return true
}

func (s *recorded) between(from, to int64) []string {
	var values []string
	for _, v := range s.values {
		if v.at >= from && v.at <= to {
			values = append(values, fmt.Sprintf(`[%s,"%g"]`, seconds(v.at), v.value))
		}
	}
	var native []string
	for _, h := range s.native {
		if h.at >= from && h.at <= to {
			native = append(native, fmt.Sprintf(`[%s,%s]`, seconds(h.at), h.text))
		}
	}
	members := ""
	if len(values) > 0 {
		members += fmt.Sprintf(`,"values":[%s]`, strings.Join(values, ","))
	}
	if len(native) > 0 {
		members += fmt.Sprintf(`,"histograms":[%s]`, strings.Join(native, ","))
	}
	if members == "" {
		return nil
	}
	labels := map[string]string{}
	for _, l := range s.labels {
		labels[l.Name] = l.Value
	}
	text, _ := json.Marshal(labels)
	return []string{fmt.Sprintf(`{"metric":%s%s}`, text, members)}
}
