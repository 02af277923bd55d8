package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/cmd/shipwake/app/setup"
)

// madeUp is the host of the installation, a name that nobody resolves: as elsewhere, a machine of its own.
const madeUp = "shipwake.test"

// installation is one that init made, and a daemon that runs with it.
type installation struct {
	t         *testing.T
	dir       string
	addresses map[string]string // by listener
	printed   string            // by init
	client    *http.Client
}

// installed runs init with free ports and these flags.
func installed(t *testing.T, flags ...string) *installation {
	t.Helper()
	i := &installation{t: t, dir: t.TempDir(), addresses: map[string]string{}}
	args := append([]string{"init", i.dir, "--yes", "--show-secrets", "--url", "http://" + madeUp}, flags...)
	for _, listener := range setup.Listeners() {
		i.addresses[listener] = freeAddress(t)
		args = append(args, "--listen", listener+"="+i.addresses[listener])
	}
	code, stdout, stderr := shipwake(t, args...)
	require.Zero(t, code, stderr)
	i.printed = stdout
	dialer := &net.Dialer{}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, strings.Replace(address, madeUp, "127.0.0.1", 1))
	}}
	i.client = &http.Client{Transport: transport, Timeout: 10 * time.Second}
	t.Cleanup(transport.CloseIdleConnections)
	return i
}

// run runs the daemon in this process as init says, with short windows laid over, until the test ends.
func (i *installation) run() {
	i.t.Helper()
	require.Contains(i.t, i.printed, fmt.Sprintf("shipwake --env-file %s/environment --config builtin:default --config %s/shipwake.yaml\n", i.dir, i.dir))
	short := "yaml:extensions::correlate: {resolution: 1s, lateness: 1s, idle_after: 3s, window: {baseline: 4s, grace: 0s, min_healthy: 3s, watch: 6s}}"
	d := &daemon{ownSignals: true, configFlags: configFlags{
		envFiles: []string{filepath.Join(i.dir, "environment")},
		configs:  []string{builtinDefault, filepath.Join(i.dir, configName), short, "yaml:service::telemetry::logs::level: error"},
	}}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	i.t.Cleanup(func() {
		stop()
		require.NoError(i.t, <-done)
	})
}

// sh runs what is printed, as it is printed. The name of the host leads to this machine.
func (i *installation) sh(script string) {
	i.t.Helper()
	home := i.t.TempDir()
	require.NoError(i.t, os.WriteFile(filepath.Join(home, ".curlrc"), fmt.Appendf(nil, "connect-to = \"%s::127.0.0.1:\"\nfail-with-body\nsilent\nshow-error\n", madeUp), 0o600))
	cmd := exec.CommandContext(i.t.Context(), "sh", "-ec", script)
	cmd.Env = append(os.Environ(), "CURL_HOME="+home, "HOME="+home, "no_proxy=*")
	said, err := cmd.CombinedOutput()
	require.NoError(i.t, err, "%s\n%s", script, said)
}

// listings are those of a language that init printed.
func (i *installation) listings(language string) (all []string) {
	for n, part := range strings.Split(i.printed, "```"+language+"\n") {
		if n > 0 {
			listing, _, _ := strings.Cut(part, "```")
			all = append(all, listing)
		}
	}
	return all
}

// check is what init --check says, by the first words of a line whether it is ticked.
func (i *installation) check() (code int, ticked map[string]bool, said string) {
	i.t.Helper()
	code, said, _ = shipwake(i.t, "init", "--check", i.dir)
	ticked = map[string]bool{}
	for line := range strings.Lines(said) {
		mark, rest, _ := strings.Cut(line, " ")
		name, _, _ := strings.Cut(rest, "  ")
		ticked[name] = mark == "✓"
	}
	return code, ticked, said
}

// until waits until a step is ticked, and does something before each look.
func (i *installation) until(step string, before func()) {
	i.t.Helper()
	said := ""
	for range 600 {
		before()
		var ticked map[string]bool
		if _, ticked, said = i.check(); ticked[step] {
			return
		}
		time.Sleep(100 * time.Millisecond) // of the daemon's own clock
	}
	require.FailNow(i.t, step+" isn't ticked", said)
}

