package guard_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/guard"
)

func TestWithoutASetEveryGuardIsInForce(t *testing.T) {
	var s *guard.Set
	require.True(t, s.On("grace"))
	require.Empty(t, s.Asked())
}

func TestASetSwitchesOffWhatIsNamedAndRemembersWhatWasAsked(t *testing.T) {
	s := guard.Without("grace", "veto")
	require.False(t, s.On("grace"))
	require.True(t, s.On("season"))
	require.True(t, s.On("dose"))
	require.Equal(t, []string{"dose", "grace", "season"}, s.Asked())
}
