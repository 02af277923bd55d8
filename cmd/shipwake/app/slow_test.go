package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The long form is `make slowloris`.
var (
	slowSenders = flag.Int("slow-senders", 300, "connections that trickle, for each listener")
	slowFor     = flag.Duration("slow-for", 2*time.Second, "how long they do")
	slowLongest = flag.Duration("slow-longest", 5*time.Second, "the longest time that another sender may wait meanwhile; a busy machine takes its own")
)

// trickle keeps a connection busy without ever finishing, and begins anew when it is closed.
func trickle(ctx context.Context, address, head, each string) {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	for ctx.Err() == nil {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			wait(ctx, 200*time.Millisecond)
			continue
		}
		_, err = io.WriteString(conn, head)
		for err == nil && wait(ctx, time.Second) {
			_, err = io.WriteString(conn, each)
		}
		_ = conn.Close()
		wait(ctx, 5*time.Second)
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// The attacks: a header that never ends, a body that never ends, a connection on which nothing is said.
func slowly(path string) map[string][2]string {
	return map[string][2]string{
		"header":  {"GET " + path + " HTTP/1.1\r\nHost: localhost\r\n", "X-A: b\r\n"},
		"body":    {"POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n", " "},
		"silence": {"", ""},
	}
}

// used is the resident memory in MiB and the open files of a process; zeros where /proc isn't.
func used(t *testing.T, pid int) (mib, files int) {
	t.Helper()
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		return 0, 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	open, err := os.ReadDir(filepath.Join(proc, "fd"))
	require.NoError(t, err)
	return kib / 1024, len(open)
}

// Senders that never finish hold a bounded part of the daemon, and everybody else is answered within a second.
func TestSlowSendersHoldUpNobody(t *testing.T) {
	for name, c := range map[string]struct {
		address func(*process) string
		path    string
		bounded bool // by max_connections; the OTLP receiver's connections only by its timeouts
	}{
		"webhooks": {func(p *process) string { return p.hooks }, "/hooks/generic", true},
		"web":      {func(p *process) string { return p.w }, "/api/v1/status", true},
		"OTLP":     {func(p *process) string { return p.otlp }, "/v1/traces", false},
	} {
		t.Run(name, func(t *testing.T) { slowSendersHoldUpNobody(t, c.address, c.path, c.bounded) })
	}
}

func slowSendersHoldUpNobody(t *testing.T, address func(*process) string, path string, bounded bool) {
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	if uint64(*slowSenders)+200 > limit.Max {
		t.Skipf("%d connections take more open files than this machine allows (%d)", *slowSenders, limit.Max)
	}
	p := newProcess(t)
	most := max(*slowSenders/10, 100)
	daemonWith(t, p, "", []string{
		fmt.Sprintf("--set=receivers.change_webhook.max_connections=%d", most),
		fmt.Sprintf("--set=extensions.correlate.readers.max_connections=%d", most),
	})
	_, before := used(t, p.cmd.Process.Pid)
	ctx, stop := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	defer senders.Wait()
	defer stop()
	kinds := slowly(path)
	for i := range *slowSenders {
		kind := kinds[[]string{"header", "body", "silence"}[i%3]]
		// 2000 a second: at once they would fill the kernel's queue of connections, whose overflow costs everybody a second.
		after := time.Duration(i) * time.Second / 2000
		senders.Go(func() {
			if wait(ctx, after) {
				trickle(ctx, address(p), kind[0], kind[1])
			}
		})
	}

	var took []time.Duration
	longest := map[string]time.Duration{}
	mostMiB, mostFiles, closed := 0, 0, 0
	for until, n := time.Now().Add(*slowFor), 0; time.Now().Before(until); n++ {
		client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		for url, body := range map[string]string{
			"http://" + p.hooks + "/hooks/generic": change(fmt.Sprintf("c-%d", n), "v1", time.Now()),
			"http://" + p.w + "/api/v1/status":     "",
			"http://" + p.otlp + "/v1/traces":      "{}",
		} {
			method := http.MethodPost
			if body == "" {
				method = http.MethodGet
			}
			began := time.Now()
			status, text, err := ask(t, client, method, url, map[string]string{"Content-Type": "application/json"}, body)
			if err != nil { // a sender that got no time to say anything; it comes again
				closed++
				status, text, err = ask(t, client, method, url, map[string]string{"Content-Type": "application/json"}, body)
			}
			require.NoError(t, err, url)
			require.Less(t, status, 300, text)
			took = append(took, time.Since(began))
			longest[url] = max(longest[url], took[len(took)-1].Round(time.Millisecond))
		}
		mib, files := used(t, p.cmd.Process.Pid)
		mostMiB, mostFiles = max(mostMiB, mib), max(mostFiles, files)
		wait(ctx, 50*time.Millisecond)
	}
	slices.Sort(took)
	t.Logf("%d slow connections, %d answers meanwhile (%d at the second try): median %s, longest %v; resident at most %d MiB, open files at most %d (before: %d)",
		*slowSenders, len(took), closed, took[len(took)/2].Round(10*time.Microsecond), longest, mostMiB, mostFiles, before)
	require.Less(t, took[len(took)-1], *slowLongest, "the longest answer")
	require.LessOrEqual(t, closed, 1+len(took)/20, "connections of others that were closed")
	if bounded {
		require.LessOrEqual(t, mostFiles, before+most+100)
	}
	require.LessOrEqual(t, mostMiB, 512)
}
