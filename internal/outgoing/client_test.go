package outgoing

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// names is a DNS server in memory. Each look-up of a name takes the next of its answers, and stays with the last.
type names struct {
	mu      sync.Mutex
	answers map[string][][]string
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go n.serve(theirs)
		return ours, nil
	}}
}

// serve answers one question in DNS over a stream: a length, then the message.
func (n *names) serve(c net.Conn) {
	defer c.Close()
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return
	}
	question := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, question); err != nil {
		return
	}
	answer := n.answer(question)
	_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
}

// answer repeats the question and adds A records.
func (n *names) answer(question []byte) []byte {
	at := 12
	var labels []string
	for question[at] != 0 {
		labels = append(labels, string(question[at+1:at+1+int(question[at])]))
		at += 1 + int(question[at])
	}
	kind := binary.BigEndian.Uint16(question[at+1:])
	answer := append([]byte{}, question[:at+5]...)
	var addresses []string
	if kind == 1 {
		addresses = n.next(strings.Join(labels, "."))
	}
	answer[2], answer[3] = 0x81, 0x80
	binary.BigEndian.PutUint16(answer[6:], uint16(len(addresses)))
	binary.BigEndian.PutUint32(answer[8:], 0)
	for _, a := range addresses {
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		answer = append(answer, netip.MustParseAddr(a).AsSlice()...)
	}
	return answer
}

func (n *names) next(name string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.answers[name]
	if len(all) == 0 {
		return nil
	}
	if len(all) > 1 {
		n.answers[name] = all[1:]
	}
	return all[0]
}

// receiver counts the requests that reach it.
func receiver(t *testing.T, h http.HandlerFunc) (port string, reached *atomic.Int64) {
	reached = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		if h != nil {
			h(w, r)
		}
	}))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	return port, reached
}

func post(t *testing.T, g *Guard, to string) (*http.Response, error) {
	client := g.Client(nil, nil)
	t.Cleanup(client.CloseIdleConnections)
	return postWith(t, client, to)
}

func postWith(t *testing.T, client *http.Client, to string) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader("{}"))
	require.NoError(t, err)
	answer, _, err := Ask(client, request, 0)
	return answer, err
}

func TestTheConnectionIsRefusedWhateverTheURLLooksLike(t *testing.T) {
	port, reached := receiver(t, nil)
	g := guard(t)
	g.resolver = (&names{answers: map[string][][]string{"hook.example.": {{"127.0.0.1"}}, "hook.example": {{"127.0.0.1"}}}}).resolver()
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "hook.example", "0.0.0.0", "[::]"} {
		_, err := post(t, g, "http://user:hush@"+host+":"+port+"/token")
		var refused *Refused
		require.ErrorAs(t, err, &refused, host)
		require.ErrorContains(t, err, key)
		require.NotContains(t, err.Error(), "hush")
		require.NotContains(t, err.Error(), "token")
	}
	require.Zero(t, reached.Load())
}

func TestANameThatIsBoundAnewIsRefused(t *testing.T) {
	port, reached := receiver(t, nil)
	// Whoever checked the name before it was called would have seen a harmless address.
	dns := &names{answers: map[string][][]string{"rebind.example": {{"127.0.0.2"}, {"127.0.0.1"}}}}
	g := guard(t, "127.0.0.2")
	g.resolver = dns.resolver()
	require.NoError(t, g.Check("rebind.example", netip.MustParseAddr(dns.next("rebind.example")[0])))
	_, err := post(t, g, "http://rebind.example:"+port)
	require.ErrorContains(t, err, "the address 127.0.0.1 of rebind.example is refused (loopback)")
	require.Zero(t, reached.Load())
}

func TestOfSeveralAddressesOnlyTheOpenOnesAreTried(t *testing.T) {
	port, reached := receiver(t, nil)
	g := guard(t, "127.0.0.1")
	g.resolver = (&names{answers: map[string][][]string{"two.example": {{"169.254.169.254", "127.0.0.1"}}}}).resolver()
	answer, err := post(t, g, "http://two.example:"+port)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.EqualValues(t, 1, reached.Load())
}

func TestAHostOnTheListIsReachedInsideButNotAtTheMetadata(t *testing.T) {
	port, reached := receiver(t, nil)
	g := guard(t, "hook.svc")
	g.resolver = (&names{answers: map[string][][]string{"hook.svc": {{"127.0.0.1"}, {"169.254.169.254"}}}}).resolver()
	_, err := post(t, g, "http://hook.svc:"+port)
	require.NoError(t, err)
	require.EqualValues(t, 1, reached.Load())
	_, err = post(t, g, "http://hook.svc:"+port)
	require.ErrorContains(t, err, "169.254.169.254 of hook.svc is refused (cloud metadata)")
}

func TestARedirectIsNotFollowed(t *testing.T) {
	port, reached := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusTemporaryRedirect)
	})
	answer, err := post(t, guard(t, "loopback"), "http://127.0.0.1:"+port)
	require.NoError(t, err)
	require.Equal(t, http.StatusTemporaryRedirect, answer.StatusCode)
	require.EqualValues(t, 1, reached.Load())
}

func TestTheEnvironmentNamesNoProxy(t *testing.T) {
	proxyPort, proxied := receiver(t, nil)
	port, reached := receiver(t, nil)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, "http://127.0.0.1:"+proxyPort)
	}
	_, err := post(t, guard(t, "loopback"), "http://127.0.0.1:"+port)
	require.NoError(t, err)
	require.Zero(t, proxied.Load())
	require.EqualValues(t, 1, reached.Load())
}

func TestAProxyIsCheckedLikeAnybodyElse(t *testing.T) {
	port, proxied := receiver(t, nil)
	proxy := &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}
	_, err := postWith(t, guard(t).Client(nil, proxy), "http://hook.example")
	require.ErrorContains(t, err, "refused (loopback)")
	client := guard(t, "loopback").Client(nil, proxy)
	t.Cleanup(client.CloseIdleConnections)
	_, err = postWith(t, client, "http://hook.example")
	require.NoError(t, err, "the proxy resolves the name")
	require.EqualValues(t, 1, proxied.Load())
}

func TestAHugeAnswerIsNotReadToItsEnd(t *testing.T) {
	const huge = 1 << 30
	var written atomic.Int64
	ended := make(chan struct{})
	port, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		block := make([]byte, 1<<20)
		for written.Load() < huge {
			n, err := w.Write(block)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	answer, err := post(t, guard(t, "loopback"), "http://127.0.0.1:"+port)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	<-ended
	require.Less(t, written.Load(), int64(huge)/8)
}

func TestAHugeHeaderAndNonsenseAreErrors(t *testing.T) {
	port, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
	})
	_, err := post(t, guard(t, "loopback"), "http://127.0.0.1:"+port+"/hush")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hush")
	require.False(t, errors.Is(err, context.DeadlineExceeded))
}
