package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The pseudo-changes of cart end at 57:40 of each hour.
func TestPlacebosAreCountedAndNotTold(t *testing.T) {
	for name, c := range map[string]struct {
		script          string
		placebos, wrong int64
	}{
		"a service that runs along is judged once an hour, and nothing is found": {
			"serve cart 00:00-06:00 version=v1 rps=30 errors=0.01\nuntil 06:00", 5, 0,
		},
		"a fault without a change is a false alarm of a pseudo-change before it": {
			"serve cart 00:00-03:35 rps=30\nserve cart 03:35-06:00 rps=30 errors=0.5\nuntil 06:00", 5, 1,
		},
		"nothing is pretended of a service while a change near it is watched": {
			"serve cart 00:00-02:20 version=v1 rps=30\nserve cart 02:20-04:00 version=v2 rps=30\nuntil 02:20\n" +
				"change d1 cart 02:20 finish=02:21 version=v2\nuntil 03:20", 1, 0,
		},
		"nor where telemetry was lost": {
			"serve cart 00:00-04:00 version=v1 rps=30\ngap 01:30-01:40\nuntil 02:45", 0, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{t: t, e: New(DefaultConfig()), now: midnight.Unix()}
			s.run(c.script)
			require.Equal(t, c.placebos, s.e.Stats().Placebos)
			require.Equal(t, c.wrong, s.e.Stats().FalseAlarms)
			require.NotContains(t, s.out.String(), "cart regressed")
		})
	}
}
