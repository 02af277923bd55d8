package correlate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// known is the record of a change under observation.
func known() correlate.ChangeRecord {
	return correlate.ChangeRecord{Change: valid(), Phase: correlate.PhaseObserving, Incidents: []string{"i1"}}
}

func TestWhyTheRecordOfAChangeIsAnother(t *testing.T) {
	closed := func(c *correlate.ChangeRecord) { c.Phase = correlate.PhaseClosed }
	for name, c := range map[string]struct {
		before, after func(*correlate.ChangeRecord)
		want          correlate.Cause
	}{
		"a source corrects it in its time":     {nil, func(c *correlate.ChangeRecord) { c.Version = "v3" }, correlate.CauseReported},
		"a source corrects it after its time":  {closed, func(c *correlate.ChangeRecord) { closed(c); c.Version = "v3" }, correlate.CauseLateFact},
		"it is a report of another one":        {nil, func(c *correlate.ChangeRecord) { c.MergedInto = "c9" }, correlate.CauseMerged},
		"it takes another one in":              {nil, func(c *correlate.ChangeRecord) { c.MergedFrom = []string{"c9"} }, correlate.CauseMerged},
		"it is one of its own again":           {func(c *correlate.ChangeRecord) { c.Phase = correlate.PhaseMerged }, nil, correlate.CauseMerged},
		"an incident more":                     {nil, func(c *correlate.ChangeRecord) { c.Incidents = []string{"i1", "i2"} }, correlate.CauseLinked},
		"an incident less":                     {nil, func(c *correlate.ChangeRecord) { c.Incidents = nil }, correlate.CauseUnlinked},
		"another incident":                     {nil, func(c *correlate.ChangeRecord) { c.Incidents = []string{"i2"} }, correlate.CauseRelinked},
		"it is taken back":                     {nil, func(c *correlate.ChangeRecord) { c.RolledBackBy = "c9" }, correlate.CauseRollback},
		"it takes something back":              {nil, func(c *correlate.ChangeRecord) { c.Rollback = true }, correlate.CauseRollback},
		"it brings what was there":             {nil, func(c *correlate.ChangeRecord) { c.Redeploy = true }, correlate.CauseRollback},
		"a verdict":                            {nil, func(c *correlate.ChangeRecord) { c.Verdict = &correlate.Verdict{Revision: 1} }, correlate.CauseVerdict},
		"its window closes":                    {nil, closed, correlate.CauseVerdict},
		"it has recovered":                     {nil, func(c *correlate.ChangeRecord) { c.RecoveredAt = at(9) }, correlate.CauseRecovered},
		"an incident and a verdict at once":    {nil, func(c *correlate.ChangeRecord) { closed(c); c.Incidents = nil }, correlate.CauseUnlinked},
		"a correction and a rollback at once":  {nil, func(c *correlate.ChangeRecord) { c.Version, c.Rollback = "v3", true }, correlate.CauseReported},
		"the same words of the same verdict":   {nil, nil, correlate.CauseReported},
		"the same words after its time passed": {closed, closed, correlate.CauseLateFact},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := known(), known()
			if c.before != nil {
				c.before(&before)
			}
			if c.after != nil {
				c.after(&after)
			}
			cause := correlate.ChangeCause(&before, after)
			require.Equal(t, c.want, cause)
			require.Contains(t, correlate.Causes(), cause)
		})
	}
	require.Equal(t, correlate.CauseReported, correlate.ChangeCause(nil, known()))
	require.Equal(t, correlate.CauseLateFact, correlate.ChangeCause(nil, correlate.ChangeRecord{Phase: correlate.PhaseHistory}))
}

