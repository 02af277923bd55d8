package app

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An owner that is another one in the file after SIGHUP shows in what was told before, with the team that it had in its history.
func TestAnEditedCatalogMovesWhatWasToldBefore(t *testing.T) {
	p := newProcess(t)
	catalog := filepath.Join(t.TempDir(), "catalog-info.yaml")
	owned := func(team string) {
		t.Helper()
		require.NoError(t, os.WriteFile(catalog, fmt.Appendf(nil,
			"kind: Component\nmetadata: {name: checkout}\nspec: {owner: %s, system: store}\n---\nkind: System\nmetadata: []\n", team), 0o600))
	}
	owned("group:default/shop")
	p.naming(fmt.Sprintf("extensions: {correlate: {owners: {catalogs: [%q]}}}\n", catalog))
	p.start()
	require.Contains(t, p.said(), "document 2: line 6: ", "what is wrong in the file is told")
	status, _ := p.post(change("checkout-1", "v2", time.Now()))
	require.Equal(t, http.StatusAccepted, status)
	is := func(team string) {
		t.Helper()
		require.Eventually(t, func() bool {
			record, ok := p.answer("/api/v1/changes/checkout-1")["change"].(map[string]any)
			return ok && record["team"] == team && record["labels"].(map[string]any)["system"] == "store"
		}, 20*time.Second, 50*time.Millisecond, "%s\n%s", team, p.said())
	}
	is("shop")
	owned("basket")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { return p.get("/-/ready") != http.StatusOK }, 5*time.Second, time.Millisecond)
	p.ready()
	is("basket")
	_, stdout, _ := shipwake(t, "verdict", "checkout-1", "--history", "--api", "http://"+p.w)
	require.Contains(t, stdout, "team shop → basket")
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}
