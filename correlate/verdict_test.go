package correlate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestARegressionIsDetectedOnce(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	says := func(o correlate.Outcome, minutes int) *correlate.Verdict {
		return &correlate.Verdict{Outcome: o, DecidedAt: noon.Add(time.Duration(minutes) * time.Minute)}
	}
	earlier := noon.Add(time.Minute)
	known := says(correlate.Regressed, 5)
	known.DetectedAt = &earlier
	for name, c := range map[string]struct {
		before, now *correlate.Verdict
		want        *time.Time
	}{
		"the first verdict":                         {nil, says(correlate.Regressed, 0), &noon},
		"a healthy one detects nothing":             {known, says(correlate.Healthy, 9), nil},
		"after a healthy one it is found":           {says(correlate.Healthy, -9), says(correlate.Regressed, 0), &noon},
		"a later revision says since when":          {known, says(correlate.Regressed, 9), &earlier},
		"one whose predecessor didn't say":          {says(correlate.Regressed, 1), says(correlate.Regressed, 9), &earlier},
		"found again, after it had been taken back": {says(correlate.Inconclusive, 1), says(correlate.Regressed, 0), &noon},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.now.DetectedSince(c.before)) })
	}
}
