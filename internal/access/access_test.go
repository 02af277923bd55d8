package access

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRolesThatDoNotExistAreNamed(t *testing.T) {
	require.NoError(t, CheckRoles([]Role{Reader, Operator}))
	require.EqualError(t, CheckRoles([]Role{Reader, "admin"}), `"admin" is no role; there are reader, sender, operator`)
	require.EqualError(t, CheckRoles(nil), "give at least one of reader, sender, operator")
}

func TestAnOperatorMayReadAndASenderMayNot(t *testing.T) {
	require.True(t, Identity{Roles: []Role{Operator}}.May(Reader))
	require.False(t, Identity{Roles: []Role{Operator}}.May(Sender))
	require.False(t, Identity{Roles: []Role{Sender}}.May(Reader))
	require.False(t, Identity{Roles: []Role{Reader}}.May(Operator))
	require.False(t, Identity{}.May(Reader))
}

const token = "c5rf-\"<mark"

var (
	program = Identity{ID: "token:bot", Name: "bot", Roles: []Role{Operator}}
	local   = Identity{ID: "local", Name: "local", Roles: Roles(), Ambient: true, CSRF: token}
	ann     = Identity{ID: "user:ann", Name: "ann", Roles: []Role{Operator}, Ambient: true, Session: true, CSRF: token}
	reader  = Identity{ID: "user:rob", Name: "rob", Roles: []Role{Reader}, Ambient: true, Session: true, CSRF: token}
	nobody  = Identity{SignIn: "/login"}
	form    = "application/x-www-form-urlencoded"
	asJSON  = "application/json"
)

func TestWhoMayChangeSomething(t *testing.T) {
	for name, c := range map[string]struct {
		who    Identity
		kind   string
		body   string
		header map[string]string
		want   int
		says   string
	}{
		"a program with its token":            {program, asJSON, `{}`, nil, 200, "bot"},
		"a program with its token and a form": {program, form, `a=b`, nil, 200, "bot"},
		"nobody":                              {nobody, asJSON, `{}`, nil, 401, "this needs the role operator: say who you are"},
		"nobody, from a form":                 {nobody, form, `a=b`, map[string]string{"Accept": "text/html"}, 401, "this needs the role operator"},
		"a reader":                            {reader, form, "csrf=c5rf-%22%3Cmark", nil, 403, "this needs the role operator; rob has reader"},
		"a form of a page":                    {ann, form, "csrf=c5rf-%22%3Cmark&a=b", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200, "ann b"},
		"a script of a page":                  {ann, asJSON, `{}`, map[string]string{"Sec-Fetch-Site": "same-origin", csrfHeader: token}, 200, "ann"},
		"a form without the field":            {ann, form, "a=b", map[string]string{"Sec-Fetch-Site": "same-origin"}, 403, "too old or from elsewhere"},
		"a form with another field":           {ann, form, "csrf=c5rf", nil, 403, "too old or from elsewhere"},
		"the field in the address":            {ann, form, "a=b", map[string]string{"query": "csrf=c5rf-%22%3Cmark"}, 403, "too old or from elsewhere"},
		"a session without a form":            {ann, asJSON, `{}`, nil, 403, "too old or from elsewhere"},
		"another site's form":                 {ann, form, "csrf=c5rf-%22%3Cmark", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "a page of another site"},
		"another host of the site":            {ann, form, "csrf=c5rf-%22%3Cmark", map[string]string{"Sec-Fetch-Site": "same-site"}, 403, "a page of another site"},
		"another origin, an old browser":      {ann, form, "csrf=c5rf-%22%3Cmark", map[string]string{"Origin": "https://evil.example"}, 403, "a page of another site"},
		"a local program":                     {local, asJSON, `{}`, nil, 200, "local"},
		"a local page":                        {local, form, "csrf=c5rf-%22%3Cmark", map[string]string{"Origin": "http://example.com"}, 200, "local"},
		"a local form from nowhere":           {local, form, "a=b", nil, 403, "a program sends JSON"},
		"a local text":                        {local, "text/plain", "a=b", nil, 403, "too old or from elsewhere"},
		"a form that is too large":            {ann, form, "a=" + strings.Repeat("b", mostForm), nil, 403, "the form can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			h := Require(Operator, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = w.Write([]byte(strings.TrimSpace(Of(r.Context()).Name + " " + r.PostForm.Get("a"))))
			}))
			r := httptest.NewRequest(http.MethodPost, "/x?"+c.header["query"], strings.NewReader(c.body))
			r.Header.Set("Content-Type", c.kind)
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r.WithContext(With(r.Context(), c.who)))
			require.Equal(t, c.want, w.Code, w.Body)
			require.Contains(t, w.Body.String(), c.says)
		})
	}
}

func TestWhatSaysNothingIsForReaders(t *testing.T) {
	mux := http.NewServeMux()
	fine := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	mux.Handle("GET /page", fine)
	mux.Handle("GET /open", Public(fine))
	mux.Handle("POST /send", Require(Sender, fine))
	sender := Identity{ID: "token:ci", Name: "ci", Roles: []Role{Sender}}
	for name, c := range map[string]struct {
		who          Identity
		method, path string
		want         int
	}{
		"a reader reads":                       {reader, "GET", "/page", 200},
		"an operator reads":                    {ann, "GET", "/page", 200},
		"a sender doesn't":                     {sender, "GET", "/page", 403},
		"a sender sends":                       {sender, "POST", "/send", 200},
		"an operator doesn't":                  {program, "POST", "/send", 403},
		"nobody reads":                         {nobody, "GET", "/page", 401},
		"nobody sees what is the same for all": {nobody, "GET", "/open", 200},
		"nobody learns what there isn't":       {nobody, "GET", "/none", 401},
		"a reader does":                        {reader, "GET", "/none", 404},
		"another method":                       {reader, "POST", "/page", 405},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.path, http.NoBody)
			w := httptest.NewRecorder()
			Mux(mux).ServeHTTP(w, r.WithContext(With(r.Context(), c.who)))
			require.Equal(t, c.want, w.Code, w.Body)
		})
	}
}

func TestPeopleAreLedToThePageWhereTheySayWhoTheyAre(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/changes?service=a%26b", http.NoBody)
	r.Header.Set("Accept", "text/html,*/*")
	r.Header.Set("Sec-Fetch-Site", "none")
	w := httptest.NewRecorder()
	Mux(http.NewServeMux()).ServeHTTP(w, r.WithContext(With(r.Context(), nobody)))
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/login?next=%2Fchanges%3Fservice%3Da%2526b", w.Header().Get("Location"))

	r.Header.Set("Accept", "text/event-stream")
	w = httptest.NewRecorder()
	Mux(http.NewServeMux()).ServeHTTP(w, r.WithContext(With(r.Context(), nobody)))
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Equal(t, []string{`Bearer realm="shipwake"`}, w.Header().Values("WWW-Authenticate"), "no window of the browser's own")
}

func TestAFormHoldsTheFieldAndNothingElse(t *testing.T) {
	page := template.Must(template.New("").Parse(`{{if .May "operator"}}{{.CSRFField}}{{end}}`))
	var b strings.Builder
	require.NoError(t, page.Execute(&b, ann))
	require.Equal(t, `<input type="hidden" name="csrf" value="c5rf-&#34;&lt;mark">`, b.String())
	b.Reset()
	require.NoError(t, page.Execute(&b, reader))
	require.Empty(t, b.String())
}
