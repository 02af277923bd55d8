package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// authority signs certificates. Its files, and those of what it signs, are PEM.
type authority struct {
	t    *testing.T
	dir  string
	name string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir(), name: name}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.key = newKey(t)
	a.cert = a.sign(template, "ca", a.key, template)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func (a *authority) sign(template *x509.Certificate, name string, key *ecdsa.PrivateKey, parent *x509.Certificate) *x509.Certificate {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, a.key)
	require.NoError(a.t, err)
	secret, err := x509.MarshalECPrivateKey(key)
	require.NoError(a.t, err)
	for file, block := range map[string]*pem.Block{
		a.certFile(name): {Type: "CERTIFICATE", Bytes: der}, a.keyFile(name): {Type: "EC PRIVATE KEY", Bytes: secret},
	} {
		require.NoError(a.t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	}
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert
}

func (a *authority) certFile(name string) string { return filepath.Join(a.dir, name+".pem") }
func (a *authority) keyFile(name string) string  { return filepath.Join(a.dir, name+"-key.pem") }

// issue makes a certificate for a server on this machine, or for a client.
func (a *authority) issue(name string, usage x509.ExtKeyUsage) {
	a.t.Helper()
	a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{usage}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}, name, newKey(a.t), a.cert)
}

// client is how somebody with that certificate ("" for none) of an authority connects to servers of this one.
func (a *authority) client(of *authority, name string) *tls.Config {
	a.t.Helper()
	config := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	config.RootCAs.AddCert(a.cert)
	if name != "" {
		pair, err := tls.LoadX509KeyPair(of.certFile(name), of.keyFile(name))
		require.NoError(a.t, err)
		// Sent whatever authorities the server asks for.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return config
}

// daemonWith runs a daemon with a configuration laid over the default one, and waits until it says that it serves.
func daemonWith(t *testing.T, p *process, config string, sets []string, environment ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "laid-over.yaml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	p.log = filepath.Join(t.TempDir(), "log")
	output, err := os.Create(p.log)
	require.NoError(t, err)
	defer output.Close()
	p.cmd = exec.Command(os.Args[0], append(append(p.args(), "--config", file), sets...)...)
	p.cmd.Env = append(append(os.Environ(), asProgram+"=1"), environment...)
	p.cmd.Stdout, p.cmd.Stderr = output, output
	require.NoError(t, p.cmd.Start())
	cmd := p.cmd
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_, _ = cmd.Process.Kill(), cmd.Wait()
		}
	})
	for range 400 {
		if conn, err := net.Dial("tcp", p.otlp); err == nil { // the receivers start last
			require.NoError(t, conn.Close())
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	require.FailNow(t, "the daemon doesn't serve", p.said())
}

func ask(t *testing.T, client *http.Client, method, url string, header map[string]string, body string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	answer, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, fmt.Sprint(answer.Header) + string(text), err
}

// Each of the four listeners has a certificate and an authority of clients of its own.
func TestEveryListenerAsksForItsOwnClientCertificates(t *testing.T) {
	p := newProcess(t)
	grpcAddress := freeAddress(t)
	listeners := []string{"web", "hooks", "otlp", "grpc"}
	owners := map[string]*authority{}
	stanza := map[string]string{}
	for _, name := range listeners {
		a := newAuthority(t, name)
		a.issue("server", x509.ExtKeyUsageServerAuth)
		a.issue("client", x509.ExtKeyUsageClientAuth)
		a.issue("other-use", x509.ExtKeyUsageServerAuth)
		owners[name] = a
		stanza[name] = fmt.Sprintf("{cert_file: %q, key_file: %q, client_ca_file: %q}", a.certFile("server"), a.keyFile("server"), a.certFile("ca"))
	}
	daemonWith(t, p, fmt.Sprintf(`
extensions: {correlate: {web: {tls: %s}}}
receivers:
  otlp: {protocols: {grpc: {tls: %s}, http: {tls: %s}}}
  change_webhook: {tls: %s}
`, stanza["web"], stanza["grpc"], stanza["otlp"], stanza["hooks"]), []string{"--set=receivers.otlp.protocols.grpc.endpoint=" + grpcAddress})

	call := map[string]func(*tls.Config) error{}
	overHTTP := func(method, url, body string, want int) func(*tls.Config) error {
		return func(config *tls.Config) error {
			transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
			defer transport.CloseIdleConnections()
			status, text, err := ask(t, &http.Client{Transport: transport}, method, url, map[string]string{"Content-Type": "application/json"}, body)
			if err == nil && status != want {
				err = fmt.Errorf("%d: %s", status, text)
			}
			return err
		}
	}
	call["web"] = overHTTP("GET", "https://"+p.w+"/api/v1/status", "", 200)
	call["hooks"] = overHTTP("POST", "https://"+p.hooks+"/hooks/generic", change("c-1", "v1", time.Now()), 202)
	call["otlp"] = overHTTP("POST", "https://"+p.otlp+"/v1/traces", "{}", 200)
	call["grpc"] = func(config *tls.Config) error {
		conn, err := grpc.NewClient(grpcAddress, grpc.WithTransportCredentials(credentials.NewTLS(config)))
		require.NoError(t, err)
		defer conn.Close()
		_, err = ptraceotlp.NewGRPCClient(conn).Export(t.Context(), ptraceotlp.NewExportRequest())
		return err
	}
	for i, name := range listeners {
		own, other := owners[name], owners[listeners[(i+1)%len(listeners)]]
		require.NoError(t, call[name](own.client(own, "client")), "%s, with its certificate", name)
		require.Error(t, call[name](own.client(nil, "")), "%s, without a certificate", name)
		require.Error(t, call[name](own.client(other, "client")), "%s, with another listener's certificate", name)
		require.Error(t, call[name](own.client(own, "other-use")), "%s, with a certificate that isn't a client's", name)
		require.Error(t, call[name](other.client(own, "client")), "%s, by somebody who trusts another authority", name)
	}
	for _, plain := range []string{p.w, p.hooks, p.otlp} {
		status, _, err := ask(t, http.DefaultClient, "GET", "http://"+plain+"/api/v1/status", nil, "")
		require.True(t, err != nil || status == 400, "%s in the clear: %d", plain, status)
	}
	a := owners["web"]
	access := []string{"--api", "https://" + p.w, "--ca-file", a.certFile("ca"), "--cert-file", a.certFile("client"), "--key-file", a.keyFile("client")}
	code, stdout, stderr := shipwake(t, append([]string{"dora", "--output", "json"}, access...)...)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, `"deployments"`)
	code, _, stderr = shipwake(t, "dora", "--api", "https://"+p.w, "--ca-file", a.certFile("ca"))
	require.Equal(t, exitUnknown, code)
	require.Contains(t, stderr, "asking the daemon")
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}

