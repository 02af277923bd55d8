package sinktest

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// messages holds a sink that sends against the contract of sinks.Outgoing.
func (s suite) messages(t *testing.T) {
	out, sends := s.new(t, NewReader(Noon)).(sinks.Outgoing)
	if !sends {
		t.Skip("the sink sends nothing")
	}
	effects := Story()
	before, err := json.Marshal(effects)
	require.NoError(t, err)
	first, err := out.Messages(effects)
	require.NoError(t, err)
	require.NotEmpty(t, first)
	known := map[[2]string]bool{}
	for _, m := range first {
		require.Contains(t, out.Queues(), m.Queue)
		id := [2]string{m.Queue, m.Key}
		require.False(t, known[id], "two messages of a queue have the key %s", m.Key)
		known[id] = true
		s.secretFree(t, m.Key+string(m.Payload))
	}
	again, err := out.Messages(effects)
	require.NoError(t, err)
	require.Equal(t, first, again)
	other, err := s.new(t, NewReader(Noon)).(sinks.Outgoing).Messages(effects)
	require.NoError(t, err)
	require.Equal(t, first, other)
	after, err := json.Marshal(effects)
	require.NoError(t, err)
	require.JSONEq(t, string(before), string(after))

	for _, nothing := range [][]correlate.Effect{nil, {}, {{}}} {
		none, err := out.Messages(nothing)
		require.NoError(t, err)
		require.Empty(t, none)
	}
	queues := out.Queues()
	slices.Sort(queues)
	require.Len(t, slices.Compact(queues), len(out.Queues()))

	r := NewReader(Noon)
	r.Fail(sinks.ErrNotFound)
	_, err = s.new(t, r).(sinks.Outgoing).Messages(effects)
	require.NoError(t, err, "a record that can't be read holds up nobody")
}
