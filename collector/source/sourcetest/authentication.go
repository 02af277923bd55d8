package sourcetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
)

func checkAuthentication(t *testing.T, factory source.Factory, suite Suite) {
	const older, newer, wrong = "canary-older-secret", "canary-newer-secret", "canary-wrong-secret"
	cfg := suite.Config
	require.NoError(t, New(t, factory, cfg).Authenticate(Payload(t, suite.Valid)), "without secrets everything is authentic")

	cfg.Secrets = []string{newer, older}
	s := New(t, factory, cfg)
	for _, secret := range cfg.Secrets {
		req := Payload(t, suite.Valid)
		suite.Sign(&req, secret)
		require.NoError(t, s.Authenticate(req), "each live secret must do")
		if suite.SignsBody {
			req.Body = append(req.Body, ' ')
			refused(t, s, req)
		}
	}
	unsigned := Payload(t, suite.Valid)
	refused(t, s, unsigned)
	forged := clone(unsigned)
	suite.Sign(&forged, wrong)
	refused(t, s, forged)
	suite.Sign(&forged, "")
	refused(t, s, forged)

	cfg.Secrets = []string{newer, ""}
	_, err := factory.New(cfg)
	require.ErrorContains(t, err, "secrets[1]", "an empty secret must be refused, with its place")
	require.NotContains(t, err.Error(), newer)
}

func refused(t *testing.T, s source.Reader, req source.Request) {
	t.Helper()
	err := s.Authenticate(req)
	require.ErrorIs(t, err, source.ErrUnauthorized)
	require.NotContains(t, err.Error(), "canary", "an error must not repeat a secret")
}
