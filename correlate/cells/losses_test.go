package cells

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestWhatIsNotKnownOfAPlaceDegradesIt(t *testing.T) {
	const from, to = midnight + 600, midnight + 1200
	shedFor := func(seconds int64) (all []correlate.Measurement) {
		for at := int64(0); at < seconds; at += 10 {
			all = append(all, lost("", correlate.LostShed, from+at))
		}
		return all
	}
	for name, c := range map[string]struct {
		lost []correlate.Measurement
		want bool
	}{
		"nothing":                              {nil, false},
		"its own":                              {[]correlate.Measurement{lost("a", correlate.LostSignals, from)}, true},
		"just before":                          {[]correlate.Measurement{lost("a", correlate.LostSignals, from-10)}, false},
		"just after":                           {[]correlate.Measurement{lost("a", correlate.LostSignals, to)}, false},
		"another's":                            {[]correlate.Measurement{lost("b", correlate.LostSignals, from)}, false},
		"somebody's":                           {[]correlate.Measurement{lost("", correlate.LostRefused, from)}, true},
		"shed for as long as it is waited for": {shedFor(630), false},
		"shed for longer":                      {shedFor(650), true},
		"shed for longer, with a pause of a bucket": {append(shedFor(300), shift(shedFor(350), 310)...), true},
		"shed twice, not for long":                  {append(shedFor(300), shift(shedFor(300), 330)...), false},
		"its own, sent again":                       {[]correlate.Measurement{lost("a", correlate.LostShed, from)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			st := New(config())
			addAll(st, c.lost)
			require.Equal(t, c.want, st.Degraded(place("a"), from, to))
		})
	}
}

func shift(all []correlate.Measurement, by int64) []correlate.Measurement {
	for i := range all {
		all[i].Start += by
	}
	return all
}

func TestALossIsForgottenWithTheFineCells(t *testing.T) {
	st := New(config())
	st.Add(lost("a", correlate.LostSignals, midnight))
	st.Add(lost("", correlate.LostShed, midnight))
	st.Expire(midnight, midnight)
	require.True(t, st.Degraded(place("a"), midnight, midnight+10))
	st.Expire(midnight+10, midnight)
	require.False(t, st.Degraded(place("a"), midnight, midnight+10))
	require.Zero(t, st.Memory())
}

func TestWhatWasForgottenStaysForgotten(t *testing.T) {
	for name, c := range map[string]struct {
		what    string
		kind    correlate.SignalKind
		kept    bool // it is taken in again when it comes once more
		forgets bool // the fine cells of the place aren't all that was measured
	}{
		"operations: a route":    {correlate.LostOperations, correlate.Route, false, true},
		"operations: the totals": {correlate.LostOperations, correlate.Traffic, true, true},
		"versions: the totals":   {correlate.LostVersions, correlate.Traffic, true, true},
		"buckets: the totals":    {correlate.LostBuckets, correlate.Traffic, false, true},
		"buckets: a zone":        {correlate.LostBuckets, correlate.Zone, false, true},
		"rollups: the totals":    {correlate.LostRollups, correlate.Traffic, true, false},
		"a whole service":        {correlate.LostServices, correlate.Traffic, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := traffic("a", "v1", midnight, 1)
			if m.Kind = c.kind; m.Kind != correlate.Traffic {
				m.Name = "n"
			}
			st := New(config())
			addAll(st, []correlate.Measurement{m, traffic("a", "v1", midnight+300, 1)})
			st.forget(place("a"), c.what, midnight+300)
			addAll(st, []correlate.Measurement{m})
			s := st.Service(place("a"))
			require.NotNil(t, s, "what came since is kept")
			found := s.Requested(midnight+1) && len(s.Stream(s.Keys()[0]).Total().Between(midnight, midnight+1)) > 0
			if c.kind != correlate.Traffic {
				found = s.RoutesBefore(midnight+1) > 0 || s.Served("v1", midnight, midnight+1)
			}
			require.Equal(t, c.kept, found)
			require.Equal(t, c.forgets, st.Forgot(place("a"), midnight))
			require.False(t, st.Forgot(place("a"), midnight+300))
			require.Equal(t, held(st), st.Memory().Bytes)
		})
	}
}

func TestForgottenVersionsAreStillSeen(t *testing.T) {
	st := New(config())
	st.Add(traffic("a", "v1", midnight, 1))
	st.forget(place("a"), correlate.LostVersions, midnight+300)
	st.Add(traffic("a", "v2", midnight+10, 1))
	s := st.Service(place("a"))
	require.Equal(t, []string{"v1", "v2"}, s.Versions())
	require.Empty(t, s.Stream(s.Keys()[0]).Versions(nil), "their cells are gone")
	st.forget(place("a"), correlate.LostBuckets, midnight+300)
	st.Add(traffic("a", "v3", midnight+20, 1))
	require.Contains(t, st.Service(place("a")).Versions(), "v3", "seen, and not counted")
}
