package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAStepOfTheClockIsFollowedWhenWhatComesInAgrees(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		step     time.Duration // of the machine's clock after a minute
		newest   func(truth time.Time) time.Time
		followed bool
	}{
		"set a year ahead, senders go on":          {365 * 24 * time.Hour, func(truth time.Time) time.Time { return truth }, false},
		"set a year ahead, nothing was ever heard": {365 * 24 * time.Hour, func(time.Time) time.Time { return time.Time{} }, false},
		"set back ten minutes, senders go on":      {-10 * time.Minute, func(truth time.Time) time.Time { return truth }, false},
		"set back to the truth": {-10 * time.Minute, func(truth time.Time) time.Time {
			return truth.Add(-10 * time.Minute)
		}, true},
		"awake after eight hours": {8 * time.Hour, func(truth time.Time) time.Time { return truth.Add(8*time.Hour - 2*time.Second) }, true},
		"slewed":                  {3 * time.Second, func(time.Time) time.Time { return time.Time{} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock(start)
			for passed := time.Second; passed <= time.Minute; passed += time.Second {
				require.Equal(t, start.Add(passed), clock.tell(start.Add(passed), passed, start.Add(passed)))
			}
			before := start.Add(time.Minute)
			for passed := time.Minute + time.Second; passed <= 3*time.Minute; passed += time.Second {
				truth := start.Add(passed)
				now := clock.tell(truth.Add(c.step), passed, c.newest(truth))
				if c.followed {
					require.Equal(t, truth.Add(c.step), now)
				} else {
					require.Equal(t, truth, now)
					require.True(t, now.After(before))
					require.Equal(t, c.step, clock.off)
				}
				before = now
			}
			truth := start.Add(4 * time.Minute)
			require.Equal(t, truth, newestClock(clock, truth), "set right again")
		})
	}
}

// newestClock is the time once the machine's clock and what comes in agree.
func newestClock(c *clock, truth time.Time) time.Time {
	return c.tell(truth, 4*time.Minute, truth)
}
