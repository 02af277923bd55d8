// Package client answers: what does a running daemon say?
//
// It asks the daemon's HTTP API and gives the answers in the API's own types.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/api"
)

// ErrNotFound is returned for a change that the daemon doesn't know.
var ErrNotFound = errors.New("unknown change")

// ErrUnknownName is returned for a service, an environment, a team or the like of which the daemon knows nothing. The error
// names those that it knows.
var ErrUnknownName = errors.New("unknown name")

// nameError is an ErrUnknownName in the daemon's words.
type nameError struct{ said api.Error }

func (e *nameError) Error() string { return e.said.Parameter + ": " + e.said.Error }

func (e *nameError) Unwrap() error { return ErrUnknownName }

// unreachable is why a daemon didn't answer, or answered that it can't now.
type unreachable struct{ error }

func (u *unreachable) Unwrap() error { return u.error }

// Unreachable says that it wasn't the question that was wrong: asked again later, it may be answered.
func Unreachable(err error) bool {
	var u *unreachable
	return errors.As(err, &u)
}

// longest is the longest answer that is read, in bytes.
const longest = 64 << 20

// Client asks one daemon. It is safe for concurrent use.
type Client struct {
	base  string
	user  *url.Userinfo // of Basic authentication; nil for none
	token string        // a bearer token; "" for none
	http  *http.Client
}

// New makes a client of the daemon at a base URL such as http://127.0.0.1:8788. A user and a password in it are sent as
// Basic authentication, and are in no error.
func New(base string, access Access) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		if at := strings.LastIndex(base, "@"); at >= 0 {
			base = "…" + base[at:] // what is before may be a password
		}
		return nil, fmt.Errorf("%q is not the address of a daemon; want one like http://127.0.0.1:8788", base)
	}
	token, err := access.token()
	if err != nil {
		return nil, fmt.Errorf("the token: %w", err)
	}
	transport, err := access.transport()
	if err != nil {
		return nil, err
	}
	c := &Client{user: u.User, token: token}
	u.User = nil
	c.base = strings.TrimSuffix(u.String(), "/")
	// A redirect could take the token elsewhere, and the daemon never sends one.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &http.Client{Timeout: 30 * time.Second, Transport: transport, CheckRedirect: stay}
	return c, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Change is everything about one change: the record, every revision of its verdict, the regressions it is suspected of.
func (c *Client) Change(ctx context.Context, id string) (api.Change, error) {
	var answer api.Change
	return answer, c.get(ctx, "/api/v1/changes/"+escape(id), nil, &answer)
}

// ChangeText is Change as the daemon wrote it, with whatever a newer one says that this program doesn't know.
func (c *Client) ChangeText(ctx context.Context, id string) (json.RawMessage, error) {
	var text json.RawMessage
	return text, c.get(ctx, "/api/v1/changes/"+escape(id), nil, &text)
}

// Changes are changes by the API's own query parameters, newest first.
func (c *Client) Changes(ctx context.Context, query url.Values) (api.Changes, error) {
	var answer api.Changes
	return answer, c.get(ctx, "/api/v1/changes", query, &answer)
}

// Incidents are incidents by the API's own query parameters, newest first.
func (c *Client) Incidents(ctx context.Context, query url.Values) (api.Incidents, error) {
	var answer api.Incidents
	return answer, c.get(ctx, "/api/v1/incidents", query, &answer)
}

// DORA is a report, by the API's own query parameters.
func (c *Client) DORA(ctx context.Context, query url.Values) (api.DORA, error) {
	var answer api.DORA
	return answer, c.get(ctx, "/api/v1/dora", query, &answer)
}

// DORAText is DORA as the daemon wrote it, with whatever a newer one says that this program doesn't know.
func (c *Client) DORAText(ctx context.Context, query url.Values) (json.RawMessage, error) {
	var text json.RawMessage
	return text, c.get(ctx, "/api/v1/dora", query, &text)
}

// Optional asks a path that not every daemon has, and says whether this one does.
func (c *Client) Optional(ctx context.Context, path string, query url.Values, into any) (bool, error) {
	err := c.get(ctx, path, query, into)
	var missing *pathError
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, err
}

// pathError is that of a path that the daemon doesn't have.
type pathError struct{ text string }

func (e *pathError) Error() string { return e.text }

// Quality asks what is missing in the records of a window.
func (c *Client) Quality(ctx context.Context, query url.Values) (api.Quality, error) {
	var answer api.Quality
	return answer, c.get(ctx, "/api/v1/quality", query, &answer)
}

