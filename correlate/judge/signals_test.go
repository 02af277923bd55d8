package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// kpi is a value with a daily rhythm and noise, as cells of one width.
func (s *sim) kpi(from, to, width int64, add func(at int64) float64) (out []correlate.Cell) {
	for at := from; at < to; at += width {
		v := 100 + 30*math.Sin(2*math.Pi*float64(at%86400)/86400) + s.Rng.NormFloat64()/math.Sqrt(float64(width)/10) + add(at)
		out = append(out, correlate.Cell{Start: at, Sum: int64(v * correlate.Fixed), N: 1})
	}
	return out
}

func (s *sim) kpiCase(hours, seconds int64, bad correlate.Direction, add func(at int64) float64) Case {
	from := drawn.Start - 3600
	return Case{
		Resolution: 10, Coarse: 300, Now: drawn.Start + seconds, Start: drawn.Start, Finish: drawn.Start,
		Streams: []Stream{{
			Kind: correlate.Gauge, Name: "kpi", Bad: bad,
			Whole: s.kpi(from, drawn.Start+seconds, 10, add), History: s.kpi(from-hours*3600, from, 300, add),
		}},
	}
}

func TestCustomSignal(t *testing.T) {
	after := func(by float64) func(int64) float64 {
		return func(at int64) float64 {
			if at >= drawn.Start+300 {
				return by
			}
			return 0
		}
	}
	for name, tc := range map[string]struct {
		hours   int64
		bad     correlate.Direction
		add     func(int64) float64
		outcome correlate.Outcome
		grade   correlate.Grade
	}{
		"a level that follows its daily rhythm is healthy":      {96, correlate.BadBoth, after(0), correlate.Healthy, correlate.GradeC},
		"a drop that earlier days don't have is regressed":      {96, correlate.BadBoth, after(-8), correlate.Regressed, correlate.GradeC},
		"a drop of what may only not rise is fine":              {96, correlate.BadUp, after(-8), correlate.Healthy, correlate.GradeC},
		"a rise of what may not rise is regressed":              {96, correlate.BadUp, after(8), correlate.Regressed, correlate.GradeC},
		"a large drop is regressed after some hours of history": {12, correlate.BadDown, after(-60), correlate.Regressed, correlate.GradeD},
		"an hour is too short to know what is usual":            {0, correlate.BadDown, after(-60), correlate.Inconclusive, ""},
		"so is one after some hours of history":                 {12, correlate.BadBoth, after(0), correlate.Inconclusive, correlate.GradeD},
	} {
		t.Run(name, func(t *testing.T) {
			first, a := firstRegressed(DefaultParams(), newSim(3).kpiCase(tc.hours, 3600, tc.bad, tc.add), 30)
			require.Equal(t, tc.outcome, a.Outcome, "%+v", a)
			require.Equal(t, tc.grade, a.Grade)
			if tc.outcome == correlate.Regressed {
				require.Equal(t, correlate.ReasonCustomSignal, a.Reason)
				require.LessOrEqual(t, first, int64(900))
				require.InDelta(t, drawn.Start+300, a.Onset, 300)
			}
		})
	}
}

func TestNewException(t *testing.T) {
	shown := func(seconds ...int64) (out []correlate.Cell) {
		for _, s := range seconds {
			out = append(out, correlate.Cell{Start: drawn.Start + s, Errors: 2})
		}
		return out
	}
	for name, tc := range map[string]struct {
		stream  Stream
		outcome correlate.Outcome
	}{
		"a type that appears again and again is a fault": {
			Stream{Whole: shown(10, 50, 90, 130)}, correlate.Regressed,
		},
		"a type that appeared in one cell only isn't yet": {
			Stream{Whole: shown(10)}, correlate.Inconclusive,
		},
		"a type that was there before isn't new": {
			Stream{Whole: shown(-900, 10, 50, 90, 130)}, correlate.Inconclusive,
		},
		"a type that was there a day ago isn't new": {
			Stream{Whole: shown(10, 50, 90, 130), History: shown(-86400)}, correlate.Inconclusive,
		},
		"a type that the old version shows as well isn't the new one's": {
			Stream{Whole: shown(10, 50, 90, 130), New: shown(10, 90), Old: shown(50, 130)}, correlate.Inconclusive,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(1)
			tc.stream.Kind, tc.stream.Name = correlate.Exception, "java.lang.NullPointerException"
			c := s.allAtOnce(150, 1, 1)
			c.Streams = append(c.Streams, tc.stream)
			a := Assess(DefaultParams(), c)
			require.Equal(t, tc.outcome, a.Outcome, "%+v", a)
			if tc.outcome == correlate.Regressed {
				require.Equal(t, correlate.ReasonNewException, a.Reason)
			}
		})
	}
}

