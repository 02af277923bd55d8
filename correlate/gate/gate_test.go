package gate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rolling is a change that began at noon and is watched for an hour.
func rolling(edit ...func(*correlate.ChangeRecord)) *correlate.ChangeRecord {
	c := &correlate.ChangeRecord{
		Change: correlate.Change{ID: "cart-7", Status: correlate.StatusStarted, StartedAt: noon},
		Phase:  correlate.PhaseObserving, WindowStart: noon, WindowEnd: noon.Add(time.Hour),
	}
	for _, e := range edit {
		e(c)
	}
	return c
}

func verdict(o correlate.Outcome) func(*correlate.ChangeRecord) {
	return func(c *correlate.ChangeRecord) { c.Verdict = &correlate.Verdict{Outcome: o} }
}

func says(kind correlate.NoteKind) func(*correlate.ChangeRecord) {
	return func(c *correlate.ChangeRecord) {
		c.Notes = []correlate.Note{{Kind: kind, Change: c.ID, By: "ada", At: noon}}
	}
}

func blamed(c *correlate.ChangeRecord) { c.BlamedFor = []string{"cart-6"} }

func phase(p correlate.Phase) func(*correlate.ChangeRecord) {
	return func(c *correlate.ChangeRecord) { c.Phase = p }
}

func waits(all ...correlate.WaitFor) *correlate.Outlook {
	o := &correlate.Outlook{}
	for _, w := range all {
		o.Waits = append(o.Waits, correlate.Wait{For: w})
	}
	return o
}

func TestPromote(t *testing.T) {
	for name, c := range map[string]struct {
		known gate.Known
		want  gate.Decision
		why   gate.Why
	}{
		"nobody has reported it":                {gate.Known{}, gate.Wait, gate.Unreported},
		"it is judged healthy":                  {gate.Known{Change: rolling(verdict(correlate.Healthy))}, gate.Proceed, gate.Healthy},
		"it is judged regressed":                {gate.Known{Change: rolling(verdict(correlate.Regressed))}, gate.Stop, gate.Regressed},
		"people say that it was not this one":   {gate.Known{Change: rolling(verdict(correlate.Regressed), says(correlate.NoteOverrule))}, gate.Proceed, gate.Overruled},
		"people say that it was this one":       {gate.Known{Change: rolling(verdict(correlate.Regressed), says(correlate.NoteConfirm))}, gate.Stop, gate.Regressed},
		"people name it in place of another":    {gate.Known{Change: rolling(verdict(correlate.Healthy), blamed)}, gate.Stop, gate.Blamed},
		"it is inconclusive so far":             {gate.Known{Change: rolling(verdict(correlate.Inconclusive))}, gate.Wait, gate.Observing},
		"nothing is known of how it stands":     {gate.Known{Change: rolling()}, gate.Wait, gate.Observing},
		"a required check is missing as well":   {gate.Known{Change: checked(rolling()), Outlook: waits(correlate.WaitRollout)}, gate.Wait, gate.Observing},
		"only the rest of the rollout is left":  {gate.Known{Change: rolling(), Outlook: waits(correlate.WaitRollout)}, gate.Proceed, gate.RolloutLeft},
		"requests are missing too":              {gate.Known{Change: rolling(), Outlook: waits(correlate.WaitRollout, correlate.WaitRequests)}, gate.Wait, gate.Observing},
		"an outlook that waits for nothing":     {gate.Known{Change: rolling(), Outlook: waits()}, gate.Wait, gate.Observing},
		"it regressed, whatever the outlook":    {gate.Known{Change: rolling(verdict(correlate.Regressed)), Outlook: waits(correlate.WaitRollout)}, gate.Stop, gate.Regressed},
		"its window closed without an answer":   {gate.Known{Change: rolling(verdict(correlate.Inconclusive), phase(correlate.PhaseClosed))}, gate.Proceed, gate.Undecided},
		"it was told as history":                {gate.Known{Change: rolling(phase(correlate.PhaseHistory))}, gate.Proceed, gate.Undecided},
		"nobody reports it any more":            {gate.Known{Change: rolling(phase(correlate.PhaseRetracted))}, gate.Stop, gate.Failed},
		"its rollout failed":                    {gate.Known{Change: rolling(func(c *correlate.ChangeRecord) { c.Status = correlate.StatusFailed })}, gate.Stop, gate.Failed},
		"it was cancelled":                      {gate.Known{Change: rolling(func(c *correlate.ChangeRecord) { c.Status = correlate.StatusCancelled })}, gate.Stop, gate.Failed},
		"nobody told its end":                   {gate.Known{Change: rolling(func(c *correlate.ChangeRecord) { c.Abandoned = true })}, gate.Stop, gate.Failed},
		"it was taken back, and healthy before": {gate.Known{Change: rolling(verdict(correlate.Healthy), func(c *correlate.ChangeRecord) { c.RolledBackBy = "cart-8" })}, gate.Stop, gate.TakenBack},
		"what is open on the service is no matter": {
			gate.Known{Change: rolling(verdict(correlate.Healthy)), Regressions: []correlate.Regression{{ID: "r"}}}, gate.Proceed, gate.Healthy,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := gate.Ask(gate.Question{Stage: gate.Promote, Now: noon, Undecided: gate.Proceed}, c.known)
			require.Equal(t, c.want, a.Decision)
			require.Equal(t, c.why, a.Why)
			require.Len(t, a.Rules, 3)
			require.Equal(t, c.want == gate.Wait, a.RetryAfter > 0)
		})
	}
}

