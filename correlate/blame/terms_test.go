package blame

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/guard"
)

// at is a fault of web with a strong proof.
var at = Fault{Service: "web", Signal: "error_ratio", Onset: onset, Strength: 9}

func TestLagFallsWithTime(t *testing.T) {
	p := DefaultParams()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Range(0, 7200).Draw(t, "a"), rapid.Int64Range(0, 7200).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		near, far := deployed("a", "web", a), deployed("b", "web", b)
		require.GreaterOrEqual(t, p.lag(at, &near), p.lag(at, &far))
		require.LessOrEqual(t, p.lag(at, &near), 0.0)
	})
}

func TestLag(t *testing.T) {
	p := DefaultParams()
	for name, tc := range map[string]struct {
		before []int64
		want   float64
	}{
		"at the onset it is nothing":               {[]int64{0}, 0},
		"five minutes are one":                     {[]int64{300}, -1},
		"beyond the knee time counts for less":     {[]int64{2700}, -3 - 1},
		"the last step counts":                     {[]int64{3000, 300}, -1},
		"a step after the onset counts for little": {[]int64{300, -20}, 0},
		"unknown steps are long ago":               {nil, -3 - 6300.0/1800},
	} {
		t.Run(name, func(t *testing.T) {
			c := deployed("a", "web", tc.before...)
			require.InDelta(t, tc.want, p.lag(at, &c), 1e-9)
		})
	}
}

func TestVeto(t *testing.T) {
	p := DefaultParams()
	for name, tc := range map[string]struct {
		before []int64
		late   float64
		ok     bool
	}{
		"before the onset it may have done it":          {[]int64{60}, 0, true},
		"just after it as well, since onsets are rough": {[]int64{-30}, 0, true},
		"later it can't":        {[]int64{-31}, 31, false},
		"its first step counts": {[]int64{60, -600}, 0, true},
		"nothing is known against one without any steps": {nil, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := deployed("a", "web", tc.before...)
			late, ok := p.veto(at, &c)
			require.Equal(t, tc.ok, ok)
			require.Equal(t, tc.late, late)
		})
	}
}

// reach is every shortest path, by trying all (Floyd and Warshall).
func reach(n int, edges map[[2]int]bool) [][]int {
	d := make([][]int, n)
	for i := range d {
		d[i] = make([]int, n)
		for j := range d[i] {
			if d[i][j] = 1000; i == j {
				d[i][j] = 0
			} else if edges[[2]int{i, j}] {
				d[i][j] = 1
			}
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				d[i][j] = min(d[i][j], d[i][k]+d[k][j])
			}
		}
	}
	return d
}

func TestHopsAreShortestPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "services")
		name := func(i int) string { return string(rune('a' + i)) }
		known := map[[2]int]bool{}
		var edges []Edge
		for range rapid.IntRange(0, 15).Draw(t, "calls") {
			e := [2]int{rapid.IntRange(0, n-1).Draw(t, "from"), rapid.IntRange(0, n-1).Draw(t, "to")}
			known[e] = true
			edges = append(edges, Edge{name(e[0]), name(e[1])})
		}
		g, d := NewGraph(edges), reach(n, known)
		for i := range n {
			for j := range n {
				down, up := g.distance(Fault{Service: name(i)}, name(j))
				require.Equal(t, d[i][j] < 1000, down >= 0)
				require.Equal(t, d[j][i] < 1000, up >= 0)
				if down >= 0 {
					require.Equal(t, d[i][j], down)
				}
				require.Equal(t, d[i][j] < 1000, g.DependsOn(name(i), name(j)))
				require.Equal(t, d[i][j] < 1000 || d[j][i] < 1000, g.Connected(name(i), name(j)))
			}
		}
	})
}