// Restatements are the numbers that became others after they were published, by the API's own query parameters.
func (c *Client) Restatements(ctx context.Context, query url.Values) (api.Restatements, error) {
	var answer api.Restatements
	return answer, c.get(ctx, "/api/v1/dora/restatements", query, &answer)
}

// Quarantine is what is held, newest first.
func (c *Client) Quarantine(ctx context.Context, query url.Values) (api.Quarantine, error) {
	var answer api.Quarantine
	return answer, c.get(ctx, "/api/v1/quarantine", query, &answer)
}

// Rollbacks are decisions on rollbacks, by the API's own query parameters, newest first.
func (c *Client) Rollbacks(ctx context.Context, query url.Values) (api.Rollbacks, error) {
	var answer api.Rollbacks
	return answer, c.get(ctx, "/api/v1/rollbacks", query, &answer)
}

// TurnKillSwitch stops all requests for rollbacks, or lets them through again, and returns the switch as it is then.
func (c *Client) TurnKillSwitch(ctx context.Context, on bool, why string) (is correlate.KillSwitch, err error) {
	body, err := json.Marshal(map[string]any{"on": on, "why": why})
	if err != nil {
		return is, err
	}
	return is, c.ask(ctx, http.MethodPost, "/api/v1/rollbacks/kill-switch", nil, bytes.NewReader(body), &is)
}

// Names are those that only changes and incidents have, and those that only telemetry has.
func (c *Client) Names(ctx context.Context) (api.Names, error) {
	var answer api.Names
	return answer, c.get(ctx, "/api/v1/names", nil, &answer)
}

// Gate is whether a change may go on, by the gate's own query parameters, as the daemon wrote it.
func (c *Client) Gate(ctx context.Context, query url.Values) (json.RawMessage, error) {
	var text json.RawMessage
	return text, c.get(ctx, "/api/v1/gate", query, &text)
}

// Say has the daemon keep what whoever asks says of a change or an incident, and returns the note as it is kept.
func (c *Client) Say(ctx context.Context, said api.Said) (api.Noted, error) {
	body, err := json.Marshal(said)
	if err != nil {
		return api.Noted{}, err
	}
	var answer api.Noted
	return answer, c.ask(ctx, http.MethodPost, "/api/v1/notes", nil, bytes.NewReader(body), &answer)
}

// escape makes one element of a path of an id, which may hold slashes. Dots alone would mean another path.
func escape(id string) string {
	if id == "." || id == ".." {
		return strings.ReplaceAll(id, ".", "%2E")
	}
	return url.PathEscape(id)
}

func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	return c.ask(ctx, http.MethodGet, path, query, http.NoBody, into)
}

// ask asks, with a body of JSON unless it is http.NoBody.
func (c *Client) ask(ctx context.Context, method, path string, query url.Values, said io.Reader, into any) error {
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, said)
	if err != nil {
		return err
	}
	if said != http.NoBody {
		request.Header.Set("Content-Type", "application/json")
	}
	c.authenticate(request)
	answer, err := c.http.Do(request)
	if err != nil {
		return &unreachable{fmt.Errorf("asking the daemon (is it running at %s?): %w", c.base, err)}
	}
	defer answer.Body.Close()
	body := io.LimitReader(answer.Body, longest)
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusCreated {
		refused := refusal(answer.StatusCode, path, body)
		if answer.StatusCode >= http.StatusInternalServerError {
			return &unreachable{refused}
		}
		return refused
	}
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("%s answered what can't be read: %w", address, err)
	}
	return nil
}

// authenticate says who asks.
func (c *Client) authenticate(request *http.Request) {
	if c.user != nil {
		password, _ := c.user.Password()
		request.SetBasicAuth(c.user.Username(), password)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
}

// refusal is the error behind an answer that isn't a 200.
func refusal(status int, path string, body io.Reader) error {
	var said api.Error
	if err := json.NewDecoder(body).Decode(&said); err != nil {
		return fmt.Errorf("%s answered %d %s", path, status, http.StatusText(status))
	}
	if status == http.StatusUnauthorized {
		return fmt.Errorf("the daemon wants to know who asks: %s; set SHIPWAKE_TOKEN or --token-file", said.Error)
	}
	if status == http.StatusNotFound && said.Parameter == "id" {
		return fmt.Errorf("%w: %s", ErrNotFound, said.Error)
	}
	if status == http.StatusNotFound && said.Parameter != "" {
		return &nameError{said}
	}
	if said.Parameter != "" {
		return fmt.Errorf("%s: %s", said.Parameter, said.Error)
	}
	err := fmt.Errorf("%s answered %d: %s", path, status, said.Error)
	if status == http.StatusNotFound {
		return &pathError{err.Error()}
	}
	return err
}
