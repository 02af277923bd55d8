package callback

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
)

// GitHub is the tool GitHub, whose custom deployment protection rules ask before a job deploys to an environment: the
// webhook deployment_protection_rule of a GitHub App. It is answered at the callback URL that comes with it, with an
// installation token of the App.
type GitHub struct {
	Common `mapstructure:",squash"`
	App    `mapstructure:",squash"`
	// APIURL is where the API is; another host is never called, whatever a request says.
	APIURL string `mapstructure:"api_url"`
	// KeepEnvironmentNames leaves production environments their names, instead of calling them production.
	KeepEnvironmentNames bool `mapstructure:"keep_environment_names"`
}

const (
	// mostGitHubWait: GitHub fails a job that has waited 30 days.
	mostGitHubWait = 29 * 24 * time.Hour
	// mostComment is how many characters a comment may have.
	mostComment = 1024
)

// DefaultGitHub has the settings that GitHub has unless others are given.
func DefaultGitHub() GitHub {
	return GitHub{Common: Common{Wait: StandardWait}, APIURL: "https://api.github.com"}
}

// Open makes the caller, or names the first setting that is wrong.
func (c GitHub) Open(caller *call.Caller) (Caller, error) {
	if err := c.validate(mostGitHubWait); err != nil {
		return nil, err
	}
	api, err := call.ParseURL(strings.TrimSuffix(c.APIURL, "/"))
	if err != nil {
		return nil, fmt.Errorf("api_url: %w", err)
	}
	if err := caller.Check(api); err != nil {
		return nil, fmt.Errorf("api_url: %w", err)
	}
	client, err := caller.Client(c.TargetConfig)
	if err != nil {
		return nil, err
	}
	tokens, err := c.App.open(api.String(), client)
	if err != nil {
		return nil, err
	}
	return &github{c, api, client, tokens}, nil
}

type github struct {
	cfg    GitHub
	api    *url.URL
	client *call.Client
	tokens *tokens
}

func (g *github) Name() string            { return "github" }
func (g *github) Settings() Common        { return g.cfg.Common }
func (g *github) MostWait() time.Duration { return mostGitHubWait }
func (g *github) Informs() bool           { return true }
func (g *github) Close()                  { g.client.Close() }

// githubEvent is what the webhook deployment_protection_rule says, as far as it matters.
type githubEvent struct {
	Action      string `json:"action"`
	Environment string `json:"environment"`
	CallbackURL string `json:"deployment_callback_url"`
	Deployment  struct {
		ID         int64           `json:"id"`
		SHA        string          `json:"sha"`
		Ref        string          `json:"ref"`
		Task       string          `json:"task"`
		Payload    json.RawMessage `json:"payload"`
		Production bool            `json:"production_environment"`
	} `json:"deployment"`
	Repository struct {
		Name string `json:"name"`
	} `json:"repository"`
	Installation struct {
		ID int64 `json:"id"`
	} `json:"installation"`
}

// githubCallback is where GitHub is answered.
type githubCallback struct {
	URL          string `json:"url"`
	Environment  string `json:"environment"`
	Installation int64  `json:"installation"`
}

// Read implements Caller.
func (g *github) Read(header http.Header, body []byte, _ time.Time) (Ask, error) {
	signature, _ := strings.CutPrefix(header.Get("X-Hub-Signature-256"), "sha256=")
	if err := g.cfg.vouched(func(secret string) bool { return signed(signature, secret, body) }); err != nil {
		return Ask{}, err
	}
	if event := header.Get("X-GitHub-Event"); event != "deployment_protection_rule" {
		return Ask{}, Ignored("only the event deployment_protection_rule asks something; deployments are told to /hooks/github")
	}
	var e githubEvent
	if err := decode(body, &e, "GitHub"); err != nil {
		return Ask{}, err
	}
	if e.Action != "requested" {
		return Ask{}, Ignored("only the action requested asks something")
	}
	if err := g.check(e); err != nil {
		return Ask{}, err
	}
	callback, err := json.Marshal(githubCallback{e.CallbackURL, e.Environment, e.Installation.ID})
	return Ask{
		ID:       sinks.MessageKey(g.Name(), e.CallbackURL, e.Environment, strconv.FormatInt(e.Deployment.ID, 10)),
		Question: g.question(e), Callback: callback,
	}, err
}

func (g *github) check(e githubEvent) error {
	switch {
	case e.Environment == "" || e.Repository.Name == "" || e.Deployment.SHA == "":
		return refuse(http.StatusBadRequest, "environment, repository.name and deployment.sha are required")
	case e.Installation.ID == 0:
		return refuse(http.StatusBadRequest, "installation.id is required: the webhook must be that of a GitHub App, not of a repository")
	case !g.ours(e.CallbackURL):
		return refuse(http.StatusBadRequest, "deployment_callback_url doesn't lead to a run below api_url (%s)", g.api.Redacted())
	}
	return nil
}

