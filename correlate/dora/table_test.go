package dora_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/dora/calendar"
)

// told is what was told of changes and incidents, as a ledger keeps it: the latest record of each, and of its verdicts the
// one with the highest revision.
type told struct {
	changes   map[string]correlate.ChangeRecord
	incidents map[string]correlate.IncidentRecord
	table     *dora.Table
}

func newTold() *told {
	return &told{map[string]correlate.ChangeRecord{}, map[string]correlate.IncidentRecord{}, dora.NewTable()}
}

func (k *told) change(c correlate.ChangeRecord) {
	k.table.Change(&c)
	was := k.changes[c.ID]
	if v := was.Verdict; v != nil && !gone(was) && (c.Verdict == nil || c.Verdict.Revision < v.Revision) {
		c.Verdict = v
	}
	k.changes[c.ID] = c
}

func (k *told) verdict(v correlate.Verdict) {
	k.table.Verdict(&v)
	if c, known := k.changes[v.ChangeID]; known && !gone(c) {
		c.Verdict = &v
		k.changes[v.ChangeID] = c
	}
}

// gone says whether a change doesn't count. When it does again, its record tells its verdict.
func gone(c correlate.ChangeRecord) bool {
	return c.Phase == correlate.PhaseMerged || c.Phase == correlate.PhaseRetracted
}

func (k *told) incident(i correlate.IncidentRecord) {
	k.table.Incident(&i)
	k.incidents[i.ID] = i
}

func (k *told) data() dora.Data {
	return dora.Data{Changes: slices.Collect(maps.Values(k.changes)), Incidents: slices.Collect(maps.Values(k.incidents))}
}

// drawState is a change in some state. Changes that take others back are rollbacks in every state, and so is what their
// reports are merged into; their ids begin with r.
func drawState(t *rapid.T, revision int) correlate.ChangeRecord {
	rollback := rapid.IntRange(0, 3).Draw(t, "is a rollback") == 0
	id := func(label string) string {
		if rollback {
			return fmt.Sprintf("r%d", rapid.IntRange(0, 3).Draw(t, label))
		}
		return fmt.Sprintf("c%d", rapid.IntRange(0, 7).Draw(t, label))
	}
	c := drawChange(t, 0, 8)
	c.ID, c.Rollback = id("id"), rollback
	if c.MergedInto != "" {
		c.MergedInto = id("into")
	}
	if c.RolledBackBy != "" {
		c.RolledBackBy = fmt.Sprintf("r%d", rapid.IntRange(0, 4).Draw(t, "taken back by"))
	}
	if rapid.IntRange(0, 9).Draw(t, "retracted") == 0 {
		c.Phase = correlate.PhaseRetracted
	}
	if rapid.IntRange(0, 3).Draw(t, "from one minute on") > 0 { // of which the changes of a site follow one another
		c.FinishedAt = at(rapid.IntRange(0, 20).Draw(t, "minute"))
		c.StartedAt = c.FinishedAt.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "took")) * time.Minute)
	}
	if rapid.Bool().Draw(t, "repaired by itself") {
		c.RecoveredAt = c.FinishedAt.Add(time.Duration(rapid.IntRange(-2, 20).Draw(t, "after")) * time.Minute)
	}
	c.Served = rapid.IntRange(0, 3).Draw(t, "served") == 0
	if rapid.IntRange(0, 5).Draw(t, "an answer") == 0 {
		c.Labels = map[string]string{"incident": "i1"}
	}
	if rapid.IntRange(0, 3).Draw(t, "approved") == 0 {
		approved := c.Start().Add(time.Duration(rapid.IntRange(-9, 2).Draw(t, "approved after")) * time.Minute)
		c.Labels = map[string]string{dora.LabelApproved: rapid.SampledFrom([]string{approved.Format(time.RFC3339), "yesterday"}).Draw(t, "approved at")}
	}
	c.Labels = maps.Clone(c.Labels)
	if region := rapid.SampledFrom([]string{"", "eu", "us"}).Draw(t, "region"); region != "" {
		c.Labels = withLabel(c.Labels, "region", region)
	}
	if rapid.IntRange(0, 2).Draw(t, "of a system") == 0 {
		c.Labels = withLabel(c.Labels, dora.LabelSystem, "shop")
	}
	if class := rapid.SampledFrom([]string{"", "hotfix", "Normal", "odd"}).Draw(t, "class"); class != "" {
		c.Labels = withLabel(c.Labels, dora.LabelClass, class)
	}
	if rapid.IntRange(0, 5).Draw(t, "holds an incident") == 0 {
		c.Incidents = []string{"i9"}
	}
	c.Verdict = drawVerdict(t, c, revision)
	return c
}

func withLabel(all map[string]string, name, value string) map[string]string {
	if all == nil {
		all = map[string]string{}
	}
	all[name] = value
	return all
}