func TestNear(t *testing.T) {
	p := DefaultParams()
	hop := math.Log(p.Hop)
	lost := Fault{LostAbove: true}
	for name, tc := range map[string]struct {
		f        Fault
		down, up int
		want     float64
	}{
		"the service itself":        {Fault{}, 0, 0, 0},
		"two calls down":            {Fault{}, 2, -1, 2 * hop},
		"a caller":                  {Fault{}, -1, 1, p.Upstream + hop},
		"whichever way is likelier": {Fault{}, 3, 1, 3 * hop},
		"nothing leads there":       {Fault{}, -1, -1, p.Unreachable},
		"a caller that asks less":   {lost, -1, 1, hop},
		"the caller of that one":    {lost, -1, 2, 2 * hop},
	} {
		t.Run(name, func(t *testing.T) { require.InDelta(t, tc.want, p.near(tc.f, &Candidate{}, tc.down, tc.up), 1e-9) })
	}
	require.InDelta(t, hop, p.near(Fault{}, &Candidate{Multiplies: true}, -1, 1), 1e-9, "a caller that multiplied its calls")
}

func TestContrast(t *testing.T) {
	p := DefaultParams()
	worse, fine := Candidate{Service: "web", Contrast: 20, Regressed: true}, Candidate{Service: "web", Contrast: -20}
	for name, tc := range map[string]struct {
		c         Candidate
		fault     Fault
		reachable bool
		traces    float64
		want      float64
	}{
		"worse new instances speak for it, up to a bound":      {worse, at, true, 0, p.ContrastMax},
		"not where the fault can't come from there":            {worse, Fault{Service: "ads", Onset: onset}, false, 0, 0},
		"nor while nothing is proven":                          {Candidate{Service: "web", Contrast: 20}, at, true, 0, 0},
		"fine ones speak against it":                           {fine, at, true, 0, p.ContrastMin},
		"of another service's fault they do so in part":        {fine, Fault{Service: "ads", Onset: onset}, true, 0, p.ContrastElsewhere},
		"and not at all where the failing traces touched them": {fine, Fault{Service: "ads", Onset: onset}, true, 2, 0},
		"without a comparison it says nothing":                 {Candidate{Service: "web"}, at, true, 0, 0},
		"old ones that show the fault alike speak against it":  {Candidate{Service: "web", Contrast: -0.5, Share: -3}, at, true, 0, -3},
		"not against new ones that are worse":                  {Candidate{Service: "web", Contrast: 5, Share: -3, Regressed: true}, at, true, 0, 5},
		"a share without a contrast is no proof":               {Candidate{Service: "web", Contrast: -0.5, Share: 3}, at, true, 0, -0.5},
	} {
		t.Run(name, func(t *testing.T) {
			require.InDelta(t, tc.want, p.contrast(tc.fault, &tc.c, tc.reachable, tc.traces), 1e-9)
		})
	}
}

