package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
)

// suspected is a fault of a service with one suspect.
func suspected(service string, onset int64, id string, probability float64) fault {
	return fault{
		place: place{Service: service, Environment: correlate.DefaultEnvironment}, certain: 1,
		Fault:    blame.Fault{Service: service, Onset: onset},
		suspects: []correlate.Suspect{{ChangeID: id, Probability: probability}},
	}
}

func TestAFinalConvictionIsTakenBackWhenTheBlameMovesOn(t *testing.T) {
	s := &script{t: t, e: New(DefaultConfig()), now: midnight.Unix()}
	s.run("serve shop 00:00-06:00 version=v1 rps=40\nserve shop 02:00-06:00 version=v2 rps=40 errors=0.2")
	s.run("until 02:00\nchange v2 shop 02:00 version=v2 finish=02:01\nuntil 06:00")
	c := s.e.change("v2")
	v := c.verdict()
	require.True(t, v.Final && v.Outcome == correlate.Regressed)
	onset := unix(v.OnsetAt)
	for name, tc := range map[string]struct {
		faults []fault
		moved  bool
	}{
		"the fault is another change's":               {[]fault{suspected("shop", onset+60, "v2", 0.01)}, true},
		"another change is held responsible for it":   {[]fault{suspected("shop", onset+60, "v3", 0.7)}, true},
		"nobody is, and it isn't suspected":           {[]fault{suspected("shop", onset+60, "v3", 0.1)}, false},
		"it is still held against it":                 {[]fault{suspected("shop", onset, "v2", 0.6)}, false},
		"that is another fault":                       {[]fault{suspected("shop", onset+1800, "v2", 0.01)}, false},
		"that is the fault of another service":        {[]fault{suspected("cart", onset, "v2", 0.01)}, false},
		"nothing is seen of it any more":              {nil, false},
		"one look at it says so and another does not": {[]fault{suspected("shop", onset, "v2", 0.01), suspected("shop", onset, "v2", 0.7)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f, moved := s.e.round(s.e.mark.At, false).blameMoved(candidate{change: c}, tc.faults)
			require.Equal(t, tc.moved, moved)
			if moved {
				require.Equal(t, []any{correlate.Inconclusive, correlate.ReasonConfounded}, []any{f.outcome, f.reason})
				require.Less(t, f.blame, convicted)
			}
		})
	}
}

func TestFaultsOfOnePlaceHaveTheSameSuspects(t *testing.T) {
	faults := []fault{
		suspected("shop", 1000, "a", 0.4), suspected("shop", 1060, "b", 0.9), suspected("shop", 9000, "c", 1), suspected("cart", 1000, "d", 1),
	}
	agree(faults, 120)
	for i, want := range []string{"b", "b", "c", "d"} {
		require.Equal(t, want, faults[i].suspects[0].ChangeID)
	}
}

func TestAFaultThatIsOverIsSaidAgainWhenTheSuspectsAreOthers(t *testing.T) {
	b := faultBook{known: map[place][]correlate.Regression{}}
	f := suspected("shop", 1000, "a", 0.9)
	f.recover = 2000
	note := func(t int64) bool {
		_, ok := b.note(f, t)
		return ok
	}
	require.True(t, note(3000), "it is new")
	require.False(t, note(3010), "nothing changed")
	f.suspects = []correlate.Suspect{{ChangeID: "b", Probability: 0.9}}
	require.True(t, note(3020), "another change did it")
	require.Equal(t, b.known[f.place][0].ID, b.known[f.place][1].ID)
	f.recover = 0
	require.False(t, note(3030), "that it is over was said")
}

func TestAVerdictIsSaidAgainWhenItsBlameMoved(t *testing.T) {
	v := &correlate.Verdict{Outcome: correlate.Regressed, Reason: correlate.ReasonLatency, Blame: 0.9}
	f := finding{outcome: v.Outcome, reason: v.Reason, blame: 0.93}
	require.True(t, f.says(v))
	f.blame = 0.7
	require.False(t, f.says(v))
	v.Outcome, f.outcome = correlate.Inconclusive, correlate.Inconclusive
	require.True(t, f.says(v), "of what convicts nobody it is no news")
}
