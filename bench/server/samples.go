package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Samples are the lines of an exposition that hold a value.
type Samples []string

// Scrape asks for the metrics as Prometheus does.
func (s *Server) Scrape(ctx context.Context) (Samples, error) {
	text, err := s.ScrapeText(ctx)
	if err != nil {
		return nil, err
	}
	return ParseSamples(text), nil
}

// Get reads a path of the listener that serves the metrics.
func (s *Server) Get(ctx context.Context, path string) (body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(s.url, "/metrics")+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	body, err = io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", path, answer.Status, body)
	}
	return body, err
}

// ScrapeText returns the exposition as OpenMetrics, decompressed.
func (s *Server) ScrapeText(ctx context.Context) (text string, err error) {
	return s.read(ctx, "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
}

// ReadText reads the exposition in Prometheus' text format.
func (s *Server) ReadText(ctx context.Context) error {
	_, err := s.read(ctx, "text/plain;version=0.0.4")
	return err
}

func (s *Server) read(ctx context.Context, accept string) (text string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody)
	if err != nil {
		return "", err
	}
	request.Header.Set("Accept", accept)
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", s.url, answer.Status, body)
	}
	return string(body), err
}

// ParseSamples leaves comments out.
func ParseSamples(text string) Samples {
	var all Samples
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

// Sum adds up the samples of a metric that have all these labels, each written as in the exposition: name="value".
func (m Samples) Sum(metric string, labels ...string) (sum float64) {
	for _, line := range m {
		rest, ok := strings.CutPrefix(line, metric)
		if !ok || rest == "" || (rest[0] != '{' && rest[0] != ' ') {
			continue
		}
		set, value := "", rest
		if end := strings.LastIndexByte(withoutExemplar(rest), '}'); end >= 0 {
			set, value = rest[:end], rest[end+1:]
		}
		if fields := strings.Fields(value); len(fields) > 0 && contains(set, labels) {
			if number, err := strconv.ParseFloat(fields[0], 64); err == nil {
				sum += number
			}
		}
	}
	return sum
}

func withoutExemplar(line string) string {
	before, _, _ := strings.Cut(line, " # {")
	return before
}

func contains(set string, labels []string) bool {
	for _, label := range labels {
		if !strings.Contains(set, "{"+label) && !strings.Contains(set, ","+label) {
			return false
		}
	}
	return true
}
