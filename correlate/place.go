package correlate

import (
	"cmp"
	"strings"
	"time"
)

// Place is a service in an environment: the unit that changes and is judged.
type Place struct{ Service, Environment string }

// Compare orders places by service, then by environment.
func (p Place) Compare(o Place) int {
	return cmp.Or(strings.Compare(p.Service, o.Service), strings.Compare(p.Environment, o.Environment))
}

// GoesBy says that a service goes by a name: it has the name, or has it in a namespace, as namespace/name.
func GoesBy(service, name string) bool {
	return service == name || (!strings.Contains(name, "/") && strings.HasSuffix(service, "/"+name))
}

// PlaceTime is a place at an instant.
type PlaceTime struct {
	Place
	At time.Time
}
