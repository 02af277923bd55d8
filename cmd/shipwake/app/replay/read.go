package replay

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/collector/source/generic"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names"
)

// Case is one recorded case in canonical order: facts by event time, cells by start.
type Case struct {
	Signals []correlate.Signal
	Facts   []correlate.Fact
	Cells   []correlate.Measurement
}

// Read reads the files of a case: facts.jsonl, signals.yaml and every *.otlp.jsonl, which may be gzipped. truth.json
// is never opened.
func Read(dir string, resolution time.Duration) (Case, error) {
	var c Case
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return c, fmt.Errorf("%s: not a case: a case is a folder with facts.jsonl", dir)
	}
	if err := c.readSignals(filepath.Join(dir, "signals.yaml")); err != nil {
		return c, err
	}
	rules, err := names.New(names.DefaultConfig())
	if err != nil {
		return c, err
	}
	if err := c.readFacts(filepath.Join(dir, "facts.jsonl"), rules); err != nil {
		return c, err
	}
	return c, c.readTelemetry(dir, resolution, rules)
}

func (c *Case) readSignals(path string) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var file struct {
		Signals []correlate.Signal `yaml:"signals"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", path, err)
	}
	for i, s := range file.Signals {
		if err := s.Validate(); err != nil {
			return fmt.Errorf("%s: signals[%d].%w", path, i, err)
		}
	}
	c.Signals = file.Signals
	return nil
}

// readFacts reads facts through the generic source, the same that answers at /hooks/generic, and under its name, with the
// names of services and environments that a daemon uses by default.
func (c *Case) readFacts(path string, rules *names.Rules) error {
	door, err := generic.Source().Configure(generic.Source().Name, nil)
	if err != nil {
		return err
	}
	type keyed struct {
		correlate.Fact
		line string
	}
	var facts []keyed
	err = eachLine(path, func(n int, line []byte) error {
		read := door.Project(correlate.Raw{Body: line})
		if read.Problem != "" {
			return errors.New(read.Problem)
		}
		kept, _ := rules.Apply(read.Facts)
		for _, f := range kept {
			facts = append(facts, keyed{f, string(line)})
		}
		return nil
	})
	slices.SortFunc(facts, func(a, b keyed) int {
		return cmp.Or(a.EventTime().Compare(b.EventTime()), cmp.Compare(a.line, b.line))
	})
	for _, f := range facts {
		c.Facts = append(c.Facts, f.Fact)
	}
	return err
}

// request is one OTLP request of a case, with the newest time in it.
type request struct {
	newest int64
	line   []byte
	file   string
	number int
}

func (c *Case) readTelemetry(dir string, resolution time.Duration, rules *names.Rules) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.otlp.jsonl*"))
	if err != nil {
		return err
	}
	var requests []request
	for _, name := range files {
		if err := eachLine(name, func(n int, line []byte) error {
			if !json.Valid(line) {
				return errors.New("not a JSON object")
			}
			requests = append(requests, request{newestTime(line), bytes.Clone(line), name, n})
			return nil
		}); err != nil {
			return err
		}
	}
	slices.SortFunc(requests, func(a, b request) int {
		return cmp.Or(cmp.Compare(a.newest, b.newest), bytes.Compare(a.line, b.line))
	})
	r := reduce.New(reduce.Options{Resolution: resolution, Signals: c.Signals})
	for _, req := range requests {
		if err := feed(r, req.line); err != nil {
			return fmt.Errorf("%s:%d: %w", req.file, req.number, err)
		}
	}
	c.Cells = r.Drain()
	rules.Measurements(c.Cells)
	slices.SortFunc(c.Cells, func(a, b correlate.Measurement) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), a.Key.Compare(b.Key))
	})
	return nil
}

// feed hands one OTLP/JSON request to the reducer.
func feed(r *reduce.Reducer, line []byte) error {
	var kind struct {
		Metrics json.RawMessage `json:"resourceMetrics"`
		Spans   json.RawMessage `json:"resourceSpans"`
		Logs    json.RawMessage `json:"resourceLogs"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		return err
	}
	switch {
	case kind.Metrics != nil:
		md, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(line)
		if err == nil {
			otlp.Metrics(r, md)
		}
		return err
	case kind.Spans != nil:
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
		if err == nil {
			otlp.Traces(r, td)
		}
		return err
	case kind.Logs != nil:
		ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
		if err == nil {
			otlp.Logs(r, ld)
		}
		return err
	}
	return errors.New("none of resourceMetrics, resourceSpans and resourceLogs is in it")
}

// newestTime finds the newest "…TimeUnixNano" of an OTLP/JSON request without decoding it.
func newestTime(line []byte) int64 {
	var newest int64
	mark := []byte(`imeUnixNano":`)
	for {
		i := bytes.Index(line, mark)
		if i < 0 {
			return newest
		}
		line = bytes.TrimLeft(line[i+len(mark):], ` "`)
		end := 0
		for end < len(line) && line[end] >= '0' && line[end] <= '9' {
			end++
		}
		if n, err := strconv.ParseInt(string(line[:end]), 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
}

// eachLine calls f for every line that isn't blank. An error of f is prefixed with the file and the line number.
func eachLine(path string, f func(n int, line []byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		gz, err := gzip.NewReader(file)
		if err != nil {
			return fmt.Errorf("%s:1: %w", path, err)
		}
		in = gz
	}
	lines := bufio.NewReaderSize(in, 1<<20)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if err := f(n, text); err != nil {
				return fmt.Errorf("%s:%d: %w", path, n, err)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
}
