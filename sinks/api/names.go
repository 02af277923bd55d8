package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Names is the answer of /api/v1/names: which names of changes and incidents meet those of telemetry, and which don't.
type Names struct {
	// Met is how many places are named by both.
	Met int `json:"met"`
	// Told are those of the newest changes and incidents that telemetry doesn't name, sorted; Heard those the other way round.
	Told  []Unmet `json:"told"`
	Heard []Unmet `json:"heard"`
	// Unknown says that the engine is busy, so that nobody can say now what telemetry names.
	Unknown bool `json:"unknown,omitempty"`
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

// mostTold is how many of the newest changes, and of the newest incidents, are looked at for their names.
const mostTold = 1000

func (s *sink) names(ctx context.Context, _ *parameters) (any, error) {
	told, err := s.places(ctx, correlate.Place{}, false, mostTold)
	if err != nil {
		return nil, err
	}
	heard := s.reader.Heard(ctx)
	answer := Names{Told: []Unmet{}, Heard: []Unmet{}, Unknown: heard == nil}
	if answer.Unknown {
		return answer, nil
	}
	ofTold, ofHeard := named(told), named(heard)
	for _, p := range slices.SortedFunc(maps.Keys(ofTold), correlate.Place.Compare) {
		switch {
		case ofHeard[p]:
			answer.Met++
		default:
			answer.Told = append(answer.Told, Unmet{p.Service, p.Environment, nearby(p, ofHeard, ruleTo)})
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(ofHeard), correlate.Place.Compare) {
		if !ofTold[p] {
			answer.Heard = append(answer.Heard, Unmet{p.Service, p.Environment, nearby(p, ofTold, ruleFrom)})
		}
	}
	return answer, nil
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
	for _, service := range near(p.Service, slices.Sorted(maps.Keys(services))) {
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
