package dora

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/labels"
)

// Scope says what is counted. What is zero doesn't restrict; NoGroup asks for what has none. An incident is of the class, the
// kind and the labels of the change that is held responsible for it.
type Scope struct {
	Service string `json:"service,omitempty"`
	// An empty Environment is production, unless the report is split by environment.
	Environment string         `json:"environment,omitempty"`
	Team        string         `json:"team,omitempty"`
	System      string         `json:"system,omitempty"` // see LabelSystem
	Class       Class          `json:"class,omitempty"`
	Kind        correlate.Kind `json:"kind,omitempty"`
	Labels      []Label        `json:"labels,omitempty"` // all of them, each name once
}

// Label is a label of a change with its value.
type Label struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// NoGroup is the name of the group of what has no service, no team, no system, no class, no kind or no such label.
const NoGroup = "(none)"

// LabelSystem is the label of a change that names the system, or product, that its service is a part of.
const LabelSystem = "system"

// Class is how much is asked before a change is made, as change management has it.
type Class string

// The classes, by the label class of a change; a hotfix is an emergency.
const (
	ClassStandard  Class = "standard"
	ClassNormal    Class = "normal"
	ClassEmergency Class = "emergency"
)

// Classes lists every Class.
func Classes() []Class { return []Class{ClassStandard, ClassNormal, ClassEmergency} }

// classOf is the class of a change, "" when its label names none.
func classOf(all map[string]string) Class {
	class := Class(strings.ToLower(all[LabelClass]))
	switch {
	case slices.Contains(Classes(), class):
		return class
	case class == ClassHotfix:
		return ClassEmergency
	}
	return ""
}

// place is where something happened, whose it is, and of what sort.
type place struct {
	service, environment string
	traits
}

// owner is whose something is.
type owner struct{ team, system string }

func ownerOf(c *correlate.ChangeRecord) owner { return owner{c.Team, c.Labels[LabelSystem]} }

// or fills in what an owner doesn't tell.
func (o owner) or(other owner) owner {
	return owner{cmp.Or(o.team, other.team), cmp.Or(o.system, other.system)}
}

// traits are what a change is told apart by besides its place.
type traits struct {
	owner
	class  Class
	kind   correlate.Kind
	labels labels.Set
}

// traitsOf are those of a change, with such labels as are kept.
func traitsOf(c *correlate.ChangeRecord, kept func(name, value string) bool) traits {
	return traits{ownerOf(c), classOf(c.Labels), c.Kind, labels.Of(c.Labels, kept)}
}

// group identifies one group of a report.
type group struct{ name, service, environment string }

func (g group) compare(o group) int {
	return cmp.Or(cmp.Compare(g.name, o.name), cmp.Compare(g.environment, o.environment), cmp.Compare(g.service, o.service))
}

// placeOf is the place of a change, with the labels that the query asks for.
func (q Query) placeOf(c *correlate.ChangeRecord) place {
	return place{c.Service, c.Environment, traitsOf(c, func(name, _ string) bool { return q.asks(name) })}
}

// asks says whether a report hangs on a label.
func (q Query) asks(label string) bool {
	by, split := q.By.Label()
	return split && by == label || slices.ContainsFunc(q.Labels, func(l Label) bool { return l.Name == label })
}

// environment is the one environment that the report covers, "" for all.
func (q Query) environment() string {
	if q.Environment == "" && q.By != ByEnvironment && q.By != ByServiceEnvironment {
		return correlate.DefaultEnvironment
	}
	return q.Environment
}

func (q Query) covers(p place) bool {
	return q.coversSite(site{p.service, p.environment}) && q.coversTraits(&p.traits)
}

func (q Query) coversSite(s site) bool {
	return is(q.Service, s.service) && is(q.environment(), s.environment)
}

func (q Query) coversTraits(t *traits) bool {
	return is(q.Team, t.team) && is(q.System, t.system) && is(q.Class, t.class) && is(q.Kind, t.kind) &&
		!slices.ContainsFunc(q.Labels, func(l Label) bool { return !is(l.Value, t.labels.Value(l.Name)) })
}

// is says whether a value is what was asked for.
func is[T ~string](asked, value T) bool {
	return asked == "" || asked == value || asked == NoGroup && value == ""
}

// elsewhere: a place is left out only because the query names no environment.
func (q Query) elsewhere(p place) bool {
	return q.Environment == "" && !is(q.environment(), p.environment) && is(q.Service, p.service) && q.coversTraits(&p.traits)
}

func (q Query) within(t time.Time) bool {
	return !t.Before(q.From) && t.Before(q.To)
}

// groups are the groups that a place counts in.
func (q Query) groups(p place) []group {
	service := named(p.service)
	switch q.By {
	case ByNothing:
		return nil
	case ByService:
		return []group{{service, service, ""}}
	case ByEnvironment:
		return []group{{p.environment, "", p.environment}}
	case ByServiceEnvironment:
		return []group{
			{p.environment, "", p.environment},
			{p.environment + "/" + service, service, p.environment},
		}
	}
	return []group{{q.trait(&p.traits), "", ""}}
}

// trait is the group of a report that is split by what a change is besides its place.
func (q Query) trait(t *traits) string {
	switch q.By {
	case ByTeam:
		return named(t.team)
	case BySystem:
		return named(t.system)
	case ByClass:
		return named(string(t.class))
	case ByKind:
		return named(string(t.kind))
	}
	name, _ := q.By.Label()
	return named(t.labels.Value(name))
}

// days is the length of the part of the window that has passed.
func (q Query) days(asOf time.Time) float64 {
	to := q.To
	if asOf.Before(to) {
		to = asOf
	}
	return to.Sub(q.From).Hours() / 24
}

func named(s string) string {
	if s == "" {
		return NoGroup
	}
	return s
}
