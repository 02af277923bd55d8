package access

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

const (
	csrfField  = "csrf"
	csrfHeader = "X-CSRF-Token"
	// mostForm bounds a form of a page, in bytes.
	mostForm = 64 << 10
)

// guard is a handler with what it needs.
type guard struct {
	role  Role // "" is nothing
	meant bool // nothing that a page of another origin sent
	next  http.Handler
}

// Require answers only those who have a role: others get 401 when they didn't say who they are, or 403, each with the role
// in words. What changes something (any method but GET, HEAD and OPTIONS) is also refused when a page of another origin sent it,
// or when a browser sent it without the field of Identity.CSRFField or the header X-CSRF-Token. A form is parsed then: r.PostForm has it.
func Require(role Role, next http.Handler) http.Handler { return guard{role, true, next} }

// Public answers everybody: for what is the same in every daemon, such as style sheets.
func Public(next http.Handler) http.Handler { return guard{"", false, next} }

// Meant answers everybody, whatever their role, but refuses what no page of this daemon sent, as Require does: for signing in and out.
func Meant(next http.Handler) http.Handler { return guard{"", true, next} }

// Mux serves what a mux has: a handler that says nothing of who may use it is for readers, and so is the answer that there is
// none.
func Mux(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, _ := mux.Handler(r)
		if _, says := h.(guard); !says && !Of(r.Context()).May(Reader) {
			refuseRole(w, r, Of(r.Context()), Reader)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (g guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who := Of(r.Context())
	if g.role != "" && !who.May(g.role) {
		refuseRole(w, r, who, g.role)
		return
	}
	if g.meant {
		if why := forged(w, r, who); why != "" {
			Refuse(w, r, http.StatusForbidden, why)
			return
		}
	}
	g.next.ServeHTTP(w, r)
}

// forged says why a request may not have been meant by whom it seems to come from; "" when it was.
func forged(w http.ResponseWriter, r *http.Request, who Identity) string {
	if safe(r.Method) || !who.Ambient {
		return "" // a token stands in a header that no page of another origin can set
	}
	if http.NewCrossOriginProtection().Check(r) != nil {
		return "this came from a page of another site"
	}
	form := isForm(r)
	if !who.Session && !form && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
		return "" // a program
	}
	given := r.Header.Get(csrfHeader)
	if form && given == "" {
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		if err := r.ParseForm(); err != nil {
			return "the form can't be read"
		}
		given = r.PostForm.Get(csrfField)
	}
	if who.CSRF == "" || subtle.ConstantTimeCompare([]byte(given), []byte(who.CSRF)) != 1 {
		return "the page with this form is too old or from elsewhere: load it again; a program sends JSON, or the header " + csrfHeader
	}
	return ""
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// isForm tells of the types of bodies that a page can send elsewhere without asking before.
func isForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data" || kind == "text/plain"
}

func refuseRole(w http.ResponseWriter, r *http.Request, who Identity, role Role) {
	if who.ID != "" {
		has := "no role"
		if len(who.Roles) > 0 {
			has = listed(who.Roles)
		}
		Refuse(w, r, http.StatusForbidden, fmt.Sprintf("this needs the role %s; %s has %s", role, who, has))
		return
	}
	if who.TooMany {
		w.Header().Set("Retry-After", "60")
		Refuse(w, r, http.StatusTooManyRequests, "too many wrong passwords came from your address: wait a minute")
		return
	}
	if who.SignIn != "" && WantsPage(r) && safe(r.Method) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", who.SignIn+"?next="+url.QueryEscape(r.URL.RequestURI()))
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	w.Header().Add("WWW-Authenticate", `Bearer realm="shipwake"`)
	if r.Header.Get("Sec-Fetch-Site") == "" { // a browser would ask people for a password in a window of its own
		w.Header().Add("WWW-Authenticate", `Basic realm="shipwake", charset="UTF-8"`)
	}
	Refuse(w, r, http.StatusUnauthorized, fmt.Sprintf("this needs the role %s: say who you are by Authorization: Bearer <token>, or Basic, "+
		"as readers:: or access:: of the configuration has it", role))
}

// WantsPage tells whether a person looks at the answer.
func WantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

var refusal = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>Refused · Shipwake</title></head><body><main><h1>That may not be done</h1><p>{{.}}.</p><p><a href="/">Go on</a></p></main></body></html>
`))

// Refuse answers a page to people, and to programs an error in the form of the API's own.
func Refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if WantsPage(r) {
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		w.WriteHeader(status)
		_ = refusal.Execute(w, why)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	_ = out.Encode(struct {
		Error string `json:"error"`
	}{why})
}
