package cells

import (
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Met is the place whose telemetry a name means, as far as it came before an instant. A service is shown with its namespace,
// as namespace/name, only where its name is in use in several; who reports a change mostly knows the name alone. So
//
//  1. telemetry under the very name is meant, whatever else there is;
//  2. else by namespace/name that of the name without one;
//  3. else by a name that of the only namespace in which it is in use. Of several none is: it may be another service.
func Met(st *Store, p correlate.Place, by int64) correlate.Place {
	if st.services[p].heard(by) {
		return p
	}
	if bare, spaced := bareOf(p); spaced {
		if st.services[bare].heard(by) {
			return bare
		}
		return p
	}
	met, found := p, 0
	for _, o := range st.namesakes[p] {
		if st.services[o].heard(by) {
			met, found = o, found+1
		}
	}
	if found != 1 {
		return p
	}
	return met
}

// bareOf is a place without the namespace of its service, if that has one.
func bareOf(p correlate.Place) (bare correlate.Place, spaced bool) {
	i := strings.LastIndexByte(p.Service, '/')
	return correlate.Place{Service: p.Service[i+1:], Environment: p.Environment}, i >= 0
}

// namesakes are the known places under a namespace by the name without it, so that looking one up takes as long as there are
// namespaces that use the name.
type namesakes map[correlate.Place][]correlate.Place

func (n namesakes) add(p correlate.Place) {
	if bare, spaced := bareOf(p); spaced {
		n[bare] = append(n[bare], p)
	}
}

func (n namesakes) remove(p correlate.Place) {
	bare, _ := bareOf(p)
	rest := slices.DeleteFunc(n[bare], func(o correlate.Place) bool { return o == p })
	if n[bare] = rest; len(rest) == 0 {
		delete(n, bare)
	}
}

// heard says that a service itself told anything before an instant. It may be nil.
func (s *Service) heard(by int64) bool {
	if s == nil {
		return false
	}
	for _, str := range s.streams {
		if str.BeganBefore(by) {
			return true
		}
	}
	return false
}
