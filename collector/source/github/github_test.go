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

func TestTheVersionIsWhatTelemetryReports(t *testing.T) {
	const sha = "9fceb02d0ae598e95dc970b74767f19372d61af8"
	for ref, want := range map[string]string{
		"main":                  sha,
		"release/1.4":           sha,
		"":                      sha,
		"9fceb02":               sha,
		"4711000":               sha,
		sha:                     sha,
		"v":                     sha,
		"version-2":             sha,
		"v2":                    "v2",
		"v1.2.3":                "v1.2.3",
		"1.4":                   "1.4",
		"2026.03.01":            "2026.03.01",
		"v1.2.3-rc.1":           "v1.2.3-rc.1",
		"1.2.3+build.5":         "1.2.3+build.5",
		"refs/tags/checkout-12": "checkout-12",
		"refs/heads/v2":         sha,
	} {
		require.Equal(t, want, versionOf(ref, sha), "ref %q", ref)
	}
}
