package observe

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

// lined are changes, by their completion, as the lineup of a place.
func lined(all []Subject) *lineup { return &lineup{all: pointers(all)} }

// decided is a change with a final verdict that was given when its window closed.
func decided(s Subject, outcome correlate.Outcome, reason correlate.Reason, recovered int64) Subject {
	s.Decided = []Decision{{At: s.End, Outcome: outcome, Reason: reason, Final: true, Onset: s.Start + 300, Recovered: recovered}}
	return s
}

func regressed(s Subject, recovered int64) Subject {
	return decided(s, correlate.Regressed, correlate.ReasonErrorRatio, recovered)
}

func TestTheTimeOfABadChangeIsNothingToCompareWith(t *testing.T) {
	const change = 20_000 // when the change begins that is compared
	at := func(id string, start int64) Subject {
		return Subject{ID: id, Place: place("shop"), Kind: correlate.KindDeployment, Start: start, Finish: start, End: start + 3900, Live: true}
	}
	flag := at("f", 12_000)
	flag.Kind = correlate.KindFeatureFlag
	gone := regressed(at("c1", 10_000), 0)
	gone.Live = false
	back := at("now", change)
	back.Rollback = true
	elsewhere := decided(at("c1", 10_000), correlate.Regressed, correlate.ReasonDownstream, 0)
	for name, c := range map[string]struct {
		changes []Subject
		want    []window.Span
	}{
		"nothing before it":                           {nil, nil},
		"a good one":                                  {[]Subject{decided(at("c1", 10_000), correlate.Healthy, correlate.ReasonWithinMargin, 0)}, nil},
		"a bad one, until its window closed":          {[]Subject{regressed(at("c1", 10_000), 0)}, []window.Span{{From: 10_000, To: 13_900}}},
		"until it recovered":                          {[]Subject{regressed(at("c1", 10_000), 11_000)}, []window.Span{{From: 10_000, To: 11_000}}},
		"until the next rollout":                      {[]Subject{regressed(at("c1", 10_000), 0), at("c2", 12_000)}, []window.Span{{From: 10_000, To: 12_000}}},
		"a flag doesn't end it":                       {[]Subject{regressed(at("c1", 10_000), 0), flag}, []window.Span{{From: 10_000, To: 13_900}}},
		"until the change itself":                     {[]Subject{regressed(at("c1", 18_000), 0)}, []window.Span{{From: 18_000, To: change}}},
		"one that never reached anybody":              {[]Subject{gone}, nil},
		"one whose fault showed elsewhere":            {[]Subject{elsewhere}, nil},
		"a rollback is compared with what it ends":    {[]Subject{regressed(at("c1", 18_000), 0), back}, nil},
		"one that began later says nothing":           {[]Subject{regressed(at("c1", change+10), 0)}, nil},
		"two, the latest first":                       {[]Subject{regressed(at("c1", 10_000), 0), regressed(at("c2", 15_000), 0)}, []window.Span{{From: 15_000, To: 18_900}, {From: 10_000, To: 13_900}}},
		"one that recovered before its grace is over": {[]Subject{regressed(at("c1", 10_000), 9_000)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, new(Observer).bad(lined(c.changes), change))
			w := newWorld(t)
			w.changes = c.changes
			v := viewOf(change+30_000, c.changes...)
			onset, ongoing := w.Ongoing(v, place("shop"), change)
			require.Equal(t, len(c.want) > 0 && c.want[0].To == change, ongoing)
			if ongoing {
				require.Equal(t, c.want[0].From, onset)
			}
		})
	}
}

func TestTheDayBeforeIsAskedForChanges(t *testing.T) {
	day := judge.DefaultParams().History
	var all []Subject
	for i, start := range []int64{200_000 - day - 1, 200_000 - day, 199_000, 198_000, 200_000, 210_000} {
		all = append(all, Subject{ID: string(rune('a' + i)), Start: start, Live: true})
	}
	all = append(all, Subject{ID: "cancelled", Start: 199_500})
	changed, _ := lined(all).order().changes(200_000-day, 200_000, 0)
	require.Equal(t, []int64{200_000 - day, 198_000, 199_000}, changed)
}

