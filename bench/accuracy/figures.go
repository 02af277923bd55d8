package accuracy

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
)

// Figure is one headline number.
type Figure struct {
	Name, What string
	Unit       string // of Go's benchmarks
	Value      float64
	Target     float64
	AtMost     bool // the less the better; else the more
}

// OnTarget says whether the target is reached.
func (f Figure) OnTarget() bool { return !f.worse(f.Target) }

// worse than a bound. What can't be told is.
func (f Figure) worse(bound float64) bool {
	if f.AtMost {
		return !(f.Value <= bound)
	}
	return !(f.Value >= bound)
}

// Outcome is everything that was measured.
type Outcome struct {
	Results  []Result
	Changes  []Judged
	Placebos []Placebo
}

// Figures are the headline numbers, in the order of the page.
func (o *Outcome) Figures() []Figure {
	plain := Tally(o.Changes, Plain)
	busy := Tally(o.Changes, func(j *Judged) bool { return j.RPS >= 20 })
	calm := Tally(o.Changes, func(j *Judged) bool { return j.RPS >= 20 && !j.Outage })
	all := Tally(o.Changes, func(*Judged) bool { return true })
	ranks := Rank(o.Results, ranked)
	worst := 0.0
	for _, noise := range append(placeboNoises(), valueNoises()...) {
		worst = max(worst, o.falseAlarms(noise))
	}
	moved := Tally(o.Changes, func(j *Judged) bool { return ofValues(j) && j.Plain })
	values := Tally(o.Changes, ofValues)
	cycles := Tally(o.Changes, func(j *Judged) bool { return j.Kind == "memory_cycle" })
	answered := 0
	for _, j := range o.Changes {
		answered += one(j.Silent && j.Outcome != "inconclusive")
	}
	return []Figure{
		{"plain_precision", "precision, plain faults at ≥ 20 rps", "precision", plain.Precision(), 0.95, false},
		{"plain_recall", "recall, plain faults at ≥ 20 rps", "recall", plain.Recall(), 0.95, false},
		{"plain_ttd_median", "median time to detect them, s", "s-median", plain.Detected(0.5), 300, true},
		{"cleared", "healthy changes that end healthy, at ≥ 20 rps, where no outage strikes", "cleared", calm.Cleared(), 0.8, false},
		{"cleared_all", "the same with the outages that no change did", "cleared-all", busy.Cleared(), 0.8, false},
		{"placebo_alarms", "A/A: pseudo-changes ever called regressed", "alarms", o.falseAlarms(""), 0.005, true},
		{"placebo_alarms_worst", "the same of the noise with the most alarms", "alarms", worst, 0.005, true},
		{"values_recall", "recall, custom signals that shift by ≥ 10 σ at once", "recall", moved.Recall(), 0.9, false},
		{"values_fpr", "false positive rate of services with custom signals", "fpr", values.FPR(), 0.01, true},
		{"cycles_recall", "recall, memory that cycles to its limit with restarts", "recall", cycles.Recall(), 0.9, false},
		{"silent_answers", "changes without telemetry that end healthy or regressed", "answers", float64(answered), 0, true},
		{"recall", "recall, all kinds and loads", "recall", all.Recall(), 0.85, false},
		{"fpr", "false positive rate, all kinds and loads", "fpr", all.FPR(), 0.01, true},
		{"false_healthy", "bad changes that end healthy", "false-healthy", all.FalseHealthy(), 0.01, true},
		{"hr1", "the culprit ranks first of several changes", "hr1", ranks.HR1, 0.9, false},
		{"hr3", "the culprit ranks among three of several", "hr3", ranks.HR3, 1, false},
	}
}

// ofValues are the changes of the kinds that are about custom signals.
func ofValues(j *Judged) bool { return j.Kind == "gauges" || j.Kind == "kpi_only" }

// falseAlarms is the share of pseudo-changes ever called regressed, of one noise or of all ("").
func (o *Outcome) falseAlarms(noise string) float64 {
	changes, alarms := 0, 0
	for _, p := range o.Placebos {
		if noise == "" || p.Noise == noise {
			changes, alarms = changes+p.Changes, alarms+p.Alarmed
		}
	}
	return ratio(alarms, changes)
}

// Floor is the worst that a figure may be.
type Floor struct {
	Least *float64 `json:"least,omitempty"`
	Most  *float64 `json:"most,omitempty"`
}

// Check compares figures with the floors in a file and returns what dropped. The file must hold a floor of every figure
// and of nothing else.
func Check(file string, figures []Figure) (dropped []string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	floors := map[string]Floor{}
	if err := json.Unmarshal(text, &floors); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, f := range figures {
		floor, known := floors[f.Name]
		bound, word := floor.Least, "least"
		if f.AtMost {
			bound, word = floor.Most, "most"
		}
		if !known || bound == nil {
			return nil, fmt.Errorf("%s: %s needs a %q", file, f.Name, word)
		}
		delete(floors, f.Name)
		if f.worse(*bound) {
			dropped = append(dropped, fmt.Sprintf("%s (%s) is %s, and was to be at %s %g", f.Name, f.What, number(f.Value), word, *bound))
		}
	}
	for name := range floors {
		return nil, fmt.Errorf("%s: there is no figure %q", file, name)
	}
	return dropped, nil
}

// number is three digits, or a dash for what doesn't exist.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case v == math.Trunc(v) && math.Abs(v) >= 2:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3f", v)
}
