package dora_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/dora/calendar"
)

var services = []string{"cart", "checkout", "payments"}

func drawChange(t *rapid.T, i, n int) correlate.ChangeRecord {
	minute := rapid.IntRange(-500, 5000).Draw(t, "finished")
	c := change(fmt.Sprintf("c%d", i), at(minute))
	c.Service = rapid.SampledFrom(services).Draw(t, "service")
	c.Environment = rapid.SampledFrom([]string{"production", "staging"}).Draw(t, "environment")
	c.Team = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "team")
	c.Kind = rapid.SampledFrom(correlate.Kinds()).Draw(t, "kind")
	c.Status = rapid.SampledFrom(correlate.Statuses()).Draw(t, "status")
	c.Phase = rapid.SampledFrom([]correlate.Phase{
		correlate.PhaseObserving, correlate.PhaseClosed, correlate.PhaseHistory, correlate.PhaseMerged,
	}).Draw(t, "phase")
	c.Verdict.Outcome = rapid.SampledFrom([]correlate.Outcome{
		correlate.Healthy, correlate.Regressed, correlate.Inconclusive,
	}).Draw(t, "outcome")
	if c.Phase == correlate.PhaseMerged {
		c.MergedInto = fmt.Sprintf("c%d", rapid.IntRange(0, n-1).Draw(t, "into"))
	}
	if rapid.IntRange(0, 3).Draw(t, "overruled") == 0 {
		c.Notes = []correlate.Note{{Kind: correlate.NoteOverrule, Change: c.ID, By: "ada", At: at(minute)}}
	}
	if rapid.IntRange(0, 5).Draw(t, "blamed") == 0 {
		c.BlamedFor = []string{"another"}
	}
	c.Redeploy = rapid.IntRange(0, 3).Draw(t, "redeploy") == 0
	if rapid.Bool().Draw(t, "rolled back") {
		c.RolledBackBy = fmt.Sprintf("c%d", rapid.IntRange(0, n-1).Draw(t, "by"))
	}
	c.Labels = map[string]string{}
	if rapid.Bool().Draw(t, "hotfix") {
		c.Labels["class"] = "hotfix"
	}
	for _, label := range [][]string{{"region", "", "", "eu", "us"}, {dora.LabelSystem, "", "shop", "bank"}} {
		if value := rapid.SampledFrom(label[1:]).Draw(t, label[0]); value != "" {
			c.Labels[label[0]] = value
		}
	}
	if pipeline := rapid.IntRange(0, 9).Draw(t, "pipeline"); pipeline < 3 {
		c.Labels[dora.LabelPipeline], c.Labels[dora.LabelProject] = fmt.Sprint(pipeline), "shop"
	}
	c.Commits = []correlate.Commit{{
		SHA:        fmt.Sprintf("s%d", rapid.IntRange(0, 5).Draw(t, "sha")),
		AuthoredAt: at(minute - rapid.IntRange(-10, 100).Draw(t, "authored")),
	}}
	return c
}

func drawData(t *rapid.T) dora.Data {
	var d dora.Data
	n := rapid.IntRange(1, 12).Draw(t, "changes")
	for i := range n {
		d.Changes = append(d.Changes, drawChange(t, i, n))
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "incidents") {
		opened := rapid.IntRange(0, 5000).Draw(t, "opened")
		in := incident(fmt.Sprintf("i%d", i), at(opened), time.Time{}, fmt.Sprintf("c%d", rapid.IntRange(0, n).Draw(t, "cause")))
		if rapid.Bool().Draw(t, "resolved") {
			in.ResolvedAt = in.OpenedAt.Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "lasted")) * time.Minute)
		}
		in.Incident = in.Of(rapid.SliceOfN(rapid.SampledFrom(append(services, "")), 0, 3).Draw(t, "incident services")...)
		d.Incidents = append(d.Incidents, in)
	}
	return d
}

func TestAnyOrderGivesTheSameReport(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawData(t)
		q := month
		q.By, q.Policy = rapid.SampledFrom(dora.GroupBys()).Draw(t, "by"), rapid.SampledFrom(dora.Policies()).Draw(t, "policy")
		shuffled := dora.Data{
			Changes:   rapid.Permutation(append(d.Changes, d.Changes...)).Draw(t, "shuffled changes"),
			Incidents: rapid.Permutation(append(d.Incidents, d.Incidents...)).Draw(t, "shuffled incidents"),
		}
		require.Equal(t, report(t, q, d), report(t, q, shuffled))
	})
}

