package record

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// alert is what a source said of an alert: when it began, and when it was over (0: it fires), in minutes.
type alert struct {
	key           string
	began, solved int64
}

func (a alert) fact(n int) correlate.Fact {
	i := correlate.Incident{
		ID: fmt.Sprint("i", n), Service: "shop", Source: "alertmanager", DedupKey: a.key, OpenedAt: noon.Add(time.Duration(a.began) * time.Minute),
	}
	if a.solved != 0 {
		i.ResolvedAt = noon.Add(time.Duration(a.solved) * time.Minute)
	}
	return correlate.Fact{Incident: &i}
}

// An alert keeps its identity when its beginning moves.
func TestReportsOfOneAlertAreOneIncident(t *testing.T) {
	for name, c := range map[string]struct {
		said []alert
		want map[string][2]int64 // the incidents that count: when they began and were over
	}{
		"a pair of servers, each with a time of its own": {
			[]alert{{"a", 8, 0}, {"a", 7, 20}}, map[string][2]int64{"i1": {7, 20}},
		},
		"another alert": {
			[]alert{{"a", 8, 0}, {"b", 7, 20}}, map[string][2]int64{"i0": {8, 0}, "i1": {7, 20}},
		},
		"no key at all": {
			[]alert{{"", 8, 0}, {"", 7, 20}}, map[string][2]int64{"i0": {8, 0}, "i1": {7, 20}},
		},
		"who watches it is restarted while it fires": {
			[]alert{{"a", 0, 0}, {"a", 185, 240}}, map[string][2]int64{"i0": {0, 240}},
		},
		"it began a day ago and nobody said more": {
			[]alert{{"a", 0, 0}, {"a", 24*60 + 1, 24*60 + 30}}, map[string][2]int64{"i0": {0, 0}, "i1": {24*60 + 1, 24*60 + 30}},
		},
		"it is over, and fires anew an hour later": {
			[]alert{{"a", 0, 10}, {"a", 70, 80}}, map[string][2]int64{"i0": {0, 10}, "i1": {70, 80}},
		},
		"it flaps": {
			[]alert{{"a", 0, 5}, {"a", 8, 13}, {"a", 20, 25}}, map[string][2]int64{"i0": {0, 25}},
		},
		"one bridges two others": {
			[]alert{{"a", 0, 5}, {"a", 25, 30}, {"a", 14, 26}}, map[string][2]int64{"i0": {0, 30}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, order := range permutations(len(c.said)) {
				b := New(config)
				for _, n := range order {
					b.Report(c.said[n].fact(n), noon)
					b.Settle(0)
				}
				got := map[string][2]int64{}
				for id, i := range b.incidents {
					if !i.Record.Retracted {
						got[id] = span(i.Record)
					}
				}
				require.Equal(t, c.want, got, "%v", order)
			}
		})
	}
}

func span(i correlate.IncidentRecord) (s [2]int64) {
	s[0] = int64(i.OpenedAt.Sub(noon).Minutes())
	if !i.ResolvedAt.IsZero() {
		s[1] = int64(i.ResolvedAt.Sub(noon).Minutes())
	}
	return s
}

// permutations are all orders of so many.
func permutations(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, rest := range permutations(n - 1) {
		for at := range n {
			order := append(append(append([]int{}, rest[:at]...), n-1), rest[at:]...)
			all = append(all, order)
		}
	}
	return all
}

func TestAnIncidentOfTwoReportsCountsOnce(t *testing.T) {
	b := New(config)
	b.Report(shipped("c1", "shop", 0, nil), noon)
	first, second := alert{"a", 8, 0}, alert{"a", 7, 20}
	b.Report(first.fact(0), noon)
	b.Settle(0)
	require.Equal(t, []string{"i0"}, b.Change("c1").Record.Incidents)
	b.Report(second.fact(1), noon)
	b.Settle(0)
	require.Equal(t, []string{"i1"}, b.Change("c1").Record.Incidents)
	require.Equal(t, []string{"i0"}, b.Incident("i1").Record.MergedFrom)
	require.Equal(t, "i1", b.Incident("i0").Record.MergedInto)
	require.Empty(t, b.Incident("i0").Record.AttributedTo)

	// What it was put together by is taken back: it is what it was.
	b.Retract(second.fact(1))
	b.Settle(0)
	require.Equal(t, []string{"i0"}, b.Change("c1").Record.Incidents)
	require.Empty(t, b.Incident("i0").Record.MergedInto)
	require.False(t, b.Incident("i0").Record.Retracted)
	require.True(t, b.Incident("i1").Record.Retracted)
	require.Empty(t, b.Incident("i1").Record.MergedFrom)
}

func TestReportsOfAnAlertAreForgottenTogether(t *testing.T) {
	b := New(config)
	for n, a := range []alert{{"a", 8, 0}, {"a", 7, 20}, {"b", 7, 0}} {
		b.Report(a.fact(n), noon)
	}
	b.Settle(0)
	b.Forget(Age{Old: noon.Add(20 * time.Minute)})
	require.Len(t, b.incidents, 3, "not before it was over")
	b.Forget(Age{Old: noon.Add(21 * time.Minute)})
	require.Len(t, b.incidents, 1)
	require.Len(t, b.alerts, 1)
}
