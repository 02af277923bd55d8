package signin

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/internal/access"
)

func TestWhoBringsWhat(t *testing.T) {
	known := settings(t)
	basic := func(user, password string) string {
		r, _ := http.NewRequest(http.MethodGet, "/", http.NoBody)
		r.SetBasicAuth(user, password)
		return r.Header.Get("Authorization")
	}
	for name, c := range map[string]struct {
		authorization      string
		page, decide, send int
		says               string
	}{
		"nobody":                       {"", 401, 401, 401, ""},
		"a token of readers":           {"Bearer reading", 200, 403, 403, "readers|a token of readers|[reader]|false"},
		"a sender":                     {"Bearer ci-1", 403, 403, 200, ""},
		"a sender's other secret":      {"bearer ci-2", 403, 403, 200, ""},
		"a program that decides":       {"Bearer robot-1", 200, 200, 403, "token:robot|robot|[reader operator]|false"},
		"no token":                     {"Bearer ci-3", 401, 401, 401, ""},
		"a user":                       {basic("ann", annsPassword), 200, 200, 403, "user:ann|ann|[operator]|false"},
		"a reader's pair":              {basic("rob", "robs"), 200, 403, 403, "user:rob|rob|[reader]|false"},
		"a wrong password":             {basic("ann", "x"), 401, 401, 401, ""},
		"a hash is no password":        {basic("ann", string(known.Users["ann"].PasswordHash)), 401, 401, 401, ""},
		"nobody's name":                {basic("zoe", annsPassword), 401, 401, 401, ""},
		"a scheme that nobody knows":   {"Digest x", 401, 401, 401, ""},
		"a token as a user's password": {basic("ci", "ci-1"), 401, 401, 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := serve(t, known).browser()
			b.header = map[string]string{"Authorization": c.authorization, "Content-Type": "application/json"}
			got := b.send(http.MethodGet, "/page", nil)
			require.Equal(t, c.page, got.StatusCode, got.text)
			if c.says != "" {
				require.Contains(t, got.text, c.says)
			}
			require.Equal(t, c.decide, b.send(http.MethodPost, "/decide", nil).StatusCode)
			require.Equal(t, c.send, b.send(http.MethodPost, "/send", nil).StatusCode)
		})
	}
}

func TestSomebodySignsInDecidesAndSignsOut(t *testing.T) {
	w := serve(t, settings(t))
	b := w.browser()
	led := b.send(http.MethodGet, "/page?a=b", nil)
	require.Equal(t, http.StatusSeeOther, led.StatusCode)
	require.Equal(t, "/login?next=%2Fpage%3Fa%3Db", led.Header.Get("Location"))
	page := b.send(http.MethodGet, led.Header.Get("Location"), nil)
	require.Equal(t, 200, page.StatusCode)
	require.Contains(t, page.text, `value="/page?a=b"`)
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-")

	in := b.signIn("user", "ann", "password", annsPassword, "next", "/page?a=b")
	require.Equal(t, http.StatusSeeOther, in.StatusCode, in.text)
	require.Equal(t, "/page?a=b", in.Header.Get("Location"))
	set := in.Header.Get("Set-Cookie")
	require.Regexp(t, `^shipwake=.*; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax$`, set)
	require.NotContains(t, set, "ann", "a cookie is no place to read")
	require.Contains(t, b.send(http.MethodGet, "/page", nil).text, "user:ann|ann|[operator]|true")

	require.Equal(t, 403, b.send(http.MethodPost, "/decide", url.Values{"a": {"b"}}).StatusCode)
	require.Equal(t, 200, b.send(http.MethodPost, "/decide", b.fields("/page")).StatusCode)
	other := w.browser()
	other.signIn("user", "ann", "password", annsPassword)
	require.Equal(t, 403, b.send(http.MethodPost, "/decide", other.fields("/page")).StatusCode, "another session's field")

	cookies := b.Jar.Cookies(must(url.Parse(b.URL)))
	fields := b.fields("/page")
	require.Equal(t, 403, b.send(http.MethodPost, "/logout", url.Values{}).StatusCode, "nobody else signs me out")
	require.Equal(t, http.StatusSeeOther, b.send(http.MethodPost, "/logout", fields).StatusCode)
	require.Equal(t, http.StatusSeeOther, b.send(http.MethodGet, "/page", nil).StatusCode)
	b.Jar.SetCookies(must(url.Parse(b.URL)), cookies)
	require.Equal(t, http.StatusSeeOther, b.send(http.MethodGet, "/page", nil).StatusCode, "the cookie is worth nothing where it was copied to")
	require.Contains(t, other.send(http.MethodGet, "/page", nil).text, "user:ann", "the other browser stays")
	for _, entry := range w.logs.All() {
		require.NotContains(t, entry.Message+strings.Join(texts(entry.ContextMap()), " "), annsPassword)
	}
}

