package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// checkWorld is an engine with a change of a service, and what it says of it.
type checkWorld struct {
	t       require.TestingT
	e       *Engine
	now     int64
	record  correlate.ChangeRecord
	issued  []correlate.Verdict // all of them
	records map[string]correlate.ChangeRecord
	stored  *memory
	checks  []correlate.Report[correlate.Check] // applied
	judged  time.Time
}

func newCheckWorld(t require.TestingT, cfg Config) *checkWorld {
	return &checkWorld{t: t, e: New(cfg), now: midnight.Unix(), records: map[string]correlate.ChangeRecord{}, stored: &memory{cfg: cfg}}
}

func (w *checkWorld) apply(in Input) {
	effects := w.e.Apply(in)
	w.stored.take(in, effects)
	for _, f := range in.Facts {
		if f.Check != nil {
			w.checks = append(w.checks, correlate.Report[correlate.Check]{ReceivedAt: f.ReceivedAt, Said: *f.Check})
		}
	}
	for _, e := range effects {
		if e.Judged != nil {
			w.judged = e.Judged.To
		}
		if e.Change != nil {
			w.records[e.Change.ID] = *e.Change
			if e.Change.ID == "deploy" {
				w.record = *e.Change
			}
		}
		if e.Verdict != nil && e.Verdict.ChangeID == "deploy" {
			w.issued = append(w.issued, *e.Verdict)
		}
	}
}

func (w *checkWorld) tell(facts ...correlate.Fact) {
	all := make([]Fact, len(facts))
	for i, f := range facts {
		all[i] = Fact{Fact: f, ReceivedAt: midnight}
	}
	w.apply(Input{Facts: all})
}

// pass lets minutes pass, without any telemetry.
func (w *checkWorld) pass(minutes int64) {
	for range minutes * 6 {
		w.now += 10
		w.apply(Input{Tick: at(w.now)})
	}
}

// course is what stands of what was issued, without how it came about.
func (w *checkWorld) course() (course []correlate.Verdict) {
	for _, v := range w.issued {
		if v.Supersedes > 0 {
			course = slices.DeleteFunc(course, func(o correlate.Verdict) bool { return o.Revision >= v.Supersedes })
		}
		if !v.Withdrawn {
			course = append(course, v)
		}
	}
	for i := range course {
		course[i] = course[i].Unrevised()
	}
	return course
}

func (w *checkWorld) says(outcome correlate.Outcome, reason correlate.Reason) {
	require.NotNil(w.t, w.record.Verdict)
	require.Equal(w.t, []string{string(outcome), string(reason)}, []string{string(w.record.Verdict.Outcome), string(w.record.Verdict.Reason)})
}

func released(minutes int64) correlate.Fact {
	return correlate.Fact{Change: &correlate.Change{
		ID: "deploy", Service: "a", Environment: "production", Version: "v2", Commit: "4f2d9c1aaa", Source: "generic",
		Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded,
		StartedAt: at(midnight.Unix() + minutes*60), FinishedAt: at(midnight.Unix() + minutes*60 + 60),
	}}
}

// ran is a run of a check of the change by its id, some minutes after midnight.
func ran(name string, result correlate.CheckResult, minutes int64) correlate.Fact {
	return correlate.Fact{Check: &correlate.Check{
		Name: name, Result: result, At: at(midnight.Unix() + minutes*60), Change: "deploy", Required: true,
	}}
}

func signals(v *correlate.Verdict) (all []string) {
	for _, e := range v.Evidence {
		all = append(all, fmt.Sprintf("%s %d/%d", e.Signal, e.Events, e.N))
	}
	return all
}

