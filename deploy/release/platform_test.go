package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPlatformHasItsNames(t *testing.T) {
	chosen, err := platformsOf("linux/amd64,windows/arm64")
	require.NoError(t, err)
	require.Equal(t, "shipwake_1.2.3_linux_amd64.tar.gz", chosen[0].archive("1.2.3"))
	require.Equal(t, "shipwake_1.2.3_windows_arm64.zip", chosen[1].archive("1.2.3"))
	require.Equal(t, "shipwake.exe", chosen[1].file())
	_, err = platformsOf("linux/amd64,plan9/386")
	require.ErrorContains(t, err, `unknown platform "plan9/386"; there are linux/amd64`)
}

func TestAVersionFitsEverywhere(t *testing.T) {
	for name, c := range map[string]struct {
		version, want, says string
	}{
		"a release":                       {"1.2.3", "1.2.3", ""},
		"a tag":                           {"v1.2.3", "1.2.3", ""},
		"a candidate":                     {"1.2.3-rc.1", "1.2.3-rc.1", ""},
		"what a tag of an image can't be": {"1.2.3+x", "", "want one like 1.2.3"},
		"a branch":                        {"main", "", "want one like 1.2.3"},
	} {
		t.Run(name, func(t *testing.T) {
			source, err := sourceOf(t.Context(), "../..", "HEAD", c.version)
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, source.Version)
		})
	}
}
