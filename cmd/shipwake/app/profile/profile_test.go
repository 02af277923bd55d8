package profile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/profile"
)

// written is a file of profiles with a mode.
func written(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), mode))
	require.NoError(t, os.Chmod(file, mode)) // whatever the umask is
	return file
}

func TestWhereProfilesAre(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	for name, c := range map[string]struct{ base, want string }{
		"in the home folder":                   {"", filepath.Join(home, ".config", "shipwake", "config.yaml")},
		"where XDG_CONFIG_HOME says":           {"/etc/me", "/etc/me/shipwake/config.yaml"},
		"not where it says no path of its own": {"me", filepath.Join(home, ".config", "shipwake", "config.yaml")},
	} {
		file, err := profile.File(func(string) string { return c.base })
		require.NoError(t, err)
		require.Equal(t, c.want, file, name)
	}
}

func TestProfilesAreRead(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	file := written(t, "current: prod\nprofiles:\n  prod: {url: https://a.example.com, token_file: token, ca_file: /etc/ca}\n  local: {url: 'http://127.0.0.1:8788', token_file: ~/token}\n", 0o644)
	all, err := profile.Read(file)
	require.NoError(t, err)
	require.Equal(t, []string{"local", "prod"}, all.Names())
	prod, err := all.Get("prod", file)
	require.NoError(t, err)
	require.Equal(t, profile.Profile{URL: "https://a.example.com", TokenFile: filepath.Join(filepath.Dir(file), "token"), CAFile: "/etc/ca"}, prod)
	local, err := all.Get("local", file)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(home, "token"), local.TokenFile)
	_, err = all.Get("staging", file)
	require.EqualError(t, err, `no profile "staging"; there are local, prod; shipwake profiles set makes one`)

	none, err := profile.Read(filepath.Join(t.TempDir(), "config.yaml"))
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestAFileOfProfilesThatIsWrongIsRefusedInWords(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"others can read a token":      {"profiles: {a: {url: 'http://a', token: s3cret}}", 0o644, "others than you can read it (mode 0644): run chmod 600 "},
		"a group can read a password":  {"profiles: {a: {url: 'http://u:s3cret@a'}}", 0o640, "mode 0640"},
		"a key that nobody knows":      {"profiles: {a: {uri: 'http://a'}}", 0o600, "field uri not found"},
		"no URL":                       {"profiles: {a: {token_file: t}}", 0o600, "profile a: url: required"},
		"two tokens":                   {"profiles: {a: {url: 'http://a', token: s3cret, token_file: t}}", 0o600, "give one of them"},
		"one in use that there isn't":  {"current: b\nprofiles: {a: {url: 'http://a'}}", 0o600, `no profile "b"; there are a`},
		"a name that is none":          {"profiles: {'a b': {url: 'http://a'}}", 0o600, `"a b" is no name of a profile`},
		"something else than profiles": {"- a", 0o600, "must be a mapping"},
	} {
		t.Run(name, func(t *testing.T) {
			file := written(t, c.text, c.mode)
			_, err := profile.Read(file)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, file)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
	_, err := profile.Read(written(t, "profiles: {a: {url: 'http://a', token: s3cret}}", 0o600))
	require.NoError(t, err)
}

func TestProfilesAreChangedAndTheRestOfTheFileStays(t *testing.T) {
	file := written(t, "# mine\nprofiles:\n  # the old one\n  old: {url: http://old}\n", 0o644)
	require.NoError(t, profile.Set(file, "new", profile.Profile{URL: "https://new.example.com", Token: "s3cret"}))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "nobody else can read it from now on")
	all, err := profile.Read(file)
	require.NoError(t, err)
	require.Equal(t, "new", all.Current, "none was in use before")
	require.Equal(t, "s3cret", string(all.Profiles["new"].Token))

	require.NoError(t, profile.Use(file, "old"))
	require.NoError(t, profile.Set(file, "new", profile.Profile{URL: "https://newer.example.com", TokenFile: "/t"}))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "# mine\nprofiles:\n  # the old one\n  old: {url: 'http://old'}\n  new:\n    url: https://newer.example.com\n    token_file: /t\ncurrent: old\n", string(text))

	require.NoError(t, profile.Remove(file, "old"))
	all, err = profile.Read(file)
	require.NoError(t, err)
	require.Empty(t, all.Current)
	require.Equal(t, []string{"new"}, all.Names())
	require.ErrorContains(t, profile.Use(file, "old"), "there are new")
	require.ErrorContains(t, profile.Remove(file, "old"), "there are new")
	require.ErrorContains(t, profile.Set(file, "../x", profile.Profile{URL: "http://x"}), "is no name of a profile")
	require.ErrorContains(t, profile.Set(file, "x", profile.Profile{}), "url: required")
}

func TestTheFirstProfileMakesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shipwake", "config.yaml")
	require.ErrorContains(t, profile.Use(file, "a"), "there is none")
	require.NoError(t, profile.Set(file, "a", profile.Profile{URL: "http://127.0.0.1:8788"}))
	all, err := profile.Read(file)
	require.NoError(t, err)
	require.Equal(t, "a", all.Current)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".*"))
	require.NoError(t, err)
	require.Empty(t, left, "no draft is left behind")
}
