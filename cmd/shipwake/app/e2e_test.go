package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // to hold the ledger's database from outside

	"github.com/shipwake/shipwake/internal/freeport"
)

// process is a daemon in a process of its own, with the demo's short windows unless it has the usual ones.
type process struct {
	t              *testing.T
	dir            string
	otlp, hooks, w string
	cmd            *exec.Cmd
	log            string // the file that its output goes to
	more           []string
	usual          bool
}

func newProcess(t *testing.T) *process {
	t.Helper()
	if testing.Short() {
		t.Skip("runs a daemon for a while")
	}
	return &process{t: t, dir: t.TempDir(), otlp: freeAddress(t), hooks: freeAddress(t), w: freeAddress(t)}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address()
	require.NoError(t, err)
	return address
}

func (p *process) args() []string {
	configs := []string{"--config", builtinDefault, "--config", builtinDemo}
	if p.usual {
		configs = configs[:2]
	}
	return append(append(configs,
		"--data-dir", p.dir,
		"--set=receivers.otlp.protocols.grpc.endpoint=127.0.0.1:0",
		"--set=receivers.otlp.protocols.http.endpoint="+p.otlp,
		"--set=receivers.change_webhook.endpoint="+p.hooks,
		"--set=extensions.correlate.web.endpoint="+p.w,
	), p.more...)
}

// start runs the daemon until the test ends, and waits until it is ready.
func (p *process) start() {
	p.t.Helper()
	p.log = filepath.Join(p.t.TempDir(), "log")
	output, err := os.Create(p.log)
	require.NoError(p.t, err)
	defer output.Close()
	p.cmd = exec.Command(os.Args[0], p.args()...)
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	p.cmd.Stdout, p.cmd.Stderr = output, output
	require.NoError(p.t, p.cmd.Start())
	cmd := p.cmd
	p.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_, _ = cmd.Process.Kill(), cmd.Wait()
		}
	})
	p.ready()
}

// said is everything that the daemon has printed since its start.
func (p *process) said() string {
	text, err := os.ReadFile(p.log)
	require.NoError(p.t, err)
	return string(text)
}

func (p *process) ready() {
	p.t.Helper()
	for range 400 {
		if p.get("/-/ready") == http.StatusOK {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	require.FailNow(p.t, "the daemon is not ready", p.said())
}

// get is the status of an answer, 0 when there is none.
func (p *process) get(path string) int {
	answer, err := http.Get("http://" + p.w + path)
	if err != nil {
		return 0
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0
	}
	if err := answer.Body.Close(); err != nil {
		return 0
	}
	return answer.StatusCode
}

// post is the status and the header of an answer to a webhook.
func (p *process) post(body string) (int, http.Header) {
	p.t.Helper()
	answer, err := http.Post("http://"+p.hooks+"/hooks/generic", "application/json", strings.NewReader(body))
	require.NoError(p.t, err)
	require.NoError(p.t, answer.Body.Close())
	return answer.StatusCode, answer.Header
}

// end sends a signal and waits for the process to end.
func (p *process) end(signal syscall.Signal) error {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(signal))
	return p.cmd.Wait()
}

func change(id, version string, at time.Time) string {
	return fmt.Sprintf(`{"id":%q,"service":"checkout","version":%q,"status":"succeeded","started_at":%q,"finished_at":%q}`,
		id, version, at.UTC().Format(time.RFC3339), at.Add(time.Second).UTC().Format(time.RFC3339))
}

// report sends one interval of request metrics of each version: how many requests, how many of them failed.
func (p *process) report(requests map[string][2]int) {
	now := time.Now().UnixNano()
	var resources []string
	for version, n := range requests {
		point := func(count int, status int) string {
			return fmt.Sprintf(`{"startTimeUnixNano":"%d","timeUnixNano":"%d","count":"%d","sum":%g,"explicitBounds":[0.05,0.1],
				"bucketCounts":["0","%d","0"],"attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},
				{"key":"http.response.status_code","value":{"intValue":"%d"}}]}`,
				now-int64(250*time.Millisecond), now, count, 0.07*float64(count), count, status)
		}
		resources = append(resources, fmt.Sprintf(`{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}},
			{"key":"service.version","value":{"stringValue":%q}},{"key":"service.instance.id","value":{"stringValue":"i-%s"}}]},
			"scopeMetrics":[{"metrics":[{"name":"http.server.request.duration","unit":"s","histogram":{"aggregationTemporality":1,
			"dataPoints":[%s,%s]}}]}]}`, version, version, point(n[0]-n[1], 200), point(n[1], 500)))
	}
	body := `{"resourceMetrics":[` + strings.Join(resources, ",") + `]}`
	answer, err := http.Post("http://"+p.otlp+"/v1/metrics", "application/json", strings.NewReader(body))
	if err != nil {
		return // the daemon is down, as the story wants it
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
}

// traffic reports four times a second until the context ends; serving says what is served now.
func (p *process) traffic(ctx context.Context, serving func() map[string][2]int) (stopped <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			p.report(serving())
			select {
			case <-ctx.Done():
				return
			case <-time.After(250 * time.Millisecond):
			}
		}
	}()
	return done
}