func TestAnomaly(t *testing.T) {
	p := DefaultParams()
	own := p.Anomalous + p.AnomalousMax
	explained := at
	explained.Explained = true
	lost := at
	lost.Signal, lost.LostAbove = "throughput", true
	surged := at
	surged.Surged = true
	db := Candidate{Service: "db", Regressed: true, Onset: onset, Strength: 9}
	for name, tc := range map[string]struct {
		fault     Fault
		c         Candidate
		down      int
		reachable bool
		want      float64
	}{
		"a changed service with the fault is suspect":              {at, Candidate{Service: "web"}, 0, true, own},
		"not where a dependency explains the fault":                {explained, Candidate{Service: "web"}, 0, true, p.Quiet},
		"unless its new instances are worse":                       {explained, Candidate{Service: "web", Contrast: 5, Regressed: true}, 0, true, own},
		"old instances that show it as well speak against it":      {at, Candidate{Service: "web", Contrast: -2}, 0, true, p.Shared},
		"a fault that only time shows says nothing":                {at, Candidate{Service: "web", Contrast: -2, Regressed: true}, 0, true, 0},
		"once nothing else served it does":                         {at, Candidate{Service: "web", Contrast: -2, Regressed: true, Whole: true}, 0, true, own},
		"a callee with a fault of its own is, the more the deeper": {at, db, 2, true, own + 2*p.Deeper},
		"a callee that is fine is not":                             {at, Candidate{Service: "db"}, 2, true, p.Quiet},
		"nor one that failed later":                                {at, Candidate{Service: "db", Regressed: true, Onset: onset + 121, Strength: 9}, 2, true, p.Quiet},
		"what a caller suffers says nothing":                       {at, Candidate{Service: "edge", Regressed: true, Onset: onset, Strength: 9}, -1, true, 0},
		"what is far away doesn't matter":                          {at, db, -1, false, p.Quiet},
		"who suffers from what a dependency of both does is fine":  {explained, Candidate{Service: "db", Regressed: true, Onset: onset, Strength: 9, Suffers: true}, 2, true, p.Quiet},
		"a callee that suffers itself isn't":                       {at, Candidate{Service: "db", Regressed: true, Onset: onset, Strength: 9, Suffers: true}, 2, true, 0},
		"a loss that its callers share isn't its own":              {lost, Candidate{Service: "web"}, 0, true, p.Quiet},
		"nor is a fault that a surge of load came before":          {surged, Candidate{Service: "web"}, 0, true, p.Quiet},
		"unless its new instances bear the surge worse":            {surged, Candidate{Service: "web", Contrast: 5, Regressed: true}, 0, true, own},
		"a load that a caller multiplied isn't its own":            {at, Candidate{Service: "web", Burdened: true}, 0, true, p.Quiet},
		"nor that of a callee":                                     {at, Candidate{Service: "db", Burdened: true, Regressed: true, Onset: onset, Strength: 9}, 2, true, p.Quiet},
		"unless its new instances bear it worse":                   {at, Candidate{Service: "web", Burdened: true, Contrast: 5, Regressed: true}, 0, true, own},
		"who multiplied it is said elsewhere":                      {at, Candidate{Service: "edge", Multiplies: true}, -1, true, 0},
		"unless its new instances lose more":                       {lost, Candidate{Service: "web", Contrast: 5, Regressed: true}, 0, true, own},
	} {
		t.Run(name, func(t *testing.T) {
			require.InDelta(t, tc.want, p.anomaly(tc.fault, &tc.c, tc.down, tc.reachable), 1e-9)
		})
	}
}

func TestShockReversalAndUnseen(t *testing.T) {
	p := DefaultParams()
	for name, tc := range map[string]struct {
		got, want float64
	}{
		"nothing far away happened":              {p.shock(&Candidate{}), 0},
		"something else did":                     {p.shock(&Candidate{Shocked: ShockOther}), p.ShockOther},
		"the same did":                           {p.shock(&Candidate{Shocked: ShockAlike}), p.ShockAlike},
		"but its new instances are worse":        {p.shock(&Candidate{Shocked: ShockAlike, Contrast: 1}), 0},
		"it wasn't taken back":                   {p.reversal(&Candidate{}), 0},
		"the fault went with it":                 {p.reversal(&Candidate{Reversal: Cured}), p.Cured},
		"the fault stayed":                       {p.reversal(&Candidate{Reversal: Outlived}), p.Outlived},
		"its version never came up":              {p.unseen(&Candidate{Unseen: true}), p.Unseen},
		"its version was seen, or none ever was": {p.unseen(&Candidate{}), 0},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tc.want, tc.got) })
	}
}

func TestACallerThatMultipliedItsCallsIsSuspect(t *testing.T) {
	p := DefaultParams()
	require.Zero(t, p.load(at, &Candidate{}))
	require.InDelta(t, p.Anomalous+p.AnomalousMax, p.load(at, &Candidate{Multiplies: true}), 1e-9)
	calls := NewGraph([]Edge{{"edge", "cart"}, {"cart", "db"}})
	for _, faulty := range []string{"db", "cart", "edge"} {
		suspects := p.Rank(Fault{Service: faulty, Onset: onset, Strength: 9}, []Candidate{
			{ChangeID: "caller", Service: "cart", Steps: []int64{onset - 60}, Multiplies: true, Contrast: -3},
			{ChangeID: "own", Service: "db", Steps: []int64{onset - 60}, Burdened: true, Regressed: true, Onset: onset, Strength: 9},
		}, calls)
		require.Equal(t, "caller", suspects[0].ChangeID, faulty)
		require.Greater(t, suspects[0].Probability, 0.8, faulty)
	}
}

