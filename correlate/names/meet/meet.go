// Package meet answers: which names of changes and incidents does telemetry have too, and what may the others mean?
//
// A change is judged by the telemetry of its service and environment, so a name that only one side has is a change that nobody
// can judge. Beside each such name stand the nearest of the other side, with the rule under names that makes one of the two.
package meet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Names says which places meet.
type Names struct {
	// Met is how many places are named by both.
	Met int `json:"met"`
	// Told are those of the newest changes and incidents that telemetry doesn't name, sorted; Heard those the other way round.
	Told  []Unmet `json:"told"`
	Heard []Unmet `json:"heard"`
}

// Unmet is a place that only one side names.
type Unmet struct {
	Service     string `json:"service"`
	Environment string `json:"environment"`
	// Near are places of the other side that may be meant, the nearest first.
	Near []Nearby `json:"near,omitempty"`
}

// Nearby is a place that may be meant, with the rule under names that makes one of the two.
type Nearby struct {
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Rule        string `json:"rule"`
}

// Compare compares the places of which changes and incidents are told with those of which telemetry is heard. Those without a
// name, and what was left over when there was no room for more names, are left out.
func Compare(told, heard []correlate.Place) Names {
	ofTold, ofHeard := named(told), named(heard)
	all := Names{Told: unmet(ofTold, ofHeard, ruleTo), Heard: unmet(ofHeard, ofTold, ruleFrom)}
	all.Met = len(ofTold) - len(all.Told)
	return all
}

// unmet are the places of one side that the other doesn't name.
func unmet(of, others map[correlate.Place]bool, rule func(p, other correlate.Place) string) []Unmet {
	all := []Unmet{}
	for _, p := range slices.SortedFunc(maps.Keys(of), correlate.Place.Compare) {
		if !others[p] {
			all = append(all, Unmet{p.Service, p.Environment, nearby(p, others, rule)})
		}
	}
	return all
}

// named are places that name a service.
func named(places []correlate.Place) map[correlate.Place]bool {
	all := map[correlate.Place]bool{}
	for _, p := range places {
		if p.Service != "" && p.Service != correlate.Overflow {
			all[p] = true
		}
	}
	return all
}

// nearby are the places that a name may be meant for: the same service elsewhere, and services in the same environment whose
// names are near.
func nearby(p correlate.Place, others map[correlate.Place]bool, rule func(p, other correlate.Place) string) []Nearby {
	var elsewhere []string
	services := map[string]bool{}
	for o := range others {
		switch {
		case o.Service == p.Service:
			elsewhere = append(elsewhere, o.Environment)
		case o.Environment == p.Environment:
			services[o.Service] = true
		}
	}
	slices.Sort(elsewhere)
	var all []Nearby
	for _, environment := range elsewhere[:min(len(elsewhere), mostNear)] {
		o := correlate.Place{Service: p.Service, Environment: environment}
		all = append(all, Nearby{o.Service, o.Environment, rule(p, o)})
	}
	for _, service := range Near(p.Service, slices.Sorted(maps.Keys(services))) {
		o := correlate.Place{Service: service, Environment: p.Environment}
		all = append(all, Nearby{o.Service, o.Environment, rule(p, o)})
	}
	return all[:min(len(all), mostNear)]
}

// ruleTo makes the name of a place that of another, in YAML below names.
func ruleTo(p, other correlate.Place) string {
	kind, is, name := "services", p.Service, other.Service
	if p.Service == other.Service {
		kind, is, name = "environments", p.Environment, other.Environment
	}
	return fmt.Sprintf("%s: [{is: [%s], name: %s}]", kind, quoted(is), quoted(name))
}

// ruleFrom makes the name of the other place that of the first: telemetry is called what it is called.
func ruleFrom(p, other correlate.Place) string { return ruleTo(other, p) }

// quoted is a name for YAML: bare where nothing in it means more.
func quoted(name string) string {
	plain := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == ""
	first := cmp.Or(name, "-")[0]
	if plain && (first >= 'a' && first <= 'z' || first >= 'A' && first <= 'Z') {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", "''") + "'"
}
