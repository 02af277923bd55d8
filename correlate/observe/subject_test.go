package observe

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func unix(t int64) time.Time { return time.Unix(t, 0).UTC() }

// drawSubject draws a subject within a short time, so that instants coincide.
func drawSubject(t *rapid.T) Subject {
	instant := rapid.Int64Range(1, 20)
	s := Subject{
		ID: "c1", Place: correlate.Place{Service: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "service"), Environment: "production"},
		Kind: rapid.SampledFrom(correlate.Kinds()[:2]).Draw(t, "kind"), Version: rapid.SampledFrom([]string{"", "v1"}).Draw(t, "version"),
		Start: instant.Draw(t, "start"), Live: rapid.Bool().Draw(t, "live"), Rollback: rapid.Bool().Draw(t, "rollback"),
	}
	s.Finish = rapid.Int64Range(0, 20).Draw(t, "finish")
	s.End = instant.Draw(t, "end")
	for _, name := range []string{"east", "west"} {
		if rapid.Bool().Draw(t, "zone?") {
			s.Zones = append(s.Zones, Step{name, rapid.Int64Range(0, 20).Draw(t, "reached")})
		}
	}
	if rapid.Bool().Draw(t, "undone?") {
		s.Undone = Undo{ID: "c2", Start: instant.Draw(t, "undo"), Done: rapid.Int64Range(0, 20).Draw(t, "done")}
	}
	s.Objections = rapid.SliceOfN(instant, 0, 2).Draw(t, "objections")
	slices.Sort(s.Objections)
	for _, at := range slices.Sorted(slices.Values(rapid.SliceOfN(instant, 0, 2).Draw(t, "decisions"))) {
		s.Decided = append(s.Decided, Decision{At: at, Outcome: correlate.Healthy, Final: rapid.Bool().Draw(t, "final")})
	}
	return s
}

// What is remembered of a subject, and of a place, as it was known shows at no other instant.
func TestWhatIsKnownByAnInstantIsAFunctionOfIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subjects := rapid.SliceOfN(rapid.Custom(drawSubject), 1, 3).Draw(t, "subjects")
		var all []*Known
		for _, s := range subjects {
			all = append(all, Whole(s))
		}
		l := Line(all)
		for range 8 {
			at := rapid.Int64Range(0, 25).Draw(t, "at")
			var known []*Subject
			for i, s := range subjects {
				want := s.At(at)
				want.reported = want.digest()
				got, hash := all[i].By(at)
				require.Equal(t, want, *got)
				require.Equal(t, want.Hash(), hash)
				if s.Start < at {
					known = append(known, &want)
				}
			}
			got := l.by(at)
			require.Len(t, got.all, len(known))
			for i := range known {
				require.Equal(t, known[i], got.all[i])
			}
			require.Equal(t, Line(all).by(at).hash, got.hash)
		}
	})
}

// The instant from which two subjects differ, found by asking at every instant.
func TestAlikeUntilIsTheLastInstantBeforeTheyDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawSubject(t)
		b := a
		if rapid.Bool().Draw(t, "another?") {
			b = drawSubject(t)
		}
		want := int64(Never)
		for now := int64(0); now < 30; now++ {
			x, y := a.At(now), b.At(now)
			if x.Hash() != y.Hash() {
				want = now - 1
				break
			}
		}
		require.Equal(t, want, AlikeUntil(&a, &b))
		require.Equal(t, want, AlikeUntil(&b, &a))
		require.EqualValues(t, Never, AlikeUntil(&a, &a))
	})
}

func TestKnowingMoreNeverChangesWhatWasKnownBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSubject(t)
		early := rapid.Int64Range(0, 25).Draw(t, "early")
		late := rapid.Int64Range(early, 25).Draw(t, "late")
		known, then := s.At(late), s.At(early)
		again := known.At(early)
		require.Equal(t, then.Hash(), again.Hash(), "what was known early, asked late")
	})
}

