package following

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/shipwake/shipwake/correlate"
)

// listener is a Collector that hears how a receiver is.
type listener struct {
	component.Host
	heard []componentstatus.Status
}

func (l *listener) Report(e *componentstatus.Event) { l.heard = append(l.heard, e.Status()) }

func TestAllIsWellWhenEverythingIs(t *testing.T) {
	l := &listener{}
	h := Health{Host: l}
	require.False(t, h.Well("a"), "it always was")
	require.Empty(t, l.heard)

	require.True(t, h.Ill("a", errors.New("away")))
	require.False(t, h.Ill("a", errors.New("away")), "no news")
	require.True(t, h.Ill("b", errors.New("away")))
	require.True(t, h.Well("a"))
	const ill, ok = componentstatus.StatusRecoverableError, componentstatus.StatusOK
	require.Equal(t, []componentstatus.Status{ill, ill, ill}, l.heard, "b isn't")
	require.True(t, h.Well("b"))
	require.Equal(t, []componentstatus.Status{ill, ill, ill, ok}, l.heard)
}

func TestCountersAreThereBeforeAnythingHappens(t *testing.T) {
	tally := &correlate.Tally{}
	read, lost := Result{"letters", "read"}, Result{"letters", "lost"}
	c := Counter{tally, "box"}
	c.Announce(read, lost)
	c.Add(read, 2)
	require.Equal(t, []correlate.CountValue{{Count: lost.Of("box"), Value: 0}, {Count: read.Of("box"), Value: 2}}, tally.Values())
}
