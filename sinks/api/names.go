package api

import (
	"context"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names/meet"
	"github.com/shipwake/shipwake/sinks"
)

// Names is the answer of /api/v1/names: which names of changes and incidents meet those of telemetry, and which don't.
type Names struct {
	meet.Names
	// Unknown says that the engine is busy, so that nobody can say now what telemetry names.
	Unknown bool `json:"unknown,omitempty"`
}

func (s *sink) names(ctx context.Context, _ *parameters) (any, error) {
	told, err := sinks.Places(ctx, s.reader, correlate.Place{}, false, sinks.MostPlaces)
	if err != nil {
		return nil, err
	}
	heard := s.reader.Heard(ctx)
	if heard == nil {
		return Names{Names: meet.Names{Told: []meet.Unmet{}, Heard: []meet.Unmet{}}, Unknown: true}, nil
	}
	return Names{Names: meet.Compare(told, heard)}, nil
}
