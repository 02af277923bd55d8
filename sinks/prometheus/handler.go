package prometheus

import (
	"bufio"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// mostReaders is how many may read /metrics at once. What they have to read isn't copied for each, and one that reads slowly
// keeps nobody else from reading.
const mostReaders = 32

// writeBuffer is what a reader is sent at a time, in bytes.
const writeBuffer = 64 << 10

// twice is the same as go_memstats_heap_alloc_bytes. In OpenMetrics, where a counter's family is named without _total, its
// name would be that of go_memstats_alloc_bytes_total too.
const twice = "go_memstats_alloc_bytes"

// offered are the formats that there are.
func offered() ([]expfmt.Format, error) {
	old, err := expfmt.NewOpenMetricsFormat(expfmt.OpenMetricsVersion_0_0_1)
	return []expfmt.Format{
		expfmt.NewFormat(expfmt.TypeProtoDelim), expfmt.NewFormat(expfmt.TypeOpenMetrics), old, expfmt.NewFormat(expfmt.TypeTextPlain),
	}, err
}

// formatOf is what a negotiated format is written in.
func formatOf(negotiated expfmt.Format) format {
	switch negotiated.FormatType() {
	case expfmt.TypeProtoDelim:
		return protobuf
	case expfmt.TypeOpenMetrics:
		return openMetrics
	default:
		return textFormat
	}
}

// ServeHTTP answers with what the Accept header asks for: protobuf, OpenMetrics or Prometheus' text format. As from
// client_golang's handler, name[] selects metrics.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case s.readers <- struct{}{}:
		defer func() { <-s.readers }()
	default:
		http.Error(w, fmt.Sprintf("%d readers at once already, try again later", mostReaders), http.StatusServiceUnavailable)
		return
	}
	negotiated := expfmt.NegotiateAccept(r.Header, s.offered...)
	segments := s.scrape(formatOf(negotiated), r.URL.Query()["name[]"])
	w.Header().Set("Content-Type", string(negotiated))
	write := writePlain
	if acceptsGzip(r.Header) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(gzipSize(segments)))
		write = writeGzip
	}
	out := bufio.NewWriterSize(w, writeBuffer)
	if write(out, segments) == nil {
		_ = out.Flush() // a reader that has gone needs nothing more
	}
}

// scrape returns the exposition of this instant, of all metrics or only those that are named.
func (s *sink) scrape(in format, names []string) []*segment {
	status := s.reader.Status()
	reports := s.dora.reports(status.Now)
	families, _ := s.process.Gather() // those that could be gathered
	families = slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == twice })
	s.writing.Lock()
	defer s.writing.Unlock()
	s.state.snapshot(&s.snapshot, status.Now)
	changes := s.snapshot.shown()
	of := scraped{
		view: view{
			status: status, dora: reports.doraStatus, observed: len(s.snapshot.observed), regressions: s.snapshot.suspected(),
		},
		sites: s.snapshot.sites, changes: changes, table: reports.table, families: families,
	}
	fade(of.sites, of.status.Now)
	if len(names) > 0 {
		return newExposition(in, s.compressor).write(of, s.rows, func(name string) bool { return slices.Contains(names, name) })
	}
	return s.written[in].write(of, s.rows, func(string) bool { return true })
}

// acceptsGzip reads Accept-Encoding. Segments are kept for gzip, so that no other compression is offered.
func acceptsGzip(h http.Header) bool {
	for _, line := range h.Values("Accept-Encoding") {
		for coding := range strings.SplitSeq(line, ",") {
			name, quality, _ := strings.Cut(coding, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				return !refused(quality)
			}
		}
	}
	return false
}

// refused tells a quality of 0.
func refused(quality string) bool {
	_, value, ok := strings.Cut(quality, "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return ok && err == nil && q == 0
}
