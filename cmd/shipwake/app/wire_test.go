package app

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// raw sends bytes as they are, and returns the answers until the connection ends or nothing more comes.
func raw(t *testing.T, address, text string) (answers []*http.Response, bodies []string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	for {
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Second)))
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			return answers, bodies
		}
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		answers, bodies = append(answers, answer), append(bodies, string(body))
		if answer.Close {
			return answers, bodies
		}
	}
}

// What a proxy in front might understand otherwise than we do is refused, and what comes after it on the connection is
// never taken for a request of its own.
func TestWhatProxiesDisagreeAboutIsRefused(t *testing.T) {
	p := newProcess(t)
	p.start()
	const smuggled = "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for name, c := range map[string]struct {
		head   string
		status []int
	}{
		"a length and chunks":              {"POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []int{400}},
		"two lengths":                      {"POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 60\r\n\r\n", []int{400}},
		"a length with a sign":             {"POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\n\r\n", []int{400}},
		"a length that isn't":              {"POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5,5\r\n\r\n", []int{400}},
		"chunks by another name":           {"POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n", []int{501}},
		"chunks twice":                     {"POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", []int{400, 501}},
		"a space before the colon":         {"POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n", []int{400}},
		"a chunk size that isn't":          {"POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", []int{400}},
		"no host":                          {"GET /api/v1/status HTTP/1.1\r\n\r\n", []int{400}},
		"two hosts":                        {"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n", []int{400}},
		"a host with a path":               {"GET /api/v1/status HTTP/1.1\r\nHost: localhost/evil\r\n\r\n", []int{400}},
		"a header without a name":          {"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n", []int{400}},
		"a zero byte in a header":          {"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nX-A: a\x00b\r\n\r\n", []int{400}},
		"a header of 64 KiB":               {"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nX-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", []int{431}},
		"another protocol":                 {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{400, 404, 405, 505}},
		"a version that isn't":             {"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", []int{400, 505}},
		"a tunnel":                         {"CONNECT evil:80 HTTP/1.1\r\nHost: evil:80\r\n\r\n", []int{400, 403, 404, 405}},
		"the request of a proxy elsewhere": {"GET http://evil/api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{403, 404}},
	} {
		for listener, address := range map[string]string{"webhooks": p.hooks, "web": p.w} {
			t.Run(name+", to "+listener, func(t *testing.T) {
				answers, bodies := raw(t, address, c.head+smuggled)
				require.NotEmpty(t, answers)
				// Of a length and chunks the chunks count (RFC 9112, 6.3), so that request is whole, and refused for its
				// body; what follows is one of its own.
				if len(answers) > 1 && name != "a length and chunks" {
					require.NotContains(t, []int{400, 431, 501, 505}, answers[0].StatusCode)
				}
				if listener == "web" && strings.HasPrefix(c.head, "POST") && answers[0].StatusCode != 400 {
					require.GreaterOrEqual(t, answers[0].StatusCode, 403) // nothing is taken here, so its body isn't read
				} else if listener == "web" || strings.HasPrefix(c.head, "POST") {
					require.Contains(t, c.status, answers[0].StatusCode, bodies[0])
				} else {
					require.GreaterOrEqual(t, answers[0].StatusCode, 400)
				}
			})
		}
	}
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}

// No path leads out of what is served, and every answer to a browser says what it may do with it.
func TestPathsAndHeaders(t *testing.T) {
	p := newProcess(t)
	p.start()
	for _, path := range []string{
		"/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/api/v1/../../../etc/passwd", "/api/v1/changes/..%2f..%2fetc%2fpasswd",
		"/api/v1/changes/%00", "/.git/config", "/shipwake-data/ledger.db", "/debug/pprof/", "/debug/vars", "//etc/passwd", "/api/v1/changes/%ff", "/\\..\\..",
	} {
		answers, bodies := raw(t, p.w, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		require.Len(t, answers, 1, path)
		require.NotContains(t, bodies[0], "root:", path)
		require.Contains(t, []int{301, 307, 308, 400, 404}, answers[0].StatusCode, path)
		if to := answers[0].Header.Get("Location"); to != "" {
			require.Regexp(t, `^/[^/\\]|^/$`, to, "%s: a redirect stays here", path)
		}
		answers, _ = raw(t, p.hooks, "POST "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
		require.Contains(t, []int{301, 307, 308, 400, 404}, answers[0].StatusCode, path)
	}
	for _, path := range []string{"/", "/metrics", "/api/v1/status", "/api/v1/changes", "/api/v1/changes/none", "/api/v1/dora", "/api/none", "/none", "/-/ready"} {
		answers, _ := raw(t, p.w, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n")
		header := answers[0].Header
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "DENY", header.Get("X-Frame-Options"), path)
		require.Equal(t, "same-origin", header.Get("Cross-Origin-Resource-Policy"), path)
		require.Equal(t, "same-origin", header.Get("Referrer-Policy"), path)
		require.Empty(t, header.Get("Access-Control-Allow-Origin"), path)
		require.Empty(t, header.Get("Server"), path)
		if strings.HasPrefix(header.Get("Content-Type"), "text/html") {
			require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'", path)
			require.NotContains(t, header.Get("Content-Security-Policy"), "unsafe", path)
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "TRACE", "PATCH"} {
			answers, bodies := raw(t, p.w, method+" "+path+" HTTP/1.1\r\nHost: localhost\r\nX-Echo: mirror\r\nConnection: close\r\n\r\n")
			require.GreaterOrEqual(t, answers[0].StatusCode, 400, method+" "+path)
			require.NotContains(t, bodies[0], "mirror")
		}
	}
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}
