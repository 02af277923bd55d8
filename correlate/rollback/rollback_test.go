package rollback_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/rollback"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// change is a deployment of checkout some minutes from noon.
func change(id, version string, minutes int, o correlate.Outcome) correlate.ChangeRecord {
	at := noon.Add(time.Duration(minutes) * time.Minute)
	return correlate.ChangeRecord{
		Change: correlate.Change{ID: id, Service: "checkout", Version: version, StartedAt: at, FinishedAt: at.Add(time.Minute)}.WithDefaults(),
		Phase:  correlate.PhaseClosed,
		Verdict: &correlate.Verdict{
			ChangeID: id, Service: "checkout", Environment: correlate.DefaultEnvironment, Version: version, Outcome: o, Revision: 1,
			Grade: correlate.GradeB, Blame: 0.8, DecidedAt: at.Add(8 * time.Minute),
		},
	}
}

// bad is a case in which every condition holds, at its edge where it has one.
func bad() rollback.Case {
	return rollback.Case{
		Now: noon, Mode: correlate.RollbackOn, Change: change("checkout-2", "v2", -10, correlate.Regressed),
		Around: []correlate.ChangeRecord{change("checkout-1", "v1", -300, correlate.Healthy), change("checkout-0", "v0", -600, correlate.Regressed)},
	}
}

// earlier is a request of some minutes ago, on another change, that is done.
func earlier(minutes int, service, environment string) correlate.Rollback {
	at := noon.Add(-time.Duration(minutes) * time.Minute)
	return correlate.Rollback{
		ChangeID: service + "-x", Service: service, Environment: environment, Result: correlate.RollbackRequested, DecidedAt: at, DoneAt: at.Add(time.Minute),
	}
}

func TestWhenEveryConditionHoldsItIsAskedFor(t *testing.T) {
	c := bad()
	want := correlate.Rollback{
		ID: "checkout-2@1", ChangeID: "checkout-2", Revision: 1, Service: "checkout", Environment: "production", Version: "v2", To: "v1", ToChange: "checkout-1",
		Mode: correlate.RollbackOn, Result: correlate.RollbackRequested, DecidedAt: noon, Grade: correlate.GradeB, Blame: 0.8,
	}
	require.Equal(t, want, rollback.Decide(c))
	c.Mode = correlate.RollbackDryRun
	want.Mode, want.Result = correlate.RollbackDryRun, correlate.RollbackWould
	require.Equal(t, want, rollback.Decide(c), "a dry run decides the same and asks nobody")
}

