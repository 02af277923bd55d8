package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAFaultIsSeenWhileAndAfterItsChangeIsJudged: at each bucket the fault of a changed service is either that of a change
// which is judged at that instant, or one of those around, and never neither.
func TestAFaultIsSeenWhileAndAfterItsChangeIsJudged(t *testing.T) {
	for name, finish := range map[string]string{
		"its window ends with a bucket":   "02:01:00",
		"its window ends within a bucket": "02:01:04",
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{t: t, e: New(DefaultConfig()), now: midnight.Unix()}
			s.run("serve shop 00:00-04:00 version=v1 rps=40 errors=0.002 caller=web\nserve shop 02:00-04:00 version=v2 rps=40 errors=0.2 caller=web\n" +
				"serve web 00:00-04:00 version=w1 rps=40 errors=0.002\nuntil 02:00\nchange shop-2 shop 02:00 version=v2 finish=" + finish +
				"\nuntil 02:40\nchange web-2 web 02:40 version=w1 finish=02:41\nuntil 04:00")
			end := s.e.windowEnd(s.e.changes["shop-2"])
			last := (end + 9) / 10 * 10
			for at := last - 30; at <= last+30; at += 10 {
				seen := s.e.round(at, false).lookAround()
				var own []string
				for _, f := range seen.faults {
					if f.place.Service == "shop" {
						own = append(own, f.own)
						require.False(t, f.provesElsewhere, "it is held against nobody else")
					}
				}
				if at <= last {
					require.Empty(t, own, "the change speaks for its service until its last look, %d s before it", last-at)
				} else {
					require.Equal(t, []string{"shop-2"}, own, "%d s after the last look", at-last)
				}
			}
		})
	}
}
