package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/source"
)

// Pulling reads GET /repos/{owner}/{repository}/deployments and …/deployments/{id}/statuses. What it finds has the form of
// the webhook's events "deployment" and "deployment_status", so that both give one change. Keys:
//
//	repositories: [octo/shop]           # required
//	environments: [production]          # default: all
//	api_url: https://api.github.com     # default; https://HOST/api/v3 for GitHub Enterprise Server
//
// The secret is a token that may read deployments. Without one GitHub answers 60 requests an hour, of public repositories.
//
// The API lists deployments newest first and can't be asked for those of a time. So a round goes down the pages to what it
// knows, and looks again at deployments that have not come to an end. A deployment created meanwhile moves others to the
// next page, where they are known already; it is found by the next round itself.
//
// What the API doesn't tell: who triggered the workflow behind a deployment by GitHub Actions (the actor is its creator, a
// bot); what changes of deployments that have ended and aren't among the newest 20; and those that were deleted.

// pulling asks GitHub's REST API.
func pulling(source.Config) (source.PullConfig, error) {
	return &pullConfig{API: "https://api.github.com"}, nil
}

type pullConfig struct {
	// Repositories to ask for, "owner/name".
	Repositories []string `mapstructure:"repositories"`
	// Environments to ask for; none: all.
	Environments []string `mapstructure:"environments"`
	// API is the address of the REST API.
	API string `mapstructure:"api_url"`
}

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$`)

// Validate implements source.PullConfig.
func (c *pullConfig) Validate() error {
	if len(c.Repositories) == 0 {
		return errors.New("repositories: at least one owner/name is required")
	}
	for i, name := range c.Repositories {
		if !repositoryName.MatchString(name) {
			return fmt.Errorf("repositories[%d]: must be owner/name, such as octo/shop", i)
		}
	}
	for i, name := range c.Environments {
		if name == "" {
			return fmt.Errorf("environments[%d]: must not be empty", i)
		}
	}
	if err := source.CheckAPI(c.API, "https://api.github.com, or https://HOST/api/v3"); err != nil {
		return fmt.Errorf("api_url: %w", err)
	}
	return nil
}

// Authorize implements source.PullConfig.
func (c *pullConfig) Authorize(header http.Header, secret string) { source.SetBearer(header, secret) }

// Streams implements source.PullConfig: one for each repository and environment.
func (c *pullConfig) Streams() []source.Stream {
	environments := c.Environments
	if len(environments) == 0 {
		environments = []string{""}
	}
	var all []source.Stream
	for _, name := range c.Repositories {
		for _, environment := range environments {
			r := repository{api: strings.TrimSuffix(c.API, "/"), name: name, environment: environment}
			all = append(all, source.Stream{Name: r.stream(), URL: r.api, Pull: r.pull})
		}
	}
	return all
}

// repository is one that is asked, for one environment or all.
type repository struct {
	api, name   string
	environment string // "": all
}

// stream is told without the case of letters, which GitHub doesn't tell apart in names.
func (r repository) stream() string {
	if r.environment == "" {
		return strings.ToLower(r.name)
	}
	return strings.ToLower(r.name) + "/" + r.environment
}

// pageSize is how many deployments are looked at before they are stored. With their statuses it takes one request more than
// that, which is less than the 60 an hour that GitHub answers to those without a token.
const pageSize = 20

// pull implements source.Stream: one page of deployments with their statuses, or some deployments that had not come to an
// end when they were last looked at.
func (r repository) pull(ctx context.Context, client *http.Client, text []byte, since time.Time) (source.Page, error) {
	c := readCursor(text).from(since)
	w := walk{repository: r, ctx: ctx, client: client, cursor: c}
	var err error
	if c.Listed {
		err = w.lookAgain()
	} else {
		err = w.list()
	}
	if err != nil {
		return source.Page{}, busy(err)
	}
	more := w.cursor.advance()
	next, err := w.cursor.text()
	return source.Page{Raws: w.raws, Next: next, More: more}, err
}

// busy reads how GitHub says that somebody asks too much at once: 403 with words, and often nothing else.
func busy(err error) error {
	var status *source.StatusError
	if errors.As(err, &status) && status.Code == http.StatusForbidden &&
		(strings.Contains(status.Reason, "secondary rate limit") || strings.Contains(status.Reason, "abuse detection")) {
		return &source.BusyError{Wait: time.Minute, Why: "the secondary rate limit"}
	}
	return err
}

func (r repository) get(ctx context.Context, client *http.Client, address string) (source.Answer, error) {
	return source.Fetch(ctx, client, address, http.Header{
		"Accept":               {"application/vnd.github+json"},
		"X-Github-Api-Version": {"2022-11-28"},
	})
}

func (r repository) page(n int) string {
	query := url.Values{"per_page": {fmt.Sprint(pageSize)}, "page": {fmt.Sprint(n)}}
	if r.environment != "" {
		query.Set("environment", r.environment)
	}
	return r.deployments() + "?" + query.Encode()
}

func (r repository) deployments() string { return r.api + "/repos/" + r.name + "/deployments" }

func (r repository) deployment(id int64) string { return fmt.Sprintf("%s/%d", r.deployments(), id) }