func TestEachConditionAloneRefuses(t *testing.T) {
	at := func(minutes int) *time.Time { i := noon.Add(time.Duration(minutes) * time.Minute); return &i }
	next := func(edit func(*correlate.ChangeRecord)) func(*rollback.Case) {
		return func(c *rollback.Case) {
			o := change("checkout-3", "v3", -1, correlate.Inconclusive)
			edit(&o)
			c.Around = append(c.Around, o)
		}
	}
	for name, c := range map[string]struct {
		edit func(*rollback.Case)
		want correlate.RollbackReason
	}{
		"it was judged healthy":                             {func(c *rollback.Case) { c.Change.Verdict.Outcome = correlate.Healthy }, correlate.RollbackNotRegressed},
		"it was judged inconclusive":                        {func(c *rollback.Case) { c.Change.Verdict.Outcome = correlate.Inconclusive }, correlate.RollbackNotRegressed},
		"it wasn't judged":                                  {func(c *rollback.Case) { c.Change.Verdict = nil }, correlate.RollbackNotRegressed},
		"the verdict was withdrawn":                         {func(c *rollback.Case) { c.Change.Verdict.Withdrawn = true }, correlate.RollbackNotRegressed},
		"the verdict is of yesterday":                       {func(c *rollback.Case) { c.Change.Verdict.DecidedAt = *at(-16) }, correlate.RollbackStale},
		"the clock went back before the verdict":            {func(c *rollback.Case) { c.Change.Verdict.DecidedAt = *at(16) }, correlate.RollbackStale},
		"telemetry has recovered":                           {func(c *rollback.Case) { c.Change.Verdict.RecoveredAt = at(-1) }, correlate.RollbackOver},
		"the change has recovered":                          {func(c *rollback.Case) { c.Change.RecoveredAt = *at(-1) }, correlate.RollbackOver},
		"it was compared with earlier days":                 {func(c *rollback.Case) { c.Change.Verdict.Grade = correlate.GradeC }, correlate.RollbackGrade},
		"it was compared with the time before":              {func(c *rollback.Case) { c.Change.Verdict.Grade = correlate.GradeD }, correlate.RollbackGrade},
		"it wasn't compared":                                {func(c *rollback.Case) { c.Change.Verdict.Grade = "" }, correlate.RollbackGrade},
		"another change may have done it":                   {func(c *rollback.Case) { c.Change.Verdict.Blame = 0.799 }, correlate.RollbackBlame},
		"it is reported as a rollback":                      {func(c *rollback.Case) { c.Change.Kind = correlate.KindRollback }, correlate.RollbackIsRollback},
		"it brought back what was live before":              {func(c *rollback.Case) { c.Change.Rollback = true }, correlate.RollbackIsRollback},
		"it is a flag":                                      {func(c *rollback.Case) { c.Change.Kind = correlate.KindFeatureFlag }, correlate.RollbackNoDeployment},
		"nobody knows its version":                          {func(c *rollback.Case) { c.Change.Version = "" }, correlate.RollbackNoDeployment},
		"it is a migration":                                 {func(c *rollback.Case) { c.Change.Labels = map[string]string{"migration": "true"} }, correlate.RollbackMigration},
		"it has the label of a migration, whatever it says": {func(c *rollback.Case) { c.Change.Labels = map[string]string{"migration": ""} }, correlate.RollbackMigration},
		"it was taken back":                                 {func(c *rollback.Case) { c.Change.RolledBackBy = "checkout-3" }, correlate.RollbackUnderWay},
		"a rollback has begun":                              {next(func(o *correlate.ChangeRecord) { o.Kind, o.Status = correlate.KindRollback, correlate.StatusStarted }), correlate.RollbackUnderWay},
		"a rollback of the service was asked for": {func(c *rollback.Case) {
			c.Earlier = []correlate.Rollback{{ChangeID: "checkout-1", Service: "checkout", Environment: "production", Result: correlate.RollbackRequested, DecidedAt: *at(-90)}}
		}, correlate.RollbackUnderWay},
		"a newer change was complete":                    {next(func(*correlate.ChangeRecord) {}), correlate.RollbackNotNewest},
		"a newer change has begun":                       {next(func(o *correlate.ChangeRecord) { o.Status = correlate.StatusStarted }), correlate.RollbackNotNewest},
		"a newer change failed":                          {next(func(o *correlate.ChangeRecord) { o.Status = correlate.StatusFailed }), correlate.RollbackNotNewest},
		"a flag of the service was turned since":         {next(func(o *correlate.ChangeRecord) { o.Kind, o.Version = correlate.KindFeatureFlag, "" }), correlate.RollbackNotNewest},
		"another change began at the same instant":       {next(func(o *correlate.ChangeRecord) { o.StartedAt = *at(-10) }), correlate.RollbackNotNewest},
		"it is another report of a change":               {func(c *rollback.Case) { c.Change.Phase = correlate.PhaseMerged }, correlate.RollbackNotNewest},
		"nobody reports it any more":                     {func(c *rollback.Case) { c.Change.Phase = correlate.PhaseRetracted }, correlate.RollbackNotNewest},
		"nothing came before it":                         {func(c *rollback.Case) { c.Around = nil }, correlate.RollbackPreviousUnknown},
		"its report names another version before it":     {func(c *rollback.Case) { c.Change.PreviousVersion = "v1.5" }, correlate.RollbackPreviousUnknown},
		"it is the same version as before":               {func(c *rollback.Case) { c.Change.Version = "v1" }, correlate.RollbackPreviousUnknown},
		"the version before regressed":                   {func(c *rollback.Case) { c.Around[0].Verdict.Outcome = correlate.Regressed }, correlate.RollbackPreviousUnhealthy},
		"the version before is inconclusive":             {func(c *rollback.Case) { c.Around[0].Verdict.Outcome = correlate.Inconclusive }, correlate.RollbackPreviousUnhealthy},
		"the version before wasn't judged":               {func(c *rollback.Case) { c.Around[0].Verdict = nil }, correlate.RollbackPreviousUnhealthy},
		"an incident is held against the version before": {func(c *rollback.Case) { c.Around[0].Incidents = []string{"PD-1"} }, correlate.RollbackPreviousUnhealthy},
		"it was asked for by an earlier revision": {func(c *rollback.Case) {
			c.Earlier = []correlate.Rollback{{ChangeID: "checkout-2", Result: correlate.RollbackRequested, DecidedAt: *at(-90)}}
		}, correlate.RollbackAsked},
		"it was asked for and withdrawn": {func(c *rollback.Case) {
			c.Earlier = []correlate.Rollback{{ChangeID: "checkout-2", Result: correlate.RollbackRequested, DecidedAt: *at(-90), WithdrawnAt: *at(-89)}}
		}, correlate.RollbackAsked},
		"one was asked for on the service in this hour":       {func(c *rollback.Case) { c.Earlier = []correlate.Rollback{earlier(59, "checkout", "staging")} }, correlate.RollbackServiceBudget},
		"one is dated later, by a clock that went back since": {func(c *rollback.Case) { c.Earlier = []correlate.Rollback{earlier(-600, "checkout", "production")} }, correlate.RollbackServiceBudget},
		"three were asked for in the environment in this hour": {func(c *rollback.Case) {
			c.Earlier = []correlate.Rollback{earlier(59, "a", "production"), earlier(30, "b", "production"), earlier(0, "c", "production")}
		}, correlate.RollbackEnvironmentBudget},
		"somebody stopped all requests": {func(c *rollback.Case) { c.Killed = true }, correlate.RollbackKilled},
	} {
		t.Run(name, func(t *testing.T) {
			is := bad()
			c.edit(&is)
			for _, mode := range []correlate.RollbackMode{correlate.RollbackOn, correlate.RollbackDryRun} {
				is.Mode = mode
				got := rollback.Decide(is)
				require.Equal(t, correlate.RollbackRefused, got.Result)
				require.Equal(t, c.want, got.Reason)
			}
		})
	}
}

