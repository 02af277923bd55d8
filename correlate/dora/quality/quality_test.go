package quality

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var march = Query{From: noon.AddDate(0, 0, -30), To: noon.Add(time.Hour)}

// deployed is a deployment that lacks nothing.
func deployed(id string, edit func(*correlate.ChangeRecord)) *correlate.ChangeRecord {
	c := &correlate.ChangeRecord{
		Change: correlate.Change{
			ID: id, Service: "cart", Environment: "production", Team: "shop", Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded,
			StartedAt: noon, FinishedAt: noon, Commits: []correlate.Commit{{SHA: "a"}},
		},
		Phase: correlate.PhaseClosed, Verdict: &correlate.Verdict{Reason: correlate.ReasonWithinMargin}, ReceivedAt: noon.Add(LateAfter),
	}
	if edit != nil {
		edit(c)
	}
	return c
}

// opened is an incident that lacks nothing.
func opened(id string, edit func(*correlate.IncidentRecord)) *correlate.IncidentRecord {
	i := &correlate.IncidentRecord{
		Incident:     correlate.Incident{ID: id, Service: "cart", Environment: "production", OpenedAt: noon},
		AttributedTo: "c", ReceivedAt: noon,
	}
	if edit != nil {
		edit(i)
	}
	return i
}

// shares are the parts and wholes of a report.
func shares(r Report) map[Name]string {
	all := map[Name]string{}
	for _, c := range r.Checks {
		if c.Share != nil {
			all[c.Name] = fmt.Sprintf("%d/%d %v", c.Share.Numerator, c.Share.Denominator, c.Examples)
		}
	}
	return all
}

func TestWhatAChangeLacks(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*correlate.ChangeRecord)
		want map[Name]string
	}{
		"nothing":       {nil, map[Name]string{WithoutCommits: "0/1 []", WithoutTelemetry: "0/1 []", Late: "0/1 []", WithoutTeam: "0/1 []"}},
		"commits":       {func(c *correlate.ChangeRecord) { c.Commits = nil }, map[Name]string{WithoutCommits: "1/1 [x]", WithoutTelemetry: "0/1 []", Late: "0/1 []", WithoutTeam: "0/1 []"}},
		"a size tells":  {func(c *correlate.ChangeRecord) { c.Commits, c.Size = nil, &correlate.Size{} }, map[Name]string{WithoutCommits: "0/1 []", WithoutTelemetry: "0/1 []", Late: "0/1 []", WithoutTeam: "0/1 []"}},
		"as a rollback": {func(c *correlate.ChangeRecord) { c.Commits, c.Rollback = nil, true }, map[Name]string{WithoutTelemetry: "0/1 []", Late: "0/1 []", WithoutTeam: "0/1 []"}},
		"telemetry":     {func(c *correlate.ChangeRecord) { c.Verdict.Reason = correlate.ReasonNoTelemetry }, map[Name]string{WithoutCommits: "0/1 []", WithoutTelemetry: "1/1 [x]", Late: "0/1 []", WithoutTeam: "0/1 []"}},
		"its window":    {func(c *correlate.ChangeRecord) { c.Phase, c.Verdict = correlate.PhaseObserving, nil }, map[Name]string{WithoutCommits: "0/1 []", Late: "0/1 []", WithoutTeam: "0/1 []"}},
		"history":       {func(c *correlate.ChangeRecord) { c.Phase, c.Verdict = correlate.PhaseHistory, nil }, map[Name]string{WithoutCommits: "0/1 []", WithoutTelemetry: "1/1 [x]", Late: "0/1 []", WithoutTeam: "0/1 []"}},
		"time":          {func(c *correlate.ChangeRecord) { c.ReceivedAt = noon.Add(LateAfter + 1) }, map[Name]string{WithoutCommits: "0/1 []", WithoutTelemetry: "0/1 []", Late: "1/1 [x]", WithoutTeam: "0/1 []"}},
		"a team":        {func(c *correlate.ChangeRecord) { c.Team = "" }, map[Name]string{WithoutCommits: "0/1 []", WithoutTelemetry: "0/1 []", Late: "0/1 []", WithoutTeam: "1/1 [cart]"}},
		"production":    {func(c *correlate.ChangeRecord) { c.Environment = "staging" }, map[Name]string{}},
		"a report":      {func(c *correlate.ChangeRecord) { c.Phase = correlate.PhaseRetracted }, map[Name]string{}},
		"the window":    {func(c *correlate.ChangeRecord) { c.FinishedAt = march.To }, map[Name]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			tally := NewTally(march)
			tally.Change(deployed("x", c.edit))
			require.Equal(t, c.want, shares(tally.Report()))
		})
	}
}

