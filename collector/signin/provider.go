package signin

import (
	"context"
	"crypto/hmac"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"go.uber.org/zap"
	"golang.org/x/oauth2"

	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/internal/outgoing"
)

const (
	providerPath = loginPath + "/provider"
	// attemptLasts is how long somebody may take to sign in at the provider.
	attemptLasts = 10 * time.Minute
	// providerWithin is how long the provider may take to answer the daemon.
	providerWithin = 10 * time.Second
	// mostAnswer bounds what it answers, in bytes.
	mostAnswer = 1 << 20
)

// provider is asked when somebody wants to sign in, and not before: the daemon starts without it.
type provider struct {
	*OIDCConfig
	client *http.Client
	turn   chan struct{}  // who holds it may look at what follows
	found  *oidc.Provider // nil until it told its endpoints
}

func newProvider(c *OIDCConfig) (*provider, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("access::oidc::ca_file: %w", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("access::oidc::ca_file: %s holds no certificate in PEM", c.CAFile)
		}
	}
	issuer, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, errors.New("access::oidc::issuer: must be an address such as https://id.example.com")
	}
	guard, err := outgoing.NewGuard(append([]string{issuer.Hostname()}, c.Allow...), "access::oidc::allow")
	if err != nil {
		return nil, err
	}
	client := guard.Client(trust, nil)
	client.Transport, client.Timeout = bounded{client.Transport}, providerWithin
	return &provider{OIDCConfig: c, client: client, turn: make(chan struct{}, 1)}, nil
}

// bounded reads so much of an answer and no more.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Close = true // it is asked once in a while
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, mostAnswer), answer.Body}
	}
	return answer, err
}

// endpoints are those that the provider tells of itself. They are asked for until it has told them.
func (p *provider) endpoints(ctx context.Context) (*oidc.Provider, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.found != nil {
		return p.found, nil
	}
	found, err := oidc.NewProvider(ctx, p.Issuer)
	if err == nil {
		p.found = found
	}
	return found, err
}

func (p *provider) oauth(of *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: string(p.ClientSecret), RedirectURL: p.RedirectURL, Scopes: p.Scopes, Endpoint: of.Endpoint(),
	}
}

// attempt is a sign-in that is under way, in a cookie of the browser that began it. The verifier of PKCE and the nonce follow
// from the state and the daemon's seal, so that they are in no cookie.
type attempt struct {
	State string    `json:"state"`
	Next  string    `json:"next"`
	Until time.Time `json:"until"`
}

func (d *Door) verifier(state string) string { return d.seal.mark("verifier", state) }
func (d *Door) nonce(state string) string    { return d.seal.mark("nonce", state) }

// depart leads to the provider.
func (d *Door) depart(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := d.provider.asking(r.Context())
	defer cancel()
	found, err := d.provider.endpoints(ctx)
	if err != nil {
		d.Log.Warn("The identity provider can't be asked", zap.String("issuer", d.provider.Issuer), zap.Error(err))
		d.show(w, r, http.StatusServiceUnavailable, d.provider.Name+" can't be reached now; try again in a moment, or use a token")
		return
	}
	a := attempt{State: randomText(), Next: local(r.FormValue("next")), Until: time.Now().Add(attemptLasts)}
	d.give(w, r, providerCookie, d.seal.close("attempt", a), attemptLasts, http.SameSiteLaxMode)
	lead(w, d.provider.oauth(found).AuthCodeURL(a.State, oidc.Nonce(d.nonce(a.State)), oauth2.S256ChallengeOption(d.verifier(a.State))))
}

func (p *provider) asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(oidc.ClientContext(ctx, p.client), providerWithin)
}

