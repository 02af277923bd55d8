package rollbacks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/access"
)

// SwitchPath is where the kill switch is turned.
const SwitchPath = "/api/v1/rollbacks/kill-switch"

const (
	// mostTurn bounds a request to turn the kill switch, in bytes, and mostWhy its reason, in characters.
	mostTurn = 8 << 10
	mostWhy  = 500
)

// turned is the body of a request to turn the kill switch.
type turned struct {
	On  *bool  `json:"on"`
	Why string `json:"why"`
}

// Switch turns the kill switch for operators: by JSON, answered with the switch as it is then, or by the form of a page, answered
// with the way back to it. Keep stores a turn; it isn't turned before that.
func Switch(now func() time.Time, keep func(context.Context, correlate.KillSwitch) error) http.Handler {
	return access.Require(access.Operator, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form := isForm(r)
		turn, err := readTurn(w, r, form)
		if err != nil {
			answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		is := correlate.KillSwitch{On: *turn.On, At: now().UTC(), By: access.Of(r.Context()).Name, Why: turn.Why}
		switch err := keep(r.Context(), is); {
		case err != nil:
			w.Header().Set("Retry-After", "5")
			answer(w, http.StatusServiceUnavailable, map[string]string{"error": "it can't be stored now, and isn't turned; try again, or make the file rollback::kill_switch_file"})
		case form:
			w.Header().Set("Location", "/rollbacks")
			w.WriteHeader(http.StatusSeeOther)
		default:
			answer(w, http.StatusOK, is)
		}
	}))
}

func isForm(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "application/x-www-form-urlencoded"
}

func readTurn(w http.ResponseWriter, r *http.Request, form bool) (t turned, err error) {
	if form {
		r.Body = http.MaxBytesReader(w, r.Body, mostTurn)
		if err := r.ParseForm(); err != nil {
			return t, errors.New("the body must be a form with on and why")
		}
		on, err := strconv.ParseBool(r.PostForm.Get("on"))
		if err != nil {
			return t, errors.New("on: must be true (nobody is asked) or false")
		}
		t.On, t.Why = &on, r.PostForm.Get("why")
	} else {
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostTurn))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&t); err != nil {
			return t, errors.New(`the body must be a JSON object such as {"on": true, "why": "a game day"}`)
		}
	}
	t.Why = strings.TrimSpace(t.Why)
	switch {
	case t.On == nil:
		return t, errors.New("on: required: true (nobody is asked) or false")
	case utf8.RuneCountInString(t.Why) > mostWhy:
		return t, fmt.Errorf("why: must not be longer than %d characters", mostWhy)
	}
	return t, nil
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the asker may have gone
}
