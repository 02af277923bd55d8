package setup

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
	"golang.org/x/crypto/bcrypt"

	"github.com/shipwake/shipwake/collector/source"
)

// issued are the sources whose secret the system makes: it shows it when the webhook is made there.
var issued = map[string]bool{"pagerduty": true, "incident-io": true, "rootly": true, "sentry": true, "vercel": true}

// secretOf makes a secret that the senders of a source can prove themselves by.
func secretOf(s source.Source) string {
	first := source.Scheme{}
	if len(s.Schemes) > 0 {
		first = s.Schemes[0]
	}
	switch {
	case first.Kind == source.Basic:
		return "shipwake:" + rand.Text() // user and password
	case first.KeyPrefix != "":
		return whsec()
	}
	return rand.Text()
}

// whsec makes a secret of Standard Webhooks, which any other scheme can use too.
func whsec() string {
	key := make([]byte, 24)
	_, _ = rand.Read(key) // it never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// passwordCost is how much work it is to try a password, as docs/roles.md has it. Only tests set another.
var passwordCost = 12

// password makes a password, and what the configuration holds in its place.
func password() (configopaque.String, string, error) {
	text := rand.Text()
	hash, err := bcrypt.GenerateFromPassword([]byte(text), passwordCost)
	return configopaque.String(text), string(hash), err
}

// variableOf is the variable with the secret of a source, as the built-in configuration names it.
func variableOf(name string) string {
	return "SHIPWAKE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_SECRET"
}
