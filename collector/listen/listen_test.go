package listen

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/confignet"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLoopback(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"127.0.0.1:1": true, "127.9.9.9:1": true, "[::1]:1": true, "localhost:1": true, "[::ffff:127.0.0.1]:1": true,
		"0.0.0.0:1": false, ":1": false, "[::]:1": false, "10.0.0.1:1": false, "example.com:1": false, "localhost.evil.com:1": false, "": false, "127.0.0.1": false,
	} {
		require.Equal(t, want, Loopback(confignet.AddrConfig{Transport: confignet.TransportTypeTCP, Endpoint: endpoint}), endpoint)
	}
	require.True(t, Loopback(confignet.AddrConfig{Transport: confignet.TransportTypeUnix, Endpoint: "/run/x"}))
}

func TestARequestMeantForThisMachineNamesIt(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1:8788": true, "127.0.0.1": true, "localhost:8788": true, "localhost": true, "[::1]:8788": true, "[::1]": true, "": true,
		"evil.example": false, "evil.example:8788": false, "127.0.0.1.evil.example": false, "localhost.evil.example": false,
		"0.0.0.0:8788": false, "10.0.0.7": false, "[::]:1": false, "a:b:c": false, "127.0.0.1:8788:9": false, " localhost": false,
	} {
		require.Equal(t, want, Local(&http.Request{Host: host}), "%q", host)
	}
}

func TestAPageMayNotPost(t *testing.T) {
	for name, c := range map[string]struct {
		header map[string]string
		want   bool
	}{
		"a program":                   {nil, false},
		"a page of another site":      {map[string]string{"Origin": "https://evil.example"}, true},
		"a page without an origin":    {map[string]string{"Origin": "null"}, true},
		"a browser says cross-site":   {map[string]string{"Sec-Fetch-Site": "cross-site"}, true},
		"another port of the machine": {map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:3000"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8787/hooks/generic", nil)
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			require.Equal(t, c.want, FromPage(r))
		})
	}
}

// limited is a server of at most so many connections; the path /wait answers when the channel is closed.
func limited(t *testing.T, most int, withTLS bool) (*httptest.Server, *limit, chan struct{}) {
	t.Helper()
	wait := make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if r.URL.Path == "/wait" {
			<-wait
		}
		fmt.Fprintf(w, "%d bytes", len(body))
	}))
	Limit(s.Config, most)
	l := s.Config.Handler.(*limit)
	if withTLS {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s, l, wait
}

func (l *limit) open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

func slow(t *testing.T, s *httptest.Server, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func requireClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err := io.ReadAll(conn)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection is still open")
}

func TestThoseThatWaitTheLongestGoFirst(t *testing.T) {
	s, l, _ := limited(t, 3, false)
	first := slow(t, s, "GET / HT")
	require.Eventually(t, func() bool { return l.open() == 1 }, time.Second, time.Millisecond)
	slow(t, s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab")
	require.Eventually(t, func() bool { return l.open() == 2 }, time.Second, time.Millisecond)
	slow(t, s, "")
	require.Eventually(t, func() bool { return l.open() == 3 }, time.Second, time.Millisecond)
	answer, err := s.Client().Post(s.URL, "text/plain", strings.NewReader("abc"))
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, "3 bytes", string(body))
	requireClosed(t, first)
	require.Equal(t, 3, l.open())
}

func TestARequestThatIsHereWholeIsAnswered(t *testing.T) {
	s, l, wait := limited(t, 2, false)
	working := slow(t, s, "POST /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab")
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.working.Len() == 1
	}, time.Second, time.Millisecond)
	for range 50 {
		slow(t, s, "GET / HT")
	}
	require.Eventually(t, func() bool { return l.open() == 2 }, time.Second, time.Millisecond)
	close(wait)
	require.NoError(t, working.SetReadDeadline(time.Now().Add(5*time.Second)))
	answer, err := io.ReadAll(working)
	require.NoError(t, err)
	require.Contains(t, string(answer), "2 bytes")
}

func TestReadersThatDoNotReadMakeRoomWhenNobodyWaits(t *testing.T) {
	s, l, wait := limited(t, 2, false)
	defer close(wait)
	for range 5 {
		slow(t, s, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	answer, err := s.Client().Get(s.URL)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.LessOrEqual(t, l.open(), 2)
}

func TestTheLimitHoldsOverTLSAndHTTP2(t *testing.T) {
	s, l, _ := limited(t, 4, true)
	for range 20 {
		slow(t, s, "\x16\x03\x01") // the beginning of a handshake
	}
	for range 3 {
		answer, err := s.Client().Get(s.URL)
		require.NoError(t, err)
		require.Equal(t, 2, answer.ProtoMajor)
		_, err = io.Copy(io.Discard, answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
	}
	require.LessOrEqual(t, l.open(), 4)
}
