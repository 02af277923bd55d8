package dora_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// TestCasesThatOtherToolsGotWrong: each by its sentence. Neither the order in which the records are told, nor that they are told
// twice, nor that they are told in several batches, changes anything.
func TestCasesThatOtherToolsGotWrong(t *testing.T) {
	never := time.Time{}
	regressed := judged(correlate.Regressed)
	acknowledged := incident("i", at(1), never, "a")
	acknowledged.AcknowledgedAt = at(2)
	commit := func(sha string, minutes int) edit {
		return func(c *correlate.ChangeRecord) {
			c.Commit = sha
			c.Commits = append(c.Commits, correlate.Commit{SHA: sha, AuthoredAt: at(minutes)})
		}
	}
	of := func(service string) edit { return func(c *correlate.ChangeRecord) { c.Service = service } }
	one := 1
	for name, c := range map[string]struct {
		changes     records
		incidents   []correlate.IncidentRecord
		deployments int
		rate        *[2]int // nil is no data
		recovered   *int    // how many; nil is no data
		open        int
		leadTimes   *int
	}{
		"no data is absent, and neither 0 nor the best there is": {},
		"deployments that are watched still have no rate": {
			changes: records{change("a", at(0), observing)}, deployments: 1,
		},
		"one deployment with one failure is 1 of 1": {
			changes: records{change("a", at(0), regressed)}, deployments: 1, rate: &[2]int{1, 1}, open: 1,
		},
		"an open failure is outside the median, and counted": {
			changes: records{change("a", at(0), regressed)}, incidents: []correlate.IncidentRecord{incident("i", at(1), never, "a")},
			deployments: 1, rate: &[2]int{1, 1}, open: 1,
		},
		"Four Keys: an incident that was edited counts once": {
			changes:     records{change("a", at(0)), change("b", at(60))},
			incidents:   []correlate.IncidentRecord{incident("i", at(1), never, "a"), incident("i", at(1), at(9), "a")},
			deployments: 2, rate: &[2]int{1, 2}, recovered: &one,
		},
		"Four Keys: a page that was acknowledged is not resolved": {
			changes: records{change("a", at(0))}, incidents: []correlate.IncidentRecord{acknowledged},
			deployments: 1, rate: &[2]int{1, 1}, open: 1,
		},
		"Four Keys: two incidents of one deployment are one failure": {
			changes:     records{change("a", at(0))},
			incidents:   []correlate.IncidentRecord{incident("i", at(1), at(5), "a"), incident("j", at(2), at(9), "a")},
			deployments: 1, rate: &[2]int{1, 1}, recovered: &one,
		},
		"Liatrio: a commit that is deployed again after another one is the rollback, and not dropped": {
			changes: func() records {
				bad := change("b", at(30), commit("two", 10))
				back := rollbackOf(&bad, "c", at(60))
				commit("one", -10)(&back)
				return records{change("a", at(0), commit("one", -10)), bad, back}
			}(), deployments: 3, rate: &[2]int{1, 2}, recovered: &one, leadTimes: ptr(2),
		},
		"Pelorus: two services in the same second both count": {
			changes: records{change("a", at(0)), change("b", at(0), of("cart"))}, deployments: 2, rate: &[2]int{0, 2},
		},
		"Pelorus: two images of one commit both count": {
			changes:     records{change("a", at(0), commit("one", -5)), change("b", at(0), of("cart"), commit("one", -5))},
			deployments: 2, rate: &[2]int{0, 2}, leadTimes: ptr(2),
		},
		"Pelorus: a deployment that is told long after it counts where it happened": {
			changes: records{change("a", at(0), unjudged)}, deployments: 1, rate: &[2]int{0, 1},
		},
		"an incident at the instant of a deployment belongs to whom it is attributed, and is recovered from that instant": {
			changes: records{change("a", at(0))}, incidents: []correlate.IncidentRecord{incident("i", at(0), at(10), "a")},
			deployments: 1, rate: &[2]int{1, 1}, recovered: &one,
		},
		"a commit that is dated after its deployment is an error in the data, and no lead time": {
			changes: records{change("a", at(0), commit("one", 5))}, deployments: 1, rate: &[2]int{0, 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := dora.Data{Changes: c.changes, Incidents: c.incidents}
			want := dora.Compute(month, d, asOf)
			n := want.Total
			require.Equal(t, c.deployments, n.Deployments)
			requireRate(t, c.rate, n.ChangeFailRate)
			requireCount(t, c.recovered, n.Recovery)
			requireCount(t, c.leadTimes, n.LeadTime)
			require.Equal(t, c.open, n.OpenFailures)
			require.Equal(t, c.open > 0, n.OldestOpenFailure != nil, "the age of what is open")
			require.Equal(t, c.deployments > 0, n.DeploymentsPerDay != nil)
			requireSameHoweverTold(t, want, d)
		})
	}
}

func ptr(n int) *int { return &n }

func requireRate(t *testing.T, want *[2]int, got *dora.Ratio) {
	t.Helper()
	if want == nil {
		require.Nil(t, got)
		return
	}
	require.NotNil(t, got)
	require.Equal(t, *want, [2]int{got.Numerator, got.Denominator})
}

func requireCount(t *testing.T, want *int, got *dora.Duration) {
	t.Helper()
	if want == nil {
		require.Nil(t, got)
		return
	}
	require.NotNil(t, got)
	require.Equal(t, *want, got.N)
}

// requireSameHoweverTold tells the records twice, in many orders: to the batch at once, and to a table one by one, which is left
// and restored on the way. What is told of one incident stays in its order, since there the later one is right.
func requireSameHoweverTold(t *testing.T, want dora.Report, d dora.Data) {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		twice := dora.Data{Changes: append(d.Changes[:len(d.Changes):len(d.Changes)], d.Changes...), Incidents: append(d.Incidents[:len(d.Incidents):len(d.Incidents)], d.Incidents...)}
		random.Shuffle(len(twice.Changes), func(i, j int) { twice.Changes[i], twice.Changes[j] = twice.Changes[j], twice.Changes[i] })
		require.Equal(t, want, dora.Compute(month, twice, asOf))
		table := dora.NewTable()
		for i := range twice.Changes {
			table.Change(&twice.Changes[i])
		}
		left := dora.NewTable()
		for part := range table.Parts {
			require.NoError(t, left.Restore(part))
		}
		for i := range twice.Incidents {
			left.Incident(&twice.Incidents[i])
		}
		require.Equal(t, want, left.Report(month, asOf))
	}
}
