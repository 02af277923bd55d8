package prometheus

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// told is a sink with something of every metric.
func told(t testing.TB) *sink {
	r := sinktest.NewReader(sinktest.Noon)
	s := open(t, r)
	for _, effects := range [][]correlate.Effect{sinktest.Story(), shopOf(300, 3), {approved()}} {
		r.Put(effects...)
		s.Publish(effects)
	}
	s.Publish([]correlate.Effect{unlinked("i", correlate.UnlinkedNoChange)})
	r.SetStatus(busy)
	return s
}

// approved is a deployment that waited for an hour.
func approved() correlate.Effect {
	return correlate.Effect{Change: &correlate.ChangeRecord{Phase: correlate.PhaseHistory, Change: correlate.Change{
		ID: "approved", Service: "cart", FinishedAt: sinktest.Noon.Add(-time.Minute),
		Labels: map[string]string{dora.LabelApproved: sinktest.Noon.Add(-time.Hour).Format(time.RFC3339)},
	}.WithDefaults()}}
}

// families is what an exposition says, as client_golang's parser reads it.
func families(t testing.TB, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(t, err)
	return all
}

// anyOrder are the lines of an exposition without what varies from scrape to scrape, sorted.
func anyOrder(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, "shipwake_") && !strings.Contains(line, "shipwake_dora_compute_seconds") {
			line, _, _ = strings.Cut(line, " # {") // client_golang's parser doesn't know exemplars
			all = append(all, strings.TrimSpace(line))
		}
	}
	slices.Sort(all)
	return all
}

// What is asked for with the Accept header.
const (
	asText        = "text/plain"
	asOpenMetrics = "application/openmetrics-text;version=1.0.0"
	asProtobuf    = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)

func TestTheTextFormatsSayTheSameAsClientGolangWouldWriteIt(t *testing.T) {
	s := told(t)
	read := families(t, scrape(t, s, asText))
	for accept, in := range map[string]format{asText: textFormat, asOpenMetrics: openMetrics} {
		var want strings.Builder
		for _, f := range read {
			require.NoError(t, encode(&want, f, in))
		}
		require.Equal(t, anyOrder(want.String()), anyOrder(scrape(t, s, accept)))
	}
}

// TestProtobufSaysTheSameAsText has client_golang read it and write it as text.
func TestProtobufSaysTheSameAsText(t *testing.T) {
	s := told(t)
	read := messages(t, []byte(scrape(t, s, asProtobuf)))
	names := map[string]bool{}
	for _, f := range read {
		require.False(t, names[f.GetName()], "%s is there twice", f.GetName())
		names[f.GetName()] = true
	}
	require.True(t, names["go_info"], "of the process too")
	lines := func(text string) []string {
		return slices.Sorted(slices.Values(slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool {
			return !strings.Contains(line, "shipwake_") || strings.Contains(line, "shipwake_dora_compute_seconds")
		})))
	}
	for accept, in := range map[string]format{asText: textFormat, asOpenMetrics: openMetrics} {
		var got strings.Builder
		for _, f := range read {
			require.NoError(t, encode(&got, f, in))
		}
		require.Equal(t, lines(scrape(t, s, accept)), lines(got.String()), "with exemplars, where there are any")
	}
}

func TestSamplesHaveTheLabelsOfTheCatalog(t *testing.T) {
	read := families(t, scrape(t, told(t), "text/plain"))
	for _, row := range Catalog() {
		want := slices.Sorted(slices.Values(row.Labels))
		require.NotEmpty(t, read[row.Name].GetMetric(), row.Name)
		for _, m := range read[row.Name].GetMetric() {
			var got []string
			for _, l := range m.GetLabel() {
				got = append(got, l.GetName())
			}
			require.Equal(t, want, got, row.Name)
		}
	}
}

func TestOnlyWhatIsDifferentIsCompressedAgain(t *testing.T) {
	for _, in := range allFormats {
		s := told(t)
		before := s.scrape(in, nil)
		fresh := func() (n int) {
			now := s.scrape(in, nil)
			require.Len(t, now, len(before))
			for _, segment := range now {
				if !slices.Contains(before, segment) {
					n++
				}
			}
			return n
		}
		atRest := fresh()
		require.Less(t, atRest, 5, "what the process and the daemon tell of themselves")

		c := change("another", "service-0007", 0)
		s.Publish([]correlate.Effect{{Change: &c}})
		require.Equal(t, atRest+1, fresh(), "one run of shipwake_changes_total")
	}
}

func TestTextsAreKeptForTheLatestExpositionOnly(t *testing.T) {
	s := told(t)
	for range 5 {
		s.scrape(openMetrics, nil)
	}
	e := s.written[openMetrics]
	require.LessOrEqual(t, len(e.rest.known), len(e.rest.segments))
	require.LessOrEqual(t, len(e.dora.known), len(e.dora.segments))
}

// answer asks for /metrics and returns the answer.
func answer(s sinks.Sink, path string, header http.Header) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Header = header
	a := httptest.NewRecorder()
	sinks.Routes(s)["GET /metrics"].ServeHTTP(a, request)
	return a
}

