package demo

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestHearingVerdicts(t *testing.T) {
	at := func(s int) time.Time { return curtain.Add(time.Duration(s) * time.Second) }
	said := func(revision int, o correlate.Outcome, r correlate.Reason) correlate.Verdict {
		return correlate.Verdict{Revision: revision, Outcome: o, Reason: r}
	}
	s := &scene{act: script()[1]}
	require.Equal(t, "verdict: inconclusive (underpowered)", s.hear(said(1, correlate.Inconclusive, correlate.ReasonUnderpowered), at(5)))
	require.Equal(t, "verdict: regressed (new exception)", s.hear(said(2, correlate.Regressed, correlate.ReasonNewException), at(7)))
	require.Empty(t, s.hear(said(2, correlate.Regressed, correlate.ReasonNewException), at(8)), "it is known")
	require.Equal(t, "verdict: regressed (error ratio)", s.hear(said(3, correlate.Regressed, correlate.ReasonErrorRatio), at(9)))
	require.Equal(t, at(7), s.answered, "a better reason doesn't make the answer later")
	require.Equal(t, right, s.mark(), "not to know yet isn't wrong")
	s.hear(said(4, correlate.Healthy, correlate.ReasonWithinMargin), at(20))
	s.hear(said(5, correlate.Regressed, correlate.ReasonErrorRatio), at(22))
	require.Equal(t, at(22), s.answered)
	require.Equal(t, wrong, s.mark(), "it was the opposite once")
}

// waiting is a demo whose curtain rises when it is called.
func waiting() *demo {
	return &demo{board: newBoard(&bytes.Buffer{}, false, style{}, script(), time.Now())}
}

func TestAnActWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := waiting()
		first := d.board.scenes[0]
		require.NoError(t, d.turn(t.Context(), first))
		require.Equal(t, first.at, time.Since(d.board.raised))
	})
}

func TestARollbackWaitsUntilTheBadDeploymentIsCompleteAndKnownToBeBad(t *testing.T) {
	for name, c := range map[string]struct {
		ended, judged time.Duration
		want          time.Duration
	}{
		"judged before it is complete": {9 * time.Second, 7 * time.Second, 9 * time.Second},
		"complete before it is judged": {9 * time.Second, 12 * time.Second, 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := waiting()
				bad, rollback := d.board.scenes[1], d.board.scenes[5]
				require.Equal(t, bad.service, rollback.after)
				later := func(in time.Duration, f func()) {
					time.AfterFunc(in, func() { d.board.change(bad, time.Now(), func() string { f(); return "" }) })
				}
				later(c.ended, func() { bad.ended = time.Now() })
				later(c.judged, func() { bad.verdict = &correlate.Verdict{Outcome: correlate.Regressed} })
				require.NoError(t, d.turn(t.Context(), rollback))
				require.InDelta(t, c.want.Seconds(), time.Since(d.board.raised).Seconds(), 0.11)
			})
		})
	}
}

func TestADemoIsOverWhenEveryVerdictStands(t *testing.T) {
	d := waiting()
	require.False(t, d.settled())
	for _, s := range d.board.scenes {
		s.verdict = &correlate.Verdict{Outcome: correlate.Healthy}
	}
	require.True(t, d.settled())
	d.board.scenes[2].verdict = &correlate.Verdict{Outcome: correlate.Inconclusive}
	require.False(t, d.settled(), "more may be seen")
	d.board.scenes[2].verdict.Final = true
	require.True(t, d.settled())
}

func TestWhatServesIsSaidByVersion(t *testing.T) {
	require.Equal(t, "3×v1 1×v2", serving(map[string]int{"v2": 1, "v1": 3}))
	require.Empty(t, serving(nil))
}
