package cells

import (
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
	if i := strings.LastIndexByte(p.Service, '/'); i >= 0 {
		if bare := (correlate.Place{Service: p.Service[i+1:], Environment: p.Environment}); st.services[bare].heard(by) {
			return bare
		}
		return p
	}
	met, found := p, 0
	for o, s := range st.services {
		if o.Environment == p.Environment && strings.HasSuffix(o.Service, "/"+p.Service) && s.heard(by) {
			met, found = o, found+1
		}
	}
	if found != 1 {
		return p
	}
	return met
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
