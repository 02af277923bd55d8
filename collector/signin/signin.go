// Package signin answers: who is it that asks at the web listener?
//
// A request brings a token, a user and a password, or the cookie of a session that was begun at the page /login; who brings
// nothing may be somebody too, on this machine. What becomes of it is an access.Identity in the request's context. What a
// role may do is not known here.
package signin

import (
	"net/http"
	"strings"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/internal/access"
)

// Settings are who is known.
type Settings struct {
	// ReaderTokens and ReaderPairs (user:password) are those of readers.
	ReaderTokens, ReaderPairs *secret.Live
	// Anonymous is who asks without saying who they are; the zero Identity may nothing.
	Anonymous access.Identity
	Log       *zap.Logger
}

// Door tells who asks. It is safe for concurrent use.
type Door struct {
	Settings
	seal seal
}

// New makes a door.
func New(s Settings) *Door { return &Door{Settings: s, seal: newSeal()} }

// Enter puts who asks into the request's context.
func (d *Door) Enter(w http.ResponseWriter, r *http.Request) *http.Request {
	who := d.who(r)
	if who.Ambient {
		who.CSRF = d.csrf(w, r)
	}
	return r.WithContext(access.With(r.Context(), who))
}

// csrf is what forms of pages bring back: it belongs to the browser that the page was shown in.
func (d *Door) csrf(w http.ResponseWriter, r *http.Request) string {
	browser := cookie(r, browserCookie)
	if browser == "" {
		if !access.WantsPage(r) {
			return ""
		}
		browser = randomText()
		give(w, r, browserCookie, browser, 0, http.SameSiteLaxMode)
	}
	return d.seal.mark("csrf", browser)
}

func (d *Door) who(r *http.Request) access.Identity {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		tokens, _ := d.ReaderTokens.Get()
		if secret.Is(strings.TrimSpace(given), tokens) {
			return access.Identity{ID: "token", Name: "a token of readers", Roles: []access.Role{access.Reader}}
		}
		return access.Identity{}
	}
	if user, password, ok := r.BasicAuth(); ok {
		pairs, _ := d.ReaderPairs.Get()
		if secret.Is(user+":"+password, pairs) {
			return access.Identity{ID: "user:" + user, Name: user, Roles: []access.Role{access.Reader}, Ambient: true}
		}
		return access.Identity{}
	}
	return d.Anonymous
}