func TestWhatDoesNotRefuse(t *testing.T) {
	for name, edit := range map[string]func(*rollback.Case){
		"a label that says that it is no migration": func(c *rollback.Case) { c.Change.Labels = map[string]string{"migration": "False"} },
		"a newer change of another environment": func(c *rollback.Case) {
			o := change("s", "v3", -1, correlate.Healthy)
			o.Environment = "staging"
			c.Around = append(c.Around, o)
		},
		"another report of the same rollout": func(c *rollback.Case) {
			o := change("s", "v2", -9, correlate.Healthy)
			o.Phase = correlate.PhaseMerged
			c.Around = append(c.Around, o)
		},
		"the report names the version before it": func(c *rollback.Case) { c.Change.PreviousVersion = "v1" },
		"the version before came back, and too few saw it": func(c *rollback.Case) {
			o := change("checkout-r", "v1", -60, correlate.Inconclusive)
			o.Kind = correlate.KindRollback
			c.Around = append(c.Around, o)
		},
		"a request for the service an hour ago": func(c *rollback.Case) { c.Earlier = []correlate.Rollback{earlier(60, "checkout", "production")} },
		"two in the environment, and an old one": func(c *rollback.Case) {
			c.Earlier = []correlate.Rollback{earlier(60, "a", "production"), earlier(59, "b", "production"), earlier(1, "c", "production")}
		},
		"refusals use nothing up": func(c *rollback.Case) {
			c.Earlier = []correlate.Rollback{{ChangeID: "checkout-2", Service: "checkout", Environment: "production", Result: correlate.RollbackRefused, DecidedAt: noon}}
		},
		"what a dry run would have asked uses up none": func(c *rollback.Case) {
			c.Earlier = []correlate.Rollback{{ChangeID: "checkout-2", Service: "checkout", Environment: "production", Result: correlate.RollbackWould, DecidedAt: noon}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := bad()
			edit(&c)
			got := rollback.Decide(c)
			require.Equal(t, correlate.RollbackRequested, got.Result, got.Reason)
			require.Equal(t, "v1", got.To)
		})
	}
	c := bad()
	c.Mode = correlate.RollbackDryRun
	c.Earlier = []correlate.Rollback{{ChangeID: "checkout-2", Result: correlate.RollbackWould, DecidedAt: noon.Add(-time.Hour)}}
	require.Equal(t, correlate.RollbackAsked, rollback.Decide(c).Reason, "a dry run shows what the rules of a real run would say")
}

