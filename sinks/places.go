package sinks

import (
	"context"

	"github.com/shipwake/shipwake/correlate"
)

// MostPlaces is of how many of the newest changes, of incidents and of regressions the names are looked at.
const MostPlaces = 1000

// Places are where the newest changes, incidents and regressions happened, of those asked for.
func Places(ctx context.Context, r Reader, asked correlate.Place, namesakes bool, limit int) ([]correlate.Place, error) {
	changes, err := r.Changes(ctx, ChangeQuery{Service: asked.Service, Namesakes: namesakes, Environment: asked.Environment, Limit: limit})
	if err != nil {
		return nil, err
	}
	incidents, err := r.Incidents(ctx, IncidentQuery{Service: asked.Service, Namesakes: namesakes, Environment: asked.Environment, Limit: limit})
	var all []correlate.Place
	for _, c := range changes {
		all = append(all, correlate.Place{Service: c.Service, Environment: c.Environment})
	}
	for _, i := range incidents {
		for _, service := range i.About() {
			all = append(all, correlate.Place{Service: service, Environment: i.Environment})
		}
	}
	if err != nil {
		return nil, err
	}
	faults, err := r.Regressions(ctx, RegressionQuery{Service: asked.Service, Environment: asked.Environment, Limit: limit})
	for _, f := range faults {
		all = append(all, correlate.Place{Service: f.Service, Environment: f.Environment})
	}
	return all, err
}