func drawVerdict(t *rapid.T, c correlate.ChangeRecord, revision int) *correlate.Verdict {
	if rapid.IntRange(0, 4).Draw(t, "unjudged") == 0 {
		return nil
	}
	v := &correlate.Verdict{ChangeID: c.ID, Revision: revision, Outcome: c.Verdict.Outcome}
	if rapid.Bool().Draw(t, "says when it was found") {
		at := c.FinishedAt.Add(time.Duration(rapid.IntRange(-3, 20).Draw(t, "found after")) * time.Minute)
		v.DetectedAt = &at
	}
	if rapid.Bool().Draw(t, "saw it recover") {
		at := c.FinishedAt.Add(time.Duration(rapid.IntRange(-2, 40).Draw(t, "recovered after")) * time.Minute)
		v.RecoveredAt = &at
	}
	for range rapid.IntRange(0, 2).Draw(t, "evidence") {
		v.Evidence = append(v.Evidence, correlate.Evidence{
			Service: rapid.SampledFrom([]string{"", "cart"}).Draw(t, "of"), Signal: rapid.SampledFrom([]string{"errors", "latency"}).Draw(t, "signal"),
			Baseline: 1, Observed: float64(rapid.IntRange(0, 9).Draw(t, "observed")),
		})
	}
	return v
}

func drawIncidentState(t *rapid.T) correlate.IncidentRecord {
	opened := rapid.IntRange(-10, 60).Draw(t, "opened")
	cause := rapid.SampledFrom([]string{"", "c0", "c1", "c2", "c3", "c7", "c9", "r0", "r1"}).Draw(t, "cause")
	in := incident(fmt.Sprintf("i%d", rapid.IntRange(0, 4).Draw(t, "incident")), at(opened), time.Time{}, cause)
	if rapid.Bool().Draw(t, "resolved") {
		in.ResolvedAt = in.OpenedAt.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "lasted")) * time.Minute)
	}
	in.Service = rapid.SampledFrom([]string{"", "cart", "checkout"}).Draw(t, "incident service")
	in.Retracted = rapid.IntRange(0, 9).Draw(t, "nobody reports it") == 0
	return in
}

func (k *told) step(t *rapid.T, revision int) {
	switch rapid.IntRange(0, 5).Draw(t, "what") {
	case 0:
		k.incident(drawIncidentState(t))
	case 1:
		ids := slices.Sorted(maps.Keys(k.changes))
		if len(ids) == 0 {
			return
		}
		c := k.changes[rapid.SampledFrom(ids).Draw(t, "judged anew")]
		c.Verdict = &correlate.Verdict{Outcome: rapid.SampledFrom([]correlate.Outcome{correlate.Healthy, correlate.Regressed}).Draw(t, "new outcome")}
		if v := drawVerdict(t, c, revision); v != nil {
			k.verdict(*v)
		}
	default:
		k.change(drawState(t, revision))
	}
}

func drawQuery(t *rapid.T) (dora.Query, time.Time) {
	from := at(rapid.IntRange(-600, 15).Draw(t, "from"))
	q := dora.Query{
		From: from, To: from.Add(time.Duration(rapid.SampledFrom([]int{0, 5, 20, 9000}).Draw(t, "window")) * time.Minute),
		Scope: dora.Scope{
			Service:     rapid.SampledFrom([]string{"", "", "cart", "nobody"}).Draw(t, "of service"),
			Environment: rapid.SampledFrom([]string{"", "", "staging"}).Draw(t, "in environment"),
			Team:        rapid.SampledFrom([]string{"", "", "", "a", dora.NoGroup}).Draw(t, "of team"),
			System:      rapid.SampledFrom([]string{"", "", "", "shop", dora.NoGroup}).Draw(t, "of system"),
			Class:       rapid.SampledFrom([]dora.Class{"", "", "", dora.ClassEmergency, dora.NoGroup}).Draw(t, "of class"),
			Kind:        rapid.SampledFrom([]correlate.Kind{"", "", "", correlate.KindRollback}).Draw(t, "of kind"),
			Labels:      rapid.SampledFrom([][]dora.Label{nil, nil, nil, {{Name: "region", Value: "eu"}}, {{Name: "region", Value: dora.NoGroup}}}).Draw(t, "labels"),
		},
		By:     rapid.SampledFrom(append(dora.GroupBys(), dora.ByLabel("region"))).Draw(t, "by"),
		Series: rapid.SampledFrom(append(calendar.Periods(), "")).Draw(t, "series"),
		Zone:   rapid.SampledFrom([]*time.Location{nil, time.FixedZone("east", 5*3600+1800)}).Draw(t, "zone"),
		Trend:  rapid.Bool().Draw(t, "trend"),
	}
	return q, rapid.SampledFrom([]time.Time{asOf, at(10), at(30)}).Draw(t, "as of")
}

// Whatever is told, in whatever order and however often it is corrected: at any moment the table reports what the batch
// counts over the records of then.
func TestTheTableReportsWhatTheBatchCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newTold()
		for n := range rapid.IntRange(1, 40).Draw(t, "steps") {
			k.step(t, n+1)
			if rapid.IntRange(0, 4).Draw(t, "asked") == 0 {
				q, now := drawQuery(t)
				require.Equal(t, dora.Compute(q, k.data(), now), k.table.Report(q, now))
			}
		}
		q, now := drawQuery(t)
		require.Equal(t, dora.Compute(q, k.data(), now), k.table.Report(q, now))
	})
}

