package host

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// rollbackVariable says where the ledger of the process is that is killed between deciding and sending.
const rollbackVariable = "SHIPWAKE_ROLLBACK_DIR"

// TestDecideAndWaitToBeKilled is that process: it decides, and sends nothing yet.
func TestDecideAndWaitToBeKilled(t *testing.T) {
	dir := os.Getenv(rollbackVariable)
	if dir == "" {
		return // it is the process that another test kills
	}
	a, err := newAsker(t.Context(), dir, os.Getenv(urlVariable), on)
	require.NoError(t, err)
	require.True(t, keep(a.loop, a.deployed("checkout", "v1", 120, correlate.Healthy)))
	require.True(t, keep(a.loop, a.deployed("checkout", "v2", 10, correlate.Regressed)))
	fmt.Println("decided")
	select {}
}

func TestAKillBetweenDecidingAndSendingLeavesExactlyOneRequest(t *testing.T) {
	p, dir := newPipeline(t), t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDecideAndWaitToBeKilled$")
	cmd.Env = append(os.Environ(), rollbackVariable+"="+dir, urlVariable+"="+p.url)
	var trouble strings.Builder
	cmd.Stderr = &trouble
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, trouble.String())
	require.Equal(t, "decided\n", line)
	require.NoError(t, cmd.Process.Kill())
	require.ErrorContains(t, cmd.Wait(), "killed")
	require.Empty(t, p.types())

	a := asks(t, dir, p.url, on)
	a.revised(t, "checkout-v2", func(*correlate.ChangeRecord) {}) // which the engine comes to again
	a.emptied(t)
	require.Equal(t, []string{"rollback.requested"}, p.types())
	decided := a.kept(t, "checkout-v2")
	require.Equal(t, correlate.RollbackAsked, decided[0].Reason)
	require.Equal(t, correlate.RollbackStateRequested, decided[1].State())
	a.look()
	require.Equal(t, correlate.RollbackStateAcknowledged, a.kept(t, "checkout-v2")[1].State())
}
