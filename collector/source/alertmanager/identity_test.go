package alertmanager

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func TestAPairOfServersTellsOneIncident(t *testing.T) {
	first := *sourcetest.Read(t, Source(), sourcetest.Payload(t, "firing-group"))[0].Facts[0].Incident
	second := *sourcetest.Read(t, Source(), sourcetest.Payload(t, "resolved-by-the-other"))[0].Facts[0].Incident
	require.NotEqual(t, first.OpenedAt, second.OpenedAt)
	require.Equal(t, first.ID, second.ID)
	both := first.Merge(second)
	require.Equal(t, second.OpenedAt, both.OpenedAt, "the earlier of the two")
	require.Equal(t, second.ResolvedAt, both.ResolvedAt)
}

func TestWhichAlertsAreTheSameIncident(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"the same instant":          {"10:00:00", "10:00:00", true},
		"the servers of a pair":     {"10:00:15", "09:59:45", true},
		"a rule that flaps":         {"10:00:00", "10:04:00", true},
		"an hour later":             {"10:00:00", "11:00:00", false},
		"after the trouble is over": {"10:00:00", "10:25:00", false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.same, idAt(t, c.a) == idAt(t, c.b)) })
	}
}

func idAt(t *testing.T, clock string) string {
	req := message(fmt.Sprintf(`[{"status":"firing","labels":{"severity":"page"},"startsAt":"2026-02-28T%sZ","fingerprint":"f"}]`, clock))
	return sourcetest.Read(t, Source(), req)[0].Facts[0].Incident.ID
}

// Alerts that began a quarter of an hour apart or more are never one incident.
func TestAlertsFarApartAreNeverOne(t *testing.T) {
	began := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		a := rapid.IntRange(0, 40_000).Draw(rt, "a")
		apart := rapid.IntRange(901, 40_000).Draw(rt, "apart")
		clock := func(seconds int) string { return began.Add(time.Duration(seconds) * time.Second).Format("15:04:05") }
		if idAt(t, clock(a)) == idAt(t, clock(a+apart)) {
			rt.Fatalf("alerts %d s apart are one", apart)
		}
	})
}

func TestAServiceThatIsKnownWinsOverAGuess(t *testing.T) {
	known, guess := correlate.Incident{Service: "checkout"}, correlate.Incident{Service: "pods", ServiceGuessed: true}
	for name, merged := range map[string]correlate.Incident{
		"the guess later":     known.Merge(guess),
		"the guess earlier":   guess.Merge(known),
		"and nothing besides": known.Merge(correlate.Incident{}),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, "checkout", merged.Service)
			require.False(t, merged.ServiceGuessed)
		})
	}
	require.True(t, guess.Merge(correlate.Incident{}).ServiceGuessed)
	require.True(t, correlate.Incident{}.Merge(guess).ServiceGuessed)
}