// TestTwoRegressionsAtOnce: whatever the order in which two changes of a service are looked at, one is asked for at most.
func TestTwoRegressionsAtOnce(t *testing.T) {
	first, second := change("checkout-2", "v2", -10, correlate.Regressed), change("checkout-3", "v3", -8, correlate.Regressed)
	around := append(bad().Around, first, second)
	for name, order := range map[string][]correlate.ChangeRecord{"the older one first": {first, second}, "the newer one first": {second, first}} {
		t.Run(name, func(t *testing.T) {
			var kept []correlate.Rollback
			asked := 0
			for _, c := range order {
				r := rollback.Decide(rollback.Case{Now: noon, Mode: correlate.RollbackOn, Change: c, Around: around, Earlier: kept})
				if kept = append(kept, r); r.Result == correlate.RollbackRequested {
					asked++
				}
			}
			require.LessOrEqual(t, asked, 1)
		})
	}
	// Of two places of one service the budget lets one through.
	elsewhere := second
	elsewhere.Environment = "staging"
	elsewhere.Verdict = first.Verdict
	before := change("staging-1", "v1", -300, correlate.Healthy)
	before.Environment = "staging"
	r := rollback.Decide(bad())
	require.Equal(t, correlate.RollbackRequested, r.Result)
	r = rollback.Decide(rollback.Case{Now: noon, Mode: correlate.RollbackOn, Change: elsewhere, Around: []correlate.ChangeRecord{before}, Earlier: []correlate.Rollback{r}})
	require.Equal(t, correlate.RollbackServiceBudget, r.Reason)
}

