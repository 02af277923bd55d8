package host

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

var (
	lastWeek = time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -14)
	week     = dora.Query{From: lastWeek, To: lastWeek.AddDate(0, 0, 7)}
)

// remembering is a reader of a ledger that holds these records.
func remembering(t testing.TB, effects ...correlate.Effect) reader {
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	require.NoError(t, l.CommitEffects(t.Context(), effects, nil, 0))
	h := newHost(componenttest.NewNopTelemetrySettings(), *createDefaultConfig().(*Config), Options{})
	h.keepIn(l)
	go h.numbers.Run(t.Context(), l)
	return reader{h}
}

// deployed is a deployment of checkout that took five minutes and completed some hours after the beginning of the week.
func deployed(id string, hours float64, edit func(*correlate.ChangeRecord)) correlate.Effect {
	finished := lastWeek.Add(time.Duration(hours * float64(time.Hour)))
	c := correlate.ChangeRecord{
		Change: correlate.Change{ID: id, Service: "checkout", StartedAt: finished.Add(-5 * time.Minute), FinishedAt: finished}.WithDefaults(),
		Phase:  correlate.PhaseHistory,
	}
	if edit != nil {
		edit(&c)
	}
	return correlate.Effect{Change: &c}
}

func carrying(sha string, authored time.Time) func(*correlate.ChangeRecord) {
	return func(c *correlate.ChangeRecord) { c.Commits = []correlate.Commit{{SHA: sha, AuthoredAt: authored}} }
}

func broke(id, service, cause string, opened, resolved float64) correlate.Effect {
	at := func(hours float64) time.Time { return lastWeek.Add(time.Duration(hours * float64(time.Hour))) }
	return correlate.Effect{Incident: &correlate.IncidentRecord{
		Incident:     correlate.Incident{ID: id, Service: service, Environment: "production", OpenedAt: at(opened), ResolvedAt: at(resolved)},
		AttributedTo: cause,
	}}
}

func TestAReportLooksBeyondItsWindow(t *testing.T) {
	for name, c := range map[string]struct {
		effects []correlate.Effect
		want    func(*testing.T, dora.Numbers)
	}{
		"a commit that had arrived before the window is no arrival in it": {
			[]correlate.Effect{
				deployed("before", -20*24, carrying("a", lastWeek.AddDate(0, 0, -21))),
				deployed("again", 1, carrying("a", lastWeek.AddDate(0, 0, -21))),
				deployed("new", 2, carrying("b", lastWeek)),
			},
			func(t *testing.T, n dora.Numbers) {
				require.Equal(t, &dora.Duration{N: 1, Median: 7200, P90: 7200, Mean: 7200, Buckets: [13]int{5: 1}}, n.LeadTime)
			},
		},
		"a deployment that answers an incident from before the window is rework": {
			[]correlate.Effect{
				deployed("bad", -1, nil), deployed("answer", 0.5, nil), broke("i", "checkout", "bad", -0.5, 2),
			},
			func(t *testing.T, n dora.Numbers) {
				require.Equal(t, [2]int{1, 1}, [2]int{n.ReworkRate.Numerator, n.ReworkRate.Denominator})
				require.Nil(t, n.IncidentRecovery, "the incident itself counts when it opened")
			},
		},
		"a rollback after the window brings back what failed in it": {
			[]correlate.Effect{
				deployed("bad", 24, func(c *correlate.ChangeRecord) { c.RolledBackBy = "back" }),
				deployed("back", 10*24, func(c *correlate.ChangeRecord) { c.Kind, c.Rollback = correlate.KindRollback, true }),
			},
			func(t *testing.T, n dora.Numbers) { require.Equal(t, 1, n.Recovery.N) },
		},
		"a hotfix after the window speaks against what it repaired in it": {
			[]correlate.Effect{
				deployed("bad", 7*24-1, nil),
				deployed("hotfix", 7*24+1, func(c *correlate.ChangeRecord) { c.Labels = map[string]string{"class": "hotfix"} }),
			},
			func(t *testing.T, n dora.Numbers) { require.Equal(t, 1, n.ChangeFailRate.Numerator) },
		},
		"a rollback that was never reported": {
			[]correlate.Effect{deployed("bad", 24, func(c *correlate.ChangeRecord) { c.RolledBackBy = "nobody" })},
			func(t *testing.T, n dora.Numbers) { require.Equal(t, 1, n.OpenFailures) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := remembering(t, c.effects...).DORA(t.Context(), week)
			require.NoError(t, err)
			c.want(t, report.Total)
		})
	}
}