func TestARequiredCheckThatFailsInTheWindowConvicts(t *testing.T) {
	w := newCheckWorld(t, DefaultConfig())
	w.tell(released(10))
	w.pass(12)
	w.tell(ran("smoke", correlate.CheckFailed, 12))
	require.Nil(t, w.record.Verdict, "it is said once all by then is known")
	require.Len(t, w.record.Checks, 1)
	w.pass(2)
	w.says(correlate.Regressed, correlate.ReasonCheckFailed)
	require.False(t, w.record.Verdict.Final)
	require.Equal(t, at(midnight.Unix()+12*60), *w.record.Verdict.OnsetAt)
	require.Equal(t, []string{"check smoke 1/1"}, signals(w.record.Verdict))
	require.Equal(t, correlate.PhaseObserving, w.record.Phase)
	w.pass(80)
	w.says(correlate.Regressed, correlate.ReasonCheckFailed)
	require.True(t, w.record.Verdict.Final)
	require.Equal(t, correlate.ReasonNoTelemetry, w.record.Verdict.WithoutChecks.Reason)
	require.Equal(t, *w.issued[0].DetectedAt, *w.record.Verdict.DetectedAt, "it was found then")
}

func TestOnlyARequiredCheckBearsOnTheVerdict(t *testing.T) {
	w := newCheckWorld(t, DefaultConfig())
	optional := ran("smoke", correlate.CheckFailed, 12)
	optional.Check.Required = false
	w.tell(released(10), optional)
	w.pass(90)
	w.says(correlate.Inconclusive, correlate.ReasonNoTelemetry)
	require.Nil(t, w.record.Verdict.WithoutChecks)
	require.Len(t, w.record.Checks, 1, "it is listed all the same")
}

func TestARunAfterTheWindowDoesNotBearOnTheVerdict(t *testing.T) {
	w := newCheckWorld(t, DefaultConfig())
	w.tell(released(10), ran("smoke", correlate.CheckFailed, 10+1+2+60+1))
	w.pass(100)
	w.says(correlate.Inconclusive, correlate.ReasonNoTelemetry)
	require.Len(t, w.record.Checks, 1)
}

func TestOfSeveralRunsTheNewestByItsTimeCounts(t *testing.T) {
	failed, passed := ran("smoke", correlate.CheckFailed, 12), ran("smoke", correlate.CheckPassed, 14)
	for name, order := range map[string][]correlate.Fact{
		"in order":         {failed, passed},
		"the later first":  {passed, failed},
		"told again":       {passed, failed, passed, failed, passed},
		"of one time only": {failed, ran("smoke", correlate.CheckPassed, 12), passed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newCheckWorld(t, DefaultConfig())
			w.tell(released(10))
			w.pass(20)
			for _, f := range order {
				w.tell(f)
				w.pass(1)
			}
			w.says(correlate.Inconclusive, correlate.ReasonUnderpowered)
			require.Equal(t, correlate.Regressed, w.course()[0].Outcome, "it had failed until then")
			require.Len(t, w.course(), 2)
			w.pass(60)
			w.says(correlate.Inconclusive, correlate.ReasonNoTelemetry)
		})
	}
	t.Run("of one time the worse counts", func(t *testing.T) {
		w := newCheckWorld(t, DefaultConfig())
		w.tell(released(10), ran("smoke", correlate.CheckPassed, 12), ran("smoke", correlate.CheckFailed, 12))
		w.pass(20)
		w.says(correlate.Regressed, correlate.ReasonCheckFailed)
	})
}

func TestALateRunCorrectsAFinalVerdict(t *testing.T) {
	w := newCheckWorld(t, DefaultConfig())
	w.tell(released(10), ran("smoke", correlate.CheckFailed, 12))
	w.pass(300)
	w.says(correlate.Regressed, correlate.ReasonCheckFailed)
	first := w.record.Verdict.Revision
	w.tell(ran("smoke", correlate.CheckPassed, 20))
	w.says(correlate.Inconclusive, correlate.ReasonNoTelemetry)
	require.Greater(t, w.record.Verdict.Revision, first)
	var reopened []string
	for _, v := range w.issued {
		if v.Supersedes > 0 {
			reopened = append(reopened, string(v.Reopened))
		}
	}
	require.Equal(t, []string{"late_check"}, reopened)
}

func TestARunThatIsTakenBackNoLongerCounts(t *testing.T) {
	w := newCheckWorld(t, DefaultConfig())
	failed := ran("smoke", correlate.CheckFailed, 12)
	w.tell(released(10), failed)
	w.pass(20)
	w.says(correlate.Regressed, correlate.ReasonCheckFailed)
	w.apply(Input{Facts: []Fact{{Fact: failed, ReceivedAt: midnight, Retracted: true}}})
	require.True(t, w.record.Verdict.Withdrawn)
	require.Empty(t, w.record.Checks)
	require.Empty(t, w.course())
}

