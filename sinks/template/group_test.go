package template

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// decided is a decision on a change of a service, with a commit, which began some minutes from noon.
func decided(service, commit string, minutes int, k route.Kind) sinks.Decision {
	e := NewExample(string(k), k, func(c *correlate.Change) {
		c.ID, c.Service, c.Commit = service+"-1", service, commit
		c.StartedAt = noon.Add(time.Duration(minutes) * time.Minute)
		c.FinishedAt = c.StartedAt.Add(time.Minute)
	})
	return e.Batches[len(e.Batches)-1].Decisions[0]
}

func grouping(t *testing.T, r *receiver, text string) sinks.Outgoing {
	t.Helper()
	c := configOf(write(t, text), r.URL, nil)
	c["targets"].(m)["ops"].(m)["group_by"] = []any{"commit", "environment"}
	s, err := Factory().New(nil, c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.(sinks.Outgoing)
}

func TestChangesThatBelongTogetherAreToldOfTogether(t *testing.T) {
	r := newReceiver(t)
	s := grouping(t, r, exampleFile)
	r.says("POST /notes", 201, `{"id": 7}`)
	both, err := s.Messages(sinks.Batch{Decisions: []sinks.Decision{
		decided("cart", "abc", 1, route.Regressed), decided("alone", "", 1, route.Regressed), decided("pay", "abc", 9, route.Regressed),
		decided("later", "abc", 11, route.Regressed),
	}})
	require.NoError(t, err)
	require.Len(t, both, 3, "a group, one without a commit, and one that began in another stretch of time")
	group := both[0]
	require.True(t, group.Each, "a newer message doesn't say what this one says")
	require.Equal(t, "alone-1", both[1].Subject)
	again, err := s.Messages(sinks.Batch{Decisions: []sinks.Decision{decided("cart", "abc", 1, route.Recovered)}})
	require.NoError(t, err)
	require.Equal(t, group.Subject, again[0].Subject)
	require.NotEqual(t, group.Key, again[0].Key)

	said := func(message sinks.Message, want ...string) sinks.Receipt {
		t.Helper()
		r.take()
		got, err := s.Deliver(t.Context(), message)
		require.NoError(t, err)
		asked := strings.Join(r.take(), "\n")
		for _, text := range want {
			require.Contains(t, asked, text)
		}
		return got
	}
	receipt := said(group, `POST /notes {"say": "2 changes in production: 2 regressed (cart, pay)"`)
	again[0].Receipt = receipt
	receipt = said(again[0], "PUT /notes/7", "2 changes in production: 1 regressed, 1 recovered (cart, pay)")
	group.Receipt = receipt
	said(group, "2 changes in production: 1 regressed, 1 recovered (cart, pay)")
	last, err := s.Messages(sinks.Batch{Decisions: []sinks.Decision{decided("pay", "abc", 9, route.Corrected)}})
	require.NoError(t, err)
	last[0].Receipt = receipt
	said(last[0], "1 recovered, 1 corrected", `/replies {"say": "regressed" }`)
}

func TestWithoutUpdateAGroupIsSaidAgainWhenItGrows(t *testing.T) {
	r := newReceiver(t)
	s := grouping(t, r, "name: note\nsettings: {url: {}}\ncreate: {url: '{{.Setting.url}}', body: '{{json .Headline}}'}\n")
	var receipt sinks.Receipt
	for _, c := range []struct {
		decision sinks.Decision
		want     []string
	}{
		{decided("cart", "abc", 1, route.Regressed), []string{`POST / "cart v2.8.0 in production: regressed (more requests fail)"`}},
		{decided("cart", "abc", 1, route.Regressed), nil},
		{decided("pay", "abc", 2, route.Regressed), []string{`POST / "2 changes in production: 2 regressed (cart, pay)"`}},
	} {
		messages, err := s.Messages(sinks.Batch{Decisions: []sinks.Decision{c.decision}})
		require.NoError(t, err)
		messages[0].Receipt = receipt
		receipt, err = s.Deliver(t.Context(), messages[0])
		require.NoError(t, err)
		require.Equal(t, c.want, r.take())
	}
}

func TestAGroupFitsIntoItsReceipt(t *testing.T) {
	var notes []Note
	for i := range 50 {
		notes = append(notes, Note{ID: fmt.Sprint(i, strings.Repeat("\"é", 300)), Service: strings.Repeat("s", 300), Headline: strings.Repeat("h", 300), Kind: route.Regressed})
	}
	members := joined(nil, notes)
	require.Len(t, members, mostMembers)
	text, err := receipt{Members: members, Kept: map[string]string{"id": "7"}}.encode()
	require.NoError(t, err)
	require.LessOrEqual(t, len(text), sinks.LongestReceipt)
	back := File{Create: &Step{Keep: map[string]string{"id": "body"}}}.remembered(text)
	require.Equal(t, "7", back.Kept["id"])
	require.NotEmpty(t, back.Members)
	require.Equal(t, members[mostMembers-1], back.Members[len(back.Members)-1], "the last are remembered")
}

func TestAWrongGroupingIsNamed(t *testing.T) {
	require.ErrorContains(t, GroupConfig{By: []string{"commit", "service"}}.validate(), `group_by[1]: "service" is none of environment`)
	require.ErrorContains(t, GroupConfig{Within: 48 * time.Hour}.validate(), "group_within: 48h0m0s: must be between")
	require.NoError(t, GroupConfig{By: []string{"label.release"}}.validate())
	labelled := Note{Labels: map[string]string{"release": "24.3"}, StartedAt: noon}
	require.NotEmpty(t, GroupConfig{By: []string{"label.release"}}.of(labelled))
	require.Empty(t, GroupConfig{By: []string{"label.train"}}.of(labelled))
	require.Empty(t, GroupConfig{By: []string{"environment"}}.of(Note{Environment: "production", Incident: &IncidentNote{}}))
}
