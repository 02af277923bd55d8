package reduce

import "github.com/shipwake/shipwake/correlate"

// bare is a service's name in an environment, in whichever namespace.
type bare struct{ service, environment string }

// namespaces is in which namespaces each name is in use. A service is its namespace and its name together
// (service.namespace, service.name). What deploys it mostly knows the name alone, so it is shown by that as long as the name
// is in use in one namespace; in several, each is shown as namespace/name. A sender that tells no namespace, as a connector
// or an agent, is of the only one there is. Which of them came first doesn't matter: names are given when cells are drained,
// by what is known then.
type namespaces map[bare]map[string]int

func (all namespaces) add(p place) {
	if p.namespace == "" {
		return
	}
	b := bare{p.service, p.environment}
	if all[b] == nil {
		all[b] = map[string]int{}
	}
	all[b][p.namespace]++
}

func (all namespaces) remove(p place) {
	if p.namespace == "" {
		return
	}
	b := bare{p.service, p.environment}
	if all[b][p.namespace]--; all[b][p.namespace] == 0 {
		delete(all[b], p.namespace)
	}
	if len(all[b]) == 0 {
		delete(all, b)
	}
}

// ambiguous are the names that are in use in several namespaces.
func (all namespaces) ambiguous() ambiguous {
	found := ambiguous{}
	for b, known := range all {
		if len(known) > 1 {
			found[b] = true
		}
	}
	return found
}

type ambiguous map[bare]bool

// shown is the name of a service.
func (names ambiguous) shown(p place) string {
	if p.namespace == "" || !names[bare{p.service, p.environment}] {
		return p.service
	}
	return p.namespace + "/" + p.service
}

// joined adds up neighbours of one key and start: what a service told with and without its namespace.
func joined(sorted []correlate.Measurement) []correlate.Measurement {
	kept := sorted[:0]
	for i := range sorted {
		if n := len(kept); n > 0 && kept[n-1].Start == sorted[i].Start && kept[n-1].Key == sorted[i].Key {
			kept[n-1].Merge(sorted[i].Cell)
			continue
		}
		kept = append(kept, sorted[i])
	}
	return kept
}
