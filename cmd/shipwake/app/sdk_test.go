package app

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// sdkUser is a program that a real OpenTelemetry SDK instruments.
type sdkUser struct {
	name    string
	command func(folder, app string) *exec.Cmd
	grpc    bool          // its default protocol
	before  time.Duration // for how long the old version serves alone: with and without an export of its metrics
}

func sdks() []sdkUser {
	return []sdkUser{
		{"python", func(folder, app string) *exec.Cmd {
			bin := filepath.Join(folder, "python", "bin")
			return exec.Command(filepath.Join(bin, "opentelemetry-instrument"), filepath.Join(bin, "python"), filepath.Join(app, "shop.py"))
		}, true, 65 * time.Second},
		{"node", func(folder, app string) *exec.Cmd {
			register := filepath.Join(folder, "node", "node_modules", "@opentelemetry", "auto-instrumentations-node", "build", "src", "register.js")
			return exec.Command("node", "--require", register, filepath.Join(app, "shop.js"))
		}, false, 20 * time.Second},
	}
}

// TestSDKsAtTheirDefaultsHaveOneVerdict: the SDKs tell each request by a span within seconds and by a metric once a minute. A
// fault that both tell has one verdict, given by the spans, and keeps it.
func TestSDKsAtTheirDefaultsHaveOneVerdict(t *testing.T) {
	folder := os.Getenv("SHIPWAKE_TEST_SDK")
	if folder == "" {
		t.Skip("make e2e-sdk runs it: it needs python3 and node, and five minutes")
	}
	app, err := filepath.Abs(filepath.Join("testdata", "sdk"))
	require.NoError(t, err)
	for _, s := range sdks() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.requireOneVerdict(t, folder, app)
		})
	}
}

func (s *sdkUser) requireOneVerdict(t *testing.T, folder, app string) {
	p := newProcess(t)
	p.usual = true
	grpc := freeAddress(t)
	p.more = []string{"--set=receivers.otlp.protocols.grpc.endpoint=" + grpc}
	p.start()
	endpoint := p.otlp
	if s.grpc {
		endpoint = grpc
	}
	serve := func(version, fails string) (url string) {
		address := freeAddress(t)
		s.serve(t, s.command(folder, app), "http://"+endpoint, version, fails, address)
		return "http://" + address + "/pay/book"
	}
	askOften(t, serve("v1", "0"))
	time.Sleep(s.before) // the SDK tells by the clock of the real world
	failing := serve("v2", "0.3")
	began := time.Now()
	status, _ := p.post(`{"id":"c","service":"shop","version":"v2","started_at":"` + began.UTC().Format(time.RFC3339) + `","status":"started"}`)
	require.Equal(t, http.StatusAccepted, status)
	askOften(t, failing)

	const watch, due = 4 * time.Minute, 2 * time.Minute // half of which a busy machine may take
	var first time.Time
	for first.IsZero() || time.Since(began) < watch {
		time.Sleep(500 * time.Millisecond)
		all := p.verdictsOf(t, "c")
		if len(all) == 0 {
			require.Less(t, time.Since(began), due, "a verdict is due: %s", p.said())
			continue
		}
		if first.IsZero() {
			first = time.Now()
			t.Logf("%s after %s", all[0].Outcome, first.Sub(began).Round(time.Second))
		}
		require.Len(t, all, 1, "%+v", all)
		require.Equal(t, correlate.Regressed, all[0].Outcome)
		require.Equal(t, correlate.ReasonErrorRatio, all[0].Reason)
		require.WithinDuration(t, began, *all[0].OnsetAt, 20*time.Second)
	}
	code, stdout, _ := shipwake(t, "verdict", "c", "--api", "http://"+p.w)
	require.Equal(t, exitRegressed, code, stdout)
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}

// serve runs a shop until the test ends, and waits until it answers.
func (s *sdkUser) serve(t *testing.T, cmd *exec.Cmd, endpoint, version, fails, address string) {
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer log.Close()
	cmd.Env = append(os.Environ(), "OTEL_SERVICE_NAME=shop", "OTEL_RESOURCE_ATTRIBUTES=service.version="+version,
		"OTEL_EXPORTER_OTLP_ENDPOINT="+endpoint, "PORT="+portOf(address), "FAIL="+fails)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + address + "/pay/book")
		return err == nil && answer.Body.Close() == nil
	}, 2*time.Minute, 100*time.Millisecond, "see %s", log.Name())
}

// askOften sends twenty requests in a second until the test ends.
func askOften(t *testing.T, url string) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			if answer, err := http.Get(url); err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	t.Cleanup(func() { stop(); <-done })
}

// verdictsOf are all verdicts that a change was given.
func (p *process) verdictsOf(t *testing.T, id string) []correlate.Verdict {
	answer, err := http.Get("http://" + p.w + "/api/v1/changes/" + id)
	require.NoError(t, err)
	defer answer.Body.Close()
	var c struct {
		Verdicts []correlate.Verdict `json:"verdicts"`
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&c))
	return c.Verdicts
}

func portOf(address string) string { return address[len("127.0.0.1:"):] }
