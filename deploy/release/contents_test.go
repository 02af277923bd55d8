package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheManualIsPacked: manual pages and completions are where the shells and man look for them.
func TestTheManualIsPacked(t *testing.T) {
	manual, err := (&release{clone: "../.."}).manual()
	require.NoError(t, err)
	var names []string
	for _, m := range manual {
		names = append(names, m.name)
	}
	require.Subset(t, names, []string{
		"share/man/man1/shipwake.1", "share/man/man1/shipwake-healthcheck.1", "share/bash-completion/completions/shipwake",
		"share/fish/vendor_completions.d/shipwake.fish", "share/zsh/site-functions/_shipwake",
	})
}

// TestThePackagedUnitRunsThePackagedProgram: packages install below /usr, and only people below /usr/local.
func TestThePackagedUnitRunsThePackagedProgram(t *testing.T) {
	unit, err := (&release{clone: "../.."}).unit()
	require.NoError(t, err)
	require.Contains(t, string(unit), "\nExecStart=/usr/bin/shipwake ")
	require.NotContains(t, string(unit), "/usr/local")
}
