package api

import (
	"context"
	"time"

	"github.com/shipwake/shipwake/correlate/dora/quality"
)

// Quality is the answer of /api/v1/quality: what is missing in the records that the DORA numbers of a window are counted from.
type Quality struct {
	quality.Report
	// Names are how many names of the newest changes and incidents telemetry doesn't have, and the other way round; null while
	// that can't be said. /api/v1/names lists them.
	Names *UnmetNames `json:"names"`
}

// UnmetNames counts what /api/v1/names lists.
type UnmetNames struct {
	Met   int `json:"met"`
	Told  int `json:"told"`
	Heard int `json:"heard"`
}

func (s *sink) quality(ctx context.Context, p *parameters) (any, error) {
	q := quality.Query{Service: p.text("service"), Environment: p.text("environment"), Team: p.text("team")}
	var now time.Time
	q.AsOf, now = p.asOf(s.reader.Status().Now)
	q.From, q.To = p.span(now)
	if q.To.IsZero() {
		q.To = now
	}
	if q.From.IsZero() {
		q.From = q.To.AddDate(0, 0, -standardDays)
	}
	if err := s.checkNames(ctx, p, false); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	report, err := s.reader.Quality(ctx, q)
	if err != nil {
		return nil, err
	}
	answer := Quality{Report: report}
	names, err := s.names(ctx, p)
	if n, known := names.(Names); known && !n.Unknown {
		answer.Names = &UnmetNames{n.Met, len(n.Told), len(n.Heard)}
	}
	return answer, err
}
