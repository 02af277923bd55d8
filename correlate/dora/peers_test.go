package dora_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// under reports the month under a policy.
func under(p dora.Policy, changes records, incidents ...correlate.IncidentRecord) dora.Numbers {
	q := month
	q.Policy = p
	return dora.Compute(q, dora.Data{Changes: changes, Incidents: incidents}, asOf).Total
}

func of(service string) edit { return func(c *correlate.ChangeRecord) { c.Service = service } }
func ended(status correlate.Status) edit {
	return func(c *correlate.ChangeRecord) { c.Status = status }
}
func belongs(project, pipeline string) edit {
	return func(c *correlate.ChangeRecord) {
		c.Labels = map[string]string{dora.LabelProject: project, dora.LabelPipeline: pipeline}
	}
}

// about is an incident of a service, open when it lasted nothing.
func about(service, id string, opened time.Time, lasted time.Duration) correlate.IncidentRecord {
	in := incident(id, opened, time.Time{}, "")
	in.Service = service
	if lasted > 0 {
		in.ResolvedAt = opened.Add(lasted)
	}
	return in
}

// shop is a project of two repositories: five pipelines reached production, two of which rolled out both of them. The rows
// of the third lie around the fourth.
func shop() records {
	row := func(id, service string, finished int, pipeline string, edits ...edit) correlate.ChangeRecord {
		return change(id, at(finished), append([]edit{of(service), belongs("shop", pipeline)}, edits...)...)
	}
	return records{
		row("1-cart", "cart", 0, "1"), row("1-checkout", "checkout", 10, "1"),
		row("2-cart", "cart", 60, "2"),
		row("3-cart", "cart", 100, "3"), row("3-checkout", "checkout", 140, "3"),
		row("4-cart", "cart", 120, "4"),
		row("5-checkout", "checkout", 300, "5"),
		row("6-cart", "cart", 145, "6", ended(correlate.StatusFailed)),
		row("7-cart", "cart", 148, "7", func(c *correlate.ChangeRecord) { c.Environment = "staging" }),
	}
}

// troubles of the shop: four follow a row of the third pipeline, two the fourth.
func troubles() []correlate.IncidentRecord {
	during := func(id string, opened, resolved int) correlate.IncidentRecord {
		return about("shop", id, at(opened), time.Duration(resolved-opened)*time.Minute)
	}
	return []correlate.IncidentRecord{
		during("after the first row of 3", 105, 170),
		during("just after 4", 121, 180), during("after 4", 130, 140),
		during("after the second row of 3", 150, 230), during("later", 200, 440), during("and later", 250, 260),
	}
}

func TestDevLakeHoldsIncidentsAgainstRowsAndCountsPipelines(t *testing.T) {
	n := under(dora.PolicyDevLake, shop(), troubles()...)
	require.Equal(t, 5, n.Deployments)
	require.Equal(t, 1, n.DeployFailed)
	require.Equal(t, [3]any{0.4, 2, 5}, [3]any{n.ChangeFailRate.Value, n.ChangeFailRate.Numerator, n.ChangeFailRate.Denominator})
	require.Zero(t, n.Unattributed)
	// From minute 140, when the third pipeline was complete: 30, 90, 300 and 120 minutes; from minute 120: 60 and 20.
	require.Equal(t, 6, n.Recovery.N)
	require.EqualValues(t, 60*60, n.Recovery.Median, "the lesser of 60 and 90 minutes")
	require.Nil(t, n.ReworkRate, "DevLake has none")

	ratio := under(dora.PolicyRatio, shop(), troubles()...).ChangeFailRate
	require.Equal(t, &dora.Ratio{Value: 1.2, Numerator: 6, Denominator: 5}, ratio, "of the same data")
}

// A row of a pipeline is complete before the pipeline is: were the rows put together first, the incident would be held
// against the pipeline before.
func TestDevLakeLooksAtRowsBeforePipelines(t *testing.T) {
	first := about("shop", "i", at(105), 0)
	n := under(dora.PolicyDevLake, shop(), first)
	require.Equal(t, 1, n.ChangeFailRate.Numerator)
	require.InDelta(t, asOf.Sub(at(140)).Seconds(), *n.OldestOpenFailure, 10, "of the third pipeline, not the second")
}