// An incident may name a change and no service, or another one.
func TestOneServiceIsCountedLikeItsGroup(t *testing.T) {
	cart := func(c *correlate.ChangeRecord) { c.Service = "cart" }
	r := remembering(t,
		deployed("long ago", -60*24, nil), deployed("a", 1, nil), deployed("b", 2, cart), deployed("c", 3, nil),
		broke("named no service", "", "long ago", 4, 5), broke("named another", "cart", "a", 1.5, 6), broke("nobody's", "checkout", "", 7, 8),
	)
	grouped := week
	grouped.By = dora.ByService
	all, err := r.DORA(t.Context(), grouped)
	require.NoError(t, err)
	require.Len(t, all.Groups, 2)
	for _, group := range all.Groups {
		one := week
		one.Service = group.Service
		report, err := r.DORA(t.Context(), one)
		require.NoError(t, err)
		group.Group, group.Service = "", ""
		require.Equal(t, group, report.Total)
	}
	require.Equal(t, 1, all.Groups[1].ChangeFailRate.Numerator)
	require.Equal(t, 2, all.Groups[1].IncidentRecovery.N, "the one that named no service is its cause's")
}

// Other tools hold an incident against the last deployment, however long ago, and whatever a report says of its cause.
func TestOtherPoliciesAreCountedFromTheLedger(t *testing.T) {
	shop := func(c *correlate.ChangeRecord) { c.Labels = map[string]string{dora.LabelProject: "shop"} }
	r := remembering(t,
		deployed("a", 1, shop), deployed("b", 2, func(c *correlate.ChangeRecord) { c.Service = "cart"; shop(c) }),
		broke("weeks later", "checkout", "a", 30*24, 30*24+1), broke("before all", "checkout", "", 0.5, 0.75),
	)
	for policy, want := range map[dora.Policy][2]int{ // failures of checkout, of all
		dora.PolicyDevLake: {0, 1}, dora.PolicyMiddleware: {1, 1}, dora.PolicyRatio: {1, 1},
	} {
		t.Run(policy.Title(), func(t *testing.T) {
			for i, service := range []string{"checkout", ""} {
				q := week
				q.Policy, q.Service = policy, service
				report, err := r.DORA(t.Context(), q)
				require.NoError(t, err)
				require.Equal(t, policy, report.Policy)
				require.Equal(t, want[i], report.Total.ChangeFailRate.Numerator, service)
			}
		})
	}
}

// The window before is read as well, and what is counted in the window is listed, by memory and by the ledger alike.
func TestTheWindowBeforeAndWhatIsCounted(t *testing.T) {
	team := func(c *correlate.ChangeRecord) { c.Team, c.Labels = "shop", map[string]string{"region": "eu"} }
	r := remembering(t,
		deployed("long ago", -60*24, team), deployed("before", -24, team), deployed("a", 1, team), deployed("b", 30, nil), deployed("c", 31, team),
		broke("i", "checkout", "a", 2, 3), broke("j", "checkout", "before", -23, -22),
	)
	q := week
	q.Team, q.Trend, q.Series, q.Labels = "shop", true, dora.Day, []dora.Label{{Name: "region", Value: "eu"}}
	report, err := r.DORA(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{report.Total.Deployments, report.Before.Total.Deployments})
	require.Equal(t, 1, report.Before.Total.ChangeFailRate.Numerator)
	counted, err := r.counted(t.Context(), q, report.AsOf)
	require.NoError(t, err)
	require.Equal(t, report, counted)
	for what, want := range map[dora.Counted][]string{
		dora.CountedDeployments: {"c", "a"}, dora.CountedFailures: {"a"}, dora.CountedUnjudged: {"c"}, dora.CountedPending: nil,
	} {
		found, err := r.Counted(t.Context(), q, what)
		require.NoError(t, err)
		var ids []string
		for _, c := range found {
			ids = append(ids, c.ID)
		}
		require.Equal(t, want, ids, what)
	}
	none := week
	none.Service = dora.NoGroup
	found, err := r.Counted(t.Context(), none, dora.CountedDeployments)
	require.NoError(t, err)
	require.Empty(t, found, "every change names a service")
}

// BenchmarkDORA is a week of 1,000 services that deploy daily, after half a year of it, with commits two weeks old.
func BenchmarkDORA(b *testing.B) {
	var effects []correlate.Effect
	for day := range 187 {
		for s := range 1000 {
			hours := float64((day-180)*24) + float64(s)/1000
			e := deployed(fmt.Sprintf("c-%d-%d", day, s), hours, carrying(fmt.Sprint(day), lastWeek.AddDate(0, 0, day-180-14)))
			e.Change.Service = fmt.Sprint("service-", s)
			effects = append(effects, e)
		}
	}
	r := remembering(b, effects...)
	q := week
	q.By = dora.ByServiceEnvironment
	for b.Loop() {
		if _, err := r.DORA(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}
