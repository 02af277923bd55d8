package births

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestOfWhichVersionAProcessIs(t *testing.T) {
	at := func(minutes int) time.Time {
		return time.Unix(1_700_000_000, 0).Add(time.Duration(minutes) * time.Minute)
	}
	deployed := func(version string, start, end int) correlate.Change {
		c := correlate.Change{Version: version, FinishedAt: at(end)}
		if start >= 0 {
			c.StartedAt = at(start)
		}
		return c
	}
	v2, v1 := deployed("v2", 200, 210), deployed("v1", 100, 105)
	v1.PreviousVersion = "v0"
	for name, test := range map[string]struct {
		all   []correlate.Change
		began int
		want  string
	}{
		"begun after the latest deployment began":             {[]correlate.Change{v2, v1}, 201, "v2"},
		"begun just when it did":                              {[]correlate.Change{v2, v1}, 200, "v2"},
		"begun before it, after the one before":               {[]correlate.Change{v2, v1}, 199, "v1"},
		"begun before all":                                    {[]correlate.Change{v2, v1}, 99, "v0"},
		"begun before all, and nobody told what was before":   {[]correlate.Change{v2}, 99, ""},
		"nothing was deployed":                                {nil, 99, ""},
		"begun after the end of one whose start nobody told":  {[]correlate.Change{deployed("v2", -1, 210), v1}, 211, "v2"},
		"begun while that may have been under way":            {[]correlate.Change{deployed("v2", -1, 210), v1}, 199, ""},
		"begun long before its end":                           {[]correlate.Change{deployed("v2", -1, 210), v1}, 140, "v1"},
		"begun before one that is said to have taken no time": {[]correlate.Change{deployed("v2", 210, 210), v1}, 209, ""},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, versionAt(test.all, at(test.began)))
		})
	}
}

// archive knows one deployment, and counts how often it is asked.
type archive struct {
	asked int
	fail  error
}

func (a *archive) Deployed(_ context.Context, service, environment string) ([]correlate.Change, error) {
	a.asked++
	return []correlate.Change{{Version: service + " of " + environment, StartedAt: time.UnixMilli(1000), FinishedAt: time.UnixMilli(2000)}}, a.fail
}

func TestAServiceIsAskedForOnceInAStep(t *testing.T) {
	a := &archive{}
	b := Register{known: a}
	for step := range 2 {
		b.Begin(t.Context())
		require.Equal(t, "shop of production", b.Version("shop", "production", 1500))
		require.Empty(t, b.Version("shop", "production", 500))
		require.Equal(t, step+1, a.asked)
	}
	a.fail = errors.New("busy")
	b.Begin(t.Context())
	require.NotPanics(t, func() { b.Version("shop", "production", 1500) })
	require.Empty(t, (&Register{}).Version("shop", "production", 1500), "in anybody's Collector")
}
