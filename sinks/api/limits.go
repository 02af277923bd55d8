package api

import (
	"context"
	"time"

	"github.com/shipwake/shipwake/sinks"
)

// Limits is the answer of /api/v1/limits.
type Limits struct {
	Memory Memory `json:"memory"`
	// Full says that new services share the name __overflow__ for lack of room.
	Full  bool  `json:"full"`
	Usage []Use `json:"usage"`
	// Degraded says that something was dropped in the last minutes, since DegradedSince.
	Degraded      bool             `json:"degraded"`
	DegradedSince *time.Time       `json:"degraded_since"` // null when it isn't
	Dropped       map[string]int64 `json:"dropped"`        // since the start, by what it was
	Losses        []sinks.Loss     `json:"losses"`         // by service and what it was, the latest first
	Unlisted      int64            `json:"unlisted_losses"`
}

// Memory is what is taken and may be taken, in bytes.
type Memory struct {
	Limit             int64  `json:"limit_bytes"`
	Resident          *int64 `json:"resident_bytes"` // null where the system doesn't tell
	Heap              int64  `json:"heap_bytes"`
	HeapLimit         int64  `json:"heap_limit_bytes"`
	Measurements      int64  `json:"measurements_bytes"`
	MeasurementsLimit int64  `json:"measurements_limit_bytes"`
}

// Use is how much there is of a class, and how much there may be.
type Use struct {
	Class string `json:"class"`
	Used  int64  `json:"used"`
	Limit *int64 `json:"limit"` // null when only memory bounds it
}

func (s *sink) limits(context.Context, *parameters) (any, error) {
	is := s.reader.Status().Limits
	answer := Limits{
		Memory: Memory{
			Limit: is.Limit, Resident: positive(is.Resident), Heap: is.Heap, HeapLimit: is.HeapMost,
			Measurements: is.Store, MeasurementsLimit: is.StoreMost,
		},
		Full: is.Full, Usage: []Use{}, Degraded: !is.DegradedSince.IsZero(), DegradedSince: known(is.DegradedSince),
		Dropped: map[string]int64{}, Losses: list(is.Losses), Unlisted: is.Unlisted,
	}
	for _, u := range is.Uses {
		answer.Usage = append(answer.Usage, Use{u.Class, u.Used, positive(u.Most)})
	}
	for what, n := range is.Dropped {
		answer.Dropped[what] = n
	}
	return answer, nil
}

// positive is nil for a number that isn't known.
func positive(n int64) *int64 {
	if n <= 0 {
		return nil
	}
	return &n
}