// Each guard takes its own term out of the score, and no other.
func TestAGuardSwitchesItsTermOff(t *testing.T) {
	c := Candidate{
		ChangeID: "a", Service: "cart", Kind: correlate.KindRollback, Steps: []int64{onset - 300}, Contrast: -1, Unseen: true,
		Reversal: Outlived, Regressed: true, Onset: onset, Strength: 9, Shocked: ShockAlike,
		Touches: []Touch{{New: 100, NewErrors: 50, Old: 100, OldErrors: 1}, {New: 100, NewErrors: 40, Old: 100, OldErrors: 2}},
	}
	full := DefaultParams().Rank(at, []Candidate{c}, NewGraph(shop))[0].Terms
	for name, term := range map[string]string{
		guardLag: TermLag, guardPrior: TermPrior, guardTraces: TermTraces, guardUnseen: TermUnseen, guardShock: TermShock,
		guardReversal: TermReversal, guardAnomaly: TermAnomaly, guardGraph: TermGraph,
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			p.Guards = guard.Without(name)
			got := p.Rank(at, []Candidate{c}, NewGraph(shop))[0].Terms
			require.NotZero(t, full[term])
			require.Zero(t, got[term])
			for other, v := range full {
				// A trace that speaks for the change silences a contrast against it, so that term may follow.
				if other != term && other != TermContrast {
					require.Equal(t, v, got[other], other)
				}
			}
			require.Contains(t, p.Guards.Asked(), name)
		})
	}
}

func TestSwitchedOffAVetoIsNone(t *testing.T) {
	p := DefaultParams()
	p.Guards = guard.Without(guardVeto)
	suspects := p.Rank(at, []Candidate{deployed("late", "web", -120)}, NewGraph(shop))
	require.NotContains(t, suspects[0].Terms, TermVeto)
	require.Positive(t, suspects[0].Probability)
}

func TestEveryGuardOfBlameIsListedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range Guards() {
		require.NotEmpty(t, g.What)
		require.False(t, seen[g.Name], g.Name)
		seen[g.Name] = true
	}
}

func TestScalingKeepsLogOddsAndStretchesTime(t *testing.T) {
	p, wide := DefaultParams(), DefaultParams().Scale(300)
	require.Equal(t, 30*p.Lag, wide.Lag)
	require.Equal(t, 30*p.LagKnee, wide.LagKnee)
	require.Equal(t, 30*p.TooLate, wide.TooLate)
	require.Equal(t, p.ContrastMax, wide.ContrastMax)
	require.EqualValues(t, p, DefaultParams().Scale(10))
}

func TestNobodyIsLikelierWhereADependencyIsAtFault(t *testing.T) {
	c := deployed("a", "cart", 60)
	alone := rank(at, []Candidate{c})[0].Probability
	outage := at
	outage.Explained = true
	require.Less(t, rank(outage, []Candidate{c})[0].Probability, alone)
	p := DefaultParams()
	p.Guards = guard.Without(guardOutage)
	require.Equal(t, alone, p.Rank(outage, []Candidate{c}, NewGraph(shop))[0].Probability)
	p.Guards = guard.Without(guardBackground)
	require.InDelta(t, 1, p.Rank(at, []Candidate{c}, NewGraph(shop))[0].Probability, 1e-6, "somebody must have done it")
}

