// Package history answers: what would Prometheus have counted, had it been there when it happened?
//
// It goes through time step by step and adds up what DORA numbers count in each, by service and environment, so that increase()
// over some steps is what the API counts in them. Memory holds a few numbers for each place, however long the time is.
package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
)

// Metric is a counter, which a deployment counts in when it was complete, and an incident when it opened.
type Metric struct {
	Name string // without the suffix _total
	Help string
	of   func(n *dora.Numbers) int
}

// incidents is the place of the metric that is counted from incidents and not from a report.
const incidents = 5

// Metrics lists the counters.
func Metrics() [6]Metric {
	return [6]Metric{
		{"shipwake_history_deployments", "Deployments, by when they were complete.",
			func(n *dora.Numbers) int { return n.Deployments }},
		{"shipwake_history_completed_changes", "Deployments whose observation window has closed, by when they were complete: the denominator of the change fail rate.",
			func(n *dora.Numbers) int { return denominator(n.ChangeFailRate) }},
		{"shipwake_history_change_failures", "Deployments that failed, by when they were complete: the numerator of the change fail rate.",
			func(n *dora.Numbers) int { return numerator(n.ChangeFailRate) }},
		{"shipwake_history_rework_deployments", "Deployments that are rework, by when they were complete.",
			func(n *dora.Numbers) int { return numerator(n.ReworkRate) }},
		{"shipwake_history_failed_rollouts", "Rollouts that failed before they reached users, by when they ended.",
			func(n *dora.Numbers) int { return n.DeployFailed }},
		{"shipwake_history_incidents", "Incidents, by when they opened; one of several services counts with each.",
			func(*dora.Numbers) int { return 0 }},
	}
}

func numerator(r *dora.Ratio) int {
	if r == nil {
		return 0
	}
	return r.Numerator
}

func denominator(r *dora.Ratio) int {
	if r == nil {
		return 0
	}
	return r.Denominator
}

// Source is where numbers come from. Incidents returns at most as many as the query limits, the newest first.
type Source interface {
	DORA(ctx context.Context, q dora.Query) (dora.Report, error)
	Incidents(ctx context.Context, q sinks.IncidentQuery) ([]correlate.IncidentRecord, error)
}

// Counts are the values of all Metrics of one place.
type Counts [6]int

// Place is a service in an environment with what was counted there so far.
type Place struct {
	correlate.Place
	Counts Counts
}

// Totals are what was counted up to an instant.
type Totals struct {
	source Source
	places []*Place // by service and environment
	at     map[correlate.Place]*Place
}

// New counts from nothing.
func New(s Source) *Totals { return &Totals{source: s, at: map[correlate.Place]*Place{}} }

// Places are all that were counted in, sorted. They are valid until the next step.
func (t *Totals) Places() []*Place { return t.places }

// Add counts what happened at from or later and before to.
func (t *Totals) Add(ctx context.Context, from, to time.Time) error {
	report, err := t.source.DORA(ctx, dora.Query{From: from, To: to, By: dora.ByServiceEnvironment})
	if err != nil {
		return err
	}
	metrics := Metrics()
	for i := range report.Groups {
		n := &report.Groups[i]
		if n.Service == "" {
			continue // an environment as a whole
		}
		p := t.place(correlate.Place{Service: n.Service, Environment: n.Environment})
		for m := range metrics {
			p.Counts[m] += metrics[m].of(n)
		}
	}
	return t.addIncidents(ctx, from, to)
}

// atOnce is how many incidents are asked for at once.
const atOnce = 1000

// addIncidents counts incidents. Where there are more than fit into an answer, it asks for either half of the time.
func (t *Totals) addIncidents(ctx context.Context, from, to time.Time) error {
	found, err := t.source.Incidents(ctx, sinks.IncidentQuery{From: from, To: to, Limit: atOnce})
	if err != nil {
		return err
	}
	if len(found) == atOnce {
		middle := from.Add(to.Sub(from) / 2)
		if !middle.After(from) {
			return fmt.Errorf("%d incidents or more opened at %s: they can't be told apart", atOnce, from.Format(time.RFC3339Nano))
		}
		if err := t.addIncidents(ctx, from, middle); err != nil {
			return err
		}
		return t.addIncidents(ctx, middle, to)
	}
	for _, i := range found {
		if i.Retracted {
			continue
		}
		services := i.About()
		if len(services) == 0 {
			services = []string{dora.NoGroup}
		}
		for _, service := range services {
			t.place(correlate.Place{Service: service, Environment: i.Environment}).Counts[incidents]++
		}
	}
	return nil
}

func (t *Totals) place(at correlate.Place) *Place {
	if p := t.at[at]; p != nil {
		return p
	}
	p := &Place{Place: at}
	n, _ := slices.BinarySearchFunc(t.places, at, func(p *Place, at correlate.Place) int {
		return cmp.Or(cmp.Compare(p.Service, at.Service), cmp.Compare(p.Environment, at.Environment))
	})
	t.places = slices.Insert(t.places, n, p)
	t.at[at] = p
	return p
}
