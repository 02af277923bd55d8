package correlate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// valid is a change without fault.
func valid() correlate.Change {
	return correlate.Change{
		ID: "checkout-1", Service: "checkout", Environment: "production", Version: "v2",
		Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded, StartedAt: at(0), FinishedAt: at(5),
	}
}

func TestAChangeSaysWhichFieldIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		edit  func(*correlate.Change)
		field string
		want  string
	}{
		"nothing is wrong":              {func(*correlate.Change) {}, "", ""},
		"no id":                         {func(c *correlate.Change) { c.ID = " " }, "id", "stays the same"},
		"no service":                    {func(c *correlate.Change) { c.Service = "\t" }, "service", "service.name"},
		"no time":                       {func(c *correlate.Change) { c.StartedAt, c.FinishedAt = time.Time{}, time.Time{} }, "started_at", "RFC 3339"},
		"only a finish":                 {func(c *correlate.Change) { c.StartedAt = time.Time{} }, "", ""},
		"a finish before the start":     {func(c *correlate.Change) { c.FinishedAt = at(-1) }, "finished_at", "before started_at"},
		"a kind that isn't one":         {func(c *correlate.Change) { c.Kind = "deploy" }, "kind", "deployment rollback feature_flag"},
		"a status that isn't one":       {func(c *correlate.Change) { c.Status = "done" }, "status", "started succeeded failed cancelled"},
		"a zone without a name":         {func(c *correlate.Change) { c.Zones = []correlate.ZoneStep{{Name: " "}} }, "zones", "needs a name"},
		"as many zones as there may be": {func(c *correlate.Change) { c.Zones = zones(correlate.MaxZones) }, "", ""},
		"more zones than there may be":  {func(c *correlate.Change) { c.Zones = zones(correlate.MaxZones + 1) }, "zones", "at most 16"},
		"a kind of a thousand letters":  {func(c *correlate.Change) { c.Kind = correlate.Kind(strings.Repeat("x", 1000)) }, "kind", "…"},
		"neither a kind nor a status":   {func(c *correlate.Change) { c.Kind, c.Status = "", "" }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			change := valid()
			c.edit(&change)
			requireField(t, change.Validate(), c.field, c.want)
			requireField(t, correlate.Fact{Change: &change}.Validate(), prefixed("change.", c.field), c.want)
		})
	}
}

func TestAnIncidentSaysWhichFieldIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		edit  func(*correlate.Incident)
		field string
		want  string
	}{
		"nothing is wrong":             {func(*correlate.Incident) {}, "", ""},
		"no id":                        {func(i *correlate.Incident) { i.ID = "" }, "id", "stays the same"},
		"no opening":                   {func(i *correlate.Incident) { i.OpenedAt = time.Time{} }, "opened_at", "RFC 3339"},
		"resolved before it opened":    {func(i *correlate.Incident) { i.ResolvedAt = at(-1) }, "resolved_at", "before opened_at"},
		"resolved when it opened":      {func(i *correlate.Incident) { i.ResolvedAt = i.OpenedAt }, "", ""},
		"of no service":                {func(i *correlate.Incident) { i.Service = "" }, "", ""},
		"acknowledged before it began": {func(i *correlate.Incident) { i.AcknowledgedAt = at(-9) }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			incident := correlate.Incident{ID: "PD-1", Service: "checkout", OpenedAt: at(0), ResolvedAt: at(9)}
			c.edit(&incident)
			requireField(t, incident.Validate(), c.field, c.want)
			requireField(t, correlate.Fact{Incident: &incident}.Validate(), prefixed("incident.", c.field), c.want)
		})
	}
}

func TestAFactIsOneThing(t *testing.T) {
	change, incident := valid(), correlate.Incident{ID: "i", OpenedAt: at(0)}
	for name, f := range map[string]correlate.Fact{
		"nothing":  {},
		"too much": {Change: &change, Incident: &incident},
	} {
		t.Run(name, func(t *testing.T) {
			requireField(t, f.Validate(), "", `exactly one of "change", "incident", "check" and "note"`)
		})
	}
	require.Zero(t, correlate.Fact{}.EventTime())
	require.Equal(t, correlate.Fact{}, correlate.Fact{}.WithDefaults())
}

func TestTheTimeOfAFactIsItsNewest(t *testing.T) {
	change, incident := valid(), correlate.Incident{ID: "i", OpenedAt: at(0)}
	for name, c := range map[string]struct {
		fact correlate.Fact
		want time.Time
	}{
		"a finish":             {correlate.Fact{Change: &change}, at(5)},
		"an update after it":   {fact(func(c *correlate.Change) { c.UpdatedAt = at(7) }), at(7)},
		"a zone after it":      {fact(func(c *correlate.Change) { c.Zones = []correlate.ZoneStep{{Name: "a", ReachedAt: at(8)}} }), at(8)},
		"only a start":         {fact(func(c *correlate.Change) { c.FinishedAt = time.Time{} }), at(0)},
		"an opening":           {correlate.Fact{Incident: &incident}, at(0)},
		"an acknowledgement":   {trouble(func(i *correlate.Incident) { i.AcknowledgedAt = at(2) }), at(2)},
		"a resolution":         {trouble(func(i *correlate.Incident) { i.ResolvedAt = at(3) }), at(3)},
		"an incident's update": {trouble(func(i *correlate.Incident) { i.UpdatedAt = at(4) }), at(4)},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.fact.EventTime()) })
	}
}

