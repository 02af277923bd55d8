package outgoing

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	// maxHeader and maxBody bound what is read of an answer; the rest of a body is never read.
	maxHeader = 64 << 10
	maxBody   = 64 << 10
)

// Client makes a client whose connections the guard checks. TLS may be nil, and so may proxy: then none is used. Every
// request needs a context with a deadline.
func (g *Guard) Client(config *tls.Config, proxy *url.URL) *http.Client {
	t := &http.Transport{
		DialContext:            g.DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // nobody reads the body, so nobody unpacks it
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        90 * time.Second,
	}
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
	}
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Do sends a request and returns the answer without its body: up to 64 KiB of it are read, so that the connection can
// be used again, and thrown away. Its errors don't repeat the URL, which may hold credentials.
func Do(client *http.Client, request *http.Request) (*http.Response, error) {
	answer, err := client.Do(request)
	if err != nil {
		return nil, withoutURL(err)
	}
	_, _ = io.CopyN(io.Discard, answer.Body, maxBody) // the answer is its status; a body cut short changes nothing
	_ = answer.Body.Close()
	answer.Body = http.NoBody
	return answer, nil
}

// withoutURL is what went wrong, without the method and the URL that http.Client puts before it.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
