package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestAChangeAnswersForWhatItIsClearlyBlamedFor(t *testing.T) {
	acquitted, convictedOnce := []correlate.Verdict{{Outcome: correlate.Healthy}}, []correlate.Verdict{{Outcome: correlate.Regressed}}
	for name, tc := range map[string]struct {
		course       []correlate.Verdict
		blame, other float64
		want         bool
	}{
		"nobody else may have done it":                       {nil, 0.61, 0.1, true},
		"it is about as likely as not":                       {nil, 0.55, 0.1, false},
		"another one is nearly as likely":                    {nil, 0.62, 0.35, false},
		"the other one is half as likely":                    {acquitted, 0.64, 0.32, true},
		"one that was convicted, by what convicts nobody":    {convictedOnce, 0.45, 0.2, true},
		"one that was convicted, beside one as likely":       {convictedOnce, 0.42, 0.5, true},
		"one that was convicted, when it is another's fault": {convictedOnce, 0.3, 0.65, false},
		"one whose conviction was taken back":                {append(convictedOnce, acquitted...), 0.45, 0.1, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := &change{rec: &correlate.ChangeRecord{Change: correlate.Change{ID: "c"}}, course: tc.course}
			require.Equal(t, tc.want, c.answersFor(tc.blame, suspected("web", 0, "c", tc.blame), suspected("web", 0, "other", tc.other)))
		})
	}
}

// TestAConvictionIsGivenAndTakenBackAtDifferentBlames: in drawn stories of one to three services whose faults come and go, no
// change is convicted by less blame than it takes, or loses that for blame which is enough to stay.
func TestAConvictionIsGivenAndTakenBackAtDifferentBlames(t *testing.T) {
	given, stayed := 0, 0
	for n := range uint64(*cases) {
		s := drawStory(rand.New(rand.NewPCG(*seed+n, 0)))
		last := map[string]correlate.Outcome{}
		for _, e := range s.run(s.inOrder(), nil).Decisions {
			if e.Verdict == nil {
				continue
			}
			v := e.Verdict
			was := last[v.ChangeID] == correlate.Regressed && v.Supersedes == 0
			switch last[v.ChangeID] = v.Outcome; {
			case v.Outcome == correlate.Regressed && was:
				require.GreaterOrEqual(t, v.Blame, held, "seed %d, change %s", *seed+n, v.ChangeID)
				if v.Blame < convicted {
					stayed++
				}
			case v.Outcome == correlate.Regressed && v.Supersedes == 0:
				given++
				require.GreaterOrEqual(t, v.Blame, convicted, "seed %d, change %s", *seed+n, v.ChangeID)
			case was && v.Reason == correlate.ReasonConfounded:
				require.Less(t, v.Blame, held, "seed %d, change %s", *seed+n, v.ChangeID)
			}
		}
	}
	require.NotZero(t, given)
	require.NotZero(t, stayed, "some stay by less than they were convicted by")
}

// TestAnOlderLookDoesNotTakeAConvictionBack: once a change is convicted, no look around is of before that.
func TestAnOlderLookDoesNotTakeAConvictionBack(t *testing.T) {
	s := &script{t: t, e: New(DefaultConfig()), now: midnight.Unix()}
	s.run("serve shop 00:00-03:00 version=v1 rps=40 errors=0.002 caller=web\nserve shop 02:00-03:00 version=v2 rps=40 errors=0.2 caller=web\n" +
		"serve web 00:00-03:00 version=w1 rps=40 errors=0.002\nuntil 02:00\nchange shop-2 shop 01:59:50 version=v2 finish=02:01")
	convictedAt := int64(0)
	for now := clock(t, "02:00:30"); now <= clock(t, "02:10"); now += 10 {
		s.until(now)
		if v := s.e.change("shop-2").verdict(); convictedAt == 0 && v != nil && v.Outcome == correlate.Regressed {
			convictedAt = v.DecidedAt.Unix()
			require.NotZero(t, convictedAt%60, "it is not the time of a regular look")
		}
		require.GreaterOrEqual(t, s.e.around.At, convictedAt)
	}
	require.NotZero(t, convictedAt)
}
