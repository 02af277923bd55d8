package route

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// sunday noon, and when what was bad ended.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func verdict(o correlate.Outcome, edit ...func(*correlate.Verdict)) correlate.Verdict {
	v := correlate.Verdict{ChangeID: "c", Service: "checkout", Environment: "production", Outcome: o, Final: true, DecidedAt: noon, Blame: 0.9}
	for _, e := range edit {
		e(&v)
	}
	return v
}

func over(v *correlate.Verdict)     { v.RecoveredAt = &noon }
func early(v *correlate.Verdict)    { v.Final = false }
func doubtful(v *correlate.Verdict) { v.Blame = 0.4 }
func tonight(v *correlate.Verdict)  { v.DecidedAt = noon.Add(11 * time.Hour) }

func decision(v correlate.Verdict, prior ...correlate.Verdict) sinks.Decision {
	return sinks.Decision{Verdict: v, Prior: prior, Record: correlate.ChangeRecord{Change: correlate.Change{Team: "shop"}}}
}

func TestWhatADecisionSays(t *testing.T) {
	bad := verdict(correlate.Regressed)
	for want, d := range map[Kind]sinks.Decision{
		Regressed:    decision(bad),
		Recovered:    decision(verdict(correlate.Regressed, over), bad),
		Corrected:    decision(verdict(correlate.Healthy), verdict(correlate.Inconclusive), bad),
		Healthy:      decision(verdict(correlate.Healthy), verdict(correlate.Inconclusive)),
		Inconclusive: decision(verdict(correlate.Inconclusive)),
	} {
		require.Equal(t, want, KindOf(d))
	}
	require.Equal(t, Corrected, KindOf(sinks.Decision{Verdict: verdict(correlate.Healthy), PriorUnknown: true}))
}

func TestWhoIsToldOfADecision(t *testing.T) {
	bad := verdict(correlate.Regressed)
	night := &Hours{From: "22:00", To: "06:00", Days: []string{"sun"}}
	for name, c := range map[string]struct {
		config Config
		told   sinks.Decision
		want   bool
	}{
		"by default a regression as soon as it is seen":    {Config{}, decision(verdict(correlate.Regressed, early)), true},
		"by default that it is over":                       {Config{}, decision(verdict(correlate.Regressed, over)), true},
		"by default nothing that is healthy":               {Config{}, decision(verdict(correlate.Healthy)), false},
		"what takes back what was said":                    {Config{}, decision(verdict(correlate.Healthy, early), bad), true},
		"nothing that takes back what was not said":        {Config{On: []Kind{Inconclusive}}, decision(verdict(correlate.Healthy), bad), false},
		"healthy, when asked for, at the end":              {Config{On: []Kind{Healthy}}, decision(verdict(correlate.Healthy)), true},
		"healthy not before the end":                       {Config{On: []Kind{Healthy}}, decision(verdict(correlate.Healthy, early)), false},
		"the service":                                      {Config{Place: Place{Services: []string{"cart", "check*"}}}, decision(bad), true},
		"another service":                                  {Config{Place: Place{Services: []string{"cart"}}}, decision(bad), false},
		"another environment":                              {Config{Place: Place{Environments: []string{"staging"}}}, decision(bad), false},
		"the team":                                         {Config{Place: Place{Teams: []string{"shop"}}}, decision(bad), true},
		"another team":                                     {Config{Place: Place{Teams: []string{"pay"}}}, decision(bad), false},
		"surer than needed":                                {Config{MinConfidence: 0.8}, decision(bad), true},
		"too doubtful":                                     {Config{MinConfidence: 0.8}, decision(verdict(correlate.Regressed, doubtful)), false},
		"too doubtful by now, after it was told":           {Config{MinConfidence: 0.8}, decision(verdict(correlate.Regressed, doubtful), bad), true},
		"at night, in the night":                           {Config{Hours: night}, decision(verdict(correlate.Regressed, tonight)), true},
		"at night, at noon":                                {Config{Hours: night}, decision(bad), false},
		"taken back at noon, said at night":                {Config{Hours: night}, decision(verdict(correlate.Healthy), verdict(correlate.Regressed, tonight)), true},
		"not a word on a place of others, whatever it was": {Config{Place: Place{Services: []string{"cart"}}}, decision(verdict(correlate.Healthy), bad), false},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.config.Validate())
			require.Equal(t, c.want, c.config.Takes(c.told))
		})
	}
}

