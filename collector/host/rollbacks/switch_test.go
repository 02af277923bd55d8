package rollbacks_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/host/rollbacks"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/access"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTheKillSwitchIsTurnedByOperators(t *testing.T) {
	ann := access.Identity{ID: "user:ann", Name: "ann", Roles: []access.Role{access.Operator}}
	bob := access.Identity{ID: "user:bob", Name: "bob", Roles: []access.Role{access.Reader}}
	on := correlate.KillSwitch{On: true, At: noon, By: "ann", Why: "a game day"}
	for name, c := range map[string]struct {
		who    access.Identity
		media  string
		body   string
		fails  error
		status int
		says   string
		kept   *correlate.KillSwitch
	}{
		"on":                       {ann, "application/json", `{"on": true, "why": " a game day "}`, nil, 200, `"by":"ann"`, &on},
		"off":                      {ann, "application/json", `{"on": false}`, nil, 200, `"on":false`, &correlate.KillSwitch{At: noon, By: "ann"}},
		"by the form of a page":    {ann, "application/x-www-form-urlencoded", `on=true&why=a+game+day`, nil, 303, "", &on},
		"by somebody else":         {bob, "application/json", `{"on": false}`, nil, 403, "operator", nil},
		"by nobody":                {access.Identity{}, "application/json", `{"on": false}`, nil, 401, "", nil},
		"neither on nor off":       {ann, "application/json", `{"why": "x"}`, nil, 400, "on: required", nil},
		"another word":             {ann, "application/json", `{"of": true}`, nil, 400, "such as", nil},
		"no JSON":                  {ann, "application/json", `on`, nil, 400, "such as", nil},
		"a form that says nothing": {ann, "application/x-www-form-urlencoded", `why=x`, nil, 400, "on: must be", nil},
		"a novel":                  {ann, "application/json", `{"on": true, "why": "` + strings.Repeat("x", 501) + `"}`, nil, 400, "500 characters", nil},
		"a bomb":                   {ann, "application/json", `{"on": true, "why": "` + strings.Repeat("x", 1<<20) + `"}`, nil, 400, "such as", nil},
		"a disk that is full":      {ann, "application/json", `{"on": true}`, errors.New("full"), 503, "isn't turned", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var kept *correlate.KillSwitch
			h := rollbacks.Switch(func() time.Time { return noon }, func(_ context.Context, k correlate.KillSwitch) error {
				if c.fails == nil {
					kept = &k
				}
				return c.fails
			})
			r := httptest.NewRequest(http.MethodPost, rollbacks.SwitchPath, strings.NewReader(c.body))
			r.Header.Set("Content-Type", c.media)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r.WithContext(access.With(r.Context(), c.who)))
			require.Equal(t, c.status, w.Code, w.Body)
			require.Contains(t, w.Body.String(), c.says)
			require.Equal(t, c.kept, kept)
		})
	}
}

func TestAWrongRuleIsNamed(t *testing.T) {
	for want, c := range map[string]rollbacks.Config{
		`rollback::rules[1]::mode: "yes" is unknown; use one of [off dry_run on]`: {Rules: []rollbacks.Rule{{}, {Mode: "yes"}}},
	} {
		require.EqualError(t, c.Validate(), want)
	}
	c := rollbacks.Config{Rules: []rollbacks.Rule{{}}}
	c.Rules[0].Services = []string{"["}
	require.ErrorContains(t, c.Validate(), "rollback::rules[0]::services[0]")
	c.Rules[0].Services = []string{"check*"}
	require.NoError(t, c.Validate())
}
