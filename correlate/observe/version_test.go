package observe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestTheVersionThatAChangeBroughtIsFoundInTelemetry(t *testing.T) {
	type served struct {
		version string
		at      int64
	}
	for name, c := range map[string]struct {
		served          []served
		version, commit string
		kind            correlate.Kind
		want            string
	}{
		"its own":                            {[]served{{"v1", -600}, {"v2", 10}}, "v2", "", correlate.KindDeployment, "v2"},
		"it hasn't served yet":               {[]served{{"v1", -600}, {"v2", 400}}, "v2", "", correlate.KindDeployment, ""},
		"a short hash of it":                 {[]served{{"v1", -600}, {"0123456", 10}}, "0123456789abcdef", "", correlate.KindDeployment, "0123456"},
		"a long hash of its commit":          {[]served{{"v1", -600}, {"0123456789abcdef", 10}}, "v2", "0123456", correlate.KindDeployment, "0123456789abcdef"},
		"the only one that appeared":         {[]served{{"v1", -600}, {"build-7", 10}}, "2.0", "", correlate.KindDeployment, "build-7"},
		"it may be seen a little earlier":    {[]served{{"v1", -600}, {"build-7", -120}}, "2.0", "", correlate.KindDeployment, "build-7"},
		"not long before":                    {[]served{{"v1", -600}, {"build-7", -130}}, "2.0", "", correlate.KindDeployment, ""},
		"of two that appeared nobody knows":  {[]served{{"v1", -600}, {"build-7", 10}, {"build-8", 20}}, "2.0", "", correlate.KindDeployment, ""},
		"the first version of all is none":   {[]served{{"build-7", 10}}, "2.0", "", correlate.KindDeployment, ""},
		"a setting brings none":              {[]served{{"v1", -600}, {"build-7", 10}}, "2.0", "", correlate.KindConfig, ""},
		"telemetry doesn't know the service": {nil, "v2", "", correlate.KindDeployment, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, s := range c.served {
				w.serve("shop", s.version, s.at, 10)
			}
			s := w.change("c1", "shop", c.version, 0)
			s.Commit, s.Kind = c.commit, c.kind
			require.Equal(t, c.want, w.ServedVersion(&s, now(300)))
		})
	}
}

func TestARolloutIsUnseenWhenOnlyOthersServe(t *testing.T) {
	for name, c := range map[string]struct {
		old, fresh []int64 // when versions served
		at         int64
		edit       func(s *Subject)
		want       bool
	}{
		"only the old version serves":      {old: []int64{-60, 10, 200}, at: 300, want: true},
		"it is too early to say":           {old: []int64{-60, 10}, at: 110},
		"the new one serves":               {old: []int64{-60, 10}, fresh: []int64{20}, at: 300},
		"nothing serves":                   {old: []int64{-60}, at: 300},
		"a service that nobody knows":      {at: 300},
		"nobody knows what to look for":    {old: []int64{-60, 10}, at: 300, edit: func(s *Subject) { s.Version = "" }},
		"a setting can't be seen to serve": {old: []int64{-60, 10}, at: 300, edit: func(s *Subject) { s.Kind = correlate.KindConfig }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, at := range c.old {
				w.serve("shop", "v1", at, 10)
			}
			for _, at := range c.fresh {
				w.serve("shop", "v2", at, 10)
			}
			s := w.change("c1", "shop", "v2", 0)
			if c.edit != nil {
				c.edit(&s)
			}
			require.Equal(t, c.want, w.Unseen(&s, now(c.at)))
		})
	}
}

// Who asks for a rollout may say that it has begun hours before it does.
func TestARolloutBeginsWhenTelemetrySeesIt(t *testing.T) {
	const start, end = 0, 9000
	every := func(from, to int64) (all []int64) {
		for at := from; at < to; at += 60 {
			all = append(all, at)
		}
		return all
	}
	for name, c := range map[string]struct {
		old, fresh []int64 // when versions served
		at         int64
		finish     int64 // 0: not told yet
		suspected  bool
		edit       func(s *Subject)
		began      int64
		waits      bool
	}{
		"at once":              {old: every(-600, end), fresh: every(30, end), at: 7200},
		"a few minutes later":  {old: every(-600, end), fresh: every(270, end), at: 7200},
		"it may still come up": {old: every(-600, end), at: 300},
		"it hasn't come, and the old one serves on":   {old: every(-600, end), at: 310, waits: true},
		"it came after hours":                         {old: every(-600, end), fresh: every(7200, end), at: 7300, began: 7200},
		"also when it is known to be complete":        {old: every(-600, end), fresh: every(7200, end), at: 7300, finish: 7260, began: 7200},
		"it comes later than is known":                {old: every(-600, end), fresh: every(7200, end), at: 7200, waits: true},
		"it took the old one along":                   {old: every(-600, 240), at: 900},
		"it took the old one along, and came at last": {old: every(-600, 240), fresh: every(7200, end), at: 7300},
		"it is said to be complete":                   {old: every(-600, end), at: 900, finish: 600},
		"it was complete within minutes":              {old: every(-600, end), fresh: every(7200, end), at: 7300, finish: 240},
		"it is suspected since it began":              {old: every(-600, end), at: 900, suspected: true},
		"of an old version that comes back":           {old: every(-600, end), fresh: append(every(-1800, -900), every(7200, end)...), at: 7300, began: 7200},
		"of an old version that hasn't come back":     {old: every(-600, end), fresh: every(-1800, -900), at: 7200, waits: true},
		"no other version is known":                   {fresh: every(7200, end), at: 7300},
		"nobody knows what to look for":               {old: every(-600, end), at: 900, edit: func(s *Subject) { s.Version = "" }},
		"a setting can't be seen to serve":            {old: every(-600, end), at: 900, edit: func(s *Subject) { s.Kind = correlate.KindConfig }},
		"telemetry doesn't know the service":          {old: every(-600, end), at: 900, edit: func(s *Subject) { s.Place.Service = "cart" }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, at := range c.old {
				w.serve("shop", "v1", at, 10)
			}
			for _, at := range c.fresh {
				w.serve("shop", "v2", at, 10)
			}
			s := w.change("c1", "shop", "v2", start)
			if s.Finish = 0; c.finish > 0 {
				s.Finish = now(c.finish)
			}
			if c.edit != nil {
				c.edit(&s)
			}
			asked := int64(0)
			began, waits := Began(w.Observer, &s, now(c.at), func(since, at int64) bool {
				require.Equal(t, now(start+arrivesWithin), since)
				asked = at
				return c.suspected
			})
			require.Equal(t, c.waits, waits)
			require.Equal(t, now(c.began), began)
			require.LessOrEqual(t, asked, now(c.at), "what comes after the look is not known")
		})
	}
}