func TestARolloutThatStoodSaysHowThePlaceWarmsUp(t *testing.T) {
	const start = 100_000
	stood := func(id string, at int64) Subject {
		return decided(Subject{
			ID: id, Place: place("shop"), Kind: correlate.KindDeployment, Start: at, Finish: at + 60, End: at + 3900, Live: true,
		}, correlate.Healthy, correlate.ReasonWithinMargin, 0)
	}
	with := func(edit func(s *Subject)) []Subject {
		s := stood("c1", 90_000)
		edit(&s)
		return []Subject{s}
	}
	one := []judge.Rollout{{Start: 90_000, Finish: 90_060, Until: start}}
	for name, c := range map[string]struct {
		changes []Subject
		want    []judge.Rollout
	}{
		"one":                               {with(func(*Subject) {}), one},
		"it needn't have been healthy":      {with(func(s *Subject) { s.Decided[0].Outcome = correlate.Regressed }), one},
		"not while it is judged":            {with(func(s *Subject) { s.Decided[0].Final = false }), nil},
		"not before it was decided":         {with(func(s *Subject) { s.Decided[0].At = start + 1 }), nil},
		"not when it was confounded":        {with(func(s *Subject) { s.Decided[0].Reason = correlate.ReasonConfounded }), nil},
		"not when nothing was decided":      {with(func(s *Subject) { s.Decided = nil }), nil},
		"not while it runs":                 {with(func(s *Subject) { s.Finish = 0 }), nil},
		"a setting doesn't warm up":         {with(func(s *Subject) { s.Kind = correlate.KindConfig }), nil},
		"a rollback is none":                {with(func(s *Subject) { s.Rollback = true }), nil},
		"one that was cancelled is none":    {with(func(s *Subject) { s.Live = false }), nil},
		"one that was taken back":           {with(func(s *Subject) { s.Undone = Undo{ID: "c9", Start: start - 1} }), nil},
		"taken back by nobody knows what":   {with(func(s *Subject) { s.Undone = Undo{ID: "c9", Unknown: true} }), nil},
		"one that is taken back later":      {with(func(s *Subject) { s.Undone = Undo{ID: "c9", Start: start + 1} }), one},
		"one that led to an incident":       {with(func(s *Subject) { s.Objections = []int64{start} }), nil},
		"one that leads to one later":       {with(func(s *Subject) { s.Objections = []int64{start + 1} }), one},
		"one that began with this change":   {[]Subject{stood("c1", start)}, nil},
		"a second one ends what it tells":   {[]Subject{stood("c1", 90_000), stood("c2", 95_000)}, []judge.Rollout{{Start: 90_000, Finish: 90_060, Until: 95_000}, {Start: 95_000, Finish: 95_060, Until: start}}},
		"so far back nothing is remembered": {with(func(s *Subject) { s.Start = start - 8*24*3600 }), nil},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, newWorld(t).rolledOut(lined(c.changes), start)) })
	}
	var many []Subject
	for i := range int64(9) {
		many = append(many, stood(string(rune('a'+i)), 50_000+i*5000))
	}
	require.Len(t, newWorld(t).rolledOut(lined(many), start), profiles, "the latest ones")
}

// What is remembered of the past is what is derived from the changes as they are known, whatever became known in between.
func TestThePastIsAFunctionOfTheView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{Observer: New(testConfig(), nil)}
		for range rapid.IntRange(1, 6).Draw(t, "looks") {
			w.changes = rapid.SliceOfN(rapid.Custom(drawSubject), 0, 4).Draw(t, "changes")
			for i := range w.changes {
				w.changes[i].Place = place("shop")
			}
			v := viewOf(rapid.Int64Range(0, 30).Draw(t, "at"), w.changes...)
			start := rapid.Int64Range(1, 25).Draw(t, "start")
			got := *w.Past(v, place("shop"), start)
			require.Equal(t, *New(testConfig(), nil).Past(v, place("shop"), start), got)
			for _, s := range v.Of(place("shop")) {
				require.Less(t, s.Start, v.At)
			}
			w.Trim(rapid.Int64Range(0, 20).Draw(t, "trim"))
		}
	})
}
