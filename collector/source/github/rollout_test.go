package github

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/source/github/githubtest"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

// course is a deployment as its webhooks tell it, one report an hour.
func course(t *testing.T, states ...string) []correlate.ChangeReport {
	s := public()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	s.Now = func() time.Time { return now }
	id, requested := s.Deploy("production", "main", "9fceb02d0ae598e95dc970b74767f19372d61af8")
	events := []githubtest.Event{requested}
	for _, state := range states {
		now = now.Add(time.Hour)
		events = append(events, s.Report(id, state))
	}
	var reports []correlate.ChangeReport
	for _, r := range readings(t, hook(events...)) {
		for _, f := range r.Facts {
			reports = correlate.AddChangeReport(reports, correlate.ChangeReport{ReceivedAt: now, Said: *f.Change})
		}
	}
	return reports
}

func TestADeploymentStartsWhenItBeginsToRollOut(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		states        []string
		start, finish time.Time
	}{
		"while it waits nothing has begun":              {[]string{"queued", "waiting", "pending"}, time.Time{}, time.Time{}},
		"after an approval":                             {[]string{"waiting", "in_progress", "success"}, at(11), at(12)},
		"at once":                                       {[]string{"in_progress", "success"}, at(10), at(11)},
		"in a queue and then for a runner":              {[]string{"queued", "waiting", "pending", "in_progress", "failure"}, at(13), at(14)},
		"said to be in progress more than once":         {[]string{"waiting", "in_progress", "in_progress", "success"}, at(11), at(13)},
		"whose only report is the end":                  {[]string{"success"}, at(10), at(10)},
		"that waited, and whose only report is the end": {[]string{"waiting", "error"}, at(11), at(11)},
	} {
		t.Run(name, func(t *testing.T) {
			reports := course(t, c.states...)
			require.Equal(t, c.start.IsZero(), len(reports) == 0)
			if len(reports) > 0 {
				change := correlate.FoldChange(reports)
				require.Equal(t, c.start, change.Start())
				require.Equal(t, c.finish, change.FinishedAt)
			}
		})
	}
}

// However long a deployment waits, and in whatever states, that is no part of its rollout.
func TestWaitingIsNoPartOfARollout(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		waits := rapid.SliceOfN(rapid.SampledFrom([]string{"queued", "pending", "waiting"}), 0, 20).Draw(rt, "waits")
		end := rapid.SampledFrom([]string{"success", "failure", "error"}).Draw(rt, "end")
		change := correlate.FoldChange(course(t, slices.Concat(waits, []string{"in_progress", end})...))
		if change.FinishedAt.Sub(change.Start()) != time.Hour {
			rt.Fatalf("a rollout of an hour takes %s after %v", change.FinishedAt.Sub(change.Start()), waits)
		}
	})
}

func TestAProductionEnvironmentIsProductionWhateverItsName(t *testing.T) {
	for name, c := range map[string]struct {
		keys map[string]any
		want string
	}{
		"by default":       {nil, "production"},
		"names that count": {map[string]any{"keep_environment_names": true}, "Production – storefront"},
	} {
		t.Run(name, func(t *testing.T) {
			items, err := sourcetest.New(t, Source(), c.keys).Read(sourcetest.Payload(t, "production-by-flag"))
			require.NoError(t, err)
			require.Equal(t, c.want, items[0].Facts[0].Change.Environment)
		})
	}
}

// A branch that is named like a version brings another commit each time, and each deployment says which.
func TestALabelThatMovesComesWithItsCommit(t *testing.T) {
	s := public()
	for _, sha := range []string{"9fceb02d0ae598e95dc970b74767f19372d61af8", "1fceb02d0ae598e95dc970b74767f19372d61af8"} {
		id, _ := s.Deploy("production", "2.0", sha)
		change := readings(t, hook(s.Report(id, "success")))[0].Facts[0].Change
		require.Equal(t, "2.0", change.Version)
		require.Equal(t, sha, change.Commit)
	}
}