// arrive takes who comes back from the provider.
func (d *Door) arrive(w http.ResponseWriter, r *http.Request) {
	var a attempt
	begun := d.seal.open("attempt", d.cookie(r, providerCookie), &a) && time.Now().Before(a.Until)
	d.give(w, r, providerCookie, "", 0, http.SameSiteLaxMode)
	q := r.URL.Query()
	if !begun || !hmac.Equal([]byte(q.Get("state")), []byte(a.State)) {
		d.show(w, r, http.StatusBadRequest, "this browser didn't begin to sign in, or took longer than 10 minutes: begin again")
		return
	}
	if refused := q.Get("error"); refused != "" {
		d.Log.Warn("The identity provider refused", zap.String("error", clean(refused)))
		d.show(w, r, http.StatusForbidden, d.provider.Name+" refused: "+clean(refused))
		return
	}
	claims, err := d.redeem(r.Context(), q.Get("code"), a)
	if err != nil {
		d.Log.Warn("A sign-in at the identity provider failed", zap.String("issuer", d.provider.Issuer), zap.String("step", err.Error()))
		d.show(w, r, http.StatusBadGateway, d.provider.Name+" didn't confirm who you are: begin again; the daemon's log says why")
		return
	}
	d.admit(w, r, claims, a.Next)
}

// admit begins the session of somebody with a role.
func (d *Door) admit(w http.ResponseWriter, r *http.Request, claims map[string]any, next string) {
	subject, _ := claims["sub"].(string)
	who := access.Identity{ID: "oidc:" + clean(subject), Name: d.provider.nameOf(claims), Roles: d.provider.rolesOf(groupsOf(claims[d.provider.GroupsClaim]))}
	if who.Name == "" {
		who.Name = who.ID
	}
	if len(who.Roles) == 0 {
		d.Log.Warn("Somebody without a role was refused", zap.String("who", who.ID), zap.String("name", who.Name))
		d.show(w, r, http.StatusForbidden, "you are "+who.Name+", and none of your groups has a role here (access::oidc::roles)")
		return
	}
	d.begin(w, r, holder{who, ""})
	d.Log.Info("Signed in", zap.String("who", who.ID), zap.String("name", who.Name), zap.String("address", addressOf(r)))
	lead(w, next)
}

// redeem turns a code into what the provider says of a person. Its errors hold no code and no token.
func (d *Door) redeem(ctx context.Context, code string, a attempt) (map[string]any, error) {
	ctx, cancel := d.provider.asking(ctx)
	defer cancel()
	found, err := d.provider.endpoints(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for its endpoints: %w", err)
	}
	token, err := d.provider.oauth(found).Exchange(ctx, code, oauth2.VerifierOption(d.verifier(a.State)))
	if err != nil {
		var said *oauth2.RetrieveError
		if errors.As(err, &said) {
			return nil, fmt.Errorf("exchanging the code: the provider answered %d %s", said.Response.StatusCode, clean(said.ErrorCode))
		}
		return nil, errors.New("exchanging the code: no answer that can be read")
	}
	raw, _ := token.Extra("id_token").(string)
	verified, err := found.Verifier(&oidc.Config{ClientID: d.provider.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("checking the ID token: %w", err)
	}
	if !hmac.Equal([]byte(verified.Nonce), []byte(d.nonce(a.State))) {
		return nil, errors.New("checking the ID token: its nonce is of another sign-in")
	}
	claims := map[string]any{}
	if err := verified.Claims(&claims); err != nil {
		return nil, errors.New("reading the claims")
	}
	return claims, d.complete(ctx, found, token, claims)
}

// complete asks for the groups when the ID token has none: some providers tell them only then.
func (d *Door) complete(ctx context.Context, found *oidc.Provider, token *oauth2.Token, claims map[string]any) error {
	if _, told := claims[d.provider.GroupsClaim]; told || found.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return errors.New("asking for the groups: no answer that can be read")
	}
	if info.Subject != claims["sub"] {
		return errors.New("asking for the groups: the answer is about somebody else")
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return errors.New("asking for the groups: the claims can't be read")
	}
	for claim, value := range more {
		if _, told := claims[claim]; !told {
			claims[claim] = value
		}
	}
	return nil
}