// ofRun is the path of a callback URL, below that of the API.
var ofRun = regexp.MustCompile(`^/repos/[A-Za-z0-9._-]+/[A-Za-z0-9._-]+/actions/runs/[0-9]+/deployment_protection_rule$`)

// ours: a callback URL leads to the API that is configured, and to nothing else there.
func (g *github) ours(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != g.api.Scheme || u.Host != g.api.Host || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.RawPath != "" {
		return false
	}
	path, below := strings.CutPrefix(u.Path, g.api.Path)
	return below && ofRun.MatchString(path) && !strings.Contains(path, "/../") && !strings.Contains(path, "/./")
}

// tag is what a version looks like in a ref, which is else a branch and says nothing.
var tag = regexp.MustCompile(`^(?:refs/tags/.+|v?[0-9]+(?:\.[0-9]+)+(?:[-+].*)?|v[0-9]+)$`)

// question is about the release that the source github names by the same rules once it is deployed.
func (g *github) question(e githubEvent) Question {
	told := payloadOf(e.Deployment.Payload)
	q := Question{
		Stage: gate.Start, Service: cmp.Or(told.Service, e.Repository.Name), Version: told.Version, Commit: e.Deployment.SHA,
		Environment: e.Environment, Repair: strings.HasPrefix(strings.ToLower(e.Deployment.Task), "rollback"),
	}
	if q.Version == "" && tag.MatchString(e.Deployment.Ref) {
		q.Version = e.Deployment.Ref
	}
	q.Version = cmp.Or(q.Version, e.Deployment.SHA)
	if e.Deployment.Production && !g.cfg.KeepEnvironmentNames {
		q.Environment = correlate.DefaultEnvironment
	}
	return q
}

// githubPayload is what the free-form payload of a deployment may tell.
type githubPayload struct{ Service, Version string }

// payloadOf reads a payload that is an object, or one written as a string; any other says nothing.
func payloadOf(raw json.RawMessage) (p githubPayload) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = json.RawMessage(text)
	}
	if json.Unmarshal(raw, &p) != nil {
		return githubPayload{}
	}
	return p
}

// githubReview is what is posted to the callback URL; one without a state tells only how it stands.
type githubReview struct {
	Environment string `json:"environment_name"`
	State       string `json:"state,omitempty"`
	Comment     string `json:"comment"`
}

// Answer implements Caller.
func (g *github) Answer(ctx context.Context, ask Ask, answer Answer, now time.Time) error {
	var to githubCallback
	if err := json.Unmarshal(ask.Callback, &to); err != nil || !g.ours(to.URL) {
		return &sinks.Undelivered{Cause: sinks.Refused, Err: fmt.Errorf("the callback URL doesn't lead to a run below api_url (%s) any more", g.api.Redacted())}
	}
	header, err := g.tokens.header(ctx, to.Installation, now)
	if err != nil {
		return err
	}
	review := githubReview{
		to.Environment, map[gate.Decision]string{gate.Proceed: "approved", gate.Stop: "rejected"}[answer.Decision], answer.said(mostComment),
	}
	got, err := send(ctx, g.client, http.MethodPost, to.URL, header, review)
	if err != nil {
		return err
	}
	switch got.Status {
	case http.StatusUnauthorized:
		g.tokens.forget(to.Installation)
	case http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity:
		if settled, err := g.settled(ctx, to, header); settled || err != nil {
			return err
		}
	}
	return githubOutcome(got, now)
}

// settled: nothing waits for an answer any more, as it has arrived before, or the run was cancelled.
func (g *github) settled(ctx context.Context, to githubCallback, header http.Header) (bool, error) {
	pending := strings.TrimSuffix(to.URL, "deployment_protection_rule") + "pending_deployments"
	got, err := send(ctx, g.client, http.MethodGet, pending, header, nil)
	if err != nil || got.Status != http.StatusOK {
		return false, err
	}
	var waiting []struct {
		Environment struct {
			Name string `json:"name"`
		} `json:"environment"`
	}
	if json.Unmarshal(got.Body, &waiting) != nil {
		return false, nil
	}
	for _, w := range waiting {
		if strings.EqualFold(w.Environment.Name, to.Environment) {
			return false, nil
		}
	}
	return true, nil
}

// githubOutcome reads an answer of GitHub. It says 403 to who asks too often, with a time in one of two headers.
func githubOutcome(got call.Answer, now time.Time) error {
	u := call.Outcome(got, now)
	if u == nil {
		return nil
	}
	if got.Status == http.StatusForbidden || got.Status == http.StatusTooManyRequests {
		limited := u.After > 0
		if reset, err := strconv.ParseInt(got.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil && got.Header.Get("X-RateLimit-Remaining") == "0" {
			limited, u.After = true, max(u.After, time.Unix(reset, 0).Sub(now))
		}
		if limited {
			u.Cause = sinks.Unreachable
		}
	}
	return u
}

// Unmarshal implements confmap.Unmarshaler: what isn't given has its standard value.
func (c *GitHub) Unmarshal(conf *confmap.Conf) error {
	*c = DefaultGitHub()
	return conf.Unmarshal(c)
}
