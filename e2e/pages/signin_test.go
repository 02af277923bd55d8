package pages

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestSomebodySignsInAndOut: the page where people sign in is fine by axe, and its forms are what a browser may send.
func TestSomebodySignsInAndOut(t *testing.T) {
	if program == "" || browser == "" {
		t.Skip("SKIP: make e2e-pages runs it, with a browser")
	}
	config := filepath.Join(t.TempDir(), "laid-over.yaml")
	require.NoError(t, os.WriteFile(config, []byte(`
extensions:
  correlate:
    readers: {basic_auth: ["rob:robs"]}
    access: {tokens: {robot: {roles: [operator], secrets: robot-1}}}
`), 0o600))
	base, _ := daemon(t, t.TempDir(), "--config", "builtin:default", "--config", config)
	b := open(t)
	for _, l := range looks {
		violations, overflow, picture := b.visit(t, base+"/login", l)
		require.Empty(t, violations, l)
		require.Zero(t, overflow, l)
		keep(t, "login", l, picture)
	}
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	var at, who string
	require.NoError(t, chromedp.Run(ctx,
		chromedp.Navigate(base+"/incidents?open=true"),
		chromedp.WaitVisible("#user", chromedp.ByQuery), chromedp.SendKeys("#user", "rob", chromedp.ByQuery), chromedp.SendKeys("#password", "wrong", chromedp.ByQuery), chromedp.Submit("#user", chromedp.ByQuery),
		chromedp.WaitVisible(".wrong", chromedp.ByQuery), chromedp.SendKeys("#user", "rob", chromedp.ByQuery), chromedp.SendKeys("#password", "robs", chromedp.ByQuery), chromedp.Submit("#user", chromedp.ByQuery),
		chromedp.WaitVisible(".who button", chromedp.ByQuery), chromedp.Location(&at), chromedp.Text(".who span", &who, chromedp.ByQuery),
	))
	require.Equal(t, base+"/incidents?open=true", at)
	require.Equal(t, "rob", who)
	violations, overflow, _ := b.visit(t, base+"/changes", looks[2])
	require.Empty(t, violations)
	require.Zero(t, overflow)
	require.NoError(t, chromedp.Run(ctx,
		chromedp.Click(".who button", chromedp.ByQuery), chromedp.WaitVisible("#user", chromedp.ByQuery), chromedp.Navigate(base+"/changes"), chromedp.WaitVisible("#user", chromedp.ByQuery), chromedp.Location(&at),
	))
	require.Equal(t, base+"/login?next=%2Fchanges", at)
}
