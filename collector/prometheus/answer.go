package prometheus

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/shipwake/shipwake/collector/prometheus/families"
)

// answer is what the API answers, see https://prometheus.io/docs/prometheus/latest/querying/api/.
type answer struct {
	Status    string          `json:"status"`
	Data      json.RawMessage `json:"data"`
	ErrorType string          `json:"errorType"`
	Error     string          `json:"error"`
	Warnings  []string        `json:"warnings"`
	IsPartial bool            `json:"isPartial"` // VictoriaMetrics
}

// vector is the data of a query.
type vector struct {
	Type   string          `json:"resultType"`
	Result json.RawMessage `json:"result"`
}

// series is one element of a range vector.
type series struct {
	Metric     metric         `json:"metric"`
	Values     samples        `json:"values"`
	Histograms []nativeSample `json:"histograms"`
}

// metric is the labels of a series.
type metric families.Labels

// UnmarshalJSON reads an object of texts.
func (m *metric) UnmarshalJSON(text []byte) error {
	var all map[string]string
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	l := make([]families.Label, 0, len(all))
	for name, value := range all {
		l = append(l, families.Label{Name: name, Value: value})
	}
	*m = metric(families.Sorted(l))
	return nil
}

// sample is a value at an instant in Unix milliseconds.
type sample struct {
	at    int64
	value float64
}

// samples is [[1435781430.781, "1"], …].
type samples []sample

var errSamples = errors.New(`samples must be written as [[1435781430.781, "1"], …]`)

// UnmarshalJSON scans the text itself: it is nearly all of an answer.
func (all *samples) UnmarshalJSON(text []byte) error {
	rest := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' {
			return -1
		}
		return r
	}, string(text))
	rest, ok := strings.CutPrefix(rest, "[")
	for ok && strings.HasPrefix(rest, "[") {
		var pair string
		pair, rest, ok = strings.Cut(rest[1:], "]")
		if !ok {
			break
		}
		s, err := sampleOf(pair)
		if err != nil {
			return err
		}
		*all = append(*all, s)
		rest = strings.TrimPrefix(rest, ",")
	}
	if !ok || rest != "]" {
		return errSamples
	}
	return nil
}

func sampleOf(pair string) (s sample, err error) {
	at, quoted, ok := strings.Cut(pair, ",")
	if !ok || len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
		return s, errSamples
	}
	seconds, err := strconv.ParseFloat(at, 64)
	if err != nil {
		return s, fmt.Errorf("the time of a sample: %w", err)
	}
	if s.value, err = strconv.ParseFloat(quoted[1:len(quoted)-1], 64); err != nil {
		return s, fmt.Errorf("the value of a sample: %w", err)
	}
	s.at = int64(seconds*1000 + 0.5)
	return s, nil
}
