package month

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

// friday is a working day's afternoon.
var friday = time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC)

// filled is what a ledger holds after a stretch of time.
func filled(t *testing.T, o Options) (Summary, []correlate.ChangeRecord) {
	t.Helper()
	s, err := Fill(t.Context(), o)
	require.NoError(t, err)
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: o.Dir})
	require.NoError(t, err)
	defer l.Close()
	changes, err := l.Changes(t.Context(), ledger.ChangeFilter{})
	require.NoError(t, err)
	return s, changes
}

func TestTheLastHoursAreAsTold(t *testing.T) {
	dir := t.TempDir()
	s, changes := filled(t, Options{Dir: filepath.Join(dir, "data"), Blocks: filepath.Join(dir, "prometheus"), Seed: 1, Days: 1, Until: friday})
	verdicts := map[string]correlate.Outcome{}
	for _, c := range changes {
		if c.Verdict != nil && c.Environment == "production" && c.Start().After(friday.Add(-3*time.Hour)) {
			verdicts[c.Service+" "+string(c.Kind)] = c.Verdict.Outcome
		}
	}
	require.Equal(t, correlate.Healthy, verdicts["catalog deployment"])
	require.Equal(t, correlate.Regressed, verdicts["search deployment"])
	require.Equal(t, correlate.Regressed, verdicts["checkout deployment"])
	require.NotEqual(t, correlate.Regressed, verdicts["cart deployment"], "it came at the same time as what hurts")
	require.NotContains(t, verdicts, "login deployment", "it is too young")
	require.Equal(t, 44, s.Services)
	require.Greater(t, s.Series, 400)
	blocks, err := os.ReadDir(filepath.Join(dir, "prometheus"))
	require.NoError(t, err)
	require.Len(t, blocks, 1)
}

// TestTheSameSeedMakesTheSameMonth also for what it is judged to be.
func TestTheSameSeedMakesTheSameMonth(t *testing.T) {
	fill := func(seed uint64) []correlate.ChangeRecord {
		_, changes := filled(t, Options{Dir: t.TempDir(), Seed: seed, Days: 1, Until: friday})
		return changes
	}
	first := fill(2)
	require.Equal(t, first, fill(2))
	require.NotEqual(t, first, fill(3))
}

func TestNobodyDeploysAtNightAndFewAtTheWeekend(t *testing.T) {
	p := newPlan(1, friday.AddDate(0, 0, -30), friday)
	var weekend, working int
	for _, s := range p.sent {
		c := s.fact.Change
		if c == nil || c.Kind != correlate.KindDeployment || c.Labels != nil || c.Start().After(friday.Add(-tail)) {
			continue
		}
		require.GreaterOrEqual(t, c.Start().Hour(), 8)
		require.Less(t, c.Start().Hour(), 17)
		if day := c.Start().Weekday(); day == time.Saturday || day == time.Sunday {
			weekend++
		} else {
			working++
		}
	}
	require.Greater(t, working, 20*weekend)
}

func TestAMonthHasOfEverything(t *testing.T) {
	p := newPlan(1, friday.AddDate(0, 0, -30), friday)
	kinds, late, twice, corrected, seen := map[correlate.Kind]int{}, 0, 0, 0, map[string]bool{}
	for _, s := range p.sent {
		if seen[s.id] {
			twice++
		}
		seen[s.id] = true
		if c := s.fact.Change; c != nil {
			kinds[c.Kind]++
			if s.at.Sub(s.fact.EventTime()) > 2*time.Hour {
				late++
			}
		}
		if i := s.fact.Incident; i != nil && i.CausedBy == correlate.CausedByNone && !i.UpdatedAt.IsZero() {
			corrected++
		}
	}
	for _, k := range []correlate.Kind{correlate.KindDeployment, correlate.KindRollback, correlate.KindFeatureFlag, correlate.KindConfig, correlate.KindInfrastructure} {
		require.NotZero(t, kinds[k], k)
	}
	require.NotZero(t, late)
	require.NotZero(t, twice)
	require.NotZero(t, corrected)
	require.True(t, slices.ContainsFunc(p.sent, func(s sent) bool { return s.text != "" }), "somebody sends what can't be read")
	require.Len(t, found(p.rng), 40+len(staged()))
	require.Len(t, teams(), 12)
}

func TestASeriesIsReadWithItsLabels(t *testing.T) {
	labels, err := labelsOf(`m{a="x",b="quoted \" and \\ and , and \n"}`)
	require.NoError(t, err)
	require.Equal(t, "quoted \" and \\ and , and \n", labels[len(labels)-1].Value)
	require.Equal(t, "a", labels[len(labels)-2].Name)
	_, err = labelsOf(`m{a=x}`)
	require.ErrorContains(t, err, "not a series")
}
