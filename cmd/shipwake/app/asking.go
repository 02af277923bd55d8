package app

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/profile"
)

// defaultAPI is where a daemon with the built-in configuration answers.
const defaultAPI = "http://127.0.0.1:8788"

// asking is which daemon a command asks, and how it may.
type asking struct {
	api, profile string
	client.Access
	flags *pflag.FlagSet
	at    string // the URL of the daemon that is asked
}

// addFlags adds the flags that every command has that asks a daemon. A token isn't a flag of its own: who lists the
// processes would see it.
func (a *asking) addFlags(flags *pflag.FlagSet) {
	a.flags = flags
	flags.StringVar(&a.api, "api", defaultAPI, "`URL` of the daemon (also $SHIPWAKE_URL)")
	flags.StringVar(&a.profile, "profile", "", "ask the daemon of this profile, by `name` (also $SHIPWAKE_PROFILE); see shipwake profiles")
	flags.StringVar(&a.TokenFile, "token-file", "", "`file` with a bearer token for the daemon (default $SHIPWAKE_TOKEN, the token itself)")
	flags.StringVar(&a.CAFile, "ca-file", "", "`file` with the authority of the daemon's certificate")
	flags.StringVar(&a.CertFile, "cert-file", "", "`file` with a client certificate")
	flags.StringVar(&a.KeyFile, "key-file", "", "`file` with its key")
}

// daemon is the client of the daemon to ask.
func (a *asking) daemon() (*client.Client, error) {
	from, err := a.resolve(os.Getenv)
	if err != nil {
		return nil, err
	}
	daemon, err := client.New(a.at, a.Access)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return daemon, nil
}

// resolve finds which daemon is meant, and says by what: the flags before the environment, and that before the profile that is in
// use. A profile comes whole: its token goes to its own URL and nowhere else.
func (a *asking) resolve(getenv func(string) string) (from string, err error) {
	given := a.flags != nil && a.flags.Changed("api")
	if given && a.profile != "" {
		return "", errors.New("--api and --profile both say which daemon to ask: give one of them")
	}
	a.at, from, a.Token = a.api, "--api", configopaque.String(getenv("SHIPWAKE_TOKEN"))
	switch url := getenv("SHIPWAKE_URL"); {
	case given:
		return from, nil
	case a.profile == "" && url != "":
		a.at = url
		return "SHIPWAKE_URL", nil
	}
	name := a.profile
	if name == "" {
		name = getenv("SHIPWAKE_PROFILE")
	}
	return a.resolveProfile(name, getenv)
}

// resolveProfile takes what a profile says, of none the one that is in use, if any.
func (a *asking) resolveProfile(name string, getenv func(string) string) (from string, err error) {
	file, err := profile.File(getenv)
	if err != nil {
		if name == "" { // a machine without a home has no profiles
			return "--api", nil
		}
		return "", err
	}
	all, err := profile.Read(file)
	if err != nil {
		return "", err
	}
	if name == "" {
		name = all.Current
	}
	if name == "" {
		return "--api", nil
	}
	p, err := all.Get(name, file)
	if err != nil {
		return "", err
	}
	a.at = p.URL
	a.adopt(p)
	return "profile " + name, nil
}

// adopt takes from a profile what no flag says.
func (a *asking) adopt(p profile.Profile) {
	if a.TokenFile == "" && (p.Token != "" || p.TokenFile != "") {
		a.Token, a.TokenFile = p.Token, p.TokenFile
	}
	if a.CAFile == "" {
		a.CAFile = p.CAFile
	}
	if a.CertFile == "" && a.KeyFile == "" {
		a.CertFile, a.KeyFile = p.CertFile, p.KeyFile
	}
}