func texts(fields map[string]any) []string {
	var all []string
	for _, v := range fields {
		if s, is := v.(string); is {
			all = append(all, s)
		}
	}
	return all
}

func must(u *url.URL, err error) *url.URL {
	if err != nil {
		return &url.URL{}
	}
	return u
}

func TestAReaderAndATokenSignInToo(t *testing.T) {
	w := serve(t, settings(t))
	rob := w.browser()
	require.Equal(t, 303, rob.signIn("user", "rob", "password", "robs").StatusCode)
	require.Contains(t, rob.send(http.MethodGet, "/page", nil).text, "user:rob|rob|[reader]|true")
	got := rob.send(http.MethodPost, "/decide", rob.fields("/page"))
	require.Equal(t, 403, got.StatusCode)
	require.Contains(t, got.text, "this needs the role operator; rob has reader")
	robot := w.browser()
	require.Equal(t, 303, robot.signIn("token", " robot-1 ").StatusCode)
	require.Contains(t, robot.send(http.MethodGet, "/page", nil).text, "token:robot|robot|[reader operator]|true")
}

func TestAFormOfAnotherSiteSignsNobodyIn(t *testing.T) {
	w := serve(t, settings(t))
	b := w.browser()
	form := b.fields("/login", "user", "ann", "password", annsPassword)
	b.header["Sec-Fetch-Site"] = "cross-site"
	require.Equal(t, 403, b.send(http.MethodPost, "/login", form).StatusCode)
	b.header["Sec-Fetch-Site"] = "same-origin"
	form.Del("csrf")
	require.Equal(t, 403, b.send(http.MethodPost, "/login", form).StatusCode)
	stranger := w.browser()
	require.Equal(t, 403, b.send(http.MethodPost, "/login", stranger.fields("/login", "user", "ann", "password", annsPassword)).StatusCode, "another browser's field")
}

func TestNobodyIsLedElsewhere(t *testing.T) {
	for next, want := range map[string]string{
		"/changes/a%2Fb?as_of=x&b=%26": "/changes/a%2Fb?as_of=x&b=%26",
		"":                             "/",
		"https://evil.example/":        "/",
		"//evil.example/":              "/",
		"///evil.example/":             "/evil.example/",
		`/\evil.example/`:              "/%5Cevil.example/",
		`\\evil.example/`:              "/%5C%5Cevil.example/",
		"/\t/evil.example":             "/",
		"/%09/evil.example":            "/%09/evil.example",
		"javascript:alert(1)":          "/",
		"evil.example":                 "/evil.example",
		"http:evil.example":            "/",
		"/x\r\nSet-Cookie: a=b":        "/",
		"/login?next=/x":               "/",
		"/logout":                      "/",
		"/changes#fragment":            "/changes",
		"/x?a=\x00":                    "/",
	} {
		require.Equal(t, want, local(next), "%q", next)
	}
	b := serve(t, settings(t)).browser()
	require.Equal(t, "/", b.signIn("user", "ann", "password", annsPassword, "next", "https://evil.example").Header.Get("Location"))
}

func TestTheAnswerIsTheSameWhoeverIsUnknown(t *testing.T) {
	w := serve(t, settings(t))
	b := w.browser()
	wrong, unknown := b.signIn("user", "ann", "password", "x"), b.signIn("user", "zoe", "password", "x")
	require.Equal(t, 401, wrong.StatusCode)
	require.Equal(t, 401, unknown.StatusCode)
	require.Equal(t, wrong.text, unknown.text)
	require.Contains(t, wrong.text, "unknown name, or wrong password or token")
	require.NotContains(t, wrong.Header.Values("Set-Cookie"), sessionCookie)
	for _, entry := range w.logs.All() {
		require.NotContains(t, texts(entry.ContextMap()), "zoe", "what was typed may be a password")
	}
}

func TestWhoGuessesIsMadeToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings(t)
		d, err := New(s)
		require.NoError(t, err)
		try := func(from, name, password string) error {
			_, err := d.byPassword(t.Context(), from, name, password)
			return err
		}
		for range perName {
			require.ErrorIs(t, try("10.0.0.1", "ann", "x"), errWrong)
		}
		require.ErrorIs(t, try("10.0.0.1", "ann", "x"), errTooMany)
		require.ErrorIs(t, try("10.0.0.1", "ann", annsPassword), errTooMany, "nor is it told that this is right")
		require.NoError(t, try("10.0.0.2", "ann", annsPassword), "from elsewhere")
		require.NoError(t, try("10.0.0.1", "ann", annsPassword), "what was right before is known")
		require.ErrorIs(t, try("10.0.0.1", "zoe", "x"), errWrong, "another name")
		time.Sleep(perNameAgain)
		require.ErrorIs(t, try("10.0.0.1", "ann", "x"), errWrong)
		require.ErrorIs(t, try("10.0.0.1", "ann", "x"), errTooMany)
		_, err = d.byToken("robot-1")
		require.NoError(t, err, "programs with their tokens go on")
		for range perAddress {
			_, _ = d.byTypedToken("10.0.0.3", "guess")
		}
		_, err = d.byTypedToken("10.0.0.3", "robot-1")
		require.ErrorIs(t, err, errTooMany)
		time.Sleep(perNameAgain)
		_, err = d.byTypedToken("10.0.0.3", "robot-1")
		require.NoError(t, err)
	})
}

func TestASessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "tokens")
		require.NoError(t, os.WriteFile(file, []byte("old\nnew\n"), 0o600))
		s := settings(t)
		s.Session = time.Hour
		s.Tokens["robot"] = TokenConfig{Roles: []access.Role{access.Reader}, SecretsFile: file}
		d, err := New(s)
		require.NoError(t, err)
		begin := func(token string) *http.Request {
			h, err := d.byToken(token)
			require.NoError(t, err)
			r, _ := http.NewRequest(http.MethodGet, "/", http.NoBody)
			w := recorder{http.Header{}}
			d.begin(w, r, h)
			r.Header.Set("Cookie", strings.Split(w.Header().Get("Set-Cookie"), ";")[0])
			return r
		}
		is := func(r *http.Request) bool { _, ok := d.resume(r); return ok }
		old, fresh := begin("old"), begin("new")
		require.True(t, is(old))
		require.NoError(t, os.WriteFile(file, []byte("new\n"), 0o600))
		require.False(t, is(old), "its token isn't valid any more")
		require.True(t, is(fresh))
		time.Sleep(time.Hour)
		require.False(t, is(fresh), "its time is over")

		forged := begin("new")
		forged.Header.Set("Cookie", forged.Header.Get("Cookie")+"A")
		require.False(t, is(forged))
		other, err := New(s)
		require.NoError(t, err)
		_, ok := other.resume(begin("new"))
		require.False(t, ok, "another daemon's seal")
	})
}

type recorder struct{ header http.Header }

func (r recorder) Header() http.Header       { return r.header }
func (recorder) Write(b []byte) (int, error) { return len(b), nil }
func (recorder) WriteHeader(int)             {}

func TestWhatIsSealedForOnePurposeIsWorthNothingForAnother(t *testing.T) {
	s := newSeal()
	text := s.close("a", map[string]string{"x": "y"})
	var got map[string]string
	require.True(t, s.open("a", text, &got))
	require.Equal(t, "y", got["x"])
	require.False(t, s.open("b", text, &got))
	require.False(t, newSeal().open("a", text, &got))
	for _, broken := range []string{"", ".", text[1:], text + "x", "." + text} {
		require.False(t, s.open("a", broken, &got), broken)
	}
}

func TestCookiesOverTLSBelongToTheHost(t *testing.T) {
	r, _ := http.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("X-Forwarded-Proto", "https")
	w := recorder{http.Header{}}
	cookies{}.give(w, r, sessionCookie, "x", time.Minute, http.SameSiteLaxMode)
	require.Equal(t, "__Host-shipwake=x; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax", w.header.Get("Set-Cookie"))
	r.Header.Set("Cookie", "shipwake=planted")
	require.Empty(t, cookies{}.cookie(r, sessionCookie), "planted by another host of the domain")
}

func TestWhereARequestComesFrom(t *testing.T) {
	for remote, want := range map[string]string{
		"10.0.0.1:5": "10.0.0.1", "[2001:db8:1:2:3::4]:5": "2001:db8:1:2::/64", "[::ffff:10.0.0.1]:5": "::ffff:10.0.0.1", "@": "",
	} {
		require.Equal(t, want, addressOf(&http.Request{RemoteAddr: remote}), remote)
	}
}

func TestWithoutAnybodyKnownThereIsNothingToSignInTo(t *testing.T) {
	s := Settings{Config: DefaultConfig(), ReaderTokens: live(t, ""), ReaderPairs: live(t, ""), Log: zap.NewNop()}
	s.Anonymous = access.Identity{ID: "local", Name: "local", Roles: access.Roles()}
	b := serve(t, s).browser()
	require.Contains(t, b.send(http.MethodGet, "/page", nil).text, "local|local|[reader sender operator]|false")
	require.Equal(t, 404, b.send(http.MethodGet, "/login", nil).StatusCode)
	require.Equal(t, 403, b.send(http.MethodPost, "/decide", url.Values{"a": {"b"}}).StatusCode)
	require.Equal(t, 200, b.send(http.MethodPost, "/decide", b.fields("/page")).StatusCode)
}
