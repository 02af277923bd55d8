package app

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// profiled is a folder of settings with these profiles in it.
func profiled(t *testing.T, text string) (file string) {
	t.Helper()
	base := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", base)
	file = filepath.Join(base, "shipwake", "config.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestWhichDaemonIsAsked(t *testing.T) {
	base := t.TempDir()
	file := filepath.Join(base, "shipwake", "config.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte("current: prod\nprofiles:\n  prod: {url: https://prod, token: of-prod}\n  open: {url: https://open}\n"), 0o600))
	for name, c := range map[string]struct {
		flags       []string
		environment map[string]string
		url, token  string
	}{
		"the profile in use":                            {nil, nil, "https://prod", "of-prod"},
		"a flag before everything":                      {[]string{"--api", "http://a"}, map[string]string{"SHIPWAKE_URL": "http://b", "SHIPWAKE_PROFILE": "open"}, "http://a", ""},
		"the environment before profiles":               {nil, map[string]string{"SHIPWAKE_URL": "http://b", "SHIPWAKE_PROFILE": "open"}, "http://b", ""},
		"the profile of a flag before the environment":  {[]string{"--profile", "prod"}, map[string]string{"SHIPWAKE_URL": "http://b"}, "https://prod", "of-prod"},
		"the profile of the environment":                {nil, map[string]string{"SHIPWAKE_PROFILE": "open"}, "https://open", ""},
		"a token of the environment for what has none":  {nil, map[string]string{"SHIPWAKE_PROFILE": "open", "SHIPWAKE_TOKEN": "of-mine"}, "https://open", "of-mine"},
		"a token of the environment goes nowhere else":  {nil, map[string]string{"SHIPWAKE_TOKEN": "of-mine"}, "https://prod", "of-prod"},
		"a token of a profile goes to its daemon alone": {[]string{"--api", "http://a"}, map[string]string{"SHIPWAKE_TOKEN": "of-mine"}, "http://a", "of-mine"},
		"no profiles at all":                            {nil, map[string]string{"XDG_CONFIG_HOME": "/nowhere"}, defaultAPI, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var a asking
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			a.addFlags(flags)
			require.NoError(t, flags.Parse(c.flags))
			_, err := a.resolve(func(name string) string {
				if value, set := c.environment[name]; set || name != "XDG_CONFIG_HOME" {
					return value
				}
				return base
			})
			require.NoError(t, err)
			require.Equal(t, c.url, a.at)
			require.Equal(t, c.token, string(a.Token))
		})
	}
}

func TestProfilesAreSetUsedAndAskedBy(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var brought string
	daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		brought = r.Header.Get("Authorization")
		_, _ = w.Write([]byte(`{"changes":[]}`))
	}))
	defer daemon.Close()
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("t0ken\n"), 0o600))

	_, stdout, _ := shipwake(t, "profiles")
	require.Contains(t, stdout, "There is no profile in ")
	code, _, stderr := shipwake(t, "profiles", "set", "here", "--url", daemon.URL, "--token-file", token)
	require.Zero(t, code, stderr)
	code, _, stderr = shipwake(t, "profiles", "set", "there", "--url", "https://u:s3cret@there.example.com")
	require.Zero(t, code, stderr)
	_, stdout, _ = shipwake(t, "profiles")
	require.Regexp(t, `(?m)^\* +here +http://127.*token file\n– +there +https://u:xxxxx@there\.example\.com +password\n`, stdout)
	require.NotContains(t, stdout, "s3cret")

	code, _, stderr = shipwake(t, "changes")
	require.Zero(t, code, stderr)
	require.Equal(t, "Bearer t0ken", brought)
	code, _, _ = shipwake(t, "profiles", "use", "there")
	require.Zero(t, code)
	code, _, stderr = shipwake(t, "changes", "--profile", "here")
	require.Zero(t, code, stderr)
	code, _, stderr = shipwake(t, "changes", "--profile", "nowhere")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, `no profile "nowhere"; there are here, there`)
	code, _, _ = shipwake(t, "profiles", "remove", "there")
	require.Zero(t, code)
	_, stdout, _ = shipwake(t, "profiles", "--output", "csv")
	require.Regexp(t, `^used,name,url,authentication\nfalse,here,http://127`, stdout)

	for want, args := range map[string][]string{
		"want one like http://127.0.0.1:8788": {"profiles", "set", "x", "--url", "x"},
		"want the name of one profile":        {"profiles", "use"},
		"want a token on one line":            {"profiles", "set", "x", "--url", "http://x", "--token-stdin"},
	} {
		code, _, stderr := shipwake(t, args...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, want)
	}
}

func TestAProfileWithASecretThatOthersCanReadIsNotUsed(t *testing.T) {
	file := profiled(t, "current: a\nprofiles: {a: {url: 'http://127.0.0.1:1', token: s3cret}}\n")
	require.NoError(t, os.Chmod(file, 0o644))
	code, _, stderr := shipwake(t, "changes")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "run chmod 600 "+file)
	require.NotContains(t, stderr, "s3cret")
}
