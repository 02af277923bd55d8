package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// caseWith writes a case of one facts.jsonl.
func caseWith(t *testing.T, facts string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "facts.jsonl"), []byte(facts), 0o600))
	return dir
}

const deployment = `{"change":{"id":"checkout-1","service":"checkout","version":"v2","started_at":"2026-03-01T10:00:00Z"}}` + "\n"

func TestEveryChangeOfACaseGetsAVerdictLine(t *testing.T) {
	dir := caseWith(t, deployment)
	code, stdout, stderr := shipwake(t, "replay", dir)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, `"type":"verdict","change_id":"checkout-1"`)

	file := filepath.Join(t.TempDir(), "out.jsonl")
	code, nothing, stderr := shipwake(t, "replay", dir, "--out", file)
	require.Zero(t, code, stderr)
	require.Empty(t, nothing)
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, stdout, string(written))
}

func TestTheFirstUnreadableLineIsNamed(t *testing.T) {
	dir := caseWith(t, deployment+"{oops\n")
	code, _, stderr := shipwake(t, "replay", dir)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, filepath.Join(dir, "facts.jsonl")+":2")
}