func TestEveryPartOfASubjectShowsInItsHash(t *testing.T) {
	whole := Subject{
		ID: "c1", Place: correlate.Place{Service: "a", Environment: "production"}, Kind: correlate.KindDeployment, Version: "v1",
		Commit: "abc", Start: 1, Finish: 2, End: 3, Live: true, Rollback: true, Zones: []Step{{"east", 4}},
		Undone: Undo{ID: "c2", Start: 5, Done: 6}, Objections: []int64{7},
		Decided: []Decision{{At: 8, Outcome: correlate.Regressed, Reason: correlate.ReasonLatency, Final: true, Onset: 9, Recovered: 10}},
	}
	for part, other := range map[string]func(s *Subject){
		"the id":                       func(s *Subject) { s.ID = "c3" },
		"the service":                  func(s *Subject) { s.Place.Service = "b" },
		"the environment":              func(s *Subject) { s.Place.Environment = "staging" },
		"the kind":                     func(s *Subject) { s.Kind = correlate.KindRollback },
		"the version":                  func(s *Subject) { s.Version = "v2" },
		"the commit":                   func(s *Subject) { s.Commit = "abd" },
		"the start":                    func(s *Subject) { s.Start++ },
		"the finish":                   func(s *Subject) { s.Finish++ },
		"the end of its window":        func(s *Subject) { s.End++ },
		"that it is live":              func(s *Subject) { s.Live = false },
		"that it is a rollback":        func(s *Subject) { s.Rollback = false },
		"a zone":                       func(s *Subject) { s.Zones = []Step{{"west", 4}} },
		"when a zone was reached":      func(s *Subject) { s.Zones = []Step{{"east", 5}} },
		"a second zone":                func(s *Subject) { s.Zones = append(s.Zones[:1:1], Step{"west", 0}) },
		"who undid it":                 func(s *Subject) { s.Undone.ID = "c4" },
		"when that began":              func(s *Subject) { s.Undone.Start++ },
		"when that was done":           func(s *Subject) { s.Undone.Done++ },
		"that nothing is known of it":  func(s *Subject) { s.Undone.Unknown = true },
		"an incident":                  func(s *Subject) { s.Objections = nil },
		"when an incident was opened":  func(s *Subject) { s.Objections = []int64{8} },
		"a decision":                   func(s *Subject) { s.Decided = nil },
		"what was decided":             func(s *Subject) { s.Decided = []Decision{{At: 8}} },
		"that a decision was final":    func(s *Subject) { s.Decided = decision(s, func(d *Decision) { d.Final = false }) },
		"the onset that was found":     func(s *Subject) { s.Decided = decision(s, func(d *Decision) { d.Onset++ }) },
		"when a fault was found over":  func(s *Subject) { s.Decided = decision(s, func(d *Decision) { d.Recovered++ }) },
		"when something was decided":   func(s *Subject) { s.Decided = decision(s, func(d *Decision) { d.At++ }) },
		"the reason for what is found": func(s *Subject) { s.Decided = decision(s, func(d *Decision) { d.Reason = "" }) },
	} {
		t.Run(part, func(t *testing.T) {
			changed := whole
			other(&changed)
			require.NotEqual(t, whole.Hash(), changed.Hash())
		})
	}
}

func decision(s *Subject, edit func(*Decision)) []Decision {
	all := slices.Clone(s.Decided)
	edit(&all[0])
	return all
}

func TestASubjectIsWhatARecordTells(t *testing.T) {
	started := correlate.Change{
		ID: "c1", Service: "shop", Environment: "production", Kind: correlate.KindDeployment, Status: correlate.StatusStarted,
		Version: "v2", Commit: "abcdef", StartedAt: unix(100),
		Zones: []correlate.ZoneStep{{Name: "east"}, {Name: "west", ReachedAt: unix(120)}},
	}
	finished := started
	finished.Status, finished.FinishedAt = correlate.StatusSucceeded, unix(160)
	untimed := started
	untimed.Status = correlate.StatusSucceeded
	cancelled := started
	cancelled.Status = correlate.StatusCancelled
	for name, c := range map[string]struct {
		rec    correlate.ChangeRecord
		finish int64
		live   bool
	}{
		"under way":                  {correlate.ChangeRecord{Change: started, Phase: correlate.PhaseObserving}, 0, true},
		"finished":                   {correlate.ChangeRecord{Change: finished, Phase: correlate.PhaseObserving}, 160, true},
		"finished, nobody told when": {correlate.ChangeRecord{Change: untimed, Phase: correlate.PhaseClosed}, 100, true},
		"another report of a change reaches none": {correlate.ChangeRecord{Change: finished, Phase: correlate.PhaseMerged, MergedInto: "c2"}, 160, false},
		"a cancelled change reaches nobody":       {correlate.ChangeRecord{Change: cancelled, Phase: correlate.PhaseClosed}, 100, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewSubject(&c.rec)
			require.Equal(t, c.finish, s.Finish)
			require.Equal(t, c.live, s.Live)
			require.Equal(t, []Step{{"east", 0}, {"west", 120}}, s.Zones)
			require.EqualValues(t, 100, s.Start)
			require.True(t, s.RollsOut())
			require.False(t, s.AtOnce())
			require.Zero(t, s.Verdict())
		})
	}
}

func TestWhatIsKnownOfASubjectGrows(t *testing.T) {
	s := Subject{
		ID: "c1", Start: 100, Finish: 160, End: 4000, Live: true, Zones: []Step{{"east", 0}, {"west", 120}},
		Undone: Undo{ID: "c2", Start: 300, Done: 330}, Objections: []int64{200},
		Decided: []Decision{{At: 250, Outcome: correlate.Regressed}},
	}
	require.Zero(t, s.At(100), "it doesn't show at the instant at which it begins")
	at := s.At(119)
	require.Equal(t, []Step{{"east", 0}}, at.Zones)
	require.Zero(t, at.Finish)
	require.Zero(t, at.Verdict())
	at = s.At(299)
	require.EqualValues(t, 160, at.Finish)
	require.Len(t, at.Objections, 1)
	require.Equal(t, correlate.Regressed, at.Verdict().Outcome)
	require.Zero(t, at.Undone)
	at = s.At(329)
	require.Equal(t, Undo{ID: "c2", Start: 300}, at.Undone, "begun, and not done")
	require.Zero(t, at.End)
	require.Equal(t, s, s.At(math.MaxInt64-1))
}

// What is known of a subject is the same, whether or not it is kept.
func TestAKnownSubjectIsTheSubjectAtAnInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSubject(t)
		k := Whole(s)
		for now := int64(0); now < 30; now++ {
			want := s.At(now)
			got, hash := k.By(now)
			require.Equal(t, want.Hash(), hash)
			require.Equal(t, want.Hash(), got.Hash())
			require.Equal(t, want.Finish, got.Finish)
			require.Equal(t, want.Verdict(), got.Verdict())
		}
	})
}