// measure sends an interval of a service's requests to where the variables for the SDKs say.
func (i *installation) measure() {
	var to, name, version string
	for _, listing := range i.listings("sh") {
		for line := range strings.Lines(listing) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			switch key {
			case "OTEL_EXPORTER_OTLP_ENDPOINT":
				to = value
			case "OTEL_SERVICE_NAME":
				name = value
			case "OTEL_RESOURCE_ATTRIBUTES":
				_, version, _ = strings.Cut(strings.Split(value, ",")[0], "=")
			}
		}
	}
	now := time.Now().UnixNano()
	body := fmt.Sprintf(`{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}},
		{"key":"service.version","value":{"stringValue":%q}},{"key":"deployment.environment.name","value":{"stringValue":"production"}}]},
		"scopeMetrics":[{"metrics":[{"name":"http.server.request.duration","unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[
		{"startTimeUnixNano":"%d","timeUnixNano":"%d","count":"20","sum":1.4,"explicitBounds":[0.05,0.1],"bucketCounts":["0","20","0"],
		"attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"http.response.status_code","value":{"intValue":"200"}}]}]}}]}]}]}`,
		name, version, now-int64(100*time.Millisecond), now)
	answer, err := i.client.Post(to+"/v1/metrics", "application/json", strings.NewReader(body))
	require.NoError(i.t, err)
	require.NoError(i.t, answer.Body.Close())
	require.Equal(i.t, http.StatusOK, answer.StatusCode)
}

