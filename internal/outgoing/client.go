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
	// maxHeader bounds what is read of an answer's header, and maxBody what is read and thrown away of its body.
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
		DisableCompression:     true, // a few bytes don't unpack into many
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

// Ask sends a request and returns the answer with up to a number of bytes of its body, which is closed. Its errors don't
// repeat the URL, which may hold credentials.
func Ask(client *http.Client, request *http.Request, most int64) (*http.Response, []byte, error) {
	answer, err := client.Do(request)
	if err != nil {
		return nil, nil, withoutURL(err)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err == nil {
		_, _ = io.CopyN(io.Discard, answer.Body, maxBody) // so that the connection can be used again
	}
	_ = answer.Body.Close()
	answer.Body = http.NoBody
	if err != nil {
		return nil, nil, withoutURL(err)
	}
	return answer, body, nil
}

// withoutURL is what went wrong, without the method and the URL that http.Client puts before it.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
