package pull

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/collector/source"
)

// seen keeps the requests that get through.
type seen struct{ requests []*http.Request }

func (s *seen) RoundTrip(request *http.Request) (*http.Response, error) {
	s.requests = append(s.requests, request)
	return &http.Response{StatusCode: 204, Body: http.NoBody}, nil
}

func TestTheSecretGoesToTheHostThatIsAskedOnly(t *testing.T) {
	hosts, err := originsOf([]source.Stream{{Name: "a", URL: "https://api.example.com/v3"}})
	require.NoError(t, err)
	secrets, err := secret.NewLive([]configopaque.String{"canary"}, "secret_file", "", zap.NewNop())
	require.NoError(t, err)
	network := &seen{}
	s := &signer{next: network, hosts: hosts, secrets: secrets, authorize: source.SetBearer}
	for name, c := range map[string]struct {
		url string
		may bool
	}{
		"the API":               {"https://api.example.com/v3/x?page=2", true},
		"another path":          {"https://api.example.com/x", true},
		"another host":          {"https://example.com/v3/x", false},
		"another port":          {"https://api.example.com:8443/v3/x", false},
		"the host in the clear": {"http://api.example.com/v3/x", false},
	} {
		t.Run(name, func(t *testing.T) {
			network.requests = nil
			request, err := http.NewRequest(http.MethodGet, c.url, nil)
			require.NoError(t, err)
			response, err := s.RoundTrip(request)
			require.Empty(t, request.Header, "a request is not changed")
			if !c.may {
				require.ErrorContains(t, err, "which isn't asked")
				require.NotContains(t, err.Error(), "canary")
				require.Empty(t, network.requests)
				return
			}
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, "Bearer canary", network.requests[0].Header.Get("Authorization"))
			require.Equal(t, userAgent, network.requests[0].Header.Get("User-Agent"))
		})
	}
	_, err = originsOf([]source.Stream{{Name: "a", URL: "nowhere"}})
	require.ErrorContains(t, err, "the address of the stream a is no URL")
}
