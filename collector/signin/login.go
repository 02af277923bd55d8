package signin

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/internal/access"
)

//go:embed login.html
var loginText string

//go:embed login.css
var loginStyle string

var loginPage = template.Must(template.New("login").Parse(loginText))

// loginPolicy lets the page load nothing, and send its forms home.
var loginPolicy = func() string {
	sum := sha256.Sum256([]byte(loginStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// login is what the page says.
type login struct {
	Style    template.CSS
	Who      access.Identity
	Next     string // where to go then
	Wrong    string // why it went wrong
	Users    bool   // whether a user and a password are asked for
	Tokens   bool
	Provider string // the name of an identity provider; "" for none
}

// Routes are the page where people sign in, and what its forms are sent to.
func (d *Door) Routes() map[string]http.Handler {
	if !d.opens() {
		return nil
	}
	routes := map[string]http.Handler{
		"GET " + loginPath:  access.Public(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.show(w, r, http.StatusOK, "") })),
		"POST " + loginPath: access.Meant(http.HandlerFunc(d.signIn)),
		"POST /logout":      access.Meant(http.HandlerFunc(d.signOut)),
	}
	if d.provider != nil {
		routes["GET "+providerPath] = access.Public(http.HandlerFunc(d.depart))
		routes["GET "+callbackPath] = access.Public(http.HandlerFunc(d.arrive))
	}
	return routes
}

func (d *Door) show(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	page := login{
		Style: template.CSS(loginStyle), Who: access.Of(r.Context()), Next: local(r.FormValue("next")), Wrong: wrong, Tokens: true,
		Users: len(d.Users) > 0 || d.ReaderPairs.Any(),
	}
	if d.provider != nil {
		page.Provider = d.provider.Name
	}
	var b bytes.Buffer
	if err := loginPage.Execute(&b, page); err != nil {
		access.Refuse(w, r, http.StatusInternalServerError, "the page can't be written")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", loginPolicy)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// signIn takes the form with a user and a password, or with a token.
func (d *Door) signIn(w http.ResponseWriter, r *http.Request) {
	from, name, password := addressOf(r), r.PostFormValue("user"), r.PostFormValue("password")
	var h holder
	var err error
	if given := strings.TrimSpace(r.PostFormValue("token")); given != "" {
		h, err = d.byTypedToken(from, given)
	} else {
		h, err = d.byPassword(r.Context(), from, name, password)
	}
	switch {
	case errors.Is(err, errTooMany):
		w.Header().Set("Retry-After", "60")
		d.show(w, r, http.StatusTooManyRequests, err.Error())
	case err != nil:
		d.Log.Warn("Somebody failed to sign in", zap.String("address", from)) // what was typed may be a password in the wrong field
		d.show(w, r, http.StatusUnauthorized, err.Error())
	default:
		d.begin(w, r, h)
		d.Log.Info("Signed in", zap.String("who", h.ID), zap.String("address", from))
		lead(w, local(r.PostFormValue("next")))
	}
}

func (d *Door) byTypedToken(from, given string) (holder, error) {
	if !d.throttle.open(from, "") {
		return holder{}, errTooMany
	}
	h, err := d.byToken(given)
	if err != nil {
		d.throttle.failed(from, "")
	}
	return h, err
}

func (d *Door) signOut(w http.ResponseWriter, r *http.Request) {
	d.end(w, r)
	lead(w, loginPath)
}

func lead(w http.ResponseWriter, to string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// local is a path of this daemon, "/" for whatever leads elsewhere. It is written anew from what was understood, so that no
// browser understands it otherwise.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return "/"
	}
	path := "/" + strings.TrimLeft(u.EscapedPath(), "/")
	if path == loginPath || strings.HasPrefix(path, loginPath+"/") || path == "/logout" {
		return "/"
	}
	if u.RawQuery != "" {
		path += "?" + u.Query().Encode()
	}
	return path
}
