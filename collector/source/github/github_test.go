package github

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
)

func TestSource(t *testing.T) { sourcetest.Run(t, Source(), sourcetest.Suite{Valid: "status-success"}) }

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, Source(), nil) }

func TestAFormHoldsTheSameAsJSON(t *testing.T) {
	req := sourcetest.Payload(t, "status-success")
	plain := sourcetest.Read(t, Source(), req)

	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Body = []byte(url.Values{"payload": {string(req.Body)}}.Encode())
	require.NoError(t, source.HubSignature().Sign(&req, "s"))
	require.NoError(t, sourcetest.New(t, Source(), nil).Authenticate([]string{"s"}, req), "the signature is over the form as it was sent")
	form := sourcetest.Read(t, Source(), req)
	require.Equal(t, plain[0].Facts, form[0].Facts)
	require.Equal(t, source.BodyID(req.Body), form[0].ID, "the signed bytes are the id")
	require.Equal(t, req.Body, form[0].Body)

	req.Body = []byte("other=1")
	require.EqualError(t, sourcetest.Read(t, Source(), req)[0].Wrong, "$: must be a form with the field payload, or application/json")
}

func TestTheEventHeaderIsRequired(t *testing.T) {
	req := sourcetest.Payload(t, "status-success")
	req.Header.Del("X-GitHub-Event")
	require.EqualError(t, sourcetest.Read(t, Source(), req)[0].Wrong, "$: must come with the header X-GitHub-Event")
}
