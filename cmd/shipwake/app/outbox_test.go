package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

func TestTheOutboxIsSeenAndSentAgain(t *testing.T) {
	dir := t.TempDir()
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	require.NoError(t, err)
	row := func(queue, key, payload string) ledger.OutboxRow {
		return ledger.OutboxRow{Sink: queue, Subject: "cart-\x1b7", Key: key, Each: true, Payload: []byte(payload)}
	}
	require.NoError(t, l.CommitEffects(t.Context(), nil, []ledger.OutboxRow{
		row("slack/ops", "msg_1", `{"kind":"regressed"}`), row("slack/ops", "msg_2", "no json\x1b"), row("grafana/all", "msg_1", "{}"),
	}, 0))
	require.NoError(t, l.Park(t.Context(), "slack/ops", "msg_1"))
	require.NoError(t, l.Park(t.Context(), "slack/ops", "msg_2"))
	require.NoError(t, l.Close())

	outbox := func(want int, args ...string) string {
		t.Helper()
		code, stdout, stderr := shipwake(t, append([]string{"outbox", "--data-dir", dir}, args...)...)
		require.Equal(t, want, code, stderr)
		return stdout + stderr
	}
	require.Regexp(t, `(?s)QUEUED .* slack/ops +set aside .* msg_1 +cart-\\x1b7\n.*grafana/all +waits +msg_1`, outbox(0, "list"))
	require.NotContains(t, outbox(0, "list", "--parked"), "grafana")
	shown := outbox(0, "show", "msg_1", "--queue", "slack/ops")
	require.Contains(t, shown, "{\n  \"kind\": \"regressed\"\n}")
	require.NotContains(t, outbox(0, "show", "msg_2"), "\x1b")
	require.Contains(t, outbox(1, "show", "msg_3"), "no message with the key msg_3 is here")
	require.Contains(t, outbox(1, "retry"), "name the keys of messages, or give --all")
	require.Contains(t, outbox(1, "retry", "msg_1", "--queue", "grafana/all"), "or it isn't set aside")
	require.Contains(t, outbox(0, "retry", "msg_1"), "1 message: will be tried again")
	require.Contains(t, outbox(0, "drop", "--all"), "1 message: dropped")
	require.NotContains(t, outbox(0), "set aside")
	require.Contains(t, outbox(0, "drop", "msg_1"), "2 messages: dropped")
	require.Equal(t, "Everything was delivered.\n", outbox(0))
	code, _, stderr := shipwake(t, "outbox", "--data-dir", t.TempDir())
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "there is no ledger in")
}
