package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestAHealthyChangeIsNotBlamedByInference: an incident of unknown cause is held against a change while nothing is known of it,
// and against nobody once it is judged healthy, whichever comes first.
func TestAHealthyChangeIsNotBlamedByInference(t *testing.T) {
	incident := func(id, causedBy string) correlate.Fact {
		return correlate.Fact{Incident: &correlate.Incident{ID: id, Service: "checkout", OpenedAt: at(clock(t, "01:05")), CausedBy: causedBy}}
	}
	for name, when := range map[string]string{"told before the verdict": "01:06", "told after the verdict": "02:00"} {
		t.Run(name, func(t *testing.T) {
			s := &script{t: t, e: New(DefaultConfig()), now: midnight.Unix()}
			s.run("serve checkout 00:00-01:40 version=v1 rps=40 errors=0.005\nserve checkout 01:00-02:30 version=v2 rps=20 errors=0.005\n" +
				"change before checkout 00:30 finish=00:31 version=v1\nchange good checkout 01:00 finish=01:04 version=v2\nuntil " + when)
			for _, f := range []correlate.Fact{incident("inferred", ""), incident("named", "good")} {
				s.e.Apply(Input{Facts: []Fact{{Fact: f, ReceivedAt: at(s.now)}}})
			}
			book := s.e.book
			if when == "01:06" {
				require.Equal(t, "good", book.Incident("inferred").Record.AttributedTo)
				require.Equal(t, []string{"inferred", "named"}, book.Change("good").Record.Incidents)
			}
			s.run("until 02:40")
			require.Equal(t, correlate.Healthy, book.Change("good").Record.Verdict.Outcome)
			i := book.Incident("inferred").Record
			require.Equal(t, []any{"", correlate.UnlinkedHealthy, "good"}, []any{i.AttributedTo, i.UnlinkedReason, i.Exonerated})
			require.Equal(t, "good", book.Incident("named").Record.AttributedTo, "a reporter knows better")
			require.Equal(t, []string{"named"}, book.Change("good").Record.Incidents)
			require.Equal(t, []string{"inferred", "named"}, book.Change("good").Objections(), "for what others are compared with it is what was reported")
			require.Empty(t, book.Change("before").Record.Incidents)
		})
	}
}

// TestACorrectedOpeningIsAnotherObjection: when an incident opened decides what later rollouts are compared with.
func TestACorrectedOpeningIsAnotherObjection(t *testing.T) {
	e := New(DefaultConfig())
	change := correlate.Change{ID: "c", Service: "shop", Version: "v1", StartedAt: midnight, FinishedAt: midnight}
	opened := correlate.Incident{ID: "i", Service: "shop", OpenedAt: midnight.Add(time.Minute)}
	corrected := opened
	corrected.OpenedAt, corrected.UpdatedAt = midnight.Add(time.Hour), midnight.Add(2*time.Hour)
	for _, f := range []correlate.Fact{{Change: &change}, {Incident: &opened}, {Incident: &corrected}} {
		e.Apply(Input{Facts: []Fact{{Fact: f, ReceivedAt: midnight}}})
	}
	require.Equal(t, []int64{corrected.OpenedAt.Unix()}, e.subject(e.change("c")).Objections)
}
