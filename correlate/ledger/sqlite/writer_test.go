package sqlite

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARequestThatIsRefusedTakesNoOtherAlong(t *testing.T) {
	l := openAt(t, Options{Dir: t.TempDir()})
	refusal := errors.New("it is fenced")
	note := func(name string, err error) *request {
		return &request{origin: ofSenders, done: make(chan struct{}), apply: func(tx *transaction) error {
			return errors.Join(tx.exec("INSERT INTO meta (name, value) VALUES (?, 1)", name), err)
		}}
	}
	batch := []*request{note("first", nil), note("second", refusal), note("third", nil)}
	before := l.Health()
	l.writer.commit(batch)
	for _, r := range batch {
		<-r.done
	}
	require.NoError(t, batch[0].err)
	require.Equal(t, errors.Join(nil, refusal), batch[1].err)
	require.NoError(t, batch[2].err)
	require.Equal(t, []string{"first", "third"}, texts(t, l, "SELECT name FROM meta WHERE name IN ('first', 'second', 'third') ORDER BY name"))
	after := l.Health()
	require.Equal(t, before.Failures, after.Failures)
	require.Equal(t, before.Commits+2, after.Commits)
}
