package setup

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/bcrypt"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) {
	passwordCost = bcrypt.MinCost
	os.Exit(m.Run())
}

// everything is a plan with every source.
func everything(t *testing.T, change func(*Answers)) *Plan {
	t.Helper()
	a := Defaults()
	a.Changes, a.Incidents, a.URL, a.DataDir = Changes(), Incidents(), "https://wake.example.org", "/var/lib/shipwake"
	if change != nil {
		change(&a)
	}
	p, err := Prepare(a, "/etc/shipwake/shipwake.yaml")
	require.NoError(t, err)
	return p
}

// guide is what is printed.
func guide(t *testing.T, p *Plan, shown bool) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.Guide(&b, shown))
	return b.String()
}

func TestEverySenderIsToldTheRightAddressAndSecret(t *testing.T) {
	p := everything(t, nil)
	for _, s := range p.senders(true) {
		text, err := s.text()
		require.NoError(t, err)
		for _, left := range []string{"shipwake.example.com", "127.0.0.1:8787/", "proxy in front of `", "Shipwake's configuration:", "Try it", "<no value>"} {
			require.NotContains(t, text, left, s.Name)
		}
		if _, sent := find(s.Name); !sent {
			continue
		}
		require.Contains(t, text, "https://wake.example.org/hooks/"+s.Name, s.Name)
		require.Contains(t, text, s.Variable, s.Name)
		if issued[s.Name] {
			require.NotContains(t, text, s.Secret, "%s makes its own", s.Name)
			require.Contains(t, text, "/etc/shipwake/environment", s.Name)
			continue
		}
		require.Contains(t, text, s.Secret, s.Name)
	}
}

func TestWhereNobodySeesItNoSecretIsPrinted(t *testing.T) {
	p := everything(t, func(a *Answers) { a.Messages, a.MessagesURL = "webhook", "https://hush.example.com/token" })
	hidden := guide(t, p, false)
	config, err := p.Configuration()
	require.NoError(t, err)
	for _, v := range p.Variables() {
		if v.Name == "SHIPWAKE_URL" {
			continue
		}
		require.NotContains(t, hidden, v.Value, v.Name)
		require.NotContains(t, string(config), v.Value, v.Name)
		user, password, pair := strings.Cut(v.Value, ":")
		if pair && user == "shipwake" {
			require.NotContains(t, hidden, password, v.Name)
		}
	}
	require.NotContains(t, hidden, string(p.Password))
}

// listings are the listings of a language in a text.
func listings(text, language string) (all []string) {
	for i, part := range strings.Split(text, "```"+language+"\n") {
		if i > 0 {
			listing, _, _ := strings.Cut(part, "\n```")
			all = append(all, listing+"\n")
		}
	}
	return all
}

func TestEveryListingInYAMLCanBeRead(t *testing.T) {
	for _, telemetry := range Telemetries() {
		for _, address := range []string{"http://localhost", "http://10.0.0.5", "https://wake.example.org"} {
			p := everything(t, func(a *Answers) { a.Telemetry, a.URL, a.PrometheusURL = telemetry, address, "http://prometheus:9090" })
			for _, s := range p.senders(true) {
				text, err := s.text()
				require.NoError(t, err)
				for _, listing := range listings(text, "yaml") {
					decoder := yaml.NewDecoder(strings.NewReader(listing))
					var read any
					for err = decoder.Decode(&read); err == nil; err = decoder.Decode(&read) {
					}
					require.True(t, errors.Is(err, io.EOF), "%s: %v\n%s", s.Name, err, listing)
				}
			}
		}
	}
}

func TestTheGuide(t *testing.T) {
	for name, a := range map[string]Answers{
		"local":  {Changes: []string{"generic"}, Telemetry: OTLP, URL: "http://localhost", Messages: None},
		"direct": {Changes: []string{"generic", "github", "jenkins"}, Incidents: []string{"alertmanager", "generic"}, Telemetry: RemoteWrite, URL: "http://10.0.0.5", Messages: None},
		"proxied": {Changes: []string{"argocd", "kubernetes"}, Incidents: []string{"pagerduty"}, Telemetry: Collector,
			URL: "https://wake.example.org", Messages: "slack", MessagesURL: "https://hooks.slack.com/services/T0/B0/x"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Prepare(a, "/etc/shipwake/shipwake.yaml")
			require.NoError(t, err)
			p.hash = "$2a$12$hash"
			config, err := p.Configuration()
			require.NoError(t, err)
			golden(t, name+".yaml", string(config))
			golden(t, name+".txt", guide(t, p, false))
		})
	}
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