func TestTheTableFollowsWhatChanges(t *testing.T) {
	bad := change("bad", at(0), judged(correlate.Regressed))
	back := rollbackOf(&bad, "back", at(30))
	seen := func(observed float64) []correlate.Evidence {
		return []correlate.Evidence{{Signal: "errors", Baseline: 1, Observed: observed}}
	}
	bad.Verdict.Evidence, back.Verdict.Evidence = seen(9), seen(8)
	hurt, broken := change("hurt", at(0), judged(correlate.Regressed)), change("broken", at(0), judged(correlate.Regressed))
	undone := rollbackOf(&broken, "undone", at(30))
	again := rollbackOf(&undone, "again", at(40))
	report := func(id, into string) correlate.ChangeRecord {
		return change(id, at(5), func(c *correlate.ChangeRecord) { c.Phase, c.MergedInto = correlate.PhaseMerged, into })
	}
	hurts := func(id string, minutes int) correlate.IncidentRecord { return incident(id, at(10), at(minutes), "bad") }
	open := incident("open", at(11), time.Time{}, "bad")
	for name, c := range map[string]struct {
		then []any // what is told, in this order
		want func(*testing.T, dora.Numbers)
	}{
		"a rollback after which it is as bad as before mended nothing": {
			[]any{bad, back},
			func(t *testing.T, n dora.Numbers) {
				require.Equal(t, [2]int{1, 1}, [2]int{n.ChangeFailRate.Numerator, n.OpenFailures})
			},
		},
		"one incident of two that is open keeps the failure open": {
			[]any{bad, hurts("i", 40), open},
			func(t *testing.T, n dora.Numbers) { require.Equal(t, 1, n.OpenFailures) },
		},
		"until it is resolved": {
			[]any{bad, hurts("i", 40), open, incident("open", at(11), at(50), "bad")},
			func(t *testing.T, n dora.Numbers) { require.EqualValues(t, 50*60, n.Recovery.Median) },
		},
		"an incident follows the report that it names to another change": {
			[]any{change("a", at(1)), change("b", at(2)), report("r", "a"), incident("i", at(9), at(20), "r"), report("r", "b")},
			func(t *testing.T, n dora.Numbers) {
				require.Equal(t, 1, n.ChangeFailRate.Numerator)
				require.EqualValues(t, 18*60, n.Recovery.Median, "since the completion of the other one")
			},
		},
		"a record that is told again adds nothing": {
			[]any{change("a", at(1)), change("a", at(1)), change("a", at(3)), change("a", at(2))},
			func(t *testing.T, n dora.Numbers) { require.Equal(t, 1, n.Deployments) },
		},
		"a verdict that people took for wrong counts when they take that back": {
			[]any{edited(hurt, overruled), edited(hurt, withoutVerdict)},
			func(t *testing.T, n dora.Numbers) { require.Equal(t, 1, n.ChangeFailRate.Numerator) },
		},
		"a rollback that was taken back for what it didn't do mended": {
			[]any{broken, edited(undone, overruled), again},
			func(t *testing.T, n dora.Numbers) { require.EqualValues(t, 30*60, n.Recovery.Median) },
		},
		"what nobody reports any more doesn't count": {
			[]any{change("a", at(1)), change("a", at(1), func(c *correlate.ChangeRecord) { c.Phase = correlate.PhaseRetracted })},
			func(t *testing.T, n dora.Numbers) { require.Zero(t, n.Deployments) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTold()
			for _, is := range c.then {
				switch is := is.(type) {
				case correlate.ChangeRecord:
					k.change(is)
				case correlate.IncidentRecord:
					k.incident(is)
				}
				require.Equal(t, dora.Compute(month, k.data(), asOf), k.table.Report(month, asOf))
			}
			c.want(t, k.table.Report(month, asOf).Total)
		})
	}
}

func TestTheTableNamesItsTeams(t *testing.T) {
	table := dora.NewTable()
	names := func(want ...string) {
		t.Helper()
		got, all := dora.Names(table, dora.ByTeam)
		require.True(t, all)
		require.Equal(t, want, got)
	}
	names()
	for i, team := range []string{"payments", "", "discovery", "payments"} {
		c := correlate.ChangeRecord{Change: correlate.Change{ID: fmt.Sprint(i), Team: team, Kind: correlate.KindDeployment, FinishedAt: time.Unix(int64(i), 0)}}
		table.Change(&c)
	}
	names("discovery", "payments")
	_, all := dora.Names(table, dora.ByService)
	require.False(t, all, "services are asked of the ledger")
	table.Forget(1)
	_, all = dora.Names(table, dora.ByTeam)
	require.False(t, all, "a team may have been forgotten")
}
