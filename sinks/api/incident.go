package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
)

// incidentsSaid adds to incidents why nobody is held responsible for them. Other reports of one are left out.
func (s *sink) incidentsSaid(ctx context.Context, found []correlate.IncidentRecord) (Incidents, error) {
	found = slices.DeleteFunc(found, func(i correlate.IncidentRecord) bool { return i.MergedInto != "" })
	answer := Incidents{make([]Incident, len(found))}
	elsewhere := map[string]string{}
	for i, record := range found {
		answer.Incidents[i] = Incident{record, words.Unlinked(record)}
		if !words.Unanswered(record) {
			continue
		}
		where, err := s.elsewhere(ctx, record.About(), elsewhere)
		if err != nil {
			return Incidents{}, err
		}
		if where == "" {
			answer.Incidents[i].Unlinked = fmt.Sprintf("no change of %s is known in any environment", words.EitherOf(clipped(record.About())))
			continue
		}
		answer.Incidents[i].Unlinked += "; changes of " + where
	}
	return answer, nil
}

// elsewhere says of services in which environments changes of them are known; "" when none are.
func (s *sink) elsewhere(ctx context.Context, services []string, asked map[string]string) (string, error) {
	var all []string
	for _, service := range services[:min(len(services), mostNames)] {
		where, known := asked[service]
		if !known {
			var err error
			if where, err = s.environmentsOf(ctx, service); err != nil {
				return "", err
			}
			asked[service] = where
		}
		switch {
		case where == "":
		case len(services) == 1:
			return "it are known in " + where, nil
		default:
			all = append(all, clip(service)+" are known in "+where)
		}
	}
	return strings.Join(all, ", of "), nil
}

// environmentsOf names the environments in which changes of a service are known; "" for none.
func (s *sink) environmentsOf(ctx context.Context, service string) (string, error) {
	changes, err := s.reader.Changes(ctx, sinks.ChangeQuery{Service: service, Limit: 1000})
	if err != nil {
		return "", err
	}
	var names []string
	for _, c := range changes {
		if !slices.Contains(names, c.Environment) {
			names = append(names, c.Environment)
		}
	}
	slices.Sort(names)
	return listed(names), nil
}

// clipped are names of any length as an answer has them.
func clipped(names []string) []string {
	short := make([]string, len(names))
	for i, name := range names {
		short[i] = clip(name)
	}
	return short
}
