package observe

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
)

// named is how many other places are named where telemetry of one lacks.
const named = 5

// Alike are the places of which telemetry came before an instant, sorted and at most a few, that may be meant by the name of
// another one: the same service in another environment, or under another namespace, whatever the case of the letters.
func Alike(st *cells.Store, p correlate.Place, by int64) (alike []correlate.Place) {
	for _, o := range st.Places() {
		if o != p && len(alike) < named && sameService(o.Service, p.Service) && st.Service(o).Requested(by) {
			alike = append(alike, o)
		}
	}
	return alike
}

// sameService says that two names may be of one service: a namespace that both tell is the same.
func sameService(a, b string) bool {
	spaceA, nameA := apart(a)
	spaceB, nameB := apart(b)
	return strings.EqualFold(nameA, nameB) && (spaceA == "" || spaceB == "" || strings.EqualFold(spaceA, spaceB))
}

// apart is the namespace and the name of a service.
func apart(service string) (namespace, name string) {
	if i := strings.LastIndexByte(service, '/'); i >= 0 {
		return service[:i], service[i+1:]
	}
	return "", service
}
