package names

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Measurements calls the services, environments and versions of measurements by their names, in place, and sorts them by
// key and start again. Two that get one key and start stay two, to be added up. What happened in a preview stays: it is
// nowhere compared with anything else.
func (r *Rules) Measurements(all []correlate.Measurement) {
	n := &namer{rules: r, services: map[string]string{}, environments: map[string]string{}, versions: map[string]string{}}
	moved := false
	for i := range all {
		told := all[i].Key
		all[i].Key = n.key(told)
		moved = moved || all[i].Key != told
	}
	if moved {
		slices.SortStableFunc(all, func(a, b correlate.Measurement) int {
			return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Start, b.Start))
		})
	}
}

// namer remembers names, of which measurements repeat few, mostly those of the one before.
type namer struct {
	rules                            *Rules
	services, environments, versions map[string]string
	told, named                      correlate.Key
}

func (n *namer) key(k correlate.Key) correlate.Key {
	if k.Service != n.told.Service || k.Environment != n.told.Environment || k.Version != n.told.Version {
		n.told = k
		n.named.Service = known(n.services, k.Service, n.rules.Service)
		n.named.Environment = known(n.environments, k.Environment, n.environment)
		n.named.Version = known(n.versions, k.Version, n.rules.Version)
	}
	k.Service, k.Environment, k.Version = n.named.Service, n.named.Environment, n.named.Version
	switch k.Kind {
	case correlate.Edge, correlate.Trace: // the name is the version of the other service
		k.Peer = known(n.services, k.Peer, n.rules.Service)
		k.Name = known(n.versions, k.Name, n.rules.Version)
	}
	return k
}

func (n *namer) environment(told string) string {
	name, _ := n.rules.Environment(told)
	return name
}

func known(names map[string]string, told string, name func(string) string) string {
	found, ok := names[told]
	if !ok {
		found = name(told)
		names[told] = found
	}
	return found
}