func TestDevLakeSkipsWhatFailed(t *testing.T) {
	commit := func(sha string, authored int) edit {
		return func(c *correlate.ChangeRecord) {
			c.Commits = append(c.Commits, correlate.Commit{SHA: sha, AuthoredAt: at(authored)})
		}
	}
	changes := records{
		change("first", at(0), commit("a", -10)),
		change("attempt", at(60), commit("b", 50), ended(correlate.StatusFailed)),
		change("retry", at(90), commit("b", 50)),
		change("other repository", at(65), of("cart")),
		change("other environment", at(65), func(c *correlate.ChangeRecord) { c.Environment = "staging" }),
	}
	n := under(dora.PolicyDevLake, changes, about("checkout", "i", at(70), 5*time.Minute), about("checkout", "j", at(95), 5*time.Minute))
	require.Equal(t, 3, n.Deployments)
	require.Equal(t, 2, n.ChangeFailRate.Numerator, "the first, and the retry")
	// i: minute 0 to 75, j: minute 90 to 100.
	require.Equal(t, &dora.Duration{N: 2, Median: 600, P90: 4110, Mean: 2550, Buckets: [13]int{2: 1, 5: 1}}, n.Recovery)
	require.Equal(t, &dora.Duration{N: 2, Median: 1500, P90: 2220, Mean: 1500, Buckets: [13]int{2: 1, 4: 1}}, n.LeadTime, "10 minutes, and 40 by the retry")
}

func TestDevLakeKeepsADeploymentWhoseCommitIsLater(t *testing.T) {
	merged := change("a", at(0), func(c *correlate.ChangeRecord) {
		c.Commits = []correlate.Commit{{SHA: "late", AuthoredAt: at(5)}}
	})
	n := under(dora.PolicyDevLake, records{merged})
	require.Equal(t, [2]int{1, 1}, [2]int{n.Deployments, n.NegativeLeadTimes})
	require.Nil(t, n.LeadTime)
}

// Three deployments of each of two applications, as the rules of Pelorus count them.
func TestRatioOfIncidentsToDeployments(t *testing.T) {
	var changes records
	deployed := func(app string, spans ...int) {
		for i, seconds := range spans {
			changes = append(changes, change(fmt.Sprintf("%s-%d", app, i), at(i*60), of(app), func(c *correlate.ChangeRecord) {
				c.Commits = []correlate.Commit{{SHA: c.ID, AuthoredAt: c.FinishedAt.Add(-time.Duration(seconds) * time.Second)}}
			}))
		}
	}
	deployed("todolist", 111, 282, 2_918_139)
	deployed("basic", 240, 420, 3_138_000)
	deployed("open", 60)
	q := month
	q.By, q.Policy = dora.ByService, dora.PolicyRatio
	report := dora.Compute(q, dora.Data{Changes: changes, Incidents: []correlate.IncidentRecord{
		about("todolist", "i", at(10), 2000*time.Second), about("todolist", "j", at(200), 2612*time.Second),
		about("basic", "k", at(10), 278*time.Second), about("open", "l", at(10), 0),
	}}, asOf)
	require.Equal(t, dora.PolicyRatio, report.Policy)
	got := map[string]dora.Numbers{}
	for _, n := range report.Groups {
		got[n.Group] = n
	}
	require.EqualValues(t, 972_844, got["todolist"].LeadTime.Mean)
	require.EqualValues(t, 282, got["todolist"].LeadTime.Median)
	require.EqualValues(t, 1_046_220, got["basic"].LeadTime.Mean)
	require.Equal(t, &dora.Ratio{Value: 0.666667, Numerator: 2, Denominator: 3}, got["todolist"].ChangeFailRate)
	require.Equal(t, &dora.Ratio{Value: 0.333333, Numerator: 1, Denominator: 3}, got["basic"].ChangeFailRate)
	require.EqualValues(t, 2306, got["todolist"].Recovery.Mean)
	require.EqualValues(t, 278, got["basic"].Recovery.Mean)
	require.Equal(t, &dora.Ratio{Value: 1, Numerator: 1, Denominator: 1}, got["open"].ChangeFailRate)
	require.Nil(t, got["open"].Recovery, "it is open")
	require.Equal(t, 1, got["open"].OpenFailures)
	require.Equal(t, &dora.Ratio{Value: 0.571429, Numerator: 4, Denominator: 7}, report.Total.ChangeFailRate, "a sum over a sum")
}

// sixDeployments begin on Sunday, 1 March 2026, and go on for three weeks, of which the third has none.
func sixDeployments() (records, []correlate.IncidentRecord) {
	const day = 24 * 60
	changes := records{
		change("1", at(0)), change("2", at(60), ended(correlate.StatusFailed)), change("3", at(day)), change("4", at(day+60)),
		change("5", at(2*day), ended(correlate.StatusCancelled)), change("6", at(15*day)),
	}
	return changes, []correlate.IncidentRecord{
		about("checkout", "before the first", at(-10), 10*time.Minute),
		about("checkout", "after 1", at(5), 20*time.Minute),
		about("checkout", "at the instant of 2", at(60), 30*time.Minute),
		about("checkout", "after 4", at(day+61), 40*time.Minute),
		about("checkout", "after 4, too", at(day+62), 50*time.Minute),
		about("checkout", "once more", at(day+63), 60*time.Minute),
		about("checkout", "a week after 5", at(9*day), 0),
	}
}

