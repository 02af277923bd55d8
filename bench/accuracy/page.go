package accuracy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Page is the results as Markdown.
func (o *Outcome) Page() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }

	say("| figure | value | target | |\n|---|---|---|---|")
	for _, f := range o.Figures() {
		sign, verdict := "≥", "reached"
		if f.AtMost {
			sign = "≤"
		}
		if !f.OnTarget() {
			verdict = "**missed**"
		}
		say("| %s | %s | %s %g | %s |", f.What, number(f.Value), sign, f.Target, verdict)
	}

	say("\n## By kind\n")
	say("| kind | what | bad | healthy | precision | recall | F1 | FPR | false healthy | coverage | TTD median, s | p90, s |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, k := range kinds() {
		if k.truth != neither {
			o.row(&b, k.name, k.what, Of(k.name))
		}
	}
	o.row(&b, "**all**", "", func(*Judged) bool { return true })
	o.row(&b, "plain faults at ≥ 20 rps", "errors × ≥ 3 or latency × ≥ 1.5 from the beginning, and all healthy changes", Plain)

	say("\n## By load and control\n")
	say("What a change can be compared with: the old *versions* for a quarter of an hour, the *days* before, or only the *hours* before.\n")
	say("| load | control | bad | healthy | recall | FPR | bad ones called healthy | healthy ones called healthy |\n|---|---|---|---|---|---|---|---|")
	for _, load := range [...]struct {
		name      string
		low, high float64
	}{{"below 2 rps", 0, 2}, {"2–20", 2, 20}, {"20–200", 20, 200}, {"200 and more", 200, 1e9}} {
		for _, control := range placeboControls() {
			s := Tally(o.Changes, func(j *Judged) bool { return j.RPS >= load.low && j.RPS < load.high && j.Control == control })
			if s.Bad+s.Healthy > 0 {
				say("| %s | %s | %d | %d | %s | %s | %s | %s |", load.name, control, s.Bad, s.Healthy,
					number(s.Recall()), number(s.FPR()), number(s.FalseHealthy()), number(s.Cleared()))
			}
		}
	}

	say("\n## Whose fault\n\nCases with a fault and several changes. A fault that wasn't found has no culprit.\n")
	say("| kind | cases | HR@1 | HR@3 | mean rank |\n|---|---|---|---|---|")
	for _, kind := range append([]string{""}, Kinds()...) {
		k := Rank(o.Results, func(r *Result) bool { return ranked(r) && (kind == "" || r.Kind == kind) })
		if k.Cases > 0 {
			say("| %s | %d | %s | %s | %s |", cmp.Or(kind, "**all**"), k.Cases, number(k.HR1), number(k.HR3), number(k.Mean))
		}
	}

	say("\n## Misses\n")
	o.misses(&b)
	o.placebos(&b)
	return b.String()
}

func (o *Outcome) row(b *strings.Builder, name, what string, chosen func(*Judged) bool) {
	s := Tally(o.Changes, chosen)
	fmt.Fprintf(b, "| %s | %s | %d | %d | %s | %s | %s | %s | %s | %s | %s | %s |\n", name, what, s.Bad, s.Healthy,
		number(s.Precision()), number(s.Recall()), number(s.F1()), number(s.FPR()), number(s.FalseHealthy()), number(s.Coverage()),
		number(s.Detected(0.5)), number(s.Detected(0.9)))
}

// miss is a way of being wrong.
type miss struct {
	kind    string
	bad     bool
	outcome correlate.Outcome
	reason  correlate.Reason
	grade   correlate.Grade
}

// missed says whether a change counts among the misses: bad and not found, or healthy and called regressed.
func missed(j *Judged) bool {
	if j.Silent {
		return j.Outcome != correlate.Inconclusive
	}
	return j.Bad != (j.Outcome == correlate.Regressed)
}

// misses is a table of what went wrong: how often, and with what in common.
func (o *Outcome) misses(b *strings.Builder) {
	found := map[miss][]*Judged{}
	for i := range o.Changes {
		if j := &o.Changes[i]; missed(j) {
			m := miss{j.Kind, j.Bad, j.Outcome, j.Reason, j.Grade}
			found[m] = append(found[m], j)
		}
	}
	order := map[string]int{}
	for i, k := range Kinds() {
		order[k] = i
	}
	ways := slices.SortedFunc(maps.Keys(found), func(x, y miss) int {
		return cmp.Or(cmp.Compare(order[x.kind], order[y.kind]), cmp.Compare(len(found[y]), len(found[x])),
			cmp.Compare(x.reason, y.reason), cmp.Compare(x.grade, y.grade), cmp.Compare(fmt.Sprint(x.bad), fmt.Sprint(y.bad)))
	})
	fmt.Fprintln(b, "| kind | truth | called | reason | grade | changes | at ≥ 20 rps | plain | for example (seed: effect) |\n|---|---|---|---|---|---|---|---|---|")
	for _, m := range ways {
		truth, busy, plain := "healthy", 0, 0
		if m.bad {
			truth = "bad"
		}
		var examples []string
		for _, j := range found[m] {
			busy, plain = busy+one(j.RPS >= 20), plain+one(Plain(j))
			if len(examples) < 4 {
				examples = append(examples, fmt.Sprintf("%d: %s", j.Seed, j.Effect))
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %d | %d | %d | %s |\n", m.kind, truth, m.outcome, m.reason, cmp.Or(string(m.grade), "–"),
			len(found[m]), busy, plain, strings.Join(examples, "; "))
	}
}

// placebos is the A/A table.
func (o *Outcome) placebos(b *strings.Builder) {
	fmt.Fprint(b, "\n## A/A\n\nPseudo-changes of services to which nothing happens, looked at after every bucket for an hour.\n\n")
	fmt.Fprintln(b, "| noise | compared with | pseudo-changes | ever called regressed | share | so in the end | healthy in the end |\n|---|---|---|---|---|---|---|")
	var all Placebo
	for _, p := range append(slices.Clone(o.Placebos), Placebo{}) {
		if p.Noise == "" {
			p = all
			p.Noise = "**all**"
		} else {
			all.Changes, all.Alarmed = all.Changes+p.Changes, all.Alarmed+p.Alarmed
			all.Regressed, all.Clear = all.Regressed+p.Regressed, all.Clear+p.Clear
		}
		fmt.Fprintf(b, "| %s | %s | %d | %d | %.2f %% | %d | %s |\n", p.Noise, p.Control, p.Changes, p.Alarmed,
			100*ratio(p.Alarmed, p.Changes), p.Regressed, number(ratio(p.Clear, p.Changes)))
	}
}