// 10,000 orders of one history of a year, with spans that no float adds up exactly, are one sequence of bytes.
func TestTenThousandShufflesAreOneReport(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var d dora.Data
	for i := range 60 {
		c := change(fmt.Sprintf("c%d", i), at(random.IntN(40_000)).Add(time.Duration(random.Int64N(1e9))))
		c.Service, c.Redeploy = services[i%3], i%11 == 0
		c.Commits = []correlate.Commit{{SHA: fmt.Sprint(i / 2), AuthoredAt: c.FinishedAt.Add(-time.Duration(random.Int64N(1e15)))}}
		if i%4 == 0 {
			c.Verdict.Outcome, c.RecoveredAt = correlate.Regressed, c.FinishedAt.Add(time.Duration(random.Int64N(1e13)))
		}
		if i%9 == 0 {
			c.Phase, c.MergedInto = correlate.PhaseMerged, fmt.Sprintf("c%d", i+1)
		}
		d.Changes = append(d.Changes, c)
		if i%5 == 0 {
			d.Incidents = append(d.Incidents, incident(fmt.Sprintf("i%d", i), c.FinishedAt.Add(time.Minute), c.FinishedAt.Add(time.Duration(1e11+random.Int64N(1e13))), c.ID))
		}
	}
	q := month
	q.By = dora.ByServiceEnvironment
	want := report(t, q, d)
	for range 10_000 {
		random.Shuffle(len(d.Changes), func(i, j int) { d.Changes[i], d.Changes[j] = d.Changes[j], d.Changes[i] })
		random.Shuffle(len(d.Incidents), func(i, j int) { d.Incidents[i], d.Incidents[j] = d.Incidents[j], d.Incidents[i] })
		if got := report(t, q, d); got != want {
			t.Fatalf("another order, another report:\n%s\n%s", want, got)
		}
	}
}

func report(t require.TestingT, q dora.Query, d dora.Data) string {
	text, err := json.Marshal(dora.Compute(q, d, asOf))
	require.NoError(t, err)
	return string(text)
}

// Whatever it is split by, a report is the sum of its slices, numerators and denominators apart; so is each period that of its
// groups, and each group, and the total, that of the periods.
func TestSlicesAddUpToTheTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, now := drawQuery(t)
		q.By = rapid.SampledFrom([]dora.GroupBy{
			dora.ByService, dora.ByTeam, dora.BySystem, dora.ByEnvironment, dora.ByClass, dora.ByKind, dora.ByLabel("region"),
		}).Draw(t, "split by")
		q.Series = rapid.SampledFrom(calendar.Periods()).Draw(t, "series of")
		d := drawData(t)
		for i := range d.Incidents { // those of several services count in each of them
			d.Incidents[i].Incident = d.Incidents[i].Of(d.Incidents[i].Service)
		}
		r := dora.Compute(q, d, now)
		require.Equal(t, counts(r.Total), sum(r.Groups))
		var totals []dora.Numbers
		byGroup := map[string][]dora.Numbers{}
		for _, p := range r.Periods {
			if p.Total == nil {
				require.Empty(t, p.Groups)
				continue
			}
			totals = append(totals, *p.Total)
			require.Equal(t, counts(*p.Total), sum(p.Groups), p.Name)
			for _, g := range p.Groups {
				byGroup[g.Group] = append(byGroup[g.Group], g)
			}
		}
		require.Equal(t, counts(r.Total), sum(totals))
		for _, g := range r.Groups {
			require.Equal(t, counts(g), sum(byGroup[g.Group]), g.Group)
		}
	})
}

// TestACellIsAReportByItself: of a group, of a period, and of both.
func TestACellIsAReportByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, now := drawQuery(t)
		q.Scope, q.Trend = dora.Scope{}, false
		q.By = rapid.SampledFrom([]dora.GroupBy{dora.ByTeam, dora.BySystem, dora.ByClass, dora.ByKind, dora.ByLabel("region")}).Draw(t, "split by")
		q.Series = rapid.SampledFrom(calendar.Periods()).Draw(t, "series of")
		q.Policy = rapid.SampledFrom([]dora.Policy{dora.PolicyShipwake, dora.PolicyDevLake, dora.PolicyRatio}).Draw(t, "policy")
		d := drawData(t)
		for i := range d.Changes { // a rollout is a pipeline, so that none spans groups
			delete(d.Changes[i].Labels, dora.LabelPipeline)
		}
		for _, p := range dora.Compute(q, d, now).Periods {
			for _, g := range p.Groups {
				cell := dora.Query{From: p.From, To: p.To, Policy: q.Policy}
				switch q.By {
				case dora.ByTeam:
					cell.Team = g.Group
				case dora.BySystem:
					cell.System = g.Group
				case dora.ByClass:
					cell.Class = dora.Class(g.Group)
				case dora.ByKind:
					cell.Kind = correlate.Kind(g.Group)
				default:
					cell.Labels = []dora.Label{{Name: "region", Value: g.Group}}
				}
				g.Group = ""
				require.Equal(t, g, dora.Compute(cell, d, now).Total)
			}
		}
	})
}