func TestARequiredCheckThatIsMissingKeepsHealthyFromBeingSaid(t *testing.T) {
	cfg := propertyConfig()
	cfg.RequiredChecks = []RequiredChecks{{Service: "a*", Environment: "production", Names: []string{"smoke"}}}
	for name, c := range map[string]struct {
		check  []correlate.Fact
		reason correlate.Reason
		want   correlate.Outcome
	}{
		"it never comes":       {nil, correlate.ReasonCheckMissing, correlate.Inconclusive},
		"another one comes":    {[]correlate.Fact{ran("load", correlate.CheckPassed, 25)}, correlate.ReasonCheckMissing, correlate.Inconclusive},
		"nothing ran in it":    {[]correlate.Fact{ran("smoke", correlate.CheckUnknown, 25)}, correlate.ReasonCheckMissing, correlate.Inconclusive},
		"it passed":            {[]correlate.Fact{ran("smoke", correlate.CheckPassed, 25)}, correlate.ReasonWithinMargin, correlate.Healthy},
		"it passed at the end": {[]correlate.Fact{ran("smoke", correlate.CheckPassed, 36)}, correlate.ReasonWithinMargin, correlate.Healthy},
		"it failed":            {[]correlate.Fact{ran("smoke", correlate.CheckFailed, 25)}, correlate.ReasonCheckFailed, correlate.Regressed},
		"it failed, and passed": {
			[]correlate.Fact{ran("smoke", correlate.CheckPassed, 27), ran("smoke", correlate.CheckFailed, 25)}, correlate.ReasonWithinMargin, correlate.Healthy,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newCheckWorld(t, cfg)
			for i := range int64(50) {
				if w.steady(i); i == 20 {
					w.tell(append(c.check, released(20))...)
				}
			}
			w.says(c.want, c.reason)
			require.True(t, w.record.Verdict.Final)
			require.Equal(t, []string{"smoke"}, w.record.RequiredChecks)
			if c.reason == correlate.ReasonCheckMissing {
				require.Equal(t, "check smoke 0/0", signals(w.record.Verdict)[0])
				require.Equal(t, correlate.Healthy, w.record.Verdict.WithoutChecks.Outcome)
				require.Equal(t, []string{"smoke"}, w.record.MissingChecks())
			}
		})
	}
}

// steady is a minute of requests of which nothing is to be said, of the new version from minute 20 on.
func (w *checkWorld) steady(minute int64) {
	versions := []string{"v1", "v2"}
	if minute < 20 {
		versions = versions[:1]
	}
	from := midnight.Unix() + minute*60
	var cells []correlate.Measurement
	for t := from; t < from+60; t += 10 {
		for _, version := range versions {
			c := correlate.Cell{Start: t, Requests: 1000, Errors: 1}
			c.Latency.Add(190, 1000)
			k := correlate.Key{Kind: correlate.Traffic, Origin: correlate.OriginSpan, Service: "a", Environment: "production", Version: version}
			cells = append(cells, correlate.Measurement{Cell: c, Key: k})
		}
	}
	w.apply(Input{Measured: cells})
	w.now = from + 90
	w.apply(Input{Tick: at(w.now)})
}

