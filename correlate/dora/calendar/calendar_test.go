package calendar_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the machine may have none

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/dora/calendar"
)

func zone(t require.TestingT, name string) *time.Location {
	l, err := time.LoadLocation(name)
	require.NoError(t, err)
	return l
}

func instant(t require.TestingT, text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

func TestThePeriodOfAnInstant(t *testing.T) {
	for name, c := range map[string]struct {
		period       calendar.Period
		zone, at     string
		is, from, to string
	}{
		"a day in UTC": {calendar.Day, "UTC", "2026-03-01T23:59:59Z", "2026-03-01", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"},
		"its last second is of the next day in Berlin":     {calendar.Day, "Europe/Berlin", "2026-03-01T23:59:59Z", "2026-03-02", "2026-03-01T23:00:00Z", "2026-03-02T23:00:00Z"},
		"a day of 23 hours":                                {calendar.Day, "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		"a day of 25 hours":                                {calendar.Day, "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		"a day without a midnight":                         {calendar.Day, "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		"a day with two midnights begins at the first":     {calendar.Day, "America/Havana", "2025-11-02T12:00:00Z", "2025-11-02", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"},
		"a day of 24 hours and a half":                     {calendar.Day, "Australia/Lord_Howe", "2026-04-04T20:00:00Z", "2026-04-05", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"},
		"a date that Samoa never had":                      {calendar.Day, "Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"},
		"New Year in the last ISO week of the year before": {calendar.Week, "UTC", "2027-01-01T00:00:00Z", "2026-W53", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"},
		"December in the first ISO week of the next year":  {calendar.Week, "UTC", "2024-12-31T00:00:00Z", "2025-W01", "2024-12-30T00:00:00Z", "2025-01-06T00:00:00Z"},
		"a month":   {calendar.Month, "Europe/Berlin", "2026-02-28T23:30:00Z", "2026-03", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"},
		"a quarter": {calendar.Quarter, "UTC", "2026-12-31T23:59:59Z", "2026-Q4", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		"a quarter that begins on another's date": {calendar.Quarter, "Pacific/Auckland", "2026-03-31T12:00:00Z", "2026-Q2", "2026-03-31T11:00:00Z", "2026-06-30T12:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.period.At(instant(t, c.at), zone(t, c.zone))
			require.Equal(t, []string{c.is, c.from, c.to},
				[]string{s.Name, s.From.UTC().Format(time.RFC3339), s.To.UTC().Format(time.RFC3339)})
		})
	}
}

var zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "America/Havana", "America/Sao_Paulo", "America/St_Johns", "Africa/Cairo", "Asia/Beirut",
	"Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Auckland", "Asia/Kathmandu", "Antarctica/Troll",
}

func drawInstant(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(0, 2_200_000_000).Draw(t, "at"), 0)
}

// Every instant lies in one period: that one which holds it, and whose name its date has, as clocks show it, unless they were put
// back over midnight within two hours.
func TestPeriodsHoldEveryInstantOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		p := rapid.SampledFrom(calendar.Periods()).Draw(t, "period")
		at := drawInstant(t)
		s := p.At(at, z)
		require.False(t, at.Before(s.From))
		require.True(t, at.Before(s.To))
		require.Equal(t, s, p.At(s.From, z))
		require.Equal(t, s, p.At(s.To.Add(-1), z))
		require.Equal(t, s.To, p.At(s.To, z).From, "the next begins where it ends")
		require.Equal(t, s.From, p.At(s.From.Add(-1), z).To)
		noon := s.From.Add(12 * time.Hour).In(z)
		require.Equal(t, name(p, noon), s.Name)
	})
}

// name is that of the period of a date.
func name(p calendar.Period, at time.Time) string {
	return p.At(time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, time.UTC), time.UTC).Name
}

func TestASplitIsWhatHoldsTheWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		p := rapid.SampledFrom(calendar.Periods()).Draw(t, "period")
		from := drawInstant(t)
		to := from.Add(time.Duration(rapid.IntRange(1, 24*100).Draw(t, "hours")) * time.Hour)
		all := p.Split(from, to, z, 1000)
		require.False(t, from.Before(all[0].From))
		require.True(t, from.Before(all[0].To))
		require.False(t, all[len(all)-1].To.Before(to))
		require.True(t, all[len(all)-1].From.Before(to))
		for i := range all[1:] {
			require.Equal(t, all[i].To, all[i+1].From)
		}
		require.Equal(t, all[0].From, p.Back(all[len(all)-1].From, len(all)-1, z))
		require.Len(t, p.Split(from, to, z, 1), 1)
	})
}

func TestNothingIsSplitIntoNothing(t *testing.T) {
	at := instant(t, "2026-03-01T00:00:00Z")
	require.Empty(t, calendar.Day.Split(at, at, time.UTC, 10))
}
