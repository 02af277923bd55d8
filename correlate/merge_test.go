package correlate_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

var ten = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// at is ten o'clock plus some minutes.
func at(minutes int) time.Time { return ten.Add(time.Duration(minutes) * time.Minute) }

func TestTwoReportsOfOneChange(t *testing.T) {
	started := correlate.Change{ID: "c", Status: correlate.StatusStarted, StartedAt: at(0)}
	finished := correlate.Change{ID: "c", Status: correlate.StatusSucceeded, FinishedAt: at(5)}
	for name, c := range map[string]struct{ a, b, want correlate.Change }{
		"a start and a finish": {
			started, finished, correlate.Change{ID: "c", Status: correlate.StatusSucceeded, StartedAt: at(0), FinishedAt: at(5)},
		},
		"a start by a clock that is ahead of the one that told the finish": {
			correlate.Change{ID: "c", Status: correlate.StatusStarted, StartedAt: at(7)}, finished,
			correlate.Change{ID: "c", Status: correlate.StatusSucceeded, StartedAt: at(5), FinishedAt: at(5)},
		},
		"a deployment tried twice": {
			correlate.Change{ID: "c", Status: correlate.StatusFailed, StartedAt: at(0), FinishedAt: at(3)}, finished,
			correlate.Change{ID: "c", Status: correlate.StatusSucceeded, StartedAt: at(0), FinishedAt: at(5)},
		},
		"two finishes and nobody told the start: it had begun when the first came": {
			correlate.Change{ID: "c", Status: correlate.StatusFailed, FinishedAt: at(3)}, finished,
			correlate.Change{ID: "c", Status: correlate.StatusSucceeded, StartedAt: at(3), FinishedAt: at(5)},
		},
		"the same finish twice leaves the start unknown": {finished, finished, finished},
		"two statuses at one finish": {
			finished, correlate.Change{ID: "c", Status: correlate.StatusFailed, FinishedAt: at(5)},
			correlate.Change{ID: "c", Status: correlate.StatusFailed, FinishedAt: at(5)},
		},
		"a report without an environment and a kind takes back neither": {
			correlate.Change{ID: "c", Environment: "staging", Kind: correlate.KindRollback}, correlate.Change{ID: "c"}.WithDefaults(),
			correlate.Change{ID: "c", Environment: "staging", Kind: correlate.KindRollback, Status: correlate.StatusSucceeded},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, c.a.Merge(c.b))
			require.Equal(t, c.want, c.b.Merge(c.a), "whichever comes first")
		})
	}
}

func TestALaterReportCorrectsAnEarlierOne(t *testing.T) {
	wrong := correlate.Change{ID: "c", Service: "cart", Environment: "staging", Version: "v1", Labels: map[string]string{"a": "1", "b": "1"}}
	right := correlate.Change{ID: "c", Service: "checkout", Environment: "canary", Version: "v2", Labels: map[string]string{"b": "2"}}
	merged := wrong.Merge(right)
	require.Equal(t, map[string]string{"a": "1", "b": "2"}, merged.Labels)
	merged.Labels = right.Labels
	require.Equal(t, right, merged)

	relinked := correlate.Incident{ID: "i", CausedBy: "c1"}.Merge(correlate.Incident{ID: "i", CausedBy: "c2"})
	require.Equal(t, "c2", relinked.CausedBy)
}

func TestZonesAddUp(t *testing.T) {
	first := correlate.Change{ID: "c", Status: correlate.StatusStarted, StartedAt: at(0), Zones: []correlate.ZoneStep{{Name: "b"}}}
	second := correlate.Change{ID: "c", Status: correlate.StatusStarted, StartedAt: at(0), Zones: []correlate.ZoneStep{{Name: "a", ReachedAt: at(9)}, {Name: "b", ReachedAt: at(3)}}}
	finish := correlate.Change{ID: "c", Status: correlate.StatusSucceeded, FinishedAt: at(12)}
	both := []correlate.ZoneStep{{Name: "a", ReachedAt: at(9)}, {Name: "b", ReachedAt: at(3)}}
	require.Equal(t, both, first.Merge(second).Zones)
	require.Equal(t, append([]correlate.ZoneStep{{Name: correlate.Everywhere, ReachedAt: at(12)}}, both...), finish.Merge(second).Merge(first).Zones,
		"an end that names no zones is the end everywhere")
	finish.Zones = []correlate.ZoneStep{{Name: "a"}}
	require.Equal(t, both, first.Merge(second).Merge(finish).Zones, "one that names some is not")
	require.Equal(t, at(12), correlate.Fact{Change: &correlate.Change{StartedAt: at(0), Zones: []correlate.ZoneStep{{Name: "a", ReachedAt: at(12)}}}}.EventTime())
}

