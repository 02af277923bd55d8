package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatACommandSays(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string // the body, or the error
	}{
		"a verdict was seen":        {[]string{"ack", "checkout-7", "--reason", "on it"}, `{"kind":"acknowledge","change":"checkout-7","reason":"on it"}`},
		"it was not this change":    {[]string{"overrule", "checkout-7", "--reason", "cold", "--caused-by", "cart-3"}, `{"kind":"overrule","change":"checkout-7","caused_by":"cart-3","reason":"cold"}`},
		"that is taken back":        {[]string{"overrule", "checkout-7", "--withdraw"}, `{"kind":"overrule","change":"checkout-7","withdrawn":true}`},
		"it was this change":        {[]string{"confirm", "checkout-7"}, `{"kind":"confirm","change":"checkout-7"}`},
		"it has a label":            {[]string{"label", "checkout-7", "class=emergency"}, `{"kind":"label","change":"checkout-7","label":"class","value":"emergency"}`},
		"it has no such label":      {[]string{"label", "checkout-7", "class", "--withdraw"}, `{"kind":"label","change":"checkout-7","label":"class","withdrawn":true}`},
		"an incident's cause":       {[]string{"link", "PD-1", "none", "--reason", "the network"}, `{"kind":"link","incident":"PD-1","caused_by":"none","reason":"the network"}`},
		"of nothing":                {[]string{"ack"}, "of what?"},
		"a label without value":     {[]string{"label", "checkout-7", "class"}, "which label?"},
		"a link to nothing":         {[]string{"link", "PD-1"}, "to what?"},
		"a text in the wrong place": {[]string{"ack", "checkout-7", "seen"}, "a text goes with --reason"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				asked = string(body)
				w.WriteHeader(http.StatusCreated)
				_ = json.NewEncoder(w).Encode(map[string]any{"note": map[string]any{"kind": "confirm", "change": "checkout-7", "by": "ada", "at": "2026-03-01T12:00:00Z"}})
			}))
			defer server.Close()
			code, out, problem := shipwake(t, append(append([]string{"note"}, c.args...), "--api="+server.URL)...)
			if code != 0 {
				require.Contains(t, problem, c.want)
				require.Empty(t, asked)
				return
			}
			require.JSONEq(t, c.want, asked)
			require.Contains(t, out, "ada, at ")
			require.Contains(t, out, "it was checkout-7")
		})
	}
}