func TestWhyTheRecordOfAnIncidentIsAnother(t *testing.T) {
	open := correlate.IncidentRecord{Incident: correlate.Incident{ID: "i1", OpenedAt: at(0)}}
	of := func(change string) correlate.IncidentRecord {
		i := open
		i.AttributedTo = change
		return i
	}
	resolved := open
	resolved.ResolvedAt = at(9)
	for name, c := range map[string]struct {
		before *correlate.IncidentRecord
		after  correlate.IncidentRecord
		want   correlate.Cause
	}{
		"nobody knew of it":              {nil, open, correlate.CauseReported},
		"it is held against a change":    {&open, of("c1"), correlate.CauseLinked},
		"it no longer is":                {ref(of("c1")), open, correlate.CauseUnlinked},
		"it is held against another one": {ref(of("c1")), of("c2"), correlate.CauseRelinked},
		"it is over":                     {&open, resolved, correlate.CauseRecovered},
		"it is open again":               {&resolved, open, correlate.CauseRecovered},
		"a word more when it is over":    {&resolved, resolved, correlate.CauseLateFact},
		"a word more while it lasts":     {&open, open, correlate.CauseReported},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, correlate.IncidentCause(c.before, c.after))
		})
	}
}

func ref[T any](v T) *T { return &v }

func TestWhatDiffersBetweenTwoRecords(t *testing.T) {
	before, after := known(), known()
	require.Empty(t, correlate.ChangeFields(before, after))

	after.Version, after.Actor = "v3", "alice"
	after.Phase = correlate.PhaseClosed
	after.Verdict = &correlate.Verdict{Outcome: correlate.Regressed, Reason: correlate.ReasonLatency, Revision: 2, Final: true, Reopened: correlate.LateChange}
	after.Reports = make([]correlate.ChangeReport, 3)
	require.Equal(t, []correlate.FieldChange{
		{Field: "actor", From: "", To: "alice"},
		{Field: "phase", From: "observing", To: "closed"},
		{Field: "reason", From: "", To: "latency"},
		{Field: "reports", From: "", To: "3"},
		{Field: "verdict", From: "", To: "regressed"},
		{Field: "verdict_final", From: "", To: "true"},
		{Field: "verdict_reopened", From: "", To: "late_change"},
		{Field: "verdict_revision", From: "", To: "2"},
		{Field: "version", From: "v2", To: "v3"},
	}, correlate.ChangeFields(before, after))

	back := correlate.ChangeFields(after, before)
	for i, f := range correlate.ChangeFields(before, after) {
		require.Equal(t, correlate.FieldChange{Field: f.Field, From: f.To, To: f.From}, back[i])
	}
}

func TestALongFieldIsCut(t *testing.T) {
	before, after := known(), known()
	after.URL = "https://example.com/" + strings.Repeat("ü", 500)
	changed := correlate.ChangeFields(before, after)
	require.Len(t, changed, 1)
	require.Contains(t, changed[0].To, "… (1020 bytes)")
	require.Less(t, len(changed[0].To), 250)
	require.True(t, strings.HasPrefix(changed[0].To, "https://example.com/üü"))
}

func TestTheNewestRevisionSaysWhenItWasRecorded(t *testing.T) {
	require.Zero(t, correlate.LastRecorded[correlate.ChangeRecord](nil))
	all := []correlate.ChangeRevision{{Revision: 1, RecordedAt: at(1)}, {Revision: 2, RecordedAt: at(4)}}
	require.Equal(t, at(4), correlate.LastRecorded(all))
	err := &correlate.HistoryError{Since: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	require.EqualError(t, err, "the history of records begins at 2026-03-01T00:00:00Z; what was known before wasn't kept")
}

func TestClosedListsNameEachOnce(t *testing.T) {
	requireDistinct(t, correlate.Causes())
	requireDistinct(t, correlate.Reasons())
	requireDistinct(t, correlate.Reopenings())
	requireDistinct(t, correlate.Kinds())
	requireDistinct(t, correlate.Statuses())
}

func requireDistinct[T ~string](t *testing.T, all []T) {
	t.Helper()
	require.NotEmpty(t, all)
	require.NotContains(t, all, T(""))
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(all))), len(all))
}

func TestPlacesAreSortedByServiceFirst(t *testing.T) {
	places := []correlate.Place{{"b", "a"}, {"a", "b"}, {"a", "a"}, {"", "z"}}
	slices.SortFunc(places, correlate.Place.Compare)
	require.Equal(t, []correlate.Place{{"", "z"}, {"a", "a"}, {"a", "b"}, {"b", "a"}}, places)
}