func TestAZoneIsANameOrAnObject(t *testing.T) {
	var c correlate.Change
	require.NoError(t, json.Unmarshal([]byte(`{"zones": ["a", {"name": "b", "reached_at": "2026-03-01T10:00:00Z"}]}`), &c))
	require.Equal(t, []correlate.ZoneStep{{Name: "a"}, {Name: "b", ReachedAt: ten}}, c.Zones)
	again, err := json.Marshal(c.Zones)
	require.NoError(t, err)
	require.JSONEq(t, `[{"name": "a"}, {"name": "b", "reached_at": "2026-03-01T10:00:00Z"}]`, string(again))
	c = correlate.Change{ID: "c", Service: "s", StartedAt: ten, Zones: make([]correlate.ZoneStep, correlate.MaxZones+1)}
	require.ErrorContains(t, c.Validate(), "zones: at most 16")
}

func TestAPlannedFinishIsNotAFinish(t *testing.T) {
	planned := correlate.Change{Status: correlate.StatusStarted, FinishedAt: at(30)}.WithDefaults()
	require.Equal(t, [2]time.Time{at(30), {}}, [2]time.Time{planned.StartedAt, planned.FinishedAt})
	planned = correlate.Change{Status: correlate.StatusStarted, StartedAt: at(0), FinishedAt: at(30)}.WithDefaults()
	require.Equal(t, correlate.StatusSucceeded, planned.Merge(correlate.Change{Status: correlate.StatusSucceeded, FinishedAt: at(5)}).Status)
}

func TestBlankIsMissing(t *testing.T) {
	require.ErrorContains(t, correlate.Change{ID: " ", Service: "s", StartedAt: ten}.Validate(), "id: required")
	require.ErrorContains(t, correlate.Change{ID: "c", Service: "\t\n", StartedAt: ten}.Validate(), "service: required")
	require.ErrorContains(t, correlate.Incident{ID: "\u00a0", OpenedAt: ten}.Validate(), "id: required")
}

// Reports that contradict each other, in any words and at any times.
func TestMergingAnyChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawChange(t, nil), drawChange(t, nil), drawChange(t, nil)
		require.Equal(t, a, a.Merge(a), "idempotent")
		require.Equal(t, a.Merge(b), a.Merge(b).Merge(b), "idempotent")
		require.Equal(t, a.Merge(b).Merge(c), a.Merge(b.Merge(c)), "associative")
		merged := a.Merge(b).Merge(c)
		require.False(t, !merged.FinishedAt.IsZero() && merged.FinishedAt.Before(merged.Start()), "no change ends before it began")
		for _, other := range []correlate.Change{a.Merge(c).Merge(b), c.Merge(b).Merge(a), b.Merge(c).Merge(a)} {
			require.Equal(t, merged.Status, other.Status)
			require.Equal(t, merged.Zones, other.Zones)
			require.Equal(t, [2]time.Time{merged.StartedAt, merged.FinishedAt}, [2]time.Time{other.StartedAt, other.FinishedAt})
		}
	})
}

// Reports that each say a part of one truth, with times of several clocks.
func TestMergingChangesThatDontContradictEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		truth := drawChange(t, nil)
		reports := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) correlate.Change { return drawChange(t, &truth) }), 1, 6).Draw(t, "reports")
		again := append(slices.Clone(reports), rapid.SliceOfN(rapid.SampledFrom(reports), 0, 3).Draw(t, "repeated")...)
		require.Equal(t, fold(reports), fold(rapid.Permutation(again).Draw(t, "in another order")))
	})
}

func TestMergingAnyIncidents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawIncident(t, nil), drawIncident(t, nil), drawIncident(t, nil)
		require.Equal(t, a, a.Merge(a), "idempotent")
		require.Equal(t, a.Merge(b).Merge(c), a.Merge(b.Merge(c)), "associative")
		merged := a.Merge(b).Merge(c)
		require.False(t, !merged.ResolvedAt.IsZero() && merged.ResolvedAt.Before(merged.OpenedAt), "none is over before it began")
	})
}

func TestMergingIncidentsThatDontContradictEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		truth := drawIncident(t, nil)
		reports := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) correlate.Incident { return drawIncident(t, &truth) }), 1, 6).Draw(t, "reports")
		again := append(slices.Clone(reports), rapid.SliceOfN(rapid.SampledFrom(reports), 0, 3).Draw(t, "repeated")...)
		require.Equal(t, fold(reports), fold(rapid.Permutation(again).Draw(t, "in another order")))
	})
}

