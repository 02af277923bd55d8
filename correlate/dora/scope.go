package dora

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// place is where something happened and whose it is.
type place struct{ service, environment, team string }

// group identifies one group of a report.
type group struct{ name, service, environment string }

func placeOf(c *correlate.ChangeRecord) place {
	return place{c.Service, c.Environment, c.Team}
}

// environment is the one environment that the report covers, "" for all.
func (q Query) environment() string {
	if q.Environment == "" && q.By != ByEnvironment && q.By != ByServiceEnvironment {
		return correlate.DefaultEnvironment
	}
	return q.Environment
}

func (q Query) covers(p place) bool {
	e := q.environment()
	return (q.Service == "" || q.Service == p.service) &&
		(e == "" || e == p.environment) &&
		(q.Team == "" || q.Team == p.team)
}

// elsewhere: a place is left out only because the query names no environment.
func (q Query) elsewhere(p place) bool {
	named := q
	named.Environment = p.environment
	return q.Environment == "" && !q.covers(p) && named.covers(p)
}

func (q Query) within(t time.Time) bool {
	return !t.Before(q.From) && t.Before(q.To)
}

// groups are the groups that a place counts in.
func (q Query) groups(p place) []group {
	service := named(p.service)
	switch q.By {
	case ByService:
		return []group{{service, service, ""}}
	case ByTeam:
		return []group{{named(p.team), "", ""}}
	case ByEnvironment:
		return []group{{p.environment, "", p.environment}}
	case ByServiceEnvironment:
		return []group{
			{p.environment, "", p.environment},
			{p.environment + "/" + service, service, p.environment},
		}
	}
	return nil
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
