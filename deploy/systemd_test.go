package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// directives are those that the unit may have, by section. systemd ignores one that it doesn't know, so a typo in a
// sandbox would go unnoticed.
var directives = map[string][]string{
	"Unit": {"Description", "Documentation", "After", "Wants"},
	"Service": {
		"Type", "NotifyAccess", "TimeoutStartSec", "WatchdogSec", "ExecStart", "ExecReload", "EnvironmentFile", "Restart", "TimeoutStopSec",
		"MemoryMax", "User", "Group", "StateDirectory", "StateDirectoryMode", "UMask", "RemoveIPC", "NoNewPrivileges", "CapabilityBoundingSet", "ProtectSystem", "ProtectHome", "ProtectProc",
		"ProtectClock", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables",
		"ProtectControlGroups", "PrivateTmp", "PrivateDevices", "RestrictAddressFamilies", "RestrictNamespaces",
		"RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "MemoryDenyWriteExecute", "SystemCallArchitectures",
		"SystemCallFilter",
	},
	"Install": {"WantedBy"},
}

// unit is the service's file, by section and directive.
func unit(t *testing.T) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	var section string
	for line := range strings.Lines(read(t, "systemd/shipwake.service")) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
			all[section] = map[string]string{}
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		require.True(t, ok, line)
		require.Contains(t, directives[section], key)
		require.NotContains(t, all[section], key, "given twice")
		all[section][key] = value
	}
	return all
}

// TestTheUnitRunsTheDaemon starts nothing: it validates with the unit's own command line.
func TestTheUnitRunsTheDaemon(t *testing.T) {
	service := unit(t)["Service"]
	require.NotEmpty(t, service["StateDirectory"], "else STATE_DIRECTORY is empty")
	words := strings.Fields(service["ExecStart"])
	require.Equal(t, "/usr/local/bin/shipwake", words[0])
	for i, word := range words {
		word = strings.ReplaceAll(word, "${STATE_DIRECTORY}", t.TempDir())
		words[i] = strings.ReplaceAll(word, "/etc/shipwake/", "systemd/")
		require.NotContains(t, words[i], "$")
	}
	code, _, stderr := shipwake(t, append([]string{"validate"}, words[1:]...)...)
	require.Zero(t, code, stderr)
	require.Equal(t, "/bin/kill -HUP $MAINPID", service["ExecReload"])
}

// TestTheUnitLeavesRoomAndTime: the daemon keeps within its own limits first.
func TestTheUnitLeavesRoomAndTime(t *testing.T) {
	service := unit(t)["Service"]
	most, err := strconv.Atoi(strings.TrimSuffix(service["MemoryMax"], "M"))
	require.NoError(t, err)
	_, builtin, _ := shipwake(t, "config")
	limit := regexp.MustCompile(`(?m)^ +memory:\n(?: +#.*\n)* +limit: (\d+)MiB$`).FindStringSubmatch(builtin)
	require.NotNil(t, limit)
	own, err := strconv.Atoi(limit[1])
	require.NoError(t, err)
	require.GreaterOrEqual(t, most, own*6/5)
	require.Equal(t, "notify", service["Type"])
	require.Equal(t, "10min", service["TimeoutStartSec"], "internal/systemd says the same of a reload")
	require.Contains(t, service["RestrictAddressFamilies"], "AF_UNIX", "that is how it tells")
}

// TestTheUserOfTheUnitIsMade: the unit names one, and systemd makes none by itself.
func TestTheUserOfTheUnitIsMade(t *testing.T) {
	service := unit(t)["Service"]
	require.Equal(t, service["User"], service["Group"])
	require.Regexp(t, `(?m)^u `+service["User"]+` - "[^"]+" /var/lib/`+service["StateDirectory"]+`$`, read(t, "systemd/shipwake.sysusers.conf"))
	for line := range strings.Lines(read(t, "systemd/environment")) {
		require.True(t, strings.HasPrefix(line, "#"), "a secret in a file of the repository is none: %s", line)
	}
}

// TestTheCommentedConfigurationIsValidToo: somebody who takes the comment signs away gets what the text says.
func TestTheCommentedConfigurationIsValidToo(t *testing.T) {
	text := read(t, "systemd/shipwake.yaml")
	_, example, ok := strings.Cut(text, "#\n# receivers:\n")
	require.True(t, ok)
	file := filepath.Join(t.TempDir(), "shipwake.yaml")
	active := regexp.MustCompile(`(?m)^# ?`).ReplaceAllString("# receivers:\n"+example, "")
	require.NoError(t, os.WriteFile(file, []byte(active), 0o600))
	args := []string{"validate", "--config", "builtin:default", "--config", file}
	code, _, stderr := shipwake(t, args...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "can be reached from other machines")
	for _, source := range []string{"GENERIC", "CDEVENTS", "GITHUB", "ALERTMANAGER"} {
		t.Setenv("SHIPWAKE_"+source+"_SECRET", "one")
	}
	code, _, stderr = shipwake(t, args...)
	require.Zero(t, code, stderr)
}

// TestTheReadmeInstallsWhatTheUnitNames: every path of the unit comes from somewhere.
func TestTheReadmeInstallsWhatTheUnitNames(t *testing.T) {
	readme := read(t, "README.md")
	for _, installed := range []string{"/usr/local/bin/shipwake", "/etc/shipwake/shipwake.yaml", "/etc/shipwake/environment"} {
		require.Contains(t, read(t, "systemd/shipwake.service"), installed)
		require.Regexp(t, `(?m)^install -m \d+ \S+ `+regexp.QuoteMeta(installed)+`$`, readme)
	}
}

// TestSystemdTakesTheUnit asks systemd's own tool, when there is one on this machine.
func TestSystemdTakesTheUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("SKIP: no systemd-analyze")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "shipwake.service")
	text := strings.ReplaceAll(read(t, "systemd/shipwake.service"), "/usr/local/bin/shipwake", self)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	said, err := exec.Command(analyze, "verify", file).CombinedOutput()
	require.NoError(t, err, string(said))
	require.NotContains(t, string(said), "shipwake.service", "a complaint about the unit")
}