func TestThroughput(t *testing.T) {
	p := DefaultParams()
	t.Run("traffic that vanishes while others are still heard is regressed", func(t *testing.T) {
		s := newSim(1)
		c := s.allAtOnce(600, 1, 1)
		for i := range c.Streams[0].Whole {
			c.Streams[0].Whole[i].Latency = nil
		}
		logs := s.Cells(drawn.Start-3600, drawn.Start+600, 0.1, 1, 1)
		c.Streams[0].Whole = ended(c.Streams[0].Whole, drawn.Start+100, 10)
		c.Streams = append(c.Streams, Stream{Kind: correlate.Log, Whole: logs})
		a := Assess(p, c)
		require.Equal(t, correlate.ReasonNoCoverage, a.Reason, "that the service logs says nothing of its spans")
		c.Heard = drawn.Start + 590
		a = Assess(p, c)
		require.Equal(t, correlate.Regressed, a.Outcome, "%+v", a)
		require.Equal(t, correlate.ReasonThroughput, a.Reason)
		require.Equal(t, drawn.Start+100, a.Onset)
	})
	t.Run("everything falling silent is lost telemetry", func(t *testing.T) {
		c := newSim(1).allAtOnce(900, 1, 1)
		c.Streams[0].Whole = ended(c.Streams[0].Whole, drawn.Start+100, 10)
		require.Equal(t, correlate.Inconclusive, Assess(p, c).Outcome)
	})
	t.Run("traffic that comes in waves is not", func(t *testing.T) {
		s := newSim(1)
		s.Errors = 0
		s.Shared = func(at int64) float64 { return 1 + 0.9*math.Sin(float64(at)/200) }
		_, a := firstRegressed(p, s.allAtOnce(1800, 1, 1), 30)
		require.Equal(t, correlate.Inconclusive, a.Outcome, "%+v", a)
	})
}

func TestSaturationSupportsAndNeverConvicts(t *testing.T) {
	s := newSim(1)
	c := s.kpiCase(96, 1800, correlate.BadUp, func(at int64) float64 {
		if at >= drawn.Start {
			return 500
		}
		return 0
	})
	c.Streams[0].Kind = correlate.Saturation
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.Inconclusive, a.Outcome)
	require.Equal(t, "saturation kpi", a.Evidence[0].Signal)
	require.Greater(t, a.Evidence[0].Ratio, 3.0)
}

func TestLogErrors(t *testing.T) {
	s := newSim(2)
	c := s.canary(900, 0.5, 8, 1)
	c.Streams[0].Kind = correlate.Log
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.Regressed, a.Outcome)
	require.Equal(t, correlate.ReasonLogErrors, a.Reason)
}

func TestTheViewFromOutsideIsAskedOnlyWithoutAContrast(t *testing.T) {
	s := newSim(4)
	edge := Stream{Kind: correlate.Edge, Whole: s.allAtOnce(1200, 10, 1).Streams[0].Whole}
	alone := s.allAtOnce(1200, 1, 1)
	alone.Streams = append(alone.Streams, edge)
	a := Assess(DefaultParams(), alone)
	require.Equal(t, correlate.Regressed, a.Outcome)
	require.Equal(t, "client_error_ratio", a.Evidence[0].Signal)

	contrasted := s.canary(1200, 0.5, 1, 1)
	contrasted.Streams = append(contrasted.Streams, edge)
	require.NotEqual(t, correlate.Regressed, Assess(DefaultParams(), contrasted).Outcome)
}

func TestANewMessageConvictsAsANewExceptionDoes(t *testing.T) {
	c := newSim(7).allAtOnce(600, 1, 1)
	message := thrown(3, 100, 180, 260, 340, 420, 500)
	message.Name = correlate.Message + "no stock of *"
	c.Streams = append(c.Streams, message)
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.ReasonNewException, a.Reason)
	require.Equal(t, "log no stock of *", a.Evidence[0].Signal)
}