func TestWhatBecomesOfARequest(t *testing.T) {
	minutes := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	for name, c := range map[string]struct {
		edit  func(*correlate.Rollback, *rollback.Seen)
		state correlate.RollbackState
		why   correlate.RollbackReason
		news  bool
	}{
		"nothing, for less than five minutes":                    {func(_ *correlate.Rollback, s *rollback.Seen) { s.Now = minutes(5).Add(-time.Second) }, correlate.RollbackStateRequested, "", false},
		"nothing, for five minutes":                              {func(_ *correlate.Rollback, s *rollback.Seen) { s.Now = minutes(5) }, correlate.RollbackStateUnanswered, "", true},
		"the clock goes back":                                    {func(_ *correlate.Rollback, s *rollback.Seen) { s.Now = minutes(-1) }, correlate.RollbackStateUnanswered, "", true},
		"a receiver takes it":                                    {func(_ *correlate.Rollback, s *rollback.Seen) { s.Arrived = minutes(1) }, correlate.RollbackStateAcknowledged, "", true},
		"a receiver takes it late, and that is read later still": {func(_ *correlate.Rollback, s *rollback.Seen) { s.Arrived, s.Now = minutes(4), minutes(9) }, correlate.RollbackStateAcknowledged, "", true},
		"it was taken, and an hour passes":                       {func(r *correlate.Rollback, s *rollback.Seen) { r.AcknowledgedAt, s.Now = minutes(1), minutes(60) }, correlate.RollbackStateAcknowledged, "", false},
		"the change is taken back":                               {func(_ *correlate.Rollback, s *rollback.Seen) { s.Change.RolledBackBy = "checkout-3" }, correlate.RollbackStateDone, "", true},
		"the rollout is ended":                                   {func(_ *correlate.Rollback, s *rollback.Seen) { s.Change.Status = correlate.StatusFailed }, correlate.RollbackStateDone, "", true},
		"people take it back in the end": {func(r *correlate.Rollback, s *rollback.Seen) {
			r.UnansweredAt, s.Change.RolledBackBy, s.Now = minutes(5), "checkout-3", minutes(30)
		}, correlate.RollbackStateDone, "", true},
		"the verdict is corrected": {func(_ *correlate.Rollback, s *rollback.Seen) { s.Change.Verdict.Outcome = correlate.Healthy }, correlate.RollbackStateWithdrawn, correlate.RollbackNotRegressed, true},
		"the verdict is corrected after it was sent": {func(r *correlate.Rollback, s *rollback.Seen) {
			r.AcknowledgedAt, s.Change.Verdict.Outcome = minutes(0), correlate.Healthy
		}, correlate.RollbackStateWithdrawn, correlate.RollbackNotRegressed, true},
		"another change becomes the likelier one": {func(_ *correlate.Rollback, s *rollback.Seen) { s.Change.Verdict.Blame = 0.5 }, correlate.RollbackStateWithdrawn, correlate.RollbackBlame, true},
		"the comparison turns out weaker":         {func(_ *correlate.Rollback, s *rollback.Seen) { s.Change.Verdict.Grade = correlate.GradeC }, correlate.RollbackStateWithdrawn, correlate.RollbackGrade, true},
		"nobody reports the change any more":      {func(_ *correlate.Rollback, s *rollback.Seen) { s.Change.Phase = correlate.PhaseRetracted }, correlate.RollbackStateWithdrawn, correlate.RollbackNotRegressed, true},
		"it is over before it was sent":           {func(_ *correlate.Rollback, s *rollback.Seen) { s.Change.RecoveredAt = minutes(1) }, correlate.RollbackStateWithdrawn, correlate.RollbackOver, true},
		"it is over after it was sent": {func(r *correlate.Rollback, s *rollback.Seen) {
			r.AcknowledgedAt, s.Change.RecoveredAt = minutes(0), minutes(1)
		}, correlate.RollbackStateAcknowledged, "", false},
		"all requests are stopped":                   {func(_ *correlate.Rollback, s *rollback.Seen) { s.Killed = true }, correlate.RollbackStateWithdrawn, correlate.RollbackKilled, true},
		"all requests are stopped after it was sent": {func(r *correlate.Rollback, s *rollback.Seen) { r.AcknowledgedAt, s.Killed = minutes(0), true }, correlate.RollbackStateAcknowledged, "", false},
		"another change comes": {func(_ *correlate.Rollback, s *rollback.Seen) {
			s.Around = append(s.Around, change("checkout-3", "v3", 0, correlate.Inconclusive))
		}, correlate.RollbackStateWithdrawn, correlate.RollbackNotNewest, true},
		"a withdrawn one stays withdrawn": {func(r *correlate.Rollback, s *rollback.Seen) {
			r.WithdrawnAt, r.WithdrawnFor = minutes(1), correlate.RollbackKilled
			s.Now = minutes(9)
		}, correlate.RollbackStateWithdrawn, correlate.RollbackKilled, false},
		"a refusal stays a refusal": {func(r *correlate.Rollback, s *rollback.Seen) {
			r.Result = correlate.RollbackRefused
			s.Now = minutes(9)
		}, correlate.RollbackStateRefused, "", false},
		"a dry run stays one": {func(r *correlate.Rollback, s *rollback.Seen) {
			r.Result = correlate.RollbackWould
			s.Change.RolledBackBy = "checkout-3"
		}, correlate.RollbackStateWould, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			is := bad()
			r := rollback.Decide(is)
			s := rollback.Seen{Now: noon.Add(time.Minute), Change: is.Change, Around: is.Around}
			c.edit(&r, &s)
			got, news := rollback.Follow(r, s)
			require.Equal(t, c.state, got.State())
			require.Equal(t, c.why, got.WithdrawnFor)
			require.Equal(t, c.news, news)
			again, more := rollback.Follow(got, s)
			require.False(t, more, "the same is news once")
			require.Equal(t, got, again)
		})
	}
}
