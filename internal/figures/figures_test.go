package figures_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/dora/stats"
	"github.com/shipwake/shipwake/internal/figures"
)

func TestFigures(t *testing.T) {
	perDay, age := 1.4, 90000.0
	full := dora.Numbers{
		Deployments: 1400, DeploymentsPerDay: &perDay, Redeployments: 2, ChangeFailRate: stats.Part(5, 40), Pending: 1, Unjudged: 4,
		LeadTime: &dora.Duration{N: 38, Median: 93600, P90: 198000}, Recovery: &dora.Duration{N: 4, Median: 1500, P90: 3960, Mean: 1800},
		OpenFailures: 1, OldestOpenFailure: &age, ReworkRate: stats.Part(1, 1),
	}
	for name, c := range map[string]struct {
		policy dora.Policy
		metric int
		of     *dora.Numbers
		want   [3]string
	}{
		"a median with its p90":          {"", 0, &full, [3]string{"1d 2h", "", "median of 38, p90 2d 7h"}},
		"a frequency with its count":     {"", 1, &full, [3]string{"1.40", "", "1,400 deployments, 2 redeployments apart"}},
		"open failures beside a median":  {"", 2, &full, [3]string{"25m 0s", "", "median of 4, p90 1h 6m, 1 open, oldest 1d 1h"}},
		"the lower median":               {dora.PolicyDevLake, 2, &full, [3]string{"25m 0s", "", "lower median of 4, p90 1h 6m, 1 open, oldest 1d 1h"}},
		"the mean":                       {dora.PolicyRatio, 2, &full, [3]string{"30m 0s", "", "mean of 4, 1 open, oldest 1d 1h"}},
		"a rate with what isn't settled": {"", 3, &full, [3]string{"12.5 %", "5.5–26.1 %", "5 of 40, 1 pending, 4 unjudged"}},
		"one of one":                     {"", 4, &full, [3]string{"1 of 1", "20.7–100 %", "1 of 1"}},
		"no data":                        {"", 3, &dora.Numbers{}, [3]string{"–", "", ""}},
		"no period":                      {"", 3, nil, [3]string{"–", "", ""}},
		"an open failure alone":          {"", 2, &dora.Numbers{OpenFailures: 2}, [3]string{"–", "", "2 open"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := figures.Five()[c.metric].Of(c.policy, c.of)
			require.Equal(t, c.want, [3]string{f.Said, f.Interval, f.From})
			require.Contains(t, f.Whole(), f.Said)
			require.LessOrEqual(t, strings.Count(f.Whole(), "1 of 1"), 1, "nothing is said twice")
			require.Equal(t, f.Said == "–", f.Value == nil, "no data is nil, never zero")
		})
	}
}

func TestThePastOfAGroup(t *testing.T) {
	two, one := dora.Numbers{Group: "shop", ReworkRate: stats.Part(1, 2)}, dora.Numbers{ReworkRate: stats.Part(1, 1)}
	r := dora.Report{Periods: []dora.Period{{Total: &one, Groups: []dora.Numbers{two}}, {}}}
	rework := figures.Five()[4]
	require.Equal(t, []*float64{&two.ReworkRate.Value, nil}, figures.Values(figures.Past(r, rework, dora.Numbers{Group: "shop"})))
	require.Equal(t, []*float64{&one.ReworkRate.Value, nil}, figures.Values(figures.Past(r, rework, dora.Numbers{})))
	require.Equal(t, []*float64{nil, nil}, figures.Values(figures.Past(r, rework, dora.Numbers{Group: "search"})))
}