func fold[T interface{ Merge(T) T }](reports []T) T {
	merged := reports[0]
	for _, r := range reports[1:] {
		merged = merged.Merge(r)
	}
	return merged
}

// drawChange is any valid report; with a truth, its words are the truth's or missing.
func drawChange(t *rapid.T, truth *correlate.Change) correlate.Change {
	word := words(t, truth == nil)
	if truth == nil {
		truth = &correlate.Change{}
	}
	c := correlate.Change{
		ID: "c", Kind: impliedWord(t, truth.Kind, correlate.KindDeployment, truth.ID == "", correlate.Kinds()),
		Status:      rapid.SampledFrom(append(correlate.Statuses(), "")).Draw(t, "status"),
		Service:     word("service", truth.Service),
		Environment: impliedWord(t, truth.Environment, correlate.DefaultEnvironment, truth.ID == "", []string{"production", "staging", "a"}),
		Version:     word("version", truth.Version), PreviousVersion: word("previous", truth.PreviousVersion),
		Commit: word("commit", truth.Commit), Actor: word("actor", truth.Actor), Team: word("team", truth.Team),
		URL: word("url", truth.URL), Source: word("source", truth.Source),
	}
	if v := word("label", truth.Labels["l"]); v != "" {
		c.Labels = map[string]string{"l": v}
	}
	if v := word("instance", first(truth.Instances)); v != "" {
		c.Instances = []string{v}
	}
	for _, name := range []string{correlate.Everywhere, "a", "b"} {
		if rapid.IntRange(0, 3).Draw(t, "zone "+name) == 0 {
			z := correlate.ZoneStep{Name: name}
			if rapid.Bool().Draw(t, "told when") {
				z.ReachedAt = drawTime(t, "reached")
			}
			c.Zones = append(c.Zones, z)
		}
	}
	times := []time.Time{drawTime(t, "one time"), drawTime(t, "another time")}
	slices.SortFunc(times, time.Time.Compare)
	c.StartedAt, c.FinishedAt = times[0], times[1]
	switch rapid.IntRange(0, 3).Draw(t, "unknown") {
	case 0:
		c.StartedAt = time.Time{}
	case 1:
		c.FinishedAt = time.Time{}
	}
	return c
}

func drawIncident(t *rapid.T, truth *correlate.Incident) correlate.Incident {
	word := words(t, truth == nil)
	if truth == nil {
		truth = &correlate.Incident{}
	}
	i := correlate.Incident{
		ID: "i", Service: word("service", truth.Service), Severity: word("severity", truth.Severity),
		Environment: impliedWord(t, truth.Environment, correlate.DefaultEnvironment, truth.ID == "", []string{"production", "staging", "a"}),
		Title:       word("title", truth.Title), URL: word("url", truth.URL), CausedBy: word("cause", truth.CausedBy),
		Source: word("source", truth.Source), OpenedAt: drawTime(t, "opened"),
	}
	if rapid.Bool().Draw(t, "acknowledged") {
		i.AcknowledgedAt = drawTime(t, "acknowledged at")
	}
	if rapid.Bool().Draw(t, "resolved") {
		i.ResolvedAt = i.OpenedAt.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "lasted")) * time.Minute)
	}
	return i
}

// words draws a word: any, or the true one; either may be missing.
func words(t *rapid.T, free bool) func(label, truth string) string {
	return func(label, truth string) string {
		if free {
			return rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, label)
		}
		return rapid.SampledFrom([]string{"", truth}).Draw(t, label)
	}
}

// impliedWord is words for what has a value that is implied when nothing is said.
func impliedWord[T ~string](t *rapid.T, truth, implied T, free bool, all []T) T {
	if free {
		return rapid.SampledFrom(append(slices.Clone(all), "")).Draw(t, "implied word")
	}
	return rapid.SampledFrom([]T{"", implied, truth}).Draw(t, "implied word")
}

func drawTime(t *rapid.T, label string) time.Time { return at(rapid.IntRange(0, 9).Draw(t, label)) }

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

func TestHowLongAnIncidentLastedIsNeverZero(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 3, 1, 10, minute, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		opened, resolved time.Time
		want             time.Duration
		known            bool
	}{
		"open":                      {at(0), time.Time{}, 0, false},
		"resolved":                  {at(0), at(20), 20 * time.Minute, true},
		"only its end was told":     {at(20), at(20), 0, false},
		"nothing but its end known": {time.Time{}, at(20), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, known := correlate.Incident{OpenedAt: c.opened, ResolvedAt: c.resolved}.Lasted()
			require.Equal(t, c.want, d)
			require.Equal(t, c.known, known)
		})
	}
}
