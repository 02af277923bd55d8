package app

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamesAreATableWithTheRuleThatMergesThem(t *testing.T) {
	for name, c := range map[string]struct{ answer, want, refused string }{
		"names that don't meet": {
			`{"met":3,"told":[{"service":"acme/shop","environment":"production","near":[{"service":"shop","environment":"production","rule":"services: [{is: [acme/shop], name: shop}]"}]},{"service":"till\u001b","environment":"prod"}],"heard":[]}`,
			"3 names meet.\n\n" +
				"ONLY IN CHANGES AND INCIDENTS  ENVIRONMENT  MAY BE              BY THE RULE\n" +
				"acme/shop                      production   shop in production  services: [{is: [acme/shop], name: shop}]\n" +
				"till\\x1b                       prod                             \n", "",
		},
		"all meet":               {`{"met":3,"told":[],"heard":[]}`, "3 names meet.\n", ""},
		"an engine that is busy": {`{"met":0,"told":[],"heard":[],"unknown":true}`, "", "ask again"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/api/v1/names" {
					_, _ = io.WriteString(w, c.answer)
				}
			}))
			defer server.Close()
			cmd := newNames()
			var out bytes.Buffer
			cmd.SetOut(&out)
			cmd.SilenceUsage, cmd.SilenceErrors = true, true
			cmd.SetArgs([]string{"--api", server.URL})
			err := cmd.Execute()
			if c.refused != "" {
				require.ErrorContains(t, err, c.refused)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, out.String())
		})
	}
}
