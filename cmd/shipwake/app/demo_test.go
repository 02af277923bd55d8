package app

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// asBurner makes the test binary keep a CPU busy until it is killed, or for burns.
const (
	asBurner = "SHIPWAKE_TEST_AS_BURNER"
	burns    = 3 * time.Minute
)

func burn() {
	for began := time.Now(); time.Since(began) < burns; {
	}
}

// busyMachine keeps every CPU busy until the test ends.
func busyMachine(t *testing.T) {
	for range runtime.NumCPU() {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asBurner+"=1")
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	}
}

// TestTheDemoIsRightOnABusyMachine gives the whole demo while something else wants every CPU. `make e2e` runs it.
func TestTheDemoIsRightOnABusyMachine(t *testing.T) {
	if os.Getenv("SHIPWAKE_TEST_DEMO") == "" {
		t.Skip("SKIP: takes a minute and every CPU; make e2e runs it")
	}
	busyMachine(t)
	code, stdout, stderr := shipwake(t, "demo", "--exit")
	require.Equal(t, 0, code, "%s%s", stdout, stderr)
	require.Contains(t, stdout, "6 of 6 verdicts are what was injected")
	require.Contains(t, stdout, "DORA, production")
	require.NotContains(t, stdout, "\x1b", "it isn't a terminal")
	_, table, found := strings.Cut(stdout, "  CHANGE")
	require.True(t, found)
	for line := range strings.Lines(table) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
	}
}

func TestOnlyATerminalIsDrawnOverAndColoured(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	require.False(t, terminal(&bytes.Buffer{}))
	require.False(t, terminal(file))
	for name, c := range map[string]struct {
		screen  bool
		noColor string
		want    bool
	}{
		"a screen":                     {true, "", true},
		"a screen whose user has none": {true, "1", false},
		"a file":                       {false, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NO_COLOR", c.noColor)
			require.Equal(t, c.want, colours(c.screen))
		})
	}
}
