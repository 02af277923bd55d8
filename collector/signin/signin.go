// Package signin answers: who is it that asks at the web listener?
//
// A request brings a token, a user and a password, or the cookie of a session that was begun at the page /login; who brings
// nothing may be somebody too, on this machine. What becomes of it is an access.Identity in the request's context. What a
// role may do is not known here.
package signin

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/internal/access"
)

// Settings are who is known.
type Settings struct {
	Config
	// ReaderTokens and ReaderPairs (user:password) are those of readers.
	ReaderTokens, ReaderPairs *secret.Live
	// Anonymous is who asks without saying who they are; the zero Identity may nothing.
	Anonymous access.Identity
	Log       *zap.Logger
}

// Door tells who asks. It is safe for concurrent use. Sessions live as long as it does.
type Door struct {
	Settings
	cookies
	seal      seal
	provider  *provider // nil for none
	tokens    []tokens
	passwords *passwords
	throttle  *throttle

	mu        sync.Mutex
	signedOut map[string]time.Time // ids of sessions, each until it would have ended
}

// tokens are those of one program, or of readers.
type tokens struct {
	access.Identity
	secrets *secret.Live
}

// holder is somebody, with what proved it: their session ends when that isn't valid any more.
type holder struct {
	access.Identity
	proof string
}

// New makes a door. A file of secrets that can't be used is an error.
func New(s Settings) (*Door, error) {
	d := &Door{Settings: s, seal: newSeal(), throttle: newThrottle(), signedOut: map[string]time.Time{}}
	d.tokens = []tokens{{access.Identity{ID: "readers", Name: "a token of readers", Roles: []access.Role{access.Reader}}, s.ReaderTokens}}
	for _, name := range slices.Sorted(maps.Keys(s.Tokens)) {
		t := s.Tokens[name]
		live, err := secret.NewLive(t.Secrets, "access::tokens::"+name+"::secrets_file", t.SecretsFile, s.Log)
		if err != nil {
			return nil, err
		}
		d.tokens = append(d.tokens, tokens{access.Identity{ID: "token:" + name, Name: name, Roles: t.Roles}, live})
	}
	if s.OIDC != nil {
		var err error
		if d.provider, err = newProvider(s.OIDC); err != nil {
			return nil, err
		}
		d.always = strings.HasPrefix(s.OIDC.RedirectURL, "https:")
	}
	var err error
	d.passwords, err = newPasswords(&s.Config, d.seal)
	return d, err
}

// loginPath is the page where people say who they are.
const loginPath = "/login"

// Enter puts who asks into the context of what is served next.
func (d *Door) Enter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := d.who(r)
		who.TooMany = errors.Is(err, errTooMany)
		if who.Ambient && who.CSRF == "" {
			who.CSRF = d.csrf(w, r)
		}
		next.ServeHTTP(w, r.WithContext(access.With(r.Context(), who)))
	})
}

// csrf is what forms of pages bring back while nobody is signed in: it belongs to the browser that the page was shown in.
func (d *Door) csrf(w http.ResponseWriter, r *http.Request) string {
	browser := d.cookie(r, browserCookie)
	if browser == "" {
		if !access.WantsPage(r) {
			return ""
		}
		browser = randomText()
		d.give(w, r, browserCookie, browser, 0, http.SameSiteLaxMode)
	}
	return d.seal.mark("csrf of a browser", browser)
}

// who tells who sent a request. What stands in the header Authorization counts alone: when it is wrong, nothing else makes up
// for it.
func (d *Door) who(r *http.Request) (access.Identity, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, given, _ := strings.Cut(header, " ")
		if strings.EqualFold(scheme, "Bearer") {
			h, err := d.byToken(strings.TrimSpace(given))
			return h.Identity, err
		}
		user, password, ok := r.BasicAuth()
		if !ok {
			return access.Identity{}, errWrong
		}
		h, err := d.byPassword(r.Context(), addressOf(r), user, password)
		return h.Identity, err
	}
	if who, ok := d.resume(r); ok {
		return who, nil
	}
	who := d.Anonymous
	who.Ambient = true
	if d.opens() {
		who.SignIn = loginPath
	}
	return who, nil
}

// opens tells whether there is anything to sign in with.
func (d *Door) opens() bool { return d.Known() || d.Anonymous.ID == "" && len(d.Anonymous.Roles) == 0 }

// byToken returns who has a token. All are compared, whichever it is.
func (d *Door) byToken(given string) (holder, error) {
	found, err := holder{}, errWrong
	for _, t := range d.tokens {
		if valid, _ := t.secrets.Get(); secret.Is(given, valid) && err != nil {
			found, err = holder{t.Identity, given}, nil
		}
	}
	return found, err
}
