package pull

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/collector/source"
)

const userAgent = "shipwake (change_pull)"

// signer puts the secret into requests to the hosts that are asked, and to no others.
type signer struct {
	next      http.RoundTripper
	hosts     map[string]bool // scheme and host
	secrets   *secret.Live    // nil: none
	authorize func(header http.Header, secret string)
}

// RoundTrip implements http.RoundTripper.
func (s *signer) RoundTrip(request *http.Request) (*http.Response, error) {
	if !s.hosts[originOf(request.URL)] {
		return nil, fmt.Errorf("the answer leads to another host, %s, which isn't asked", request.URL.Host)
	}
	request = request.Clone(request.Context())
	request.Header.Set("User-Agent", userAgent)
	if s.secrets != nil {
		if valid, _ := s.secrets.Get(); len(valid) > 0 {
			s.authorize(request.Header, valid[0])
		}
	}
	return s.next.RoundTrip(request)
}

func originOf(u *url.URL) string { return u.Scheme + "://" + u.Host }

// originsOf are the hosts of streams.
func originsOf(streams []source.Stream) (map[string]bool, error) {
	hosts := map[string]bool{}
	for _, s := range streams {
		if s.URL == "" && s.Follow != nil {
			continue // it asks nobody by HTTP
		}
		u, err := url.Parse(s.URL)
		if err != nil || u.Host == "" {
			return nil, errors.New("the address of the stream " + s.Name + " is no URL")
		}
		hosts[originOf(u)] = true
	}
	return hosts, nil
}
