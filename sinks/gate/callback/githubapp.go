package callback

import (
	"cmp"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
)

// App is the GitHub App in whose name GitHub is answered.
type App struct {
	// AppID is its id or its client id.
	AppID string `mapstructure:"app_id"`
	// PrivateKey is its RSA key in PEM, as GitHub gives it; PrivateKeyFile the file that holds it, read at the start.
	PrivateKey     configopaque.String `mapstructure:"private_key"`
	PrivateKeyFile string              `mapstructure:"private_key_file"`
}

func (a App) open(api string, client *call.Client) (*tokens, error) {
	if a.AppID == "" {
		return nil, errors.New("app_id: required: the id of the GitHub App, or its client id")
	}
	text, key := string(a.PrivateKey), "private_key"
	if (text == "") == (a.PrivateKeyFile == "") {
		return nil, errors.New("private_key_file: give the file with the private key of the GitHub App, or private_key, one of them")
	}
	if text == "" {
		key = "private_key_file"
		var err error
		if text, err = fileOf(key, a.PrivateKeyFile); err != nil {
			return nil, err
		}
	}
	private, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s: it must be an RSA key in PEM, as GitHub gives it for download", key)
	}
	return &tokens{id: a.AppID, key: private, api: api, client: client, known: map[int64]token{}}, nil
}

// tokens are those of the App's installations. Each is good for an hour, and asked for when it is needed.
type tokens struct {
	id     string
	key    *rsa.PrivateKey
	api    string
	client *call.Client

	mu    sync.Mutex
	known map[int64]token // by installation
}

type token struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

const (
	// jwtFor is how long a token of the App itself is good: GitHub takes at most ten minutes. It is dated back by jwtSkew, for
	// clocks that differ.
	jwtFor  = 9 * time.Minute
	jwtSkew = time.Minute
	// mostInstallations is of how many installations a token is remembered.
	mostInstallations = 1000
)

// header is that of a request to the API as an installation of the App.
func (t *tokens) header(ctx context.Context, installation int64, now time.Time) (http.Header, error) {
	t.mu.Lock()
	known := t.known[installation]
	t.mu.Unlock()
	if now.Add(jwtSkew).Before(known.ExpiresAt) {
		return githubHeader(known.Token), nil
	}
	fresh, err := t.ask(ctx, installation, now)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= mostInstallations {
		clear(t.known)
	}
	t.known[installation] = fresh
	return githubHeader(fresh.Token), nil
}

// forget drops a token that GitHub doesn't take.
func (t *tokens) forget(installation int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, installation)
}

func (t *tokens) ask(ctx context.Context, installation int64, now time.Time) (fresh token, err error) {
	signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: t.id, IssuedAt: jwt.NewNumericDate(now.Add(-jwtSkew)), ExpiresAt: jwt.NewNumericDate(now.Add(jwtFor)),
	}).SignedString(t.key)
	if err != nil {
		return fresh, &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("private_key: nothing can be signed with it")}
	}
	got, err := send(ctx, t.client, http.MethodPost, fmt.Sprintf("%s/app/installations/%d/access_tokens", t.api, installation), githubHeader(signed), struct{}{})
	if err != nil {
		return fresh, err
	}
	if refused := githubOutcome(got, now); refused != nil {
		return fresh, tokenless(refused)
	}
	if json.Unmarshal(got.Body, &fresh) != nil || fresh.Token == "" || strings.ContainsAny(fresh.Token, "\r\n") {
		return token{}, &sinks.Undelivered{Cause: sinks.Failed, Err: errors.New("GitHub gave no installation token")}
	}
	return fresh, nil
}

// tokenless says where an answer comes from.
func tokenless(refused error) error {
	var u *sinks.Undelivered
	errors.As(refused, &u)
	u.Err = fmt.Errorf("an installation token of the GitHub App was asked for (app_id, private_key): %w", u.Err)
	return u
}

func githubHeader(token string) http.Header {
	return http.Header{
		"Authorization":        {"Bearer " + cmp.Or(token, "none")},
		"Accept":               {"application/vnd.github+json"},
		"X-Github-Api-Version": {"2022-11-28"},
	}
}
