package api

import (
	"context"
	"fmt"
	"slices"

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
		where, known := elsewhere[record.Service]
		if !known {
			var err error
			if where, err = s.environmentsOf(ctx, record.Service); err != nil {
				return Incidents{}, err
			}
			elsewhere[record.Service] = where
		}
		if where == "" {
			answer.Incidents[i].Unlinked = fmt.Sprintf("no change of %s is known in any environment", clip(record.Service))
			continue
		}
		answer.Incidents[i].Unlinked += "; changes of it are known in " + where
	}
	return answer, nil
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
