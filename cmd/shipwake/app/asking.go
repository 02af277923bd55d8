package app

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
)

// asking is which daemon a command asks, and how it may.
type asking struct {
	api string
	client.Access
}

// addFlags adds the flags that every command has that asks a daemon. A token isn't a flag of its own: who lists the
// processes would see it.
func (a *asking) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&a.api, "api", defaultAPI, "`URL` of the daemon")
	flags.StringVar(&a.TokenFile, "token-file", "", "`file` with a bearer token for the daemon (default $SHIPWAKE_TOKEN, the token itself)")
	flags.StringVar(&a.CAFile, "ca-file", "", "`file` with the authority of the daemon's certificate")
	flags.StringVar(&a.CertFile, "cert-file", "", "`file` with a client certificate")
	flags.StringVar(&a.KeyFile, "key-file", "", "`file` with its key")
}

// unknownName gives an error about a name of which the daemon knows nothing the exit code for that.
func unknownName(err error) error {
	if errors.Is(err, client.ErrUnknownName) {
		return &exitError{exitUnknown, err}
	}
	return err
}

// daemon is the client of the daemon to ask.
func (a *asking) daemon() (*client.Client, error) {
	a.Token = configopaque.String(os.Getenv("SHIPWAKE_TOKEN"))
	daemon, err := client.New(a.api, a.Access)
	if err != nil {
		return nil, fmt.Errorf("--api: %w", err)
	}
	return daemon, nil
}
