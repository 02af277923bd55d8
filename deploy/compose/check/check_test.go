package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

const composition = "../compose.yaml"

// load reads the composition as Compose does, with these variables and none else.
func load(t *testing.T, variables map[string]string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{composition})
	require.NoError(t, err)
	for name, value := range variables {
		options.Environment[name] = value
	}
	return options.LoadProject(t.Context())
}

// secrets are what secrets.sh makes in a folder of its own.
func secrets(t *testing.T, dir string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../secrets.sh")
	require.NoError(t, err)
	script := filepath.Join(dir, "secrets.sh")
	require.NoError(t, os.WriteFile(script, text, 0o600))
	said, err := exec.Command("sh", script).CombinedOutput()
	require.NoError(t, err, "%s", said)
	file := filepath.Join(dir, ".env")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "nobody else reads it")
	made, err := dotenv.Read(file)
	require.NoError(t, err)
	for name, value := range made {
		require.Regexp(t, `^[0-9a-f]{40}$`, value, name)
		require.NotContains(t, string(said), value, "it prints no secret")
	}
	return made
}

func TestSecretsAreMadeOnce(t *testing.T) {
	dir := t.TempDir()
	first := secrets(t, dir)
	require.Equal(t, first, secrets(t, dir), "a second run changes nothing")
	other := secrets(t, t.TempDir())
	for name, value := range first {
		require.NotEqual(t, value, other[name], "%s is everybody's own", name)
	}
}

func TestWithoutASecretItSaysWhatToDo(t *testing.T) {
	all := secrets(t, t.TempDir())
	require.Len(t, all, 4)
	for missing := range all {
		some := map[string]string{}
		for name, value := range all {
			if name != missing {
				some[name] = value
			}
		}
		_, err := load(t, some)
		require.ErrorContains(t, err, missing)
		require.ErrorContains(t, err, "sh deploy/compose/secrets.sh makes the secrets")
	}
}

// TestComposeTakesIt: the loader refuses keys that the format doesn't have.
func TestComposeTakesIt(t *testing.T) {
	made := secrets(t, t.TempDir())
	project, err := load(t, made)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"shipwake", "prometheus", "alertmanager", "grafana"}, project.ServiceNames())
	pinned := regexp.MustCompile(`^[a-z/]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$`)
	for name, s := range project.Services {
		require.True(t, s.Build != nil || pinned.MatchString(s.Image), "%s: %s has a version and a digest", name, s.Image)
		require.Positive(t, s.MemLimit, "%s has an end", name)
		require.NotNil(t, s.HealthCheck, "%s says whether it is healthy", name)
		require.NotNil(t, s.HealthCheck.StartPeriod, name)
		require.Equal(t, []string{"ALL"}, s.CapDrop, name)
		require.Contains(t, s.SecurityOpt, "no-new-privileges:true", name)
		require.Equal(t, "unless-stopped", s.Restart, name)
		keeps := false
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeVolume {
				keeps = true
				require.Contains(t, project.Volumes, v.Source)
				continue
			}
			require.True(t, v.ReadOnly, "%s: %s is a file of this repository", name, v.Target)
			require.DirExists(t, filepath.Dir(v.Source))
		}
		require.True(t, keeps, "%s keeps its data", name)
		for _, p := range s.Ports {
			require.Equal(t, "127.0.0.1", p.HostIP, "%s: port %s", name, p.Published)
		}
		for other, how := range s.DependsOn {
			require.Equal(t, types.ServiceConditionHealthy, how.Condition, "%s waits for %s", name, other)
		}
	}
	for name, secret := range project.Secrets {
		require.Contains(t, made, secret.Environment, "%s is made by secrets.sh", name)
	}
	text, err := os.ReadFile(composition)
	require.NoError(t, err)
	require.NotContains(t, strings.ToLower(string(text)), "password: admin")
	_, err = load(t, map[string]string{})
	require.Error(t, err)
}

// TestYourOwnVariablesReachTheDaemon: shipwake.env may be there, and needn't.
func TestYourOwnVariablesReachTheDaemon(t *testing.T) {
	project, err := load(t, secrets(t, t.TempDir()))
	require.NoError(t, err)
	files := project.Services["shipwake"].EnvFiles
	require.Len(t, files, 1)
	require.False(t, bool(files[0].Required))
	require.Equal(t, "shipwake.env", filepath.Base(files[0].Path))
}
