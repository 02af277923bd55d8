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
	if rapid.Bool().Draw(t, "rolled back") {
		c.RolledBackBy = fmt.Sprintf("c%d", rapid.IntRange(0, n-1).Draw(t, "by"))
	}
	if rapid.Bool().Draw(t, "hotfix") {
		c.Labels = map[string]string{"class": "hotfix"}
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
		in.Service = rapid.SampledFrom(services).Draw(t, "incident service")
		d.Incidents = append(d.Incidents, in)
	}
	return d
}

func TestAnyOrderGivesTheSameReport(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawData(t)
		q := month
		q.By = rapid.SampledFrom(dora.GroupBys()).Draw(t, "by")
		shuffled := dora.Data{
			Changes:   rapid.Permutation(append(d.Changes, d.Changes...)).Draw(t, "shuffled changes"),
			Incidents: rapid.Permutation(append(d.Incidents, d.Incidents...)).Draw(t, "shuffled incidents"),
		}
		require.Equal(t, dora.Compute(q, d, asOf), dora.Compute(q, shuffled, asOf))
	})
}

func TestGroupsAddUpToTheTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := month
		q.By = rapid.SampledFrom([]dora.GroupBy{dora.ByService, dora.ByTeam, dora.ByEnvironment}).Draw(t, "by")
		r := dora.Compute(q, drawData(t), asOf)
		var sum [8]int
		for _, g := range r.Groups {
			for i, v := range counts(g) {
				sum[i] += v
			}
		}
		require.Equal(t, counts(r.Total), sum)
	})
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
func counts(n dora.Numbers) [8]int {
	c := [8]int{n.Deployments, n.Redeployments, n.DeployFailed, n.Pending, n.OpenFailures, n.NegativeLeadTimes, n.Unattributed}
	if n.ChangeFailRate != nil {
		c[7] = n.ChangeFailRate.Numerator
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