func TestWhatPeopleNeedNotBeToldAgain(t *testing.T) {
	bad := verdict(correlate.Regressed)
	says := func(kind correlate.NoteKind, d sinks.Decision) sinks.Decision {
		d.Record.Notes = []correlate.Note{{Kind: kind, Change: "c", By: "ada", At: noon, Revision: bad.Revision}}
		return d
	}
	for name, c := range map[string]struct {
		told  sinks.Decision
		quiet bool
	}{
		"nobody said anything":         {decision(bad, bad), false},
		"it was seen":                  {says(correlate.NoteAcknowledge, decision(bad, bad)), true},
		"it was not this change":       {says(correlate.NoteOverrule, decision(bad, bad)), true},
		"it was this change":           {says(correlate.NoteConfirm, decision(bad, bad)), false},
		"it was seen, and is over":     {says(correlate.NoteAcknowledge, decision(verdict(correlate.Regressed, over), bad)), false},
		"overruled, and corrected":     {says(correlate.NoteOverrule, decision(verdict(correlate.Healthy), bad)), false},
		"it was seen, and got another": {says(correlate.NoteAcknowledge, decision(verdict(correlate.Regressed, func(v *correlate.Verdict) { v.Revision, v.Reason = 2, correlate.ReasonLatency }), bad)), false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.quiet, Quiet(c.told)) })
	}
}

func TestWhoIsToldOfAnIncident(t *testing.T) {
	incident := correlate.IncidentRecord{Incident: correlate.Incident{ID: "i", Service: "checkout", Environment: "production", Severity: "critical", OpenedAt: noon}}
	merged := incident
	merged.MergedInto = "j"
	on := []Kind{Incident}
	require.False(t, Config{}.TakesIncident(incident), "it must be asked for")
	require.True(t, Config{On: on}.TakesIncident(incident))
	require.False(t, Config{On: on}.TakesIncident(merged))
	require.True(t, Config{On: on, Severities: []string{"critical"}}.TakesIncident(incident))
	require.False(t, Config{On: on, Severities: []string{"low"}}.TakesIncident(incident))
	require.False(t, Config{On: on, Place: Place{Services: []string{"cart"}}}.TakesIncident(incident))
	require.False(t, Config{On: on, Place: Place{Teams: []string{"shop"}}}.TakesIncident(incident))
	several := incident
	several.Services = []string{"checkout", "cart"}
	require.True(t, Config{On: on, Place: Place{Services: []string{"cart"}}}.TakesIncident(several), "one of them is enough")
	nameless := incident
	nameless.Service = ""
	require.True(t, Config{On: on}.TakesIncident(nameless))
	require.False(t, Config{On: on, Place: Place{Services: []string{"cart"}}}.TakesIncident(nameless))
	over := incident
	over.ResolvedAt = noon.Add(time.Hour)
	require.True(t, Config{On: on, Hours: &Hours{From: "13:00", To: "14:00"}}.TakesIncident(over), "by when it changed")
}

