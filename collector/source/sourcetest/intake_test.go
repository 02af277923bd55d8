package sourcetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

func entry(name, id, problem string) correlate.Entry {
	return correlate.Entry{Raw: correlate.Raw{Source: name, ID: id}, Projection: correlate.Projection{Problem: problem}}
}

func TestTheIntakeKeepsADeliveryOnce(t *testing.T) {
	var i Intake
	receipt, err := i.Commit(t.Context(), []correlate.Entry{entry("a", "1", ""), entry("a", "1", ""), entry("b", "1", "unmapped: x")}, nil)
	require.NoError(t, err)
	require.Equal(t, correlate.Receipt{Accepted: 1, Duplicate: 1, Quarantined: 1}, receipt)
	require.Len(t, i.Entries(), 2)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = i.Commit(ended, []correlate.Entry{entry("a", "2", "")}, nil)
	require.ErrorIs(t, err, correlate.ErrUnavailable)
	refusal := errors.New("no")
	i.FailWith(func([]correlate.Entry, *correlate.Move) error { return refusal })
	_, err = i.Commit(t.Context(), []correlate.Entry{entry("a", "2", "")}, nil)
	require.ErrorIs(t, err, refusal)
	require.Len(t, i.Entries(), 2, "what is refused isn't kept")
}

func TestTheIntakesCursorsMoveFromWhereTheyAre(t *testing.T) {
	var i Intake
	move := func(expect, next string) error {
		m := &correlate.Move{Stream: "s", Next: []byte(next)}
		if expect != "" {
			m.Expect = []byte(expect)
		}
		_, err := i.Commit(t.Context(), []correlate.Entry{entry("a", next, "")}, m)
		return err
	}
	at, err := i.Cursor(t.Context(), "s")
	require.NoError(t, err)
	require.Nil(t, at)
	require.NoError(t, move("", "1"))
	require.ErrorIs(t, move("", "2"), correlate.ErrFenced)
	require.NoError(t, move("1", "2"))
	at, err = i.Cursor(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, []byte("2"), at)
	require.Len(t, i.Entries(), 2, "a fenced delivery isn't kept")
}

func TestTheLastProjectorWins(t *testing.T) {
	var i Intake
	_, ok := i.Projector("a")
	require.False(t, ok)
	i.Register("a", source.Projector{Digest: "1"})
	i.Register("a", source.Projector{Digest: "2"})
	p, ok := i.Projector("a")
	require.True(t, ok)
	require.Equal(t, "2", p.Digest)
}

func TestEveryTimeOfAFactIsLookedAt(t *testing.T) {
	at := time.Unix(1, 0)
	fact := correlate.Fact{
		Change: &correlate.Change{
			StartedAt: at, FinishedAt: at, UpdatedAt: at, Commits: []correlate.Commit{{AuthoredAt: at}}, Zones: []correlate.ZoneStep{{ReachedAt: at}},
		},
		Incident: &correlate.Incident{OpenedAt: at, AcknowledgedAt: at, ResolvedAt: at, UpdatedAt: at},
	}
	seen := 0
	eachTime(reflect.ValueOf(fact), func(found time.Time) {
		if found.Equal(at) {
			seen++
		}
	})
	require.Equal(t, 9, seen)
}