func TestMiddlewareHoldsIncidentsAgainstWhateverCameLast(t *testing.T) {
	changes, incidents := sixDeployments()
	n := under(dora.PolicyMiddleware, changes, incidents...)
	require.Equal(t, 6, n.Deployments)
	require.Equal(t, [2]int{4, 6}, [2]int{n.ChangeFailRate.Numerator, n.ChangeFailRate.Denominator})
	require.Equal(t, 0.666667, n.ChangeFailRate.Value)
	require.Equal(t, 1, n.Unattributed, "the one before the first deployment is nobody's")
	require.Equal(t, 1, n.OpenFailures, "the fifth deployment's")
	require.EqualValues(t, 35*60, n.Recovery.Mean, "of 10 to 60 minutes; the open one isn't in it")
	require.Equal(t, 6, n.Recovery.N)
}

// Weeks go by when the deployment was, whenever its incident.
func TestMiddlewareCountsAnIncidentInTheWeekOfItsDeployment(t *testing.T) {
	changes, incidents := sixDeployments()
	sunday := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for week, want := range map[int]*[2]int{0: {4, 5}, 1: nil, 2: {0, 1}, 3: nil} {
		t.Run(fmt.Sprint("week ", week), func(t *testing.T) {
			q := dora.Query{From: sunday.AddDate(0, 0, 7*week), To: sunday.AddDate(0, 0, 7*week+7), Policy: dora.PolicyMiddleware}
			n := dora.Compute(q, dora.Data{Changes: changes, Incidents: incidents}, asOf).Total
			if want == nil {
				require.Nil(t, n.ChangeFailRate, "no data")
				return
			}
			require.Equal(t, *want, [2]int{n.ChangeFailRate.Numerator, n.ChangeFailRate.Denominator})
		})
	}
}

// A team's incidents are held against its deployments, whatever the service.
func TestMiddlewareLooksAtTeams(t *testing.T) {
	team := func(c *correlate.ChangeRecord) { c.Team = "shop" }
	changes := records{change("a", at(0), team), change("b", at(10), of("cart"), team)}
	q := month
	q.Policy, q.By = dora.PolicyMiddleware, dora.ByService
	r := dora.Compute(q, dora.Data{Changes: changes, Incidents: []correlate.IncidentRecord{about("checkout", "i", at(20), 0)}}, asOf)
	require.Equal(t, []int{1, 0}, []int{r.Groups[0].ChangeFailRate.Numerator, r.Groups[1].ChangeFailRate.Numerator}, "cart, checkout")
}

// Faults that other tools had, under every policy.
func TestNoPolicyMiscounts(t *testing.T) {
	for _, p := range dora.Policies() {
		t.Run(p.Title(), func(t *testing.T) {
			none := under(p, nil)
			require.Nil(t, none.ChangeFailRate, "no data is no rate of 0")
			require.Nil(t, none.Recovery)
			require.Nil(t, none.DeploymentsPerDay)

			first := records{change("a", at(0))}
			edited := incident("i", at(1), time.Time{}, "a")
			edited.AcknowledgedAt, edited.CausedBy = at(5), "a"
			n := under(p, first, edited, edited)
			require.Equal(t, [2]int{1, 1}, [2]int{n.ChangeFailRate.Numerator, n.ChangeFailRate.Denominator}, "told twice")
			require.Nil(t, n.Recovery, "acknowledged is not resolved")
			require.Equal(t, 1, n.OpenFailures)

			again := change("c", at(60), func(c *correlate.ChangeRecord) { c.Commit, c.Rollback = "9fceb02", true })
			again.Kind = correlate.KindRollback
			n = under(p, records{change("a", at(0), func(c *correlate.ChangeRecord) { c.Commit = "9fceb02" }), change("b", at(30)), again})
			require.Equal(t, 3, n.Deployments, "a commit that comes back is the rollback")

			n = under(p, records{change("a", at(0)), change("b", at(0), of("cart"))})
			require.Equal(t, 2, n.Deployments, "of one second")
			require.Equal(t, 1, p.Version())
		})
	}
}

func TestTheTableLeavesOtherPoliciesToTheBatch(t *testing.T) {
	for _, p := range dora.Policies() {
		q := month
		q.Policy = p
		require.Equal(t, p == dora.PolicyShipwake, dora.NewTable().Covers(q), p.Title())
	}
}

// Whatever the policy, what it counts in groups is at least the total, and a pipeline is never more than its rows.
func TestPipelinesAreNoMoreThanRollouts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawData(t)
		q := month
		q.By, q.Policy = dora.ByService, rapid.SampledFrom(dora.Policies()).Draw(t, "policy")
		r := dora.Compute(q, d, asOf)
		sum := 0
		for _, g := range r.Groups {
			sum += g.Deployments
		}
		require.GreaterOrEqual(t, sum, r.Total.Deployments)
		require.LessOrEqual(t, r.Total.Deployments, len(d.Changes))
		if f := r.Total.ChangeFailRate; f != nil && q.Policy != dora.PolicyRatio && q.Policy != dora.PolicyFourKeys {
			require.LessOrEqual(t, f.Numerator, f.Denominator)
		}
	})
}
