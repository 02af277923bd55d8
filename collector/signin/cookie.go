package signin

import (
	"net/http"
	"time"
)

// The cookies: a session, a browser (which forms of pages are bound to while nobody is signed in), and a sign-in at a provider
// that is under way.
const (
	sessionCookie  = "shipwake"
	browserCookie  = "shipwake-browser"
	providerCookie = "shipwake-provider"
)

// cookies are those of a daemon that people always reach over TLS, by what is configured, or as a request came.
type cookies struct{ always bool }

// encrypted tells whether a browser came over TLS, here or at a proxy in front. Who claims it wrongly gets a cookie that its
// own browser doesn't send.
func (c cookies) encrypted(r *http.Request) bool {
	return c.always || r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// nameOf is the name of a cookie. Over TLS browsers take one with this prefix only from the very host, so that no other host of
// the domain can plant one.
func (c cookies) nameOf(r *http.Request, name string) string {
	if c.encrypted(r) {
		return "__Host-" + name
	}
	return name
}

// give sends a cookie. Sessions are Lax and not Strict: a link in a chat message opens its page for who is signed in, and an
// identity provider leads back from its own site. What changes something asks for more than the cookie.
func (c cookies) give(w http.ResponseWriter, r *http.Request, name, value string, lasts time.Duration, same http.SameSite) {
	set := &http.Cookie{Name: c.nameOf(r, name), Value: value, Path: "/", HttpOnly: true, Secure: c.encrypted(r), SameSite: same}
	switch {
	case value == "":
		set.MaxAge = -1
	case lasts > 0:
		set.MaxAge = int(lasts / time.Second)
	}
	http.SetCookie(w, set)
}

func (c cookies) cookie(r *http.Request, name string) string {
	got, err := r.Cookie(c.nameOf(r, name))
	if err != nil {
		return ""
	}
	return got.Value
}
