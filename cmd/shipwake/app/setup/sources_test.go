package setup

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	sources "github.com/shipwake/shipwake/collector/source/all"
)

func TestEverySourceCanBeChosenOrItIsSaidWhyNot(t *testing.T) {
	for _, s := range append(sources.Sources(), sources.Watched()...) {
		chosen := slices.Contains(Changes(), s.Name) || slices.Contains(Incidents(), s.Name)
		_, inGo := tells[s.Name]
		tellsNothing := inGo && tells[s.Name].changes == tells[s.Name].incidents && !tells[s.Name].changes
		require.True(t, chosen || byHand[s.Name] != "" || tellsNothing, "%s: what does it tell of?", s.Name)
		require.NotEmpty(t, title(s.Name), s.Name)
	}
	for name := range issued {
		_, ok := find(name)
		require.True(t, ok, "%s: there is no such source", name)
	}
}

func TestWhatSourcesTellIsReadFromTheirRules(t *testing.T) {
	require.Contains(t, Changes(), "argocd")
	require.NotContains(t, Incidents(), "argocd")
	require.Contains(t, Incidents(), "pagerduty")
	require.NotContains(t, Changes(), "pagerduty")
	require.Contains(t, Changes(), "gitlab")
	require.Contains(t, Incidents(), "gitlab")
	require.NotContains(t, Incidents(), "statuspage", "by hand")
}