func TestAServiceThatNobodyChangedMayFailByItself(t *testing.T) {
	p := DefaultParams()
	g := NewGraph(append([]Edge{{From: "edge", To: "web"}}, shop...))
	for name, tc := range map[string]struct {
		lost       bool
		candidates []Candidate
		want       bool
	}{
		"only a caller changed":                {false, []Candidate{{Service: "edge"}}, true},
		"only something that isn't connected":  {false, []Candidate{{Service: "far"}}, true},
		"the faulty service changed itself":    {false, []Candidate{{Service: "edge"}, {Service: "web"}}, false},
		"what it depends on changed":           {false, []Candidate{{Service: "edge"}, {Service: "db"}}, false},
		"a caller multiplied what it asks for": {false, []Candidate{{Service: "edge", Multiplies: true}}, false},
		"a caller may have stopped to ask":     {true, []Candidate{{Service: "edge"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := at
			f.LostAbove = tc.lost
			require.Equal(t, tc.want, p.untouched(f, tc.candidates, g))
		})
	}
	require.Less(t, p.Rank(at, []Candidate{deployed("a", "edge", 30)}, g)[0].Probability, 0.3, "trouble climbs from callees to callers")
}

func TestASurgeOfLoadIsSuspectUnlessAChangedCallerBroughtIt(t *testing.T) {
	f := at
	f.Strength = 9
	web, caller, far := deployed("a", "web", 60), deployed("b", "edge", 60), deployed("c", "far", 60)
	blamed := func(f Fault, others ...Candidate) float64 {
		g := NewGraph(append([]Edge{{From: "edge", To: "web"}}, shop...))
		for _, s := range DefaultParams().Rank(f, append(others, web), g) {
			if s.ChangeID == "a" {
				return s.Probability
			}
		}
		return 0
	}
	calm, beside := blamed(f), blamed(f, caller)
	f.Surged = true
	require.Less(t, blamed(f), 0.5)
	require.Greater(t, calm, 0.9)
	require.Equal(t, beside, blamed(f, caller), "the caller may ask for more since it changed")
	require.Less(t, blamed(f, far), 0.5, "one that doesn't call it brings no load")
}

func TestAFaultThatAChangedDependencyShowsIsNotTheCallers(t *testing.T) {
	cart := Candidate{ChangeID: "b", Service: "cart", Steps: []int64{onset - 60}, Regressed: true, Onset: onset + 60, Strength: 9}
	for name, tc := range map[string]struct {
		cart Candidate
		web  Candidate
		want float64
	}{
		"the dependency began with it":         {cart, deployed("a", "web", 20), DefaultParams().Quiet},
		"it began much later":                  {later(cart, 600), deployed("a", "web", 20), 3},
		"the caller's new instances are worse": {cart, worse(deployed("a", "web", 20)), 3},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range rank(at, []Candidate{tc.web, tc.cart}) {
				if s.ChangeID == "a" {
					require.InDelta(t, tc.want, s.Terms[TermAnomaly], 0.01)
				}
			}
		})
	}
}

func later(c Candidate, seconds int64) Candidate {
	c.Onset += seconds
	return c
}

func worse(c Candidate) Candidate {
	c.Contrast, c.Regressed, c.Onset, c.Strength = 5, true, onset, 9
	return c
}

func TestWhatOnlyCallersSeeComesFromNoDependency(t *testing.T) {
	f := at
	f.Explained = true
	require.Equal(t, DefaultParams().Quiet, rank(f, []Candidate{deployed("a", "web", 60)})[0].Terms[TermAnomaly])
	f.Outside = true
	require.Greater(t, rank(f, []Candidate{deployed("a", "web", 60)})[0].Terms[TermAnomaly], 1.0)
	alike := deployed("a", "web", 60)
	alike.Contrast, alike.Share = -2, -3
	require.Zero(t, rank(f, []Candidate{alike})[0].Terms[TermContrast], "what was served alike says nothing of what was not")
}

func TestFailuresOfOneCallersCallsMakeTheCallerSuspect(t *testing.T) {
	f := Fault{Service: "cart", Signal: "client_error_ratio", Onset: onset, Strength: 9}
	web, ads := deployed("a", "web", 60), deployed("b", "ads", 60)
	several := rank(f, []Candidate{web, ads})
	f.Caller = "web"
	one := rank(f, []Candidate{web, ads})
	require.Equal(t, "a", one[0].ChangeID)
	require.Greater(t, one[0].Probability, several[0].Probability)
	require.Greater(t, one[1].Probability, several[1].Probability, "another callee of that caller")
}
