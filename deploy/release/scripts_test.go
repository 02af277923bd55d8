package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// run runs a script of the packages with programs that write down how they are called, on a host with or without systemd.
func runScript(t *testing.T, script string, known, systemd bool, args ...string) (calls []string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	for _, name := range []string{"systemctl", "useradd", "groupadd"} {
		fake := "#!/bin/sh\necho " + name + " \"$@\" >>" + log + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(fake), 0o755))
	}
	found := "exit 2"
	if known {
		found = "exit 0"
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "getent"), []byte("#!/bin/sh\n"+found+"\n"), 0o755))
	text, err := os.ReadFile(filepath.Join("scripts", script))
	require.NoError(t, err)
	running := filepath.Join(dir, "running")
	if systemd {
		require.NoError(t, os.Mkdir(running, 0o755))
	}
	here := strings.ReplaceAll(string(text), "/run/systemd/system", running)
	cmd := exec.Command("sh", append([]string{"-c", here, script}, args...)...)
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin"}
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, string(said))
	written, err := os.ReadFile(log)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(written)), "\n")
}

// TestTheScriptsDoWhatTheCallMeans: dpkg and rpm call the same scripts with words of their own.
func TestTheScriptsDoWhatTheCallMeans(t *testing.T) {
	const group = "groupadd --system shipwake"
	const user = "useradd --system --gid shipwake --home-dir /var/lib/shipwake --no-create-home --shell /usr/sbin/nologin --comment Shipwake shipwake"
	const reload, restart, off = "systemctl daemon-reload", "systemctl try-restart shipwake.service", "systemctl disable --now shipwake.service"
	for name, c := range map[string]struct {
		script         string
		known, systemd bool
		args           []string
		calls          []string
	}{
		"before: the user is made":              {"preinstall.sh", false, true, []string{"install"}, []string{group, user}},
		"before: the user is there":             {"preinstall.sh", true, true, []string{"upgrade", "1.0.0"}, nil},
		"dpkg installs: nothing is started":     {"postinstall.sh", true, true, []string{"configure", ""}, []string{reload}},
		"dpkg upgrades: what runs is renewed":   {"postinstall.sh", true, true, []string{"configure", "1.0.0"}, []string{reload, restart}},
		"dpkg gives up an upgrade":              {"postinstall.sh", true, true, []string{"abort-upgrade", "1.0.0"}, nil},
		"rpm installs":                          {"postinstall.sh", true, true, []string{"1"}, []string{reload}},
		"rpm upgrades":                          {"postinstall.sh", true, true, []string{"2"}, []string{reload, restart}},
		"in a container there is no systemd":    {"postinstall.sh", true, false, []string{"configure", "1.0.0"}, nil},
		"dpkg removes: it is stopped":           {"preremove.sh", true, true, []string{"remove"}, []string{off}},
		"dpkg upgrades: the old one runs on":    {"preremove.sh", true, true, []string{"upgrade", "2.0.0"}, nil},
		"rpm removes the last":                  {"preremove.sh", true, true, []string{"0"}, []string{off}},
		"rpm upgrades: the old one runs on":     {"preremove.sh", true, true, []string{"1"}, nil},
		"removed: the ledger and the user stay": {"postremove.sh", true, true, []string{"purge"}, []string{reload}},
		"removed in a container":                {"postremove.sh", true, false, []string{"0"}, nil},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.calls, runScript(t, c.script, c.known, c.systemd, c.args...)) })
	}
}
