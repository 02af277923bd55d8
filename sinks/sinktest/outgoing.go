package sinktest

import (
	"cmp"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// NewBatch is the batch of effects as the host makes it, of what the reader holds. A nil reader holds nothing.
func NewBatch(r *Reader, effects ...correlate.Effect) sinks.Batch {
	return sinks.NewBatch(effects, func(id string) sinks.Past {
		if r == nil {
			return sinks.Past{}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		record, known := r.changes[id]
		return sinks.Past{Record: record, Known: known, Prior: slices.Clone(r.verdicts[id]), Faults: r.faults(id)}
	})
}

// faults are the regressions that suspect a change, the newest first.
func (r *Reader) faults(id string) []correlate.Regression {
	var all []correlate.Regression
	for _, g := range r.regressions {
		if slices.ContainsFunc(g.Suspects, func(s correlate.Suspect) bool { return s.ChangeID == id }) {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b correlate.Regression) int {
		return cmp.Or(b.OnsetAt.Compare(a.OnsetAt), cmp.Compare(b.ID, a.ID))
	})
	return all
}

// outgoing is a sink that sends.
func (s suite) outgoing(t *testing.T) sinks.Outgoing {
	t.Helper()
	out, sends := s.new(t, NewReader(Noon)).(sinks.Outgoing)
	require.True(t, sends)
	return out
}

// messages holds a sink that sends against the contract of sinks.Outgoing.
func (s suite) messages(t *testing.T) {
	out := s.outgoing(t)
	asked := request(deployment("payments-31", "payments", "v31", -10))
	batch := NewBatch(nil, append(Story(), correlate.Effect{Rollback: &asked})...)
	before, err := json.Marshal(batch)
	require.NoError(t, err)
	first, err := out.Messages(batch)
	require.NoError(t, err)
	require.NotEmpty(t, first)
	known := map[[2]string]bool{}
	for _, m := range first {
		require.Contains(t, out.Queues(), m.Queue)
		id := [2]string{m.Queue, m.Key}
		require.False(t, known[id], "two messages of a queue have the key %s", m.Key)
		known[id] = true
		require.NotEmpty(t, m.Key, "a message needs a key, which keeps it from being sent twice")
		require.NotEmpty(t, m.Subject, "a message needs a subject, or it would wait for every other")
		require.Nil(t, m.Receipt, "the receipt is set for Deliver only")
		s.secretFree(t, m.Key+m.Subject+string(m.Payload))
	}
	again, err := out.Messages(batch)
	require.NoError(t, err)
	require.Equal(t, first, again)
	other, err := s.new(t, NewReader(Noon)).(sinks.Outgoing).Messages(batch)
	require.NoError(t, err)
	require.Equal(t, first, other)
	after, err := json.Marshal(batch)
	require.NoError(t, err)
	require.JSONEq(t, string(before), string(after))

	none, err := out.Messages(sinks.Batch{})
	require.NoError(t, err)
	require.Empty(t, none)
	queues := out.Queues()
	slices.Sort(queues)
	require.Len(t, slices.Compact(queues), len(out.Queues()))

	r := NewReader(Noon)
	r.Fail(sinks.ErrNotFound)
	_, err = s.new(t, r).(sinks.Outgoing).Messages(batch)
	require.NoError(t, err, "Messages reads nothing")
}

// corrects: a regression that was worth a message is followed by one that takes it back.
func (s suite) corrects(t *testing.T) {
	out := s.outgoing(t)
	subjectsOf := func(r *Reader, round int) []string {
		messages, err := out.Messages(NewBatch(r, course(round)...))
		require.NoError(t, err)
		var all []string
		for _, m := range messages {
			all = append(all, m.Queue+" "+m.Subject)
		}
		return all
	}
	r := NewReader(Noon)
	said := subjectsOf(r, 0)
	require.NotEmpty(t, said)
	r.Put(course(0)...)
	require.Subset(t, subjectsOf(r, 1), said, "use Decision.Before to ask whether a receiver was told")
}
