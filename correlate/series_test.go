package correlate

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsNotKnownIsNullInJSON(t *testing.T) {
	text, err := json.Marshal(Values{0, math.NaN(), 0.031, -2.5e-7, math.Inf(1)})
	require.NoError(t, err)
	require.Equal(t, `[0,null,0.031,-2.5e-07,null]`, string(text))
	var back Values
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, []float64{0, 0.031, -2.5e-7}, []float64{back[0], back[2], back[3]})
	require.True(t, math.IsNaN(back[1]) && math.IsNaN(back[4]))
	require.Error(t, json.Unmarshal([]byte(`"many"`), &back))
}

func TestASeriesUntilAnInstantTellsNothingLater(t *testing.T) {
	from := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	minute := func(n int) time.Time { return from.Add(time.Duration(n) * time.Minute) }
	s := Series{
		At: minute(60), Start: minute(10), Finish: minute(40), From: from, Step: 60, Points: 60,
		Steps: []ZoneStep{{Name: "east", ReachedAt: minute(10)}, {Name: "west", ReachedAt: minute(35)}},
		Gaps:  []Stretch{{minute(2), minute(4)}, {minute(28), minute(33)}, {minute(50), minute(51)}},
		Signals: []SignalSeries{{Signal: "error_ratio", Lines: []Line{
			{Role: RoleOld, Values: make(Values, 60)}, {Role: RoleHigh, Values: make(Values, 60)},
		}}},
	}
	cut := s.Until(minute(30))
	require.Equal(t, minute(30), cut.At)
	require.True(t, cut.Finish.IsZero(), "the rollout still ran")
	require.Equal(t, s.Steps[:1], cut.Steps)
	require.Equal(t, []Stretch{{minute(2), minute(4)}, {minute(28), minute(30)}}, cut.Gaps)
	require.Equal(t, 30, cut.Points)
	require.Len(t, cut.Signals[0].Line(RoleOld), 30)
	require.Len(t, cut.Signals[0].Line(RoleHigh), 30)
	require.Nil(t, cut.Signals[0].Line(RoleNew))
	require.Len(t, s.Signals[0].Line(RoleOld), 60, "it is left as it was")
	require.Equal(t, minute(33), s.Gaps[1].To)
	require.Equal(t, s, s.Until(minute(60)))
	require.Zero(t, s.Until(from.Add(-time.Hour)).Points)
}
