package engine

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAskingLeavesNoTrace: who asks how a change stands, as often as may be, gets it judged as if nobody had.
func TestAskingLeavesNoTrace(t *testing.T) {
	const asked = `
		serve web 00:00-02:30 version=w1 rps=5 errors=0.01
		serve cart 00:00-02:30 version=v1 rps=10 errors=0.01 caller=web
		serve cart 01:00-01:20 version=v2 rps=10 errors=0.02 caller=web
		serve cart 01:20-02:30 version=v2 rps=10 errors=0.2 caller=web
		change cart-2 cart 01:00 finish=01:02 version=v2
		change web-2 web 01:10 finish=01:10 version=w1
		until 01:05
		outlook cart-2
		outlook cart-2
		until 01:11
		outlook cart-2
		outlook web-2
		until 01:17
		outlook cart-2
		until 01:21
		outlook cart-2
		until 02:20`
	lines := regexp.MustCompile(`(?m)^\s*outlook .*\n`)
	got := runScript(t, asked)
	require.Contains(t, got, "outlook cart-2 underpowered")
	require.Contains(t, got, "regressed error_ratio")
	require.Equal(t, runScript(t, lines.ReplaceAllString(asked, "")), lines.ReplaceAllString(got, ""))
}