func TestStart(t *testing.T) {
	ended := noon
	open := []correlate.Regression{{ID: "cart error_ratio"}}
	incident := []correlate.IncidentRecord{{Incident: correlate.Incident{ID: "P1"}}}
	for name, c := range map[string]struct {
		known gate.Known
		want  gate.Decision
		why   gate.Why
		open  []string
	}{
		"nothing is open":        {gate.Known{}, gate.Proceed, gate.Calm, nil},
		"a regression is open":   {gate.Known{Regressions: open}, gate.Wait, gate.Trouble, []string{"cart error_ratio"}},
		"an incident is open":    {gate.Known{Incidents: incident}, gate.Wait, gate.Trouble, []string{"P1"}},
		"a repair is never held": {gate.Known{Regressions: open, Incidents: incident, Repair: true}, gate.Proceed, gate.Repair, []string{"cart error_ratio", "P1"}},
		"all of it is over": {gate.Known{
			Regressions: []correlate.Regression{{ID: "r", RecoveredAt: &ended}, {ID: "w", Withdrawn: true}},
			Incidents:   []correlate.IncidentRecord{{Incident: correlate.Incident{ID: "P1", ResolvedAt: noon}}, {Retracted: true}},
		}, gate.Proceed, gate.Calm, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := gate.Ask(gate.Question{Stage: gate.Start, Now: noon, Undecided: gate.Stop}, c.known)
			require.Equal(t, c.want, a.Decision)
			require.Equal(t, c.why, a.Why)
			require.Equal(t, c.open, a.Open)
		})
	}
}

// TestStartAfterAnotherEnvironment: what is unknown there waits, and what regressed there stops, also beside other trouble.
func TestStartAfterAnotherEnvironment(t *testing.T) {
	open := []correlate.Regression{{ID: "cart error_ratio"}}
	closed := rolling(verdict(correlate.Inconclusive), phase(correlate.PhaseClosed))
	for name, c := range map[string]struct {
		known  gate.Known
		want   gate.Decision
		why    gate.Why
		before gate.Outcome // "": it wasn't asked
	}{
		"it was never there":                         {gate.Known{}, gate.Wait, gate.Unreported, gate.Unknown},
		"it is healthy there":                        {gate.Known{Before: rolling(verdict(correlate.Healthy))}, gate.Proceed, gate.Healthy, gate.Passed},
		"it is observed there":                       {gate.Known{Before: rolling()}, gate.Wait, gate.Observing, gate.Unknown},
		"its rollout there is fine so far":           {gate.Known{Before: rolling(), Outlook: waits(correlate.WaitRollout)}, gate.Wait, gate.Observing, gate.Unknown},
		"it regressed there":                         {gate.Known{Before: rolling(verdict(correlate.Regressed))}, gate.Stop, gate.Regressed, gate.NotMet},
		"it regressed there, and more is open here":  {gate.Known{Before: rolling(verdict(correlate.Regressed)), Regressions: open}, gate.Stop, gate.Regressed, gate.NotMet},
		"it is healthy there, but something is open": {gate.Known{Before: rolling(verdict(correlate.Healthy)), Regressions: open}, gate.Wait, gate.Trouble, gate.Passed},
		"it failed there":                            {gate.Known{Before: rolling(func(c *correlate.ChangeRecord) { c.Status = correlate.StatusFailed })}, gate.Stop, gate.Failed, gate.NotMet},
		"it was taken back there":                    {gate.Known{Before: rolling(func(c *correlate.ChangeRecord) { c.RolledBackBy = "cart-8" })}, gate.Stop, gate.TakenBack, gate.NotMet},
		"there was no answer there":                  {gate.Known{Before: closed}, gate.Proceed, gate.Undecided, gate.Unknown},
		"a repair isn't asked for it":                {gate.Known{Repair: true, Before: rolling(verdict(correlate.Regressed))}, gate.Proceed, gate.Calm, ""},
		"a repair of what is open neither":           {gate.Known{Repair: true, Regressions: open}, gate.Proceed, gate.Repair, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := gate.Ask(gate.Question{Stage: gate.Start, After: true, Now: noon, Undecided: gate.Proceed}, c.known)
			require.Equal(t, c.want, a.Decision)
			require.Equal(t, c.why, a.Why)
			outcomes := map[string]gate.Outcome{}
			for _, r := range a.Rules {
				outcomes[r.Name] = r.Outcome
			}
			require.Equal(t, c.before, outcomes[gate.RuleBefore])
			if a.Why == gate.Observing {
				require.Equal(t, noon.Add(time.Hour), a.Until)
			}
		})
	}
}