var asOf = regexp.MustCompile(`"as_of":"[^"]*",`)

// A recorded report that is sent again under another delivery id changes nothing of what is counted.
func TestAReplayedReportChangesNothing(t *testing.T) {
	p := newProcess(t)
	p.start()
	client := http.DefaultClient
	at := time.Now().Add(-48 * time.Hour).UTC()
	from, to := at.AddDate(0, 0, -7).Format(time.RFC3339), at.AddDate(0, 0, 1).Format(time.RFC3339)
	body := change("checkout-1", "v1", at)
	status := fmt.Sprintf(`{"deployment_status":{"id":1,"state":"success","created_at":%q},"repository":{"name":"cart","full_name":"shop/cart"},
		"deployment":{"id":7,"ref":"v2","sha":"9fceb02","environment":"production","created_at":%[1]q}}`, at.Format(time.RFC3339))
	send := func(path, delivery, body string) {
		t.Helper()
		code, text, err := ask(t, client, "POST", "http://"+p.hooks+path, map[string]string{"X-GitHub-Event": "deployment_status", "X-GitHub-Delivery": delivery}, body)
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, code, text)
	}
	read := func() string {
		t.Helper()
		var all string
		for _, path := range []string{"/api/v1/changes", "/api/v1/changes/checkout-1", "/api/v1/changes/github-shop%2Fcart-7", "/api/v1/dora?from=" + from + "&to=" + to} {
			_, text, err := ask(t, client, "GET", "http://"+p.w+path, nil, "")
			require.NoError(t, err)
			_, text, _ = strings.Cut(text, "]{") // without the headers
			text = asOf.ReplaceAllString(text, "")
			all += text + "\n"
		}
		return all
	}
	send("/hooks/generic", "", body)
	send("/hooks/github", "d-1", status)
	require.Eventually(t, func() bool { return strings.Count(read(), `"v2"`) > 0 && strings.Count(read(), `"v1"`) > 0 }, 10*time.Second, 50*time.Millisecond)
	before := read()
	require.Contains(t, before, `"deployments":2`)
	for i := range 50 {
		send("/hooks/github", fmt.Sprintf("d-%d", i+2), status)
		// Other bytes, and so another delivery, that say the same: the change has its own id.
		send("/hooks/generic", "", body+strings.Repeat(" ", i))
		send("/hooks/github", "", status+strings.Repeat("\n", i))
	}
	time.Sleep(1500 * time.Millisecond) // a tick of the engine
	require.Equal(t, before, read())
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}
