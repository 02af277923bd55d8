package email

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mailbox is an SMTP server that keeps what it takes.
type mailbox struct {
	listener net.Listener
	tls      *tls.Config // nil: it has no STARTTLS
	implicit bool        // encrypted from the first byte
	login    string      // user and password as PLAIN has them; "": nobody logs in
	caFile   string

	mu     sync.Mutex
	says   map[string]string // by verb, instead of yes; "hang" says nothing, "drop" closes the connection
	take   func(mail string) string
	mails  []string
	verbs  []string
	served sync.WaitGroup
}

// newMailbox starts a server that lives as long as the test.
func newMailbox(t *testing.T, prepare func(*mailbox)) *mailbox {
	t.Helper()
	b := &mailbox{says: map[string]string{}}
	if prepare != nil {
		prepare(b)
	}
	var err error
	b.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	if b.implicit {
		b.listener = tls.NewListener(b.listener, b.tls)
	}
	b.served.Go(b.accept)
	t.Cleanup(func() {
		require.NoError(t, b.listener.Close())
		b.served.Wait()
	})
	return b
}

// encrypted gives a mailbox a certificate of its own authority.
func encrypted(t *testing.T) func(*mailbox) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return func(b *mailbox) {
		b.caFile = file
		b.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	}
}

func (b *mailbox) port() int { return b.listener.Addr().(*net.TCPAddr).Port }

func (b *mailbox) accept() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.served.Go(func() { b.serve(c) })
	}
}

// answer sets what is said to a verb; "" takes it again.
func (b *mailbox) answer(verb, says string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.says[verb] = says
}

func (b *mailbox) taken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

func (b *mailbox) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.verbs)
}

func (b *mailbox) said(verb, otherwise string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.verbs = append(b.verbs, verb)
	if says := b.says[verb]; says != "" {
		return says
	}
	return otherwise
}

// serve answers one client until it goes.
func (b *mailbox) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	say := func(text string) bool {
		switch text {
		case "hang":
			_, _ = io.Copy(io.Discard, in)
			return false
		case "drop":
			return false
		}
		_, err := io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n")+"\r\n")
		return err == nil
	}
	if !say(b.said("connect", "220 mail ready")) {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb = strings.ToUpper(verb); verb {
		case "EHLO":
			_, isEncrypted := c.(*tls.Conn)
			if !say(b.said(verb, b.extensions(isEncrypted))) {
				return
			}
		case "STARTTLS":
			if !say("220 go ahead") {
				return
			}
			c = tls.Server(c, b.tls)
			in = bufio.NewReader(c)
		case "AUTH":
			text, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			yes := "535 5.7.8 wrong password"
			if err == nil && string(text) == "\x00"+strings.Replace(b.login, ":", "\x00", 1) {
				yes = "235 welcome"
			}
			if !say(b.said(verb, yes)) {
				return
			}
		case "DATA":
			if says := b.said(verb, "354 go on"); !say(says) || !strings.HasPrefix(says, "354") {
				return
			}
			if !say(b.keep(in)) {
				return
			}
		case "QUIT":
			say(b.said(verb, "221 bye"))
			return
		default:
			if !say(b.said(verb, "250 yes")) {
				return
			}
		}
	}
}

func (b *mailbox) extensions(isEncrypted bool) string {
	text := "250-mail\n250-8BITMIME\n"
	if b.tls != nil && !isEncrypted {
		text += "250-STARTTLS\n"
	}
	if b.login != "" && isEncrypted {
		text += "250-AUTH PLAIN\n"
	}
	return text + "250 ENHANCEDSTATUSCODES"
}

// keep reads a mail to its end.
func (b *mailbox) keep(in *bufio.Reader) string {
	body, err := textproto.NewReader(in).ReadDotBytes()
	if err != nil {
		return "drop"
	}
	if b.take != nil {
		if says := b.take(string(body)); says != "" {
			return says
		}
	}
	b.mu.Lock()
	b.mails = append(b.mails, string(body))
	b.mu.Unlock()
	return b.said("mail", fmt.Sprintf("250 2.0.0 queued as %d", len(b.mails)))
}