func TestTheFormatIsTheOneThatIsAskedFor(t *testing.T) {
	s := told(t)
	const text, open, old = "text/plain; version=0.0.4", "application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=0.0.1"
	const messages = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
	for accept, want := range map[string]string{
		"": text, "*/*": text, "text/plain": text, "application/openmetrics-text;version=0.0.1": old,
		asProtobuf: messages,
		// As Prometheus asks with scrape_native_histograms, and without.
		asProtobuf + ";escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1": messages,
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5," + asProtobuf + ";q=0.2":         open,
		// What nobody offers.
		"application/vnd.google.protobuf": text,
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text":       text,
		"application/vnd.google.protobuf;proto=io.prometheus.write.v2.Request;encoding=delimited,*/*": text,
	} {
		a := answer(s, "/metrics", http.Header{"Accept": {accept}})
		require.Contains(t, a.Header().Get("Content-Type"), want, accept)
		require.Equal(t, strings.Contains(want, "openmetrics"), strings.HasSuffix(a.Body.String(), "# EOF\n"), accept)
	}
}

func TestGzipIsForThoseWhoAcceptIt(t *testing.T) {
	s := told(t)
	plain := scrape(t, s, asText)
	for encoding, zipped := range map[string]bool{
		"": false, "gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0, br": false, "identity": false, "zstd": false,
	} {
		a := answer(s, "/metrics", http.Header{"Accept": {"text/plain"}, "Accept-Encoding": {encoding}})
		require.Equal(t, zipped, a.Header().Get("Content-Encoding") == "gzip", encoding)
		body := io.Reader(a.Body)
		if zipped {
			require.Equal(t, a.Header().Get("Content-Length"), fmt.Sprint(a.Body.Len()))
			var err error
			body, err = gzip.NewReader(a.Body)
			require.NoError(t, err)
		}
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, anyOrder(plain), anyOrder(string(text)), encoding)
	}
}

func TestMetricsCanBeAskedForByName(t *testing.T) {
	s := told(t)
	names := func() []string {
		return slices.Sorted(maps.Keys(families(t, answer(s, "/metrics?name[]=go_info&name[]=shipwake_ready&name[]=shipwake_dora_deployments", http.Header{}).Body.String())))
	}
	require.Equal(t, []string{"go_info", "shipwake_dora_deployments", "shipwake_ready"}, names())
	whole := scrape(t, s, "text/plain")
	require.Equal(t, anyOrder(whole), anyOrder(scrape(t, s, "text/plain")), "the rest is still there for others")
}

// stuck is a reader that takes nothing until it is released.
type stuck struct {
	discarded
	begun, released chan struct{}
}

func (s *stuck) Write(b []byte) (int, error) {
	if s.bytes == 0 {
		close(s.begun)
		<-s.released
	}
	return s.discarded.Write(b)
}

func TestAReaderThatIsStuckHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := told(t)
		defer s.Close()
		released, done := make(chan struct{}), make(chan struct{})
		for range mostReaders {
			reader := &stuck{discarded{header: http.Header{}}, make(chan struct{}), released}
			go func() {
				s.ServeHTTP(reader, httptest.NewRequest(http.MethodGet, "/metrics", nil))
				require.NotZero(t, reader.bytes)
				done <- struct{}{}
			}()
			<-reader.begun
			c := change("told meanwhile", "cart", 0)
			s.Publish([]correlate.Effect{{Change: &c}})
			s.scrape(openMetrics, nil)
		}
		require.Equal(t, http.StatusServiceUnavailable, answer(s, "/metrics", http.Header{}).Code, "so many and no more")
		close(released)
		for range mostReaders {
			<-done
		}
		require.Equal(t, http.StatusOK, answer(s, "/metrics", http.Header{}).Code)
	})
}

// TestNoTwoFamiliesHaveOneName: a counter's family is named without _total in OpenMetrics, and a strict parser takes it for a
// gauge of that name.
func TestNoTwoFamiliesHaveOneName(t *testing.T) {
	body := scrape(t, told(t), "application/openmetrics-text;version=1.0.0")
	types := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(body, -1) {
		require.Empty(t, types[m[1]], "%s is a %s already", m[1], types[m[1]])
		types[m[1]] = m[2]
	}
	require.Equal(t, "counter", types["go_memstats_alloc_bytes"])
	require.Contains(t, types, "go_memstats_heap_alloc_bytes")
}

// TestAStrictParserReadsIt asks the reference parser of OpenMetrics, when there is one: `make test-openmetrics` sees to that.
func TestAStrictParserReadsIt(t *testing.T) {
	python := os.Getenv("SHIPWAKE_TEST_OPENMETRICS_PYTHON")
	if python == "" {
		t.Skip("SKIP the strict parser: make test-openmetrics gets it")
	}
	const parse = "import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n" +
		"print(sum(f.name.startswith('shipwake_') for f in parse(sys.stdin.read())))"
	for _, version := range []string{"1.0.0", "0.0.1"} {
		cmd := exec.Command(python, "-c", parse)
		cmd.Stdin = strings.NewReader(scrape(t, told(t), "application/openmetrics-text;version="+version))
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", said)
		require.Equal(t, fmt.Sprint(len(Catalog())), strings.TrimSpace(string(said)))
	}
}
