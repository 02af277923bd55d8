package callback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
)

// GitLab is the tool GitLab, which asks in two ways: by an external status check, whether a merge request may be merged; and
// by the event of a deployment that is blocked, whether that may begin. It is answered by its API.
type GitLab struct {
	Common `mapstructure:",squash"`
	// APIURL is where the API is. Token is an access token with the scope api, of who may approve; TokenFile the file with it,
	// read anew for each answer.
	APIURL    string              `mapstructure:"api_url"`
	Token     configopaque.String `mapstructure:"token"`
	TokenFile string              `mapstructure:"token_file"`
	// KeepEnvironmentNames leaves environments of the tier production their names, instead of calling them production.
	KeepEnvironmentNames bool `mapstructure:"keep_environment_names"`
	// MergeEnvironment is the one whose service a merge request is held by what is open on. MergeAfter is where the commit of
	// a merge request must be judged healthy, such as a review environment; none when it isn't set.
	MergeEnvironment string `mapstructure:"merge_environment"`
	MergeAfter       string `mapstructure:"merge_after"`
}

const (
	// mostGitLabWait is less than what is kept in the outbox.
	mostGitLabWait = 29 * 24 * time.Hour
	// mostApproval is how many characters the comment of an approval may have.
	mostApproval = 255
)

// DefaultGitLab has the settings that GitLab has unless others are given.
func DefaultGitLab() GitLab {
	return GitLab{Common: Common{Wait: StandardWait}, APIURL: "https://gitlab.com/api/v4", MergeEnvironment: correlate.DefaultEnvironment}
}

// Unmarshal implements confmap.Unmarshaler: what isn't given has its standard value.
func (c *GitLab) Unmarshal(conf *confmap.Conf) error {
	*c = DefaultGitLab()
	return conf.Unmarshal(c)
}

// Open makes the caller, or names the first setting that is wrong.
func (c GitLab) Open(caller *call.Caller) (Caller, error) {
	if err := c.validate(mostGitLabWait); err != nil {
		return nil, err
	}
	if c.MergeAfter != "" && c.MergeAfter == c.MergeEnvironment {
		return nil, errors.New("merge_after: must name another environment than merge_environment")
	}
	api, err := call.ParseURL(strings.TrimSuffix(c.APIURL, "/"))
	if err == nil {
		err = caller.Check(api)
	}
	if err != nil {
		return nil, fmt.Errorf("api_url: %w", err)
	}
	g := &gitlab{cfg: c, api: api}
	if _, err := g.token(); err != nil {
		return nil, err
	}
	g.client, err = caller.Client(c.TargetConfig)
	return g, err
}

type gitlab struct {
	cfg    GitLab
	api    *url.URL
	client *call.Client
}

func (g *gitlab) Name() string            { return "gitlab" }
func (g *gitlab) Settings() Common        { return g.cfg.Common }
func (g *gitlab) MostWait() time.Duration { return mostGitLabWait }
func (g *gitlab) Informs() bool           { return false }
func (g *gitlab) Close()                  { g.client.Close() }

func (g *gitlab) token() (string, error) {
	if (g.cfg.Token == "") == (g.cfg.TokenFile == "") {
		return "", errors.New("token: give an access token with the scope api, or token_file, one of them; is an environment variable unset?")
	}
	token := string(g.cfg.Token)
	if lines, err := linesOf("token_file", g.cfg.TokenFile); err != nil {
		return "", err
	} else if len(lines) > 0 {
		token = lines[0]
	}
	return token, call.CheckHeader("token", "PRIVATE-TOKEN", token)
}

// gitlabEvent is what both webhooks say, as far as it matters.
type gitlabEvent struct {
	Kind    string `json:"object_kind"`
	Project struct {
		ID   int64  `json:"id"`
		Path string `json:"path_with_namespace"`
	} `json:"project"`
	// of a deployment
	Deployment  int64  `json:"deployment_id"`
	Status      string `json:"status"`
	Environment string `json:"environment"`
	Tier        string `json:"environment_tier"`
	Ref         string `json:"ref"`
	ShortSHA    string `json:"short_sha"`
	CommitURL   string `json:"commit_url"`
	// of a merge request
	MergeRequest struct {
		IID        int64  `json:"iid"`
		State      string `json:"state"`
		LastCommit struct {
			ID string `json:"id"`
		} `json:"last_commit"`
	} `json:"object_attributes"`
	Check struct {
		ID int64 `json:"id"`
	} `json:"external_approval_rule"`
}

// gitlabCallback is where GitLab is answered: a deployment, or a check of a merge request.
type gitlabCallback struct {
	Project      int64  `json:"project"`
	Deployment   int64  `json:"deployment,omitempty"`
	MergeRequest int64  `json:"merge_request,omitempty"`
	Check        int64  `json:"check,omitempty"`
	SHA          string `json:"sha,omitempty"`
}

// Read implements Caller. A status check signs its body, a webhook of a project shows its secret.
func (g *gitlab) Read(header http.Header, body []byte, now time.Time) (Ask, error) {
	if err := g.cfg.vouched(func(secret string) bool {
		return same(header.Get("X-Gitlab-Token"), secret) || signed(header.Get("X-Gitlab-Signature"), secret, body)
	}); err != nil {
		return Ask{}, err
	}
	var e gitlabEvent
	if err := decode(body, &e, "GitLab"); err != nil {
		return Ask{}, err
	}
	switch {
	case e.Kind != "deployment" && (e.Kind != "merge_request" || e.Check.ID == 0):
		return Ask{}, Ignored("only external status checks and events of deployments ask something")
	case e.Project.ID == 0 || e.Project.Path == "":
		return Ask{}, refuse(http.StatusBadRequest, "project.id and project.path_with_namespace are required")
	case e.Kind == "deployment":
		return g.deployment(e)
	}
	return g.mergeRequest(e, now)
}