// scrape reads the metrics as Prometheus would by the printed configuration.
func (i *installation) scrape() {
	i.t.Helper()
	var config struct {
		Scrapes []struct {
			Authorization struct{ Credentials string }
			Static        []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	for _, listing := range i.listings("yaml") {
		if strings.HasPrefix(listing, "scrape_configs:") {
			require.NoError(i.t, yaml.Unmarshal([]byte(listing), &config))
		}
	}
	require.Len(i.t, config.Scrapes, 1)
	job := config.Scrapes[0]
	request, err := http.NewRequestWithContext(i.t.Context(), http.MethodGet, "http://"+job.Static[0].Targets[0]+"/metrics", http.NoBody)
	require.NoError(i.t, err)
	request.Header.Set("User-Agent", "Prometheus/3.5.0")
	request.Header.Set("Authorization", "Bearer "+job.Authorization.Credentials)
	answer, err := i.client.Do(request)
	require.NoError(i.t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(i.t, errors.Join(err, answer.Body.Close()))
	require.Equal(i.t, http.StatusOK, answer.StatusCode)
}

// What init prints is done as it is printed, one after the other, and each is ticked.
func TestAnInstallationComesToItsFirstVerdict(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a daemon for a while")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	i := installed(t, "--changes", "generic,github", "--incidents", "generic,alertmanager")
	code, _, said := i.check()
	require.Equal(t, exitAway, code, said)
	require.Contains(t, said, "· daemon up")
	i.run()
	i.until("daemon up", func() {})
	code, ticked, said := i.check()
	require.Equal(t, exitIncomplete, code, said)
	require.Equal(t, map[string]bool{"daemon up": true, "first telemetry": false, "first change": false, "names meet": false,
		"scraped by Prometheus": false, "first incident": false, "first verdict": false}, ticked, said)

	i.until("first telemetry", i.measure)
	var changes, incidents int
	for _, listing := range i.listings("sh") {
		switch {
		case !strings.HasPrefix(listing, "curl"):
		case strings.Contains(listing, "incident"):
			incidents++
			i.sh(listing)
		default:
			changes++
			i.sh(listing)
		}
	}
	require.Equal(t, 1, changes)
	require.Equal(t, 1, incidents)
	i.until("names meet", i.measure)
	i.scrape()
	i.until("scraped by Prometheus", i.measure)
	i.until("first incident", i.measure)
	code, _, said = i.check()
	require.Equal(t, exitSetUp, code, said)
	require.Contains(t, said, "from checkout\n")
	require.Contains(t, said, "checkout v2 in production, from generic\n")
	require.Contains(t, said, "INC-42 from generic\n")
	i.until("first verdict", i.measure)
	i.signIn()
	i.refuses()
}

// signIn reads a page as the user whose password was printed.
func (i *installation) signIn() {
	i.t.Helper()
	_, rest, ok := strings.Cut(i.printed, "Sign in as admin with the password ")
	require.True(i.t, ok)
	request, err := http.NewRequestWithContext(i.t.Context(), http.MethodGet, "http://"+madeUp+i.port("web")+"/api/v1/status", http.NoBody)
	require.NoError(i.t, err)
	request.SetBasicAuth("admin", strings.Fields(rest)[0])
	answer, err := i.client.Do(request)
	require.NoError(i.t, err)
	require.NoError(i.t, answer.Body.Close())
	require.Equal(i.t, http.StatusOK, answer.StatusCode)
}

func (i *installation) port(listener string) string {
	_, port, err := net.SplitHostPort(i.addresses[listener])
	require.NoError(i.t, err)
	return ":" + port
}

// refuses: whoever brings no secret reads nothing, and a source that wasn't chosen takes nothing.
func (i *installation) refuses() {
	i.t.Helper()
	for address, want := range map[string]int{
		"http://" + madeUp + i.port("web") + "/metrics":         http.StatusUnauthorized,
		"http://" + madeUp + i.port("hooks") + "/hooks/generic": http.StatusUnauthorized,
		"http://" + madeUp + i.port("hooks") + "/hooks/gitlab":  http.StatusForbidden,
	} {
		method, body := http.MethodGet, io.Reader(http.NoBody)
		if strings.Contains(address, "/hooks/") {
			method, body = http.MethodPost, strings.NewReader("{}")
		}
		request, err := http.NewRequestWithContext(i.t.Context(), method, address, body)
		require.NoError(i.t, err)
		request.Header.Set("Content-Type", "application/json")
		answer, err := i.client.Do(request)
		require.NoError(i.t, err)
		require.NoError(i.t, answer.Body.Close())
		require.Equal(i.t, want, answer.StatusCode, address)
	}
}

func TestWhateverIsAnsweredTheConfigurationIsRight(t *testing.T) {
	t.Setenv("SHIPWAKE_MESSAGES_URL", "https://messages.example.com/services/T0/B0/hush")
	all := strings.Join(setup.Changes(), ",")
	for name, flags := range map[string][]string{
		"nothing":                         nil,
		"every source, behind a proxy":    {"--changes", all, "--incidents", strings.Join(setup.Incidents(), ","), "--url", "https://shipwake.example.com", "--messages", "slack"},
		"a Prometheus is asked":           {"--telemetry", "prometheus", "--prometheus-url", "http://prometheus:9090", "--url", "http://10.0.0.5", "--messages", "teams"},
		"a Prometheus pushes":             {"--telemetry", "remote-write", "--messages", "webhook"},
		"a Collector, and another folder": {"--telemetry", "collector", "--data-dir", t.TempDir() + "/a $b"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			code, stdout, stderr := shipwake(t, append([]string{"init", dir, "--yes"}, flags...)...)
			require.Zero(t, code, stderr)
			require.NotContains(t, stdout, "hush", "no terminal, no secret")
			variables, err := setup.ReadVariables(filepath.Join(dir, "environment"))
			require.NoError(t, err)
			for name, secret := range variables {
				if name != "SHIPWAKE_URL" {
					require.NotContains(t, stdout, secret, name)
				}
			}
			code, _, stderr = shipwake(t, "validate", "--env-file", filepath.Join(dir, "environment"), "--config", builtinDefault, "--config", filepath.Join(dir, configName))
			require.Zero(t, code, stderr)
			code, _, stderr = shipwake(t, "validate", "--config", builtinDefault, "--config", filepath.Join(dir, configName))
			require.Equal(t, 1, code, "without the secrets it doesn't start")
			require.Contains(t, stderr, "is empty: set it (is an environment variable unset?)")
		})
	}
}

// everythingArrived serves, at an address, a daemon at which everything has arrived.
func everythingArrived(t *testing.T, address string) {
	t.Helper()
	mux := http.NewServeMux()
	for path, answer := range map[string]string{
		"/api/v1/status":    `{"ready":true,"version":"v1","watermark":"2026-03-01T10:00:00Z","counts":[{"what":"scraped","source":"prometheus","result":"served","value":4}]}`,
		"/api/v1/changes":   `{"changes":[{"id":"c-1","service":"checkout","version":"v2","environment":"production","source":"github"}]}`,
		"/api/v1/incidents": `{"incidents":[]}`,
		"/api/v1/names":     `{"met":1,"told":[],"heard":[]}`,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") { // of the file with the variables
				fmt.Fprint(w, answer)
				return
			}
			w.WriteHeader(http.StatusUnauthorized)
		})
	}
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
}

func TestInitWaitsUntilEverythingHasArrived(t *testing.T) {
	address := freeAddress(t)
	args := func(more ...string) []string {
		return append([]string{"init", t.TempDir(), "--yes", "--wait", "--url", "http://10.0.0.5", "--listen", "web=" + address}, more...)
	}
	code, stdout, stderr := shipwake(t, args("--timeout", "1ms")...)
	require.Equal(t, exitIncomplete, code, stderr)
	require.Contains(t, stdout, "· daemon up")
	everythingArrived(t, address)
	code, stdout, stderr = shipwake(t, args()...)
	require.Zero(t, code, stderr)
	_, ticks, ok := strings.Cut(stdout, "goes on.\n\n")
	require.True(t, ok, stdout)
	require.Equal(t, `✓ daemon up              version v1
✓ first telemetry        from checkout
✓ first change           checkout v2 in production, from github
✓ names meet             changes and telemetry call the same thing the same
✓ scraped by Prometheus  by prometheus, since the daemon started: 4
`, ticks)
}

