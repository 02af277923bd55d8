package source

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// keyed is a source whose senders say their secret in the body, or as a bearer token.
func keyed(t require.TestingT) Configured {
	s := Source{
		Name: "keyed", Version: "1", Schemes: []Scheme{{Kind: Bearer}, {Kind: Field, Field: "routing_key"}},
		Parse: func(correlate.Raw) (Reading, error) { return Reading{Ignored: "x"}, nil },
	}
	c, err := s.Configure("keyed", nil)
	require.NoError(t, err)
	return c
}

func TestASecretInTheBody(t *testing.T) {
	c := keyed(t)
	for name, of := range map[string]struct{ bearer, body, refusal string }{
		"the right one":             {"", `{"routing_key": "canary-1", "a": 1}`, ""},
		"another right one":         {"", `{"a": 1, "routing_key": "canary-2"}`, ""},
		"a wrong one":               {"", `{"routing_key": "canary-3"}`, "what routing_key in the body holds is none of the configured secrets"},
		"a part of it":              {"", `{"routing_key": "canary-"}`, "is none of the configured secrets"},
		"none":                      {"", `{"a": 1}`, "the header Authorization: Bearer … or routing_key in the body is missing"},
		"an empty one":              {"", `{"routing_key": ""}`, "is missing"},
		"one that is no text":       {"", `{"routing_key": {"canary-1": 1}}`, "is missing"},
		"one deeper in":             {"", `{"a": {"routing_key": "canary-1"}}`, "is missing"},
		"no JSON":                   {"", `routing_key=canary-1`, "is missing"},
		"no object":                 {"", `["canary-1"]`, "is missing"},
		"a wrong token goes before": {"Bearer canary-3", `{"routing_key": "canary-1"}`, "what the header Authorization: Bearer … holds is none"},
		"a right token":             {"Bearer canary-1", `{"routing_key": "canary-3"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{}, Body: []byte(of.body)}
			if of.bearer != "" {
				req.Header.Set("Authorization", of.bearer)
			}
			err := c.Authenticate([]string{"canary-1", "canary-2"}, req)
			if of.refusal == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrUnauthorized)
			require.ErrorContains(t, err, of.refusal)
			require.NotContains(t, err.Error(), "canary")
		})
	}
}

// TestASecretInTheBodyIsNotKept: however it is spelled and however often it stands there, and all else is.
func TestASecretInTheBodyIsNotKept(t *testing.T) {
	c := keyed(t)
	for name, of := range map[string]struct{ sent, kept string }{
		"first":                  {`{"routing_key": "canary", "a": [1, "x"]}`, `{"a":[1, "x"]}`},
		"last":                   {`{"a": {"b": null}, "routing_key": "canary"}`, `{"a":{"b": null}}`},
		"twice":                  {`{"routing_key": "canary", "a": 1, "routing_key": "canary"}`, `{"a":1}`},
		"with an escaped name":   {`{"routing\u005fkey": "canary", "a": 1}`, `{"a":1}`},
		"as an object":           {`{"routing_key": {"x": "canary"}}`, `{}`},
		"nothing to be taken":    {`{ "a": 1 }`, `{ "a": 1 }`},
		"one deeper in is other": {`{"a": {"routing_key": "mine"}}`, `{"a": {"routing_key": "mine"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{}, Body: []byte(of.sent)}
			raws, err := c.Open(req)
			require.NoError(t, err)
			require.Equal(t, of.kept, string(raws[0].Body))
			require.Equal(t, BodyID([]byte(of.kept)), raws[0].ID, "the secret tells no delivery from another")
			require.Equal(t, of.kept, string(c.Keep(req).Body))
			require.Equal(t, of.sent, string(req.Body))
		})
	}
}

func TestWhatIsSignedInTheBodyIsAuthentic(t *testing.T) {
	scheme := Scheme{Kind: Field, Field: "routing_key"}
	require.NoError(t, scheme.Validate())
	require.ErrorContains(t, Scheme{Kind: Field}.Validate(), "field: goes with the kind field")
	require.ErrorContains(t, Scheme{Kind: Bearer, Field: "x"}.Validate(), "field: goes with the kind field")
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringN(1, 40, -1).Draw(t, "secret")
		req := Request{Header: http.Header{}, Body: []byte(`{"a":1,"routing_key":"old"}`)}
		require.NoError(t, scheme.Sign(&req, secret))
		require.NoError(t, keyed(t).Authenticate([]string{secret}, req))
		require.ErrorIs(t, keyed(t).Authenticate([]string{secret + "x"}, req), ErrUnauthorized)
	})
}
