package source

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Every form here is one that some system sends.
func TestTheTimestampZoo(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 41, 35, 0, time.UTC)
	milli := at.Add(123 * time.Millisecond)
	nano := at.Add(123456789 * time.Nanosecond)
	for text, want := range map[string]time.Time{
		"2026-03-01T10:41:35Z":                   at,
		"2026-03-01t10:41:35z":                   at,
		"2026-03-01 10:41:35Z":                   at,
		"2026-03-01T10:41:35.123Z":               milli,
		"2026-03-01T10:41:35,123Z":               milli,
		"2026-03-01T10:41:35.1234567891234Z":     nano,
		"2026-03-01T12:41:35+02:00":              at,
		"2026-03-01T05:11:35-05:30":              at,
		"2026-03-01T10:41:35-00:00":              at,
		"2026-03-01T10:41:35.000+00:00":          at,    // GitLab
		"2026-03-01T11:41:35.123+0100":           milli, // Jira
		"2026-03-01T11:41:35+01":                 at,    // PostgreSQL
		"2026-03-01 12:41:35 +0200":              at,    // GitLab, older
		"2026-03-01 10:41:35 UTC":                at,    // GitLab releases, FireHydrant
		"2026-03-01 10:41:35.123 UTC":            milli,
		"2026-03-01 10:41:35 GMT":                at,
		"  2026-03-01T10:41:35Z\n":               at,
		"2016-12-31T23:59:60Z":                   time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC),
		"2017-01-01T00:59:60.5+01:00":            time.Date(2017, 1, 1, 0, 0, 0, 5e8, time.UTC),
		"2024-02-29T00:00:00Z":                   time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		strconv.FormatInt(at.Unix(), 10):         at,
		strconv.FormatInt(milli.UnixMilli(), 10): milli,
		strconv.FormatInt(milli.UnixMicro(), 10): milli,
		strconv.FormatInt(nano.UnixNano(), 10):   nano,
		"1772361695.123456789":                   nano, // Slack
		"1772361695123.456789":                   nano,
		"1772361695.":                            at,
		"":                                       {},
		"0":                                      {},
		"0.0":                                    {},
		"1970-01-01T00:00:00Z":                   {},
		"0001-01-01T00:00:00Z":                   {}, // Alertmanager, Grafana
		"0001-01-01T00:00:00":                    {}, // Azure DevOps
		"0001-01-01T00:00:00+01:00":              {},
		"0000-00-00 00:00:00":                    {}, // MySQL
	} {
		t.Run(text, func(t *testing.T) {
			got, err := ParseTime(text)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestWhatIsNoTimeSaysWhatWouldBe(t *testing.T) {
	for text, want := range map[string]error{
		"soon":                        errNoTime,
		"2026-03-01":                  errNoTime,
		"2026-03-01T10:41Z":           errNoTime,
		"2026-13-01T10:41:35Z":        errNoTime,
		"2026-02-30T10:41:35Z":        errNoTime,
		"2026-03-01T24:00:00Z":        errNoTime,
		"2026-03-01T10:41:61Z":        errNoTime,
		"2026-03-01T10:41:60Z":        errNoTime, // no day ends there
		"2026-03-01T10:41:35.Z":       errNoTime,
		"2026-03-01T10:41:35 CET":     errNoTime, // which of the three?
		"2026-03-01T10:41:35+2:00":    errNoTime,
		"2026-03-01T10:41:35+02:000":  errNoTime,
		"2026-03-01T10:41:35+25:00":   errNoTime,
		"2026-03-01T10:41:35Z and":    errNoTime,
		"Sun, 01 Mar 2026 10:41:35 Z": errNoTime,
		"01/03/2026 10:41:35 UTC":     errNoTime,
		"2026-03-01T10:41:35":         errNoZone,
		"2026-03-01 10:41:35":         errNoZone, // ServiceNow: which zone only its source knows
		"2026-03-01 10:41:35.5":       errNoZone,
		"1969-12-31T23:59:59Z":        errBeyond,
		"9999-12-31T23:59:59Z":        errBeyond,
		"20260301":                    errNoTime, // a date, not a second of 1970
		"20260301104135":              errNoTime,
		"202603011041":                errNoTime,
		"946684799":                   errNoTime, // of 1999
		"17723616951":                 errNoTime, // one digit too many
		"1":                           errNoTime,
		"-1":                          errNoTime,
		"1.5.2":                       errNoTime,
		"99999999999999999999":        errNoTime,
		".5":                          errNoTime,
		"1e9":                         errNoTime,
	} {
		t.Run(text, func(t *testing.T) {
			_, err := ParseTime(text)
			require.ErrorIs(t, err, want)
		})
	}
}

// Whatever form an instant is written in, it is the same one.
func TestEveryFormIsTheSameInstant(t *testing.T) {
	from, to := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2261, 12, 30, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(0, rapid.Int64Range(from.UnixNano(), to.UnixNano()).Draw(t, "at")).UTC()
		zone := time.FixedZone("", rapid.IntRange(-14*60, 14*60).Draw(t, "minutes")*60)
		local := at.In(zone)
		for _, c := range []struct {
			text string
			unit time.Duration
		}{
			{local.Format(time.RFC3339Nano), 1},
			{strings.ToLower(local.Format(time.RFC3339Nano)), 1},
			{local.Format("2006-01-02 15:04:05.999999 -0700"), time.Microsecond},
			{local.Format("2006-01-02T15:04:05.000-0700"), time.Millisecond},
			{at.Format("2006-01-02 15:04:05 UTC"), time.Second},
			{fmt.Sprint(at.UnixNano()), 1},
			{fmt.Sprint(at.UnixMicro()), time.Microsecond},
			{fmt.Sprint(at.UnixMilli()), time.Millisecond},
			{fmt.Sprint(at.Unix()), time.Second},
			{fmt.Sprintf("%d.%09d", at.Unix(), at.Nanosecond()), 1},
		} {
			got, err := ParseTime(c.text)
			if err != nil || !got.Equal(at.Truncate(c.unit)) || got.Location() != time.UTC {
				t.Fatalf("%s is %s, not %s: %v", c.text, got, at, err)
			}
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, text := range []string{"2026-03-01T10:41:35.1+02:00", "1772361695123", "0001-01-01T00:00:00", "2016-12-31T23:59:60Z", "2026-03-01 10:41:35 UTC"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ParseTime(text)
		if err != nil {
			require.True(t, at.IsZero())
			return
		}
		require.True(t, at.IsZero() || at.Year() >= 1970 && at.Year() <= 2262)
		require.Equal(t, time.UTC, at.Location())
		again, err := ParseTime(at.Format(time.RFC3339Nano))
		require.NoError(t, err)
		require.True(t, at.Equal(again))
	})
}