func TestWhatAnIncidentLacks(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*correlate.IncidentRecord)
		want map[Name]string
	}{
		"nothing":   {nil, map[Name]string{WithoutService: "0/1 []", Unattributed: "0/1 []", Late: "0/1 []"}},
		"a service": {func(i *correlate.IncidentRecord) { i.Service = "" }, map[Name]string{WithoutService: "1/1 [x]", Unattributed: "0/1 []", Late: "0/1 []"}},
		"certainty": {func(i *correlate.IncidentRecord) { i.AttributedTo, i.UnlinkedReason = "", correlate.UnlinkedGuess },
			map[Name]string{WithoutService: "1/1 [x]", Unattributed: "1/1 [x]", Late: "0/1 []"}},
		"a cause, as was said": {func(i *correlate.IncidentRecord) { i.AttributedTo, i.UnlinkedReason = "", correlate.UnlinkedSaid },
			map[Name]string{WithoutService: "0/1 []", Late: "0/1 []"}},
		"time":     {func(i *correlate.IncidentRecord) { i.ReceivedAt = noon.AddDate(0, 0, 1) }, map[Name]string{WithoutService: "0/1 []", Unattributed: "0/1 []", Late: "1/1 [x]"}},
		"a report": {func(i *correlate.IncidentRecord) { i.Retracted = true }, map[Name]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			tally := NewTally(march)
			tally.Incident(opened("x", c.edit))
			require.Equal(t, c.want, shares(tally.Report()))
		})
	}
}

func TestQualityOfAServiceAndOfATeam(t *testing.T) {
	pay := func(c *correlate.ChangeRecord) { c.Service, c.Team = "pay", "money" }
	for name, c := range map[string]struct {
		edit               func(*Query)
		changes, incidents int
	}{
		"all":                 {func(*Query) {}, 3, 2},
		"a service":           {func(q *Query) { q.Service = "pay" }, 1, 1},
		"a team":              {func(q *Query) { q.Team = "shop" }, 2, 1},
		"another environment": {func(q *Query) { q.Environment = "staging" }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			q := march
			c.edit(&q)
			tally := NewTally(q)
			tally.Change(deployed("a", nil))
			tally.Change(deployed("b", nil))
			tally.Change(deployed("c", pay))
			tally.Incident(opened("i", nil))
			tally.Incident(opened("j", func(i *correlate.IncidentRecord) { i.Service = "pay" }))
			r := tally.Report()
			require.Equal(t, c.changes, r.Changes)
			require.Equal(t, c.incidents, r.Incidents)
		})
	}
}

func TestTheOrderOfRecordsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*correlate.ChangeRecord
		for i := range rapid.IntRange(0, 100).Draw(t, "changes") {
			all = append(all, deployed(fmt.Sprint("c", i), func(c *correlate.ChangeRecord) {
				c.FinishedAt = noon.Add(-time.Duration(i/2) * time.Minute)
				c.Service = rapid.SampledFrom([]string{"cart", "pay", "mail"}).Draw(t, "service")
				c.Team = rapid.SampledFrom([]string{"", "shop"}).Draw(t, "team")
				if rapid.Bool().Draw(t, "bare") {
					c.Commits = nil
				}
			}))
		}
		report := func() Report {
			tally := NewTally(march)
			for _, c := range all {
				tally.Change(c)
			}
			return tally.Report()
		}
		inOrder := report()
		lacking := 0
		for _, c := range all {
			if len(c.Commits) == 0 {
				lacking++
			}
		}
		if len(all) > 0 {
			require.Equal(t, lacking, inOrder.Checks[0].Share.Numerator)
		}
		require.Len(t, inOrder.Checks[0].Examples, min(lacking, mostExamples))
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		require.Equal(t, inOrder, report())
	})
}