func TestAVersionOrACommitMeansTheLastChangeThatBroughtIt(t *testing.T) {
	second := released(30)
	second.Change.ID = "again"
	other := released(12)
	other.Change.ID, other.Change.Version, other.Change.Commit = "other", "v3", "ccccccc1"
	for name, c := range map[string]struct {
		check correlate.Check
		want  []string
	}{
		"a version, after the first":         {correlate.Check{Service: "a", Version: "v2", At: at(midnight.Unix() + 20*60)}, []string{"deploy"}},
		"a version, after the second":        {correlate.Check{Service: "a", Version: "v2", At: at(midnight.Unix() + 40*60)}, []string{"again"}},
		"in another spelling":                {correlate.Check{Service: "a", Version: "2", At: at(midnight.Unix() + 40*60)}, []string{"again"}},
		"a commit, abbreviated":              {correlate.Check{Commit: "4f2d9c1a", At: at(midnight.Unix() + 20*60)}, []string{"deploy"}},
		"a commit of another service":        {correlate.Check{Commit: "4f2d9c1a", Service: "b", At: at(midnight.Unix() + 20*60)}, nil},
		"a version in another environment":   {correlate.Check{Service: "a", Version: "v2", Environment: "staging", At: at(midnight.Unix() + 20*60)}, nil},
		"a version before it was rolled out": {correlate.Check{Service: "a", Version: "v2", At: at(midnight.Unix())}, nil},
		"by a clock that is a little behind": {correlate.Check{Service: "a", Version: "v2", At: at(midnight.Unix() + 6*60)}, []string{"deploy"}},
		"an id that nobody reported":         {correlate.Check{Change: "nobody", At: at(midnight.Unix() + 20*60)}, nil},
	} {
		c.check.Name, c.check.Result = "smoke", correlate.CheckPassed
		check := correlate.Fact{Check: &c.check}
		for _, order := range [][]correlate.Fact{
			{released(10), other, second, check}, {check, released(10), other, second}, {second, check, other, released(10)}, {other, released(10), check, second},
		} {
			t.Run(name, func(t *testing.T) {
				w := newCheckWorld(t, DefaultConfig())
				for _, f := range order {
					w.tell(f)
				}
				var of []string
				for id, r := range w.records {
					if len(r.Checks) > 0 {
						of = append(of, id)
					}
				}
				require.ElementsMatch(t, c.want, of)
				require.Len(t, WaitingChecks(w.e), 1-len(c.want), "what can't be tied waits")
			})
		}
	}
}

func TestTheRunsOfOneChangeAreBounded(t *testing.T) {
	w := newCheckWorld(t, DefaultConfig())
	for i := range int64(200) {
		w.tell(ran(strings.Repeat("n", int(1+i%3)), correlate.CheckPassed, 10+(i*37)%200))
	}
	require.Len(t, WaitingChecks(w.e), 200)
	w.tell(released(10))
	require.Len(t, w.record.Checks, correlate.MaxChecks)
	require.Equal(t, at(midnight.Unix()+209*60), w.record.Checks[correlate.MaxChecks-1].At, "the newest stay")
	require.Empty(t, WaitingChecks(w.e))
	require.Len(t, w.e.checks.runs, correlate.MaxChecks)
}

func TestWhatWaitsForTooLongIsForgotten(t *testing.T) {
	cfg := DefaultConfig()
	w := newCheckWorld(t, cfg)
	w.tell(ran("smoke", correlate.CheckPassed, 10))
	w.e.now = midnight.Unix() + 9*60 + cfg.KeepRecords
	w.e.forget()
	require.Len(t, WaitingChecks(w.e), 1)
	w.e.now += 2 * 60
	w.e.forget()
	require.Empty(t, WaitingChecks(w.e))
	require.Empty(t, w.e.checks.runs)
	require.Empty(t, w.e.checks.naming)
}

// drawRuns are runs of two checks, named in each way, about the change that begins in minute 12 and is watched for 18.
func drawRuns(t *rapid.T) (all []correlate.Fact) {
	for i := range rapid.IntRange(1, 6).Draw(t, "runs") {
		c := correlate.Check{
			Name:     rapid.SampledFrom([]string{"smoke", "load"}).Draw(t, "name"),
			Result:   rapid.SampledFrom(correlate.CheckResults()).Draw(t, "result"),
			At:       at(midnight.Unix() + rapid.Int64Range(12*60, 34*60).Draw(t, "at")),
			Required: rapid.Bool().Draw(t, "required"),
			ID:       fmt.Sprintf("run-%d", i),
		}
		switch rapid.IntRange(0, 2).Draw(t, "names") {
		case 0:
			c.Change = "deploy"
		case 1:
			c.Service, c.Version = "a", "v2"
		default:
			c.Commit = "4f2d9c1"
		}
		all = append(all, correlate.Fact{Check: &c})
	}
	return all
}

const drawnMinutes = 45