func TestAnAcknowledgedDeployGetsItsVerdictThroughReloadAndKill(t *testing.T) {
	p := newProcess(t)
	told, logged := p.tell(t), p.tellBackend(t)
	p.start()
	ctx, stop := context.WithCancel(t.Context())
	deployed := make(chan struct{})
	sending := p.traffic(ctx, func() map[string][2]int {
		select {
		case <-deployed:
			return map[string][2]int{"v1": {50, 0}, "v2": {50, 15}}
		default:
			return map[string][2]int{"v1": {100, 0}}
		}
	})
	defer func() { stop(); <-sending }()
	time.Sleep(6 * time.Second) // a time before the change: telemetry is judged by the clock of the real world

	status, _ := p.post(change("checkout-1", "v2", time.Now()))
	require.Equal(t, http.StatusAccepted, status)
	close(deployed)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { return p.get("/-/ready") != http.StatusOK },
		5*time.Second, time.Millisecond)
	p.ready()
	require.Error(t, p.end(syscall.SIGKILL))
	p.start()
	code, stdout, stderr := shipwake(t, "verdict", "checkout-1", "--wait", "60s", "--api", "http://"+p.w)
	require.Equal(t, exitRegressed, code, "%s%s\n%s", stdout, stderr, p.said())
	require.Contains(t, stdout, "checkout v2 in production: REGRESSED")
	require.Contains(t, <-told, `"change_id":"checkout-1"`)
	require.Eventually(t, func() bool {
		outcomes, regression := logged.told("checkout-1")
		return outcomes["regressed"] && regression
	}, 30*time.Second, 50*time.Millisecond, "the pipeline of verdicts brings both to the backend")
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}

func TestWhatIsRefusedIsNotInTheLedger(t *testing.T) {
	p := newProcess(t)
	p.start()
	held, err := sql.Open("sqlite", filepath.Join(p.dir, "ledger.db"))
	require.NoError(t, err)
	defer held.Close()
	conn, err := held.Conn(t.Context())
	require.NoError(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)

	body := change("checkout-2", "v2", time.Now())
	status, header := p.post(body)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotEmpty(t, header.Get("Retry-After"))
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, errors.Join(err, conn.Close()))
	require.Equal(t, http.StatusNotFound, p.get("/api/v1/changes/checkout-2"))

	status, _ = p.post(body)
	require.Equal(t, http.StatusAccepted, status)
	require.Eventually(t, func() bool { return p.get("/api/v1/changes/checkout-2") == http.StatusOK }, 5*time.Second, 50*time.Millisecond)
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}

func TestTwoDaemonsOnOneDataDirectory(t *testing.T) {
	p := newProcess(t)
	p.start()
	second := newProcess(t)
	second.dir = p.dir
	code, _, stderr := shipwake(t, second.args()...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, p.dir)
	require.Contains(t, stderr, "another")
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}

func TestAPortInUseIsNamedWithItsSetting(t *testing.T) {
	for name, c := range map[string]struct {
		taken func(*process) *string
		want  string
	}{
		"OTLP":     {func(p *process) *string { return &p.otlp }, "receivers.otlp.protocols.http.endpoint"},
		"webhooks": {func(p *process) *string { return &p.hooks }, "receivers.change_webhook.endpoint"},
		"web":      {func(p *process) *string { return &p.w }, "extensions.correlate.web.endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer listener.Close()
			p := newProcess(t)
			*c.taken(p) = listener.Addr().String()
			code, _, stderr := shipwake(t, p.args()...)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, listener.Addr().String())
			require.Contains(t, stderr, "--set="+c.want+"=127.0.0.1:0")
		})
	}
}
