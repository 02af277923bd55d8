package page

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// seriesOf is an hour around the change that went bad in the story, in points of a minute.
func seriesOf(revision int, roles ...correlate.Role) correlate.Series {
	start := sinktest.Noon.Add(-125 * time.Minute)
	s := correlate.Series{
		ChangeID: "checkout-4711", Revision: revision, At: start.Add(30 * time.Minute), Start: start, Finish: start.Add(5 * time.Minute),
		From: start.Add(-30 * time.Minute), Step: 60, Points: 60,
		Steps: []correlate.ZoneStep{{Name: "east", ReachedAt: start.Add(2 * time.Minute)}},
		Gaps:  []correlate.Stretch{{From: start.Add(10 * time.Minute), To: start.Add(14 * time.Minute)}},
	}
	for _, signal := range []string{"error_ratio", "throughput"} {
		of := correlate.SignalSeries{Signal: signal, Grade: correlate.GradeA, Expected: correlate.BasisBefore}
		for _, role := range roles {
			values := make(correlate.Values, s.Points)
			for i := range values {
				values[i] = 0.004
				if role == correlate.RoleNew && i >= 30 {
					values[i] = 0.031
				}
				if i >= 40 && i < 44 {
					values[i] = math.NaN()
				}
			}
			of.Lines = append(of.Lines, correlate.Line{Role: role, Values: values})
		}
		s.Signals = append(s.Signals, of)
	}
	return s
}

func TestTheChartThatConvicts(t *testing.T) {
	r, _, h := open(t, nil)
	s := seriesOf(2, correlate.RoleOld, correlate.RoleNew, correlate.RoleLow, correlate.RoleHigh)
	r.Put(correlate.Effect{Series: &s})
	said := text(t, h, "/changes/checkout-4711")
	for _, want := range []string{
		"error_ratio 0.4 % → 3.1 %, ×7.8 (4.9 … 12).", "the new version v2", "the old one, at the same time", "usual in the time before",
		"rollout 09:55:00 – 10:00:00", "onset 10:05:00", "decided 10:05:00",
		"Not covered by telemetry for 4m 0s (hatched).", "Reached: east 09:57.", "From error_ratio, old error_ratio, new",
		"09:25:00 0.4 %", "10:05:00 – –",
	} {
		require.Contains(t, said, want)
	}
	page := get(t, h, "/changes/checkout-4711").Body.String()
	require.Equal(t, 2, strings.Count(page, `<svg class="course"`))
	require.Contains(t, page, `/api/v1/changes/checkout-4711/series`)
	require.Less(t, strings.Index(page, `<svg class="course"`), strings.Index(page, "What to do"), "the chart comes with the answer")
	require.NotContains(t, page, "style=", "the policy of the page forbids it")
}

func TestAChartOfTheWholeServiceShowsBeforeAndSince(t *testing.T) {
	r, _, h := open(t, nil)
	s := seriesOf(2, correlate.RoleAll)
	r.Put(correlate.Effect{Series: &s})
	page := get(t, h, "/changes/checkout-4711").Body.String()
	require.Contains(t, page, `class="run old"`)
	require.Contains(t, page, `class="run new"`)
	require.Contains(t, text(t, h, "/changes/checkout-4711"), "before the change since")
}

func TestAPageOfThePastShowsWhatWasKnownThen(t *testing.T) {
	r, _, h := open(t, nil)
	then, later := seriesOf(2, correlate.RoleOld, correlate.RoleNew), seriesOf(3, correlate.RoleOld, correlate.RoleNew)
	later.Signals = later.Signals[:1]
	r.Put(correlate.Effect{Series: &then}, correlate.Effect{Series: &later})
	count := func(target string) int { return strings.Count(get(t, h, target).Body.String(), `<svg class="course"`) }
	require.Equal(t, 2, count("/changes/checkout-4711"), "of the verdict that stands, the second")
	require.Equal(t, 2, count("/changes/checkout-4711?as_of=2026-03-01T12:00:00Z"))
	require.Zero(t, count("/changes/cart-7"), "nothing was kept")
}

func TestAChangeThatIsObservedIsDrawnAsItIsNow(t *testing.T) {
	r, _, h := open(t, nil)
	running := correlate.ChangeRecord{
		Change: correlate.Change{ID: "cart-8", Service: "cart", Version: "v8", StartedAt: sinktest.Noon.Add(-20 * time.Minute)}.WithDefaults(),
		Phase:  correlate.PhaseObserving,
	}
	s := seriesOf(0, correlate.RoleOld, correlate.RoleNew)
	s.ChangeID, s.Finish = "cart-8", time.Time{}
	r.Put(correlate.Effect{Change: &running}, correlate.Effect{Series: &s})
	require.Contains(t, text(t, h, "/changes/cart-8"), "error_ratio 0.4 % before the change, 3.1 % since.")
	require.Contains(t, text(t, h, "/changes/cart-8"), "rolling out since 09:55:00")
	r.SetOutlook("cart-8", &correlate.Outlook{Evidence: []correlate.Evidence{{Signal: "error_ratio", Baseline: 0.004, Observed: 0.03, N: 9}}})
	require.Contains(t, text(t, h, "/changes/cart-8"), "error_ratio 0.4 % → 3 %.")
	require.NotContains(t, text(t, h, "/changes/cart-8?as_of=2026-03-01T12:00:00Z"), "rolling out", "nothing was kept then")
}