// live lives through telemetry in which facts come in given minutes.
func (w *checkWorld) live(from, to int, telemetry []Input, facts map[int][]correlate.Fact) {
	for i := from; i < to; i++ {
		w.apply(telemetry[i])
		if len(facts[i]) > 0 {
			w.tell(facts[i]...)
		}
		w.now = midnight.Unix() + int64(i)*60 + 90
		w.apply(Input{Tick: at(w.now)})
	}
}

func drawTelemetry(t *rapid.T) (all []Input) {
	for i := range int64(drawnMinutes) {
		in := drawCells(t, "a", "v1", midnight.Unix()+i*60, 60)
		if i >= 12 {
			in.Measured = append(in.Measured, drawCells(t, "a", "v2", midnight.Unix()+i*60, 60).Measured...)
		}
		all = append(all, in)
	}
	return all
}

func checkConfig(t *rapid.T) Config {
	cfg := propertyConfig()
	if rapid.Bool().Draw(t, "required by configuration") {
		cfg.RequiredChecks = []RequiredChecks{{Names: []string{"smoke"}}}
	}
	return cfg
}

// TestTheOrderOfChecksDoesNotShow: runs may come in any order, late, twice, and before their change; what stands in the end is
// what would have stood had each come at once.
func TestTheOrderOfChecksDoesNotShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runs, telemetry, cfg := drawRuns(t), drawTelemetry(t), checkConfig(t)
		atOnce, anyhow := map[int][]correlate.Fact{12: {released(12)}}, map[int][]correlate.Fact{}
		for _, f := range runs {
			minute := int(f.Check.At.Unix()-midnight.Unix()) / 60
			atOnce[minute] = append(atOnce[minute], f)
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				minute := rapid.IntRange(5, drawnMinutes-1).Draw(t, "comes")
				anyhow[minute] = append(anyhow[minute], f)
			}
		}
		anyhow[12] = append(anyhow[12], released(12))
		one, other := newCheckWorld(t, cfg), newCheckWorld(t, cfg)
		one.live(0, drawnMinutes, telemetry, atOnce)
		other.live(0, drawnMinutes, telemetry, anyhow)
		require.Equal(t, one.record.Checks, other.record.Checks)
		require.Equal(t, text(one.course()), text(other.course()))
		require.Equal(t, text(one.record.Verdict.Unrevised()), text(other.record.Verdict.Unrevised()))
	})
}

// TestARestartDoesNotShowInWhatChecksSay: an engine that is restored from what was issued goes on as if nothing had been.
func TestARestartDoesNotShowInWhatChecksSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runs, telemetry, cfg := drawRuns(t), drawTelemetry(t), checkConfig(t)
		facts := map[int][]correlate.Fact{}
		for _, f := range append(runs, released(12)) {
			minute := rapid.IntRange(12, 20).Draw(t, "comes")
			facts[minute] = append(facts[minute], f)
		}
		cut := rapid.IntRange(12, drawnMinutes-1).Draw(t, "cut")
		whole := newCheckWorld(t, cfg)
		whole.live(0, drawnMinutes, telemetry, facts)

		half := newCheckWorld(t, cfg)
		half.live(0, cut, telemetry, facts)
		half.restart(cfg)
		half.live(cut, drawnMinutes, telemetry, facts)
		require.Equal(t, whole.record.Checks, half.record.Checks)
		require.Equal(t, text(answers(whole.course())), text(answers(half.course())))
	})
}

func answers(course []correlate.Verdict) (all []correlate.Verdict) {
	for _, v := range course {
		all = append(all, answer(v))
	}
	return all
}

// restart makes a new engine of what a ledger would know.
func (w *checkWorld) restart(cfg Config) {
	known := Recall{Revisions: w.issued, Checks: w.checks}
	for _, r := range w.records {
		known.Changes = append(known.Changes, r)
	}
	w.e = New(cfg)
	w.e.RestoreRecords(known, nil)
	for _, r := range w.stored.rollups {
		w.e.RestoreRollup(r)
	}
	for _, c := range w.stored.checkpoints {
		w.e.RestoreCheckpoint(c.at, c.cells)
	}
	w.e.Resume(w.judged)
}
