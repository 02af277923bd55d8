package accuracy

import (
	"context"
	"fmt"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Placebo is a row of the A/A table: changes that change nothing, and how often they were called regressed.
type Placebo struct {
	Noise, Control   string
	Changes          int
	Alarmed          int // at some time
	Regressed, Clear int // in the end: regressed, healthy
}

// Calm is how a service is when nothing changes, by name: the columns of the A/A table.
func placeboNoises() []string { return []string{"iid", "over-dispersed", "diurnal"} }

func placeboControls() []string { return []string{"versions", "days", "hours"} }

// placeboRows are the rows of the A/A table. A value is compared with the days before, or with the other version's.
func placeboRows() (rows []Placebo) {
	for _, noise := range placeboNoises() {
		for _, control := range placeboControls() {
			rows = append(rows, Placebo{Noise: noise, Control: control})
		}
	}
	for _, noise := range valueNoises() {
		rows = append(rows, Placebo{Noise: noise, Control: "days"}, Placebo{Noise: noise, Control: "versions"})
	}
	return rows
}

// chain is how many placebos one service goes through, one after the other, where nothing needs to be taken back.
const chain = 8

// Placebos judges at least so many pseudo-changes, in equal parts of every noise and control. The engine looks at each
// of them after every bucket.
func Placebos(ctx context.Context, seed uint64, count int) ([]Placebo, error) {
	type job struct {
		row  int
		seed uint64
	}
	var rows []Placebo
	var jobs []job
	for _, row := range placeboRows() {
		rows = append(rows, row)
		for n := 0; n*len(placeboRows()) < count; n += links(row.Control) {
			jobs = append(jobs, job{len(rows) - 1, seed + uint64(n)})
		}
	}
	results, err := each(ctx, len(jobs), func(i int) Result {
		row := &rows[jobs[i].row]
		return Drive(placebo(row.Noise, row.Control, jobs[i].seed))
	})
	for i, r := range results {
		row := &rows[jobs[i].row]
		for _, j := range Changes([]Result{r}) {
			row.Changes++
			row.Alarmed += one(j.Alarmed)
			row.Regressed += one(j.Outcome == correlate.Regressed)
			row.Clear += one(j.Outcome == correlate.Healthy)
		}
	}
	return rows, err
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func links(control string) int {
	if control == "versions" {
		return 1
	}
	return chain
}

// placebo is a service to which nothing happens, and changes that are said to have happened.
func placebo(noiseName, control string, seed uint64) Case {
	name := "placebo " + noiseName + " " + control
	r := seeded(name, seed)
	sc := scene{rps: choose(r, 2.0, 20, 20, 200), noise: func(random) noise { return noise{burst: 1} }, day: 0.001, past: baseline}
	switch noiseName {
	case "over-dispersed":
		sc.noise = wild
	case "diurnal":
		sc.noise, sc.day, sc.steep = usual, r.between(0.6, 1.1), true
	}
	if control == "days" {
		sc.past = 2*86400 + 7200
	}
	valued := slices.Contains(valueNoises(), noiseName)
	if valued {
		sc.past = 5*86400 + 7200
	}
	w, s := shop(r, sc)
	if noiseName == "iid" {
		s.busier, s.season.weekend = 0, 0
	}
	s.moods.blips = 0 // a blip is something that happens
	s.calls, s.logs, s.failures, s.memory, s.versions = nil, 0, nil, 0, control == "versions"
	w.services = []*service{s}
	if valued {
		s.values, s.unserved = []*value{newValue(r, "kpi", noiseName)}, true
	}
	c := Case{Kind: name, Seed: seed}
	for i := range links(control) {
		p := pace{}
		if s.versions {
			p = heldBack(r)
		}
		o := w.release(s, fmt.Sprintf("placebo-%d", i), w.change+int64(i)*(window+600), p, harm{})
		o.calm()
		c.Changes = append(c.Changes, Label{ID: o.id, Start: o.start, RPS: s.rps, Control: control, Plain: true, Effect: "none"})
	}
	w.tell(&c)
	return c
}

// calm takes everything out of a rollout that can be noticed.
func (o *rollout) calm() {
	o.cold, o.careless, o.other = 0, 0, 1
	for i := range o.steps {
		o.old[i], o.fresh[i] = 1, 1
	}
}