func TestWhatIsImpliedIsFilledInInACopy(t *testing.T) {
	bare := correlate.Change{ID: "c", Service: "checkout", FinishedAt: at(5)}
	given := correlate.Fact{Change: &bare}
	full := given.WithDefaults().Change
	require.Equal(t, correlate.KindDeployment, full.Kind)
	require.Equal(t, correlate.StatusSucceeded, full.Status)
	require.Equal(t, correlate.DefaultEnvironment, full.Environment)
	require.Empty(t, bare.Kind, "the one that was given stays as it is")
	require.Equal(t, at(5), full.Start(), "the finish is the only time there is")

	incident := correlate.Incident{ID: "i", OpenedAt: at(0)}
	require.Equal(t, correlate.DefaultEnvironment, correlate.Fact{Incident: &incident}.WithDefaults().Incident.Environment)
	require.Empty(t, incident.Environment)
}

func fact(edit func(*correlate.Change)) correlate.Fact {
	c := valid()
	edit(&c)
	return correlate.Fact{Change: &c}
}

func trouble(edit func(*correlate.Incident)) correlate.Fact {
	i := correlate.Incident{ID: "i", OpenedAt: at(0)}
	edit(&i)
	return correlate.Fact{Incident: &i}
}

func zones(n int) (all []correlate.ZoneStep) {
	for i := range n {
		all = append(all, correlate.ZoneStep{Name: string(rune('a' + i))})
	}
	return all
}

func prefixed(prefix, field string) string {
	if field == "" {
		return ""
	}
	return prefix + field
}

// requireField wants a *FieldError for a field with some words in it, or no error for no words.
func requireField(t *testing.T, err error, field, want string) {
	t.Helper()
	if want == "" {
		require.NoError(t, err)
		return
	}
	var found *correlate.FieldError
	require.ErrorAs(t, err, &found)
	require.Equal(t, field, found.Field)
	require.Contains(t, found.Want, want)
	require.Less(t, len(err.Error()), 300, "text from outside is cut")
}

func TestWhatANoteMustSay(t *testing.T) {
	for name, c := range map[string]struct {
		edit        func(*correlate.Note)
		field, want string
	}{
		"all of it":                          {func(*correlate.Note) {}, "", ""},
		"a kind":                             {func(n *correlate.Note) { n.Kind = "like" }, "kind", "unknown"},
		"what it is about":                   {func(n *correlate.Note) { n.Change = "" }, "change", "required"},
		"an incident is only linked":         {func(n *correlate.Note) { n.Incident = "i" }, "change", "only a link"},
		"a link is of an incident":           {func(n *correlate.Note) { n.Kind = correlate.NoteLink }, "incident", "required"},
		"who":                                {func(n *correlate.Note) { n.By = " " }, "by", "required"},
		"when":                               {func(n *correlate.Note) { n.At = time.Time{} }, "at", "required"},
		"why":                                {func(n *correlate.Note) { n.Reason = "" }, "reason", "required"},
		"to withdraw needs no why":           {func(n *correlate.Note) { n.Reason, n.Withdrawn = "", true }, "", ""},
		"not the change itself instead":      {func(n *correlate.Note) { n.CausedBy = n.Change }, "caused_by", "another change"},
		"not none instead":                   {func(n *correlate.Note) { n.CausedBy = correlate.CausedByNone }, "caused_by", "another change"},
		"who saw it names no cause":          {func(n *correlate.Note) { n.Kind, n.CausedBy = correlate.NoteAcknowledge, "c2" }, "caused_by", "only of"},
		"a label has a name":                 {func(n *correlate.Note) { n.Kind = correlate.NoteLabel }, "label", "required"},
		"and a value":                        {func(n *correlate.Note) { n.Kind, n.Label = correlate.NoteLabel, "class" }, "value", "required"},
		"unless it is withdrawn":             {func(n *correlate.Note) { n.Kind, n.Label, n.Withdrawn = correlate.NoteLabel, "class", true }, "", ""},
		"a label is no part of another kind": {func(n *correlate.Note) { n.Label = "class" }, "label", "only a note of kind label"},
		"a link names a cause":               {func(n *correlate.Note) { n.Kind, n.Change, n.Incident = correlate.NoteLink, "", "i" }, "caused_by", "required"},
		"a reason is no book":                {func(n *correlate.Note) { n.Reason = strings.Repeat("x", correlate.MaxReason+1) }, "reason", "2000 bytes"},
		"a revision is not before the first": {func(n *correlate.Note) { n.Revision = -1 }, "revision", "1 or more"},
		"a link may say that no change was it": {func(n *correlate.Note) {
			n.Kind, n.Change, n.Incident, n.CausedBy = correlate.NoteLink, "", "i", correlate.CausedByNone
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := correlate.Note{Kind: correlate.NoteOverrule, Change: "c1", Reason: "seen", By: "ada", At: at(0)}
			c.edit(&n)
			requireField(t, n.Validate(), c.field, c.want)
			requireField(t, correlate.Fact{Note: &n}.Validate(), prefixed("note.", c.field), c.want)
		})
	}
}
