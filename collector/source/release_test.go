package source_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
)

func TestTheVersionIsWhatTelemetryReports(t *testing.T) {
	const sha = "9fceb02d0ae598e95dc970b74767f19372d61af8"
	for ref, want := range map[string]string{
		"main":                  sha,
		"release/1.4":           sha,
		"":                      sha,
		"9fceb02":               sha,
		"4711000":               sha,
		sha:                     sha,
		"v":                     sha,
		"version-2":             sha,
		"v2":                    "v2",
		"v1.2.3":                "v1.2.3",
		"1.4":                   "1.4",
		"2026.03.01":            "2026.03.01",
		"v1.2.3-rc.1":           "v1.2.3-rc.1",
		"1.2.3+build.5":         "1.2.3+build.5",
		"refs/tags/checkout-12": "checkout-12",
		"refs/heads/v2":         sha,
	} {
		require.Equal(t, want, source.ReleaseOf(ref, sha), "ref %q", ref)
	}
}
