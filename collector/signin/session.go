package signin

import (
	"crypto/hmac"
	"net/http"
	"strings"
	"time"

	"github.com/shipwake/shipwake/internal/access"
)

// session is what the cookie of somebody who is signed in says. It is sealed.
type session struct {
	ID    string    `json:"id"`
	Who   string    `json:"who"`   // the ID of an Identity
	Proof string    `json:"proof"` // the mark of what it was begun with
	Until time.Time `json:"until"`
	// Name and Roles are those that an identity provider told; "" and none otherwise.
	Name  string        `json:"name,omitempty"`
	Roles []access.Role `json:"roles,omitempty"`
}

// begin signs somebody in: a session of its own, whatever the browser had before.
func (d *Door) begin(w http.ResponseWriter, r *http.Request, h holder) {
	s := session{ID: randomText(), Who: h.ID, Proof: d.seal.mark("proof", h.proof), Until: time.Now().Add(d.Session)}
	if told(h.ID) {
		s.Name, s.Roles = h.Name, h.Roles
	}
	d.give(w, r, sessionCookie, d.seal.close("session", s), d.Session, http.SameSiteLaxMode)
}

// current is the session of a request; false when it has none that lasts.
func (d *Door) current(r *http.Request) (session, bool) {
	var s session
	if text := d.cookie(r, sessionCookie); text == "" || !d.seal.open("session", text, &s) || !time.Now().Before(s.Until) {
		return s, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, out := d.signedOut[s.ID]
	return s, !out
}

// resume tells whose session a request belongs to. What somebody may do is what is configured now; and the session has ended
// when what it was begun with isn't valid any more.
func (d *Door) resume(r *http.Request) (access.Identity, bool) {
	s, ok := d.current(r)
	if !ok {
		return access.Identity{}, false
	}
	for _, h := range d.holders(s) {
		if hmac.Equal([]byte(d.seal.mark("proof", h.proof)), []byte(s.Proof)) {
			who := h.Identity
			who.Ambient, who.Session, who.CSRF = true, true, d.seal.mark("csrf of a session", s.ID)
			return who, true
		}
	}
	return access.Identity{}, false
}

// told tells whether an identity provider said who somebody is.
func told(id string) bool { return strings.HasPrefix(id, "oidc:") }

// holders are all that is valid now for who began a session.
func (d *Door) holders(s session) []holder {
	if told(s.Who) {
		return []holder{{access.Identity{ID: s.Who, Name: s.Name, Roles: s.Roles}, ""}}
	}
	var all []holder
	id := s.Who
	for _, t := range d.tokens {
		if t.ID != id {
			continue
		}
		valid, _ := t.secrets.Get()
		for _, secret := range valid {
			all = append(all, holder{t.Identity, secret})
		}
	}
	for _, u := range d.passwords.users {
		if u.ID == id {
			all = append(all, holder{u.Identity, string(u.hash)})
		}
	}
	return append(all, d.pairsOf(id)...)
}

// end signs out: the cookie is worth nothing from now on, also where it was copied to.
func (d *Door) end(w http.ResponseWriter, r *http.Request) {
	s, ok := d.current(r)
	d.give(w, r, sessionCookie, "", 0, http.SameSiteLaxMode)
	if !ok {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for id, until := range d.signedOut {
		if now.After(until) {
			delete(d.signedOut, id)
		}
	}
	d.signedOut[s.ID] = s.Until
}