// TestANumberIsThoseThatAreListed: what a cell links to is what it counted, whatever it is restricted to.
func TestANumberIsThoseThatAreListed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, now := drawQuery(t)
		q.By = rapid.SampledFrom([]dora.GroupBy{dora.ByNothing, dora.ByEnvironment}).Draw(t, "split by")
		q.Policy = rapid.SampledFrom(dora.Policies()).Draw(t, "policy")
		d := drawData(t)
		for i := range d.Changes { // a rollout is a pipeline
			delete(d.Changes[i].Labels, dora.LabelPipeline)
		}
		n := dora.Compute(q, d, now).Total
		listed := func(what dora.Counted) int { return len(dora.List(q, d, now, what)) }
		require.Equal(t, n.Deployments, listed(dora.CountedDeployments))
		require.Equal(t, n.Pending, listed(dora.CountedPending))
		require.Equal(t, n.Inconclusive, listed(dora.CountedInconclusive))
		require.Equal(t, n.Unjudged, listed(dora.CountedUnjudged))
		require.Equal(t, n.Redeployments, listed(dora.CountedRedeployments))
		require.Equal(t, n.DeployFailed, listed(dora.CountedDeployFailed))
		if q.Policy != dora.PolicyRatio { // whose failures are incidents
			require.Equal(t, n.OpenFailures, listed(dora.CountedOpenFailures))
			require.Equal(t, ratio(n.ChangeFailRate), [2]int{listed(dora.CountedFailures), listed(dora.CountedCompleted)})
		}
		if q.Policy == dora.PolicyShipwake {
			require.Equal(t, ratio(n.ReworkRate), [2]int{listed(dora.CountedRework), n.Deployments})
			require.Equal(t, ratio(n.RollbackRate), [2]int{listed(dora.CountedRollbacks), n.Deployments})
		}
		all := dora.List(q, d, now, dora.CountedDeployments)
		require.True(t, slices.IsSortedFunc(all, func(a, b correlate.ChangeRecord) int { return b.FinishedAt.Compare(a.FinishedAt) }))
	})
}

// ratio is a ratio's numerator and denominator.
func ratio(r *dora.Ratio) [2]int {
	if r == nil {
		return [2]int{}
	}
	return [2]int{r.Numerator, r.Denominator}
}

func sum(all []dora.Numbers) (of [18]int) {
	for _, n := range all {
		for i, v := range counts(n) {
			of[i] += v
		}
	}
	return of
}

func TestARatioStaysWithinItsInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := dora.Compute(month, drawData(t), asOf).Total
		for _, r := range []*dora.Ratio{n.ChangeFailRate, n.ReworkRate} {
			if r == nil {
				continue
			}
			require.LessOrEqual(t, r.Numerator, r.Denominator)
			require.LessOrEqual(t, r.Interval[0], r.Value)
			require.GreaterOrEqual(t, r.Interval[1], r.Value)
			require.LessOrEqual(t, r.Denominator, n.Deployments)
		}
	})
}

// counts are the numbers of a group that add up.
func counts(n dora.Numbers) [18]int {
	c := [18]int{n.Deployments, n.Redeployments, n.DeployFailed, n.Pending, n.OpenFailures, n.NegativeLeadTimes, n.Unattributed, n.Inconclusive, n.Unjudged}
	for i, r := range []*dora.Ratio{n.ChangeFailRate, n.ReworkRate, n.RollbackRate} {
		if r != nil {
			c[9+2*i], c[10+2*i] = r.Numerator, r.Denominator
		}
	}
	for i, d := range []*dora.Duration{n.Recovery, n.LeadTime, n.IncidentRecovery} {
		if d != nil {
			c[15+i] = d.N
		}
	}
	return c
}

func BenchmarkComputeOneThousandServices(b *testing.B) {
	var d dora.Data
	for day := range 90 {
		for s := range 1000 {
			c := change(fmt.Sprintf("c-%d-%d", day, s), asOf.AddDate(0, 0, -day).Add(-time.Duration(s)*time.Second))
			c.Service = fmt.Sprintf("service-%d", s)
			d.Changes = append(d.Changes, c)
		}
	}
	q := dora.Query{From: asOf.AddDate(0, 0, -90), To: asOf, By: dora.ByServiceEnvironment}
	for b.Loop() {
		dora.Compute(q, d, asOf)
	}
}
