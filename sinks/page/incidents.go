package page

import (
	"context"
	"net/http"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
)

// incidentsBody is the list of incidents.
type incidentsBody struct {
	Rows     []incidentRow
	OnlyOpen bool
	Service  string
}

type incidentRow struct {
	Incident correlate.IncidentRecord
	Unlinked string // why no change is held responsible
	About    []string
}

func (s *sink) incidents(ctx context.Context, r *http.Request) (view, error) {
	at, err := asOf(r)
	if err != nil {
		return view{}, err
	}
	q := r.URL.Query()
	body := incidentsBody{OnlyOpen: q.Get("open") == "true", Service: q.Get("service")}
	found, err := s.reader.Incidents(ctx, sinks.IncidentQuery{Service: body.Service, Namesakes: true, Open: body.OnlyOpen, Limit: mostRows, AsOf: at})
	if err != nil {
		return view{}, err
	}
	for _, i := range found {
		if !i.Retracted {
			body.Rows = append(body.Rows, incidentRow{i, words.Unlinked(i), i.About()})
		}
	}
	v := view{Template: "incidents", Title: "Incidents", Nav: "incidents", AsOf: at, Body: body}
	if at.IsZero() {
		v.Live = "/events/"
	}
	return v, nil
}
