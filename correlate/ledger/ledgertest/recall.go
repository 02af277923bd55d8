package ledgertest

import (
	"cmp"
	"maps"
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

var someQuestion = rapid.Custom(func(t *rapid.T) correlate.PlaceTime {
	return correlate.PlaceTime{
		Place: correlate.Place{Service: someService.Draw(t, "service"), Environment: someEnvironment.Draw(t, "environment")},
		At:    someTime.Draw(t, "at"),
	}
})

// recall asks for several things at once, and compares.
func (m *machine) recall(t *rapid.T) {
	q := ledger.Recollection{
		Changes:   rapid.SliceOfNDistinct(someID, 0, 4, rapid.ID[string]).Draw(t, "changes"),
		Incidents: rapid.SliceOfNDistinct(someID, 0, 4, rapid.ID[string]).Draw(t, "incidents"),
		Around:    rapid.SliceOfN(someQuestion, 0, 3).Draw(t, "around"),
		Opened:    rapid.SliceOfN(someQuestion, 0, 3).Draw(t, "opened"),
		Nearby:    rapid.IntRange(1, 3).Draw(t, "nearby"),
	}
	var want ledger.Recalled
	all := m.current()
	for _, id := range q.Changes {
		want.Changes = append(want.Changes, slices.DeleteFunc(slices.Clone(all), func(c correlate.ChangeRecord) bool { return c.ID != id })...)
	}
	for _, around := range q.Around {
		want.Around = append(want.Around, neighbours(all, around, q.Nearby))
	}
	want.Incidents = m.recallIncidents(q)
	want.Revisions = m.revisionsOf(want)

	got, err := m.l.Recall(t.Context(), q)
	require.NoError(t, err)
	same(t, want.Changes, got.Changes)
	require.Len(t, got.Around, len(want.Around))
	for i := range want.Around {
		require.Equal(t, want.Around[i].Whole, got.Around[i].Whole)
		same(t, want.Around[i].Changes, got.Around[i].Changes)
	}
	same(t, want.Incidents, got.Incidents)
	same(t, want.Revisions, got.Revisions)
}

// neighbours are so many of the changes, the oldest first, on either side of an instant.
func neighbours(all []correlate.ChangeRecord, q correlate.PlaceTime, nearby int) ledger.Neighbours {
	there := slices.DeleteFunc(slices.Clone(all), func(c correlate.ChangeRecord) bool {
		return c.Service != q.Service || c.Environment != q.Environment
	})
	n := 0
	for n < len(there) && completion(there[n]).Before(q.At) {
		n++
	}
	return ledger.Neighbours{Changes: there[max(0, n-nearby):min(len(there), n+nearby)], Whole: n < nearby}
}

func (m *machine) recallIncidents(q ledger.Recollection) []correlate.IncidentRecord {
	found := map[string]correlate.IncidentRecord{}
	for _, id := range q.Incidents {
		if i, ok := m.incidents[id]; ok {
			found[id] = i
		}
	}
	for _, opened := range q.Opened {
		n := 0
		for _, i := range m.sortedIncidents() {
			if slices.Contains(i.About(), opened.Service) && i.Environment == opened.Environment && !i.OpenedAt.Before(opened.At) && n < q.Nearby {
				found[i.ID] = i
				n++
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b correlate.IncidentRecord) int { return cmp.Compare(a.ID, b.ID) })
}

// revisionsOf are the verdicts of the recalled changes that have more than one.
func (m *machine) revisionsOf(r ledger.Recalled) (all []correlate.Verdict) {
	ids := map[string]bool{}
	for _, of := range append([]ledger.Neighbours{{Changes: r.Changes}}, r.Around...) {
		for _, c := range of.Changes {
			if c.Verdict != nil && c.Verdict.Revision > 1 {
				ids[c.ID] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		for _, n := range slices.Sorted(maps.Keys(m.verdicts[id])) {
			all = append(all, m.verdicts[id][n])
		}
	}
	return all
}