func TestAnAddressThatASinkRefusesLeavesNothingBehind(t *testing.T) {
	t.Setenv("SHIPWAKE_MESSAGES_URL", "https://10.0.0.1/hush")
	dir := t.TempDir()
	code, _, stderr := shipwake(t, "init", dir, "--yes", "--messages", "slack")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "the configuration of these answers can't be used, and nothing is written")
	require.Contains(t, stderr, "the address 10.0.0.1 is refused")
	require.NotContains(t, stderr, "hush")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// The listing for a Collector is laid over this program, which is one.
func TestTheListingForACollectorIsRight(t *testing.T) {
	i := installed(t, "--telemetry", "collector")
	file := filepath.Join(t.TempDir(), "collector.yaml")
	for _, listing := range i.listings("yaml") {
		if strings.HasPrefix(listing, "exporters:") {
			require.NoError(t, os.WriteFile(file, []byte(listing), 0o600))
		}
	}
	code, _, stderr := shipwake(t, "validate", "--config", builtinDefault, "--config", file)
	require.Zero(t, code, stderr)
}

// With promtool and amtool, where there are any (make e2e-prometheus gets them): they check what is printed for them.
func TestPrometheusListingsOfInitAreRight(t *testing.T) {
	for _, tool := range []struct{ variable, telemetry, begins, before string }{
		{"SHIPWAKE_TEST_PROMTOOL", "otlp", "scrape_configs:", ""},
		{"SHIPWAKE_TEST_PROMTOOL", "remote-write", "remote_write:", ""},
		{"SHIPWAKE_TEST_AMTOOL", "otlp", "receivers:", ""},
	} {
		t.Run(tool.variable+" "+tool.begins, func(t *testing.T) {
			binary := os.Getenv(tool.variable)
			if binary == "" {
				t.Skip("$" + tool.variable + " is not set")
			}
			i := installed(t, "--telemetry", tool.telemetry, "--incidents", "alertmanager")
			for _, listing := range i.listings("yaml") {
				if !strings.HasPrefix(listing, tool.begins) {
					continue
				}
				file := filepath.Join(t.TempDir(), "listing.yaml")
				args := []string{"check", "config", file}
				if tool.begins == "receivers:" { // laid beside what every Alertmanager has
					listing = strings.Replace(listing, "route:\n", "  - name: people\nroute:\n  receiver: people\n", 1)
					args = []string{"check-config", file}
				}
				require.NoError(t, os.WriteFile(file, []byte(listing), 0o600))
				said, err := exec.CommandContext(t.Context(), binary, args...).CombinedOutput()
				require.NoError(t, err, "%s\n%s", said, listing)
				return
			}
			require.Fail(t, "there is no such listing", i.printed)
		})
	}
}

func TestWhoIsAskedAnswersAtATerminalOnly(t *testing.T) {
	dir := t.TempDir()
	root := newRoot()
	var out bytes.Buffer
	root.SetArgs([]string{"init", dir})
	root.SetIn(strings.NewReader("github\n"))
	root.SetOut(&out)
	require.NoError(t, root.ExecuteContext(t.Context()))
	require.NotContains(t, out.String(), "Five questions")
	variables, err := setup.ReadVariables(filepath.Join(dir, "environment"))
	require.NoError(t, err)
	require.Contains(t, variables, "SHIPWAKE_GENERIC_SECRET", "the default")
	_, err = url.Parse(variables["SHIPWAKE_URL"])
	require.NoError(t, err)
}

func TestVariablesOfAFileYieldToTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "environment")
	require.NoError(t, os.WriteFile(file, []byte("SHIPWAKE_TEST_A=127.0.0.1:1111\nSHIPWAKE_TEST_B=127.0.0.1:2222\n"), 0o600))
	t.Setenv("SHIPWAKE_TEST_B", "127.0.0.1:3333")
	conf, err := resolve(resolver([]string{"yaml:{a: '${env:SHIPWAKE_TEST_A}', b: '${env:SHIPWAKE_TEST_B}', c: '${env:SHIPWAKE_TEST_C:-4}'}"}, file))
	require.NoError(t, err)
	require.Equal(t, map[string]any{"a": "127.0.0.1:1111", "b": "127.0.0.1:3333", "c": 4}, conf.ToStringMap())
	_, err = resolve(resolver([]string{"yaml:{a: '${env:SHIPWAKE_TEST_A}'}"}, file+".not"))
	require.ErrorContains(t, err, "no such file")
}
