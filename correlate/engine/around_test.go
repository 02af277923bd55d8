package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/observe"
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
			end := s.e.windowEnd(s.e.change("shop-2"))
			last := (end + 9) / 10 * 10
			for at := last - 30; at <= last+30; at += 10 {
				seen := s.e.round(at, false).lookAround()
				var own []string
				for _, f := range seen.faults {
					if f.place.Service == "shop" {
						own = append(own, f.own)
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

// TestBlamedElsewhere: for which faults of other services a change is held responsible.
func TestBlamedElsewhere(t *testing.T) {
	strong := func(service, own string) fault {
		f := suspected(service, 1000, "cart-2", 0.9)
		f.own, f.provesElsewhere = own, true
		return f
	}
	convictedOf := func(service string) []correlate.Verdict {
		return []correlate.Verdict{{
			Outcome: correlate.Regressed, Reason: correlate.ReasonDownstream, Evidence: []correlate.Evidence{{Service: service}},
		}}
	}
	weak := strong("web", "")
	weak.provesElsewhere = false
	for name, tc := range map[string]struct {
		fault  fault
		grade  correlate.Grade
		course []correlate.Verdict
		want   float64
	}{
		"of a service that nobody changed":                      {strong("web", ""), correlate.GradeA, nil, 0.9},
		"of one whose own change shows it":                      {strong("web", "web-2"), correlate.GradeA, nil, 0.9},
		"that is not strong enough":                             {weak, correlate.GradeC, nil, 0},
		"that it is convicted of, and that is weaker by then":   {weak, correlate.GradeC, convictedOf("web"), 0.9},
		"that is weak, while it is convicted of another":        {weak, correlate.GradeC, convictedOf("ads"), 0},
		"of its own service, as it is seen as a whole":          {strong("cart", ""), correlate.GradeC, nil, 0.9},
		"the same where its new instances are no worse":         {strong("cart", ""), correlate.GradeA, nil, 0},
		"of its own service, as another change of it is judged": {strong("cart", "cart-3"), correlate.GradeC, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := New(DefaultConfig())
			cart := correlate.Change{ID: "cart-2", Service: "cart", Version: "v2", StartedAt: midnight, FinishedAt: midnight}
			e.Apply(Input{Facts: []Fact{{Fact: correlate.Fact{Change: &cart}, ReceivedAt: midnight}}})
			c := e.change("cart-2")
			c.course = tc.course
			_, p := e.round(2000, false).blamedElsewhere(candidate{change: c, a: judge.Assessment{Grade: tc.grade}}, []fault{tc.fault})
			require.InDelta(t, tc.want, p, 1e-9)
		})
	}
}

// TestWhatOthersShowCountsWhereTheOwnFaultIsSomebodyElses: a change whose service shows a fault may be held responsible for
// that one, for one on another service, or for none.
func TestWhatOthersShowCountsWhereTheOwnFaultIsSomebodyElses(t *testing.T) {
	for name, tc := range map[string]struct {
		own, elsewhere float64
		want           correlate.Reason
	}{
		"its own fault is its own":       {0.9, 0.95, correlate.ReasonLatency},
		"only what others show is":       {0.2, 0.9, correlate.ReasonDownstream},
		"neither is":                     {0.2, 0.3, correlate.ReasonConfounded},
		"its own is and nothing else is": {0.7, 0.1, correlate.ReasonLatency},
	} {
		t.Run(name, func(t *testing.T) {
			e := New(DefaultConfig())
			cart := correlate.Change{ID: "cart-2", Service: "cart", Version: "v2", StartedAt: midnight, FinishedAt: midnight}
			e.Apply(Input{Facts: []Fact{{Fact: correlate.Fact{Change: &cart}, ReceivedAt: midnight}}})
			own, elsewhere := suspected("cart", 1000, "cart-2", tc.own), suspected("web", 1000, "cart-2", tc.elsewhere)
			own.own, elsewhere.provesElsewhere = "cart-2", true
			s := candidate{
				change: e.change("cart-2"), known: &observe.Subject{},
				a: judge.Assessment{Outcome: correlate.Regressed, Reason: correlate.ReasonLatency, Onset: 1000},
			}
			f := e.round(midnight.Unix()+600, false).decide(s, []fault{own, elsewhere}, nil)
			require.Equal(t, tc.want, f.reason)
			require.Equal(t, tc.want == correlate.ReasonConfounded, f.outcome != correlate.Regressed)
		})
	}
}
