package span_test

import (
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/internal/span"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30d": 30 * span.Day, "1y": span.Year, "2w": 2 * span.Week, "1y2w3d": span.Year + 2*span.Week + 3*span.Day,
		"1d12h": 36 * time.Hour, "36h": 36 * time.Hour, "90m": 90 * time.Minute, "1.5h": 90 * time.Minute, "-30d": -30 * span.Day,
		"+1d": span.Day, "0d": 0, "0": 0, "292y": 292 * span.Year,
	} {
		got, err := span.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestWhatIsNoDurationIsAnErrorThatSaysWhatIs(t *testing.T) {
	for _, text := range []string{
		"", "-", "d", "30", "30 d", "d30", "30D", "1d2w", "1d1d", "soon", "1.5d", "--1d", "1d-1h", "1d+1h", "293y", "292y292y", "99999999999999999999d", "1month",
	} {
		_, err := span.Parse(text)
		require.ErrorContains(t, err, "is not a duration such as 30d, 2w, 1y or 36h", text)
	}
}

func TestWhateverGoReadsIsReadAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.Int64().Draw(t, "nanoseconds"))
		if want == -1<<63 {
			t.Skip("the least has no opposite")
		}
		got, err := span.Parse(want.String())
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestAFlagIsSetInDays(t *testing.T) {
	var d time.Duration
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	span.Var(flags, &d, "wait", time.Minute, "how long")
	require.Equal(t, time.Minute, d)
	require.NoError(t, flags.Parse([]string{"--wait", "1d"}))
	require.Equal(t, span.Day, d)
	require.ErrorContains(t, flags.Parse([]string{"--wait", "long"}), "such as 30d")
	require.Equal(t, "24h0m0s", flags.Lookup("wait").Value.String())
}