func TestHours(t *testing.T) {
	office := &Hours{From: "09:00", To: "17:30", Days: []string{"Mon", "fri"}, TimeZone: "Europe/Berlin"}
	weekend := &Hours{Days: []string{"sat", "sun"}}
	late := &Hours{From: "22:00", To: "06:00", Days: []string{"fri"}}
	at := func(text string) time.Time {
		read, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return read
	}
	for name, c := range map[string]struct {
		hours *Hours
		at    string
		want  bool
	}{
		"any time":                     {nil, "2026-03-01T03:00:00Z", true},
		"Monday at nine in Berlin":     {office, "2026-03-02T08:00:00Z", true},
		"Monday before nine in Berlin": {office, "2026-03-02T07:59:00Z", false},
		"Monday at the end":            {office, "2026-03-02T16:30:00Z", false},
		"in summer time":               {office, "2026-07-06T07:00:00Z", true},
		"Tuesday":                      {office, "2026-03-03T10:00:00Z", false},
		"Sunday, the whole day":        {weekend, "2026-03-01T00:00:00Z", true},
		"the last minute of Sunday":    {weekend, "2026-03-01T23:59:59Z", true},
		"Monday":                       {weekend, "2026-03-02T00:00:00Z", false},
		"Friday night":                 {late, "2026-03-06T22:00:00Z", true},
		"after Friday night":           {late, "2026-03-07T05:59:00Z", true},
		"Saturday night":               {late, "2026-03-07T22:00:00Z", false},
		"before Friday night":          {late, "2026-03-06T05:00:00Z", false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.hours.include(at(c.at))) })
	}
}

func TestAWrongSelectionIsNamed(t *testing.T) {
	for want, c := range map[string]Config{
		`on[1]: "bad" is no kind of message; use some of [regressed recovered corrected healthy inconclusive incident rollback_requested rollback_withdrawn rollback_unanswered]`: {On: []Kind{Regressed, "bad"}},
		`services[0]: "[" must be a name`:           {Place: Place{Services: []string{"["}}},
		`teams[0]: "" must be a name`:               {Place: Place{Teams: []string{""}}},
		`min_confidence: 80: must be a probability`: {MinConfidence: 80},
		`hours::time_zone: "Mars" isn't known`:      {Hours: &Hours{TimeZone: "Mars"}},
		`hours::days[0]: "monday" is none of mon`:   {Hours: &Hours{Days: []string{"monday"}}},
		`hours::from: goes with to`:                 {Hours: &Hours{From: "09:00"}},
		`hours::to: "25:00" is no time`:             {Hours: &Hours{From: "09:00", To: "25:00"}},
	} {
		require.ErrorContains(t, c.Validate(), want)
		if c.Hours != nil {
			require.False(t, c.Hours.include(noon))
		}
	}
}

func TestWhoIsToldOfARequestForARollback(t *testing.T) {
	r := correlate.Rollback{ID: "c@1", ChangeID: "c", Service: "checkout", Environment: "production", Result: correlate.RollbackRequested, DecidedAt: noon}
	withdrawn, unanswered, done := r, r, r
	withdrawn.WithdrawnAt, unanswered.UnansweredAt, done.DoneAt = noon, noon, noon
	asked, people := Config{On: []Kind{RollbackRequested}}, Config{}
	for name, c := range map[string]struct {
		config Config
		of     correlate.Rollback
		want   Kind
		told   bool
	}{
		"a request, to who asked for them":           {asked, r, RollbackRequested, true},
		"a request, not to people by default":        {people, r, RollbackRequested, false},
		"that it no longer stands, to who was asked": {asked, withdrawn, RollbackWithdrawn, true},
		"that it no longer stands, to nobody else":   {people, withdrawn, RollbackWithdrawn, false},
		"that nobody answered, to people by default": {people, unanswered, RollbackUnanswered, true},
		"that nobody answered, to who was asked, so": {asked, unanswered, RollbackWithdrawn, true},
		"not that it is done":                        {asked, done, "", false},
		"nothing of another service":                 {Config{On: asked.On, Place: Place{Services: []string{"cart"}}}, r, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			kind, told := c.config.TakesRollback(sinks.RollbackNews{Rollback: c.of})
			require.Equal(t, c.told, told)
			require.Equal(t, c.want, kind)
		})
	}
}
