package app

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAWindowIsAskedForAsItsFlagsSay(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		window window
		want   string
	}{
		"nothing is said":                       {window{standard: standardSince}, "since=30d"},
		"how far back":                          {window{since: "1y"}, "since=1y"},
		"from so long ago, by the daemon's own": {window{from: "-90d"}, "since=90d"},
		"from a date":                           {window{from: "2026-01-01"}, "from=2026-01-01T00%3A00%3A00Z"},
		"between dates of a zone":               {window{from: "2026-01-01", to: "2026-07-01", zone: "Europe/Berlin"}, "from=2025-12-31T23%3A00%3A00Z&to=2026-06-30T22%3A00%3A00Z"},
		"between times":                         {window{from: "2026-01-01T12:00:00+02:00", to: "now"}, "from=2026-01-01T10%3A00%3A00Z&to=2026-03-01T12%3A00%3A00Z"},
		"a month that ended a week ago":         {window{since: "30d", to: "-1w"}, "since=30d&to=2026-02-22T12%3A00%3A00Z"},
		"from and to before now":                {window{from: "-60d", to: "-30d"}, "from=2025-12-31T12%3A00%3A00Z&to=2026-01-30T12%3A00%3A00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			query, err := c.window.query(now)
			require.NoError(t, err)
			require.Equal(t, c.want, query.Encode())
		})
	}
}

func TestAWindowThatIsNoneIsAnErrorThatNamesTheFlag(t *testing.T) {
	for want, w := range map[string]window{
		"--since and --from are both the begin": {since: "30d", from: "2026-01-01"},
		`--since: "soon" is not a duration`:     {since: "soon"},
		"--since 0d: the window would be empty": {since: "0d"},
		`--from: "lately" is not a time`:        {from: "lately"},
		`--from: "30 days" is not a duration`:   {from: "-30 days"},
		`--to: "2026-13-01" is not a time`:      {to: "2026-13-01"},
		`--to: "-x" is not a duration`:          {to: "-x"},
		`--zone: "Berlin" is not a zone`:        {from: "2026-01-01", zone: "Berlin"},
		`--zone: "Local" is not a zone`:         {to: "2026-01-01", zone: "Local"},
	} {
		_, err := w.query(time.Unix(0, 0))
		require.ErrorContains(t, err, want)
	}
}

func TestWhoseNumbersAreAskedFor(t *testing.T) {
	query := url.Values{}
	s := scope{team: "shop", class: "emergency", labels: []string{"region=eu", "tier=a=b"}}
	require.NoError(t, s.set(query))
	require.Equal(t, "class=emergency&label.region=eu&label.tier=a%3Db&team=shop", query.Encode())
	for _, wrong := range [][]string{{"region"}, {"=eu"}, {"region="}, {"region=eu", "region=us"}} {
		require.ErrorContains(t, (&scope{labels: wrong}).set(url.Values{}), "--label")
	}
	query, err := (&window{series: true}).query(time.Unix(0, 0))
	require.NoError(t, err)
	require.Empty(t, query, "the daemon knows how far back a series reaches")
}