// deployment asks about one that is blocked until it is approved.
func (g *gitlab) deployment(e gitlabEvent) (Ask, error) {
	if e.Status != "blocked" {
		return Ask{}, Ignored("only a deployment that is blocked asks something")
	}
	commit := e.ShortSHA
	if found := fullCommit.FindStringSubmatch(e.CommitURL); found != nil {
		commit = found[1]
	}
	if e.Deployment == 0 || e.Environment == "" || commit == "" {
		return Ask{}, refuse(http.StatusBadRequest, "deployment_id, environment and commit_url are required")
	}
	q := Question{Stage: gate.Start, Service: lastOf(e.Project.Path), Version: commit, Commit: commit, Environment: e.Environment}
	if tag.MatchString(e.Ref) {
		q.Version = e.Ref
	}
	if e.Tier == "production" && !g.cfg.KeepEnvironmentNames {
		q.Environment = correlate.DefaultEnvironment
	}
	callback, err := json.Marshal(gitlabCallback{Project: e.Project.ID, Deployment: e.Deployment})
	return Ask{ID: sinks.MessageKey(g.Name(), "deployment", strconv.FormatInt(e.Deployment, 10)), Question: q, Callback: callback}, err
}

var fullCommit = regexp.MustCompile(`/commit/([0-9a-f]{40,64})$`)

func lastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// mergeRequest asks about its last commit. What people do to the merge request, and a retry of the check, ask anew; the
// newest one is answered.
func (g *gitlab) mergeRequest(e gitlabEvent, now time.Time) (Ask, error) {
	m := e.MergeRequest
	if m.State != "opened" {
		return Ask{}, Ignored("the merge request isn't open")
	}
	if m.IID == 0 || m.LastCommit.ID == "" {
		return Ask{}, refuse(http.StatusBadRequest, "object_attributes.iid and object_attributes.last_commit.id are required")
	}
	subject := sinks.MessageKey(g.Name(), "check", fmt.Sprint(e.Project.ID), fmt.Sprint(m.IID), fmt.Sprint(e.Check.ID))
	callback, err := json.Marshal(gitlabCallback{Project: e.Project.ID, MergeRequest: m.IID, Check: e.Check.ID, SHA: m.LastCommit.ID})
	return Ask{
		ID: sinks.MessageKey(subject, m.LastCommit.ID, now.UTC().Truncate(time.Second).Format(time.RFC3339)), Subject: subject,
		Question: Question{
			Stage: gate.Start, Service: lastOf(e.Project.Path), Version: m.LastCommit.ID, Commit: m.LastCommit.ID,
			Environment: g.cfg.MergeEnvironment, After: g.cfg.MergeAfter, Alone: true,
		},
		Callback: callback,
	}, err
}

// Answer implements Caller.
func (g *gitlab) Answer(ctx context.Context, ask Ask, answer Answer, now time.Time) error {
	var to gitlabCallback
	if err := json.Unmarshal(ask.Callback, &to); err != nil {
		return &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("it says nowhere to answer to")}
	}
	token, err := g.token()
	if err != nil {
		return &sinks.Undelivered{Cause: sinks.Unreachable, Err: err}
	}
	path, body := to.words(answer)
	header := http.Header{"Private-Token": {token}, "Accept": {"application/json"}}
	got, err := send(ctx, g.client, http.MethodPost, g.api.String()+path, header, body)
	if err != nil {
		return err
	}
	if settled, err := g.settled(ctx, to, got.Status, header); settled || err != nil {
		return err
	}
	if u := call.Outcome(got, now); u != nil {
		return u
	}
	return nil
}

// words are the path and the body that tell an answer.
func (c gitlabCallback) words(answer Answer) (path string, body any) {
	project := fmt.Sprintf("/projects/%d", c.Project)
	proceed := answer.Decision == gate.Proceed
	if c.Deployment != 0 {
		return fmt.Sprintf("%s/deployments/%d/approval", project, c.Deployment),
			map[string]any{"status": either(proceed, "approved", "rejected"), "comment": answer.said(mostApproval)}
	}
	return fmt.Sprintf("%s/merge_requests/%d/status_check_responses", project, c.MergeRequest),
		map[string]any{"sha": c.SHA, "external_status_check_id": c.Check, "status": either(proceed, "passed", "failed")}
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// settled: the answer isn't waited for any more. The branch of a merge request has another head, for which GitLab asks anew; a
// deployment isn't blocked any more, as the answer has arrived before, or somebody else decided.
func (g *gitlab) settled(ctx context.Context, to gitlabCallback, status int, header http.Header) (bool, error) {
	if to.Deployment == 0 {
		return status == http.StatusConflict, nil
	}
	if status < 400 || status >= 500 || status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests {
		return false, nil
	}
	got, err := send(ctx, g.client, http.MethodGet, fmt.Sprintf("%s/projects/%d/deployments/%d", g.api, to.Project, to.Deployment), header, nil)
	var deployment struct {
		Status string `json:"status"`
	}
	if err != nil || got.Status != http.StatusOK || json.Unmarshal(got.Body, &deployment) != nil {
		return false, err
	}
	return deployment.Status != "" && deployment.Status != "blocked", nil
}
