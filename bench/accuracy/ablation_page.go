package accuracy

import (
	"fmt"
	"slices"
	"strings"
)

// gain is what a guard, or several, changed in the cases of some sets: the figures with it and without.
type gain struct {
	with, without Sum
	mattered      int // in how many cases it made a difference to anything
	driven        int // how many of them were driven without it
	changed       int // in how many of those any figure is another one without it
}

// gains compares the cases that are known with and without some guards.
func gains(all []Ablated, without string, of func(set string) bool) (g gain) {
	full := map[string]Ablated{}
	for _, a := range all {
		if a.Without == "" && of(a.Set) {
			full[a.Case] = a
			g.mattered += one(without == "" || slices.ContainsFunc(strings.Split(without, ","), func(name string) bool { return slices.Contains(a.Asked, name) }))
		}
	}
	for _, a := range all {
		if b, known := full[a.Case]; known && a.Without == without {
			g.with.add(b.Sum)
			g.without.add(a.Sum)
			g.driven++
			g.changed += one(a.Sum != b.Sum)
		}
	}
	return g
}

// String is the cells of a row: what is gained by the guard.
func (g gain) String() string {
	more := func(with, without int) string {
		if with == without {
			return "·"
		}
		return fmt.Sprintf("%+d", with-without)
	}
	later := "·"
	if d := g.with.delay() - g.without.delay(); d >= 0.5 || d <= -0.5 {
		later = fmt.Sprintf("%+.0f", d)
	}
	w, o := &g.with, &g.without
	return fmt.Sprintf("%d | %d | %d | %s | %s | %s | %s | %s | %s", g.mattered, g.driven, g.changed, more(w.Found, o.Found), more(w.Alarms, o.Alarms),
		more(w.Cleared, o.Cleared), more(w.FalselyClear, o.FalselyClear), more(w.First, o.First), later)
}

// Gained is what a guard, or a list of several, gains over all sets, by how much more of each figure there is with it.
type Gained struct {
	Name                                        string
	Found, Alarms, Cleared, FalselyClear, First int
}

// Gains are those of every guard, and of the lists of several that were switched off together.
func Gains(all []Ablated) (out []Gained) {
	var names []string
	for _, g := range Guards() {
		names = append(names, g.Name)
	}
	for _, name := range append(names, combinations(all)...) {
		g := gains(all, name, func(string) bool { return true })
		w, o := &g.with, &g.without
		out = append(out, Gained{
			name, w.Found - o.Found, w.Alarms - o.Alarms, w.Cleared - o.Cleared, w.FalselyClear - o.FalselyClear, w.First - o.First,
		})
	}
	return out
}

// AblationPage is the table of what each guard gains, as Markdown.
func AblationPage(all []Ablated) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	groups := []struct {
		name string
		of   func(string) bool
	}{
		{"Generator and A/A", func(set string) bool { return set == "generator" || set == "A/A" }},
		{"Corpora", func(set string) bool { return set != "generator" && set != "A/A" }},
	}
	for _, group := range groups {
		base := gains(all, "", group.of)
		say("\n## %s\n", group.name)
		say("%d cases. With all guards: %d of %d bad changes found, on average after %.0f s; %d of %d healthy ones ever called regressed, %d end healthy; "+
			"%d bad ones end healthy; the culprit is the first in %d of %d.\n", base.driven, base.with.Found, base.with.Bad, base.with.delay(),
			base.with.Alarms, base.with.Healthy, base.with.Cleared, base.with.FalselyClear, base.with.First, base.with.Ranked)
		say("| guard | what it does | cases in which it speaks | judged without it | outcomes that change | found | alarms | healthy | bad ones healthy | culprit first | delay, s |")
		say("|---|---|---|---|---|---|---|---|---|---|---|")
		for _, g := range Guards() {
			say("| %s/%s | %s | %s |", g.Package, g.Name, g.What, gains(all, g.Name, group.of))
		}
		for _, several := range combinations(all) {
			say("| %s | all of these | %s |", strings.ReplaceAll(several, ",", ", "), gains(all, several, group.of))
		}
	}
	return b.String()
}

// combinations are the lists of several guards that were switched off together.
func combinations(all []Ablated) (lists []string) {
	for _, a := range all {
		if strings.Contains(a.Without, ",") && !slices.Contains(lists, a.Without) {
			lists = append(lists, a.Without)
		}
	}
	return lists
}
