package names

import (
	"fmt"

	"github.com/shipwake/shipwake/correlate"
)

// Apply calls the services, environments and versions of facts by their names, and leaves out what happened in a preview.
// When that leaves nothing, ignored says why. The facts are copied, not changed.
func (r *Rules) Apply(facts []correlate.Fact) (kept []correlate.Fact, ignored string) {
	for _, f := range facts {
		named, environment, tier := r.fact(f)
		if tier == Preview {
			ignored = fmt.Sprintf("the environment %q is a preview, which reaches no users", environment)
			continue
		}
		kept = append(kept, named)
	}
	if len(kept) > 0 {
		ignored = ""
	}
	return kept, ignored
}

// fact is a fact with its names, and where it happened.
func (r *Rules) fact(f correlate.Fact) (named correlate.Fact, environment string, tier Tier) {
	if f.Change != nil {
		c := *f.Change
		c.Service = r.Service(c.Service)
		c.Digest = r.digestOf(c.Digest, c.Version)
		c.Version, c.PreviousVersion = r.Version(c.Version), r.Version(c.PreviousVersion)
		c.Environment, tier = r.Environment(c.Environment)
		named.Change, environment = &c, c.Environment
	}
	if f.Incident != nil {
		i := *f.Incident
		i = r.incidentOf(i)
		i.Environment, tier = r.Environment(i.Environment)
		named.Incident, environment = &i, i.Environment
	}
	if f.Check != nil {
		c := *f.Check
		if c.Service != "" {
			c.Service = r.Service(c.Service)
		}
		c.Version = r.Version(c.Version)
		c.Environment, tier = r.Environment(c.Environment)
		named.Check, environment = &c, c.Environment
	}
	if f.Note != nil {
		named.Note = f.Note
	}
	return named, environment, tier
}

// incidentOf gives an incident the names of its services. Those that are one by the rules are one.
func (r *Rules) incidentOf(i correlate.Incident) correlate.Incident {
	var services []string
	for _, told := range i.About() {
		services = append(services, r.Service(told))
	}
	return i.Of(services...)
}

// digestOf is the digest that a change tells, or else the one that is left out of its version when that is read.
func (r *Rules) digestOf(told, version string) string {
	if told != "" || !r.readVersions {
		return told
	}
	if digest := Digest(version); digest != Version(version) {
		return digest
	}
	return ""
}
