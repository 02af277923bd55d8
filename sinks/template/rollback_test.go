package template

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// askingFile asks somebody for rollbacks, where the labels of the change say whom.
const askingFile = `
name: pipeline
settings: {url: {help: where, required: true}}
"on": [rollback_requested]
acknowledges: true
create:
  when: '{{index .Labels "pipeline"}}'
  url: '{{.Setting.url}}/run'
  body: '{"back_to": {{json .Rollback.To}}, "kind": {{json .Kind}} }'
`

func TestARequestThatReachesNobodyIsNotAcknowledged(t *testing.T) {
	r := newReceiver(t)
	f, err := Parse([]byte(askingFile))
	require.NoError(t, err)
	made, err := Shipped(f).New(nil, m{"allow": []any{"loopback"}, "targets": m{"ci": m{"settings": m{"url": r.URL}}}})
	require.NoError(t, err)
	s := made.(sinks.Acknowledging)
	defer func() { require.NoError(t, s.Close()) }()
	require.Equal(t, []string{"ci"}, s.Acknowledging())
	message := func(labels map[string]string) sinks.Message {
		batch := NewExample("", route.RollbackRequested, bare).Batches[0]
		batch.Rollbacks[0].Record.Labels = labels
		all, err := s.Messages(batch)
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.False(t, all[0].Each, "a request that was withdrawn replaces it")
		return all[0]
	}
	_, err = s.Deliver(t.Context(), message(nil))
	var u *sinks.Undelivered
	require.ErrorAs(t, err, &u)
	require.Equal(t, sinks.Refused, u.Cause)
	require.ErrorContains(t, err, "nobody to ask")
	require.Empty(t, r.asked)
	_, err = s.Deliver(t.Context(), message(map[string]string{"pipeline": "yes"}))
	require.NoError(t, err)
	require.Equal(t, []string{`POST /run {"back_to": "v2.7.3", "kind": "rollback_requested" }`}, r.asked)
}

func TestWhoOnlyShowsARequestAcknowledgesNothing(t *testing.T) {
	f, err := Parse([]byte(exampleFile))
	require.NoError(t, err)
	s, err := Shipped(f).New(nil, m{"targets": m{"chat": m{"on": []any{"rollback_requested"}, "settings": m{"url": "https://note.example"}}}})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.Empty(t, s.(sinks.Acknowledging).Acknowledging())
}