func TestWaitingEnds(t *testing.T) {
	for name, c := range map[string]struct {
		change   *correlate.ChangeRecord
		deadline time.Time
		now      time.Time
		want     gate.Why
		until    time.Time
	}{
		"at the end of the window":                     {rolling(), time.Time{}, noon, gate.Observing, noon.Add(time.Hour)},
		"and is over then":                             {rolling(), time.Time{}, noon.Add(time.Hour), gate.Deadline, time.Time{}},
		"at the deadline":                              {rolling(), noon.Add(time.Minute), noon, gate.Observing, noon.Add(time.Minute)},
		"and is over then, too":                        {rolling(), noon.Add(time.Minute), noon.Add(time.Minute), gate.Deadline, time.Time{}},
		"never, for a change that nobody has reported": {nil, time.Time{}, noon, gate.Unreported, time.Time{}},
		"unless somebody says when":                    {nil, noon, noon, gate.Deadline, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			q := gate.Question{Stage: gate.Promote, Now: c.now, Deadline: c.deadline, Undecided: gate.Stop}
			a := gate.Ask(q, gate.Known{Change: c.change})
			require.Equal(t, c.want, a.Why)
			require.Equal(t, c.until, a.Until)
			if c.want == gate.Deadline {
				require.Equal(t, gate.Stop, a.Decision)
				require.Zero(t, a.RetryAfter)
			}
		})
	}
}

func TestWhenToAskAgain(t *testing.T) {
	at := func(after time.Duration) *correlate.Outlook {
		healthy := noon.Add(after)
		return &correlate.Outlook{HealthyAt: &healthy}
	}
	for name, c := range map[string]struct {
		outlook  *correlate.Outlook
		deadline time.Time
		want     time.Duration
	}{
		"soon, when nothing is known":  {nil, time.Time{}, 10 * time.Second},
		"when it may be healthy":       {at(30 * time.Second), time.Time{}, 30 * time.Second},
		"after a minute at the latest": {at(time.Hour), time.Time{}, time.Minute},
		"not at once":                  {at(-time.Hour), time.Time{}, 10 * time.Second},
		"no later than the deadline":   {at(time.Hour), noon.Add(20 * time.Second), 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			a := gate.Ask(gate.Question{Stage: gate.Promote, Now: noon, Deadline: c.deadline}, gate.Known{Change: rolling(), Outlook: c.outlook})
			require.Equal(t, c.want, a.RetryAfter)
		})
	}
}

// TestAnyAnswer: whatever is known, a change that regressed never proceeds, what is unknown never counts as passed, an answer
// that isn't "wait" needs no other question, and one that waits says when to ask again.
func TestAnyAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rolling(phase(rapid.SampledFrom([]correlate.Phase{correlate.PhaseObserving, correlate.PhaseClosed, correlate.PhaseHistory, correlate.PhaseRetracted}).Draw(t, "phase")))
		if o := rapid.SampledFrom([]correlate.Outcome{"", correlate.Healthy, correlate.Regressed, correlate.Inconclusive}).Draw(t, "outcome"); o != "" {
			verdict(o)(c)
		}
		c.Status = rapid.SampledFrom(correlate.Statuses()).Draw(t, "status")
		known := gate.Known{Change: c, Outlook: waits(rapid.SliceOf(rapid.SampledFrom(correlate.WaitFors())).Draw(t, "waits")...)}
		q := gate.Question{
			Stage: gate.Promote, Now: noon.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds")) * time.Second),
			Undecided: rapid.SampledFrom([]gate.Decision{gate.Proceed, gate.Stop}).Draw(t, "undecided"),
		}
		a := gate.Ask(q, known)
		require.Equal(t, a, gate.Ask(q, known))
		require.Contains(t, gate.Whys(), a.Why)
		if c.Verdict != nil && c.Verdict.Outcome == correlate.Regressed {
			require.Equal(t, gate.Stop, a.Decision)
		}
		if a.Decision == gate.Proceed && a.Why != gate.Undecided && a.Why != gate.Deadline {
			for _, r := range a.Rules[:2] {
				require.Equal(t, gate.Passed, r.Outcome, r.Name)
			}
		}
		require.Equal(t, a.Decision == gate.Wait, a.RetryAfter > 0)
		require.Equal(t, a.Decision == gate.Wait, !a.Until.IsZero())
	})
}

// checked requires a check of a change, which has not come.
func checked(c *correlate.ChangeRecord) *correlate.ChangeRecord {
	c.RequiredChecks = []string{"smoke"}
	return c
}
