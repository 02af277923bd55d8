package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

// Access is what the daemon wants to know of who asks, and what who asks wants to know of the daemon. All may be empty.
type Access struct {
	Token     configopaque.String // a bearer token
	TokenFile string              // a file that holds one, instead
	// CAFile are the authorities that may have signed the daemon's certificate, instead of the system's.
	CAFile string
	// CertFile and KeyFile are a client certificate.
	CertFile, KeyFile string
	// AnyCertificate takes the daemon's certificate whoever signed it: for a question on this machine that tells nothing.
	AnyCertificate bool
}

// token is the one to send, "" for none.
func (a Access) token() (string, error) {
	if a.TokenFile == "" {
		return strings.TrimSpace(string(a.Token)), nil
	}
	file, err := os.Open(a.TokenFile)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, 64<<10))
	if err != nil {
		return "", err
	}
	// A file of several, as the daemon reads it: the first will do.
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			return line, nil
		}
	}
	return "", fmt.Errorf("%s holds no token", a.TokenFile)
}

func (a Access) transport() (*http.Transport, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: a.AnyCertificate}
	transport.TLSClientConfig = config
	if a.CAFile != "" {
		authorities, err := os.ReadFile(a.CAFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", a.CAFile)
		}
	}
	if (a.CertFile == "") != (a.KeyFile == "") {
		return nil, errors.New("a client certificate is two files: of the certificate and of its key")
	}
	if a.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(a.CertFile, a.KeyFile)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return transport, nil
}
