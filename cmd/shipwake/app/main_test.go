package app

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the golden files")

// asProgram makes the test binary behave as shipwake, for tests that need a process to kill.
const asProgram = "SHIPWAKE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asBurner) != "" {
		burn()
		os.Exit(0)
	}
	if os.Getenv(asProgram) != "" {
		os.Exit(Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	// Nothing that the tests ask is what the profiles of whoever runs them say.
	if err := errors.Join(os.Setenv("XDG_CONFIG_HOME", filepath.Join(os.TempDir(), "no-profiles-of-shipwake")), os.Unsetenv("SHIPWAKE_URL"), os.Unsetenv("SHIPWAKE_PROFILE")); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultClient.CloseIdleConnections()
		os.Exit(code)
	}))
}

// shipwake runs a command line in this process.
func shipwake(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Main(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// golden compares with testdata/name, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestTheHelpSaysWhatToDoFirst(t *testing.T) {
	code, stdout, stderr := shipwake(t, "--help")
	require.Zero(t, code)
	require.Empty(t, stderr)
	golden(t, "help.txt", stdout)
}

func TestTheVersionIsOneLine(t *testing.T) {
	code, stdout, _ := shipwake(t, "--version")
	require.Zero(t, code)
	require.Regexp(t, `^shipwake \S+ \(commit \S+, go\S+, \S+/\S+\)\n$`, stdout)
}

func TestAMistakeOnTheCommandLineIsSaidInOneLine(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"an unknown command": {[]string{"deom"}, 1, `unknown command "deom"`},
		"an unknown flag":    {[]string{"--confg", "x"}, 1, "unknown flag: --confg"},
		"a set without value": {[]string{"--set", "extensions.correlate.lateness"}, 1,
			"want key=value, e.g. --set=extensions.correlate.lateness=1m"},
		"no such file":              {[]string{"--config", "none.yaml"}, 1, "none.yaml: no such file"},
		"no such built-in":          {[]string{"validate", "--config", "builtin:prod"}, 1, `no built-in configuration "builtin:prod"; there are builtin:default and builtin:demo`},
		"a verdict on nothing":      {[]string{"verdict"}, exitUnknown, "Give its id, or --service and --version"},
		"a verdict on half a name":  {[]string{"verdict", "--service", "checkout"}, exitUnknown, "go together"},
		"a verdict on two things":   {[]string{"verdict", "c1", "--service", "checkout"}, exitUnknown, "not both"},
		"a verdict on two ids":      {[]string{"verdict", "c1", "c2"}, exitUnknown, "at most 1 arg"},
		"a verdict, misspelled":     {[]string{"verdict", "--serice", "checkout"}, exitUnknown, "unknown flag: --serice"},
		"a verdict as XML":          {[]string{"verdict", "c1", "--output", "xml"}, exitUnknown, "want text or json"},
		"a verdict, waiting back":   {[]string{"verdict", "c1", "--wait", "-1s"}, exitUnknown, "must not be negative"},
		"a verdict from no daemon":  {[]string{"verdict", "c1", "--api", "http://127.0.0.1:1"}, exitUnknown, "is it running at http://127.0.0.1:1?"},
		"a verdict from no address": {[]string{"verdict", "c1", "--api", "localhost"}, exitUnknown, "want one like http://127.0.0.1:8788"},
		"numbers as XML":            {[]string{"dora", "--output", "xml"}, 1, "want table, json, csv or markdown"},
		"a replay of nothing":       {[]string{"replay"}, 1, "requires at least 1 arg"},
		"a replay of no folder":     {[]string{"replay", "none"}, 1, "none"},
		"a backup to nowhere":       {[]string{"backup"}, 1, "want one directory to write to"},
		"rollbacks as XML":          {[]string{"rollbacks", "--output", "xml"}, 1, "want table, wide, json, yaml or csv"},
		"a quarantine as XML":       {[]string{"quarantine", "--output", "xml"}, 1, "want table, wide, json, yaml or csv"},
		"a backup of nothing":       {[]string{"backup", "--data-dir", "none", "copy"}, 1, "there is no ledger in"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := shipwake(t, c.args...)
			require.Equal(t, c.code, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, c.want)
			require.Regexp(t, `^shipwake: `, stderr)
		})
	}
}
