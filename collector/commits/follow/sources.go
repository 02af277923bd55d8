package follow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/collector/commits/git"
	"github.com/shipwake/shipwake/collector/commits/github"
	"github.com/shipwake/shipwake/collector/commits/gitlab"
	"github.com/shipwake/shipwake/collector/source"
)

// version changes whenever parse reads something else.
const version = "1"

// Sources are those that change_pull asks for commits: github-commits, gitlab-commits and git-commits.
func Sources() []source.Source {
	return []source.Source{
		of("github-commits", func() source.PullConfig {
			return &forge{API: github.API, example: "https://github.example.com/api/v3", authorize: source.SetBearer, open: onGitHub}
		}),
		of("gitlab-commits", func() source.PullConfig {
			return &forge{API: gitlab.API, example: "https://gitlab.example.com/api/v4", authorize: setPrivateToken, open: onGitLab}
		}),
		of("git-commits", func() source.PullConfig { return &local{} }),
	}
}

func of(name string, config func() source.PullConfig) source.Source {
	return source.Source{
		Name: name, Version: version, Parse: parse,
		Pull: func(source.Config) (source.PullConfig, error) { return config(), nil },
	}
}

func setPrivateToken(header http.Header, secret string) { header.Set("Private-Token", secret) }

func onGitHub(api string, client *http.Client, name string) commits.Repository {
	return github.Repository{API: api, Name: name, Client: client}
}

func onGitLab(api string, client *http.Client, name string) commits.Repository {
	return gitlab.Repository{API: api, Name: name, Client: client}
}

// forge is the configuration of asking an API.
type forge struct {
	// Repositories whose changes are asked for: names, or owner/* for all of an owner.
	Repositories []string `mapstructure:"repositories"`
	// Services are where services come from, where a change doesn't say so, and which folders of a repository they are.
	Services map[string]Service `mapstructure:"services"`
	// API is the address of the REST API.
	API string `mapstructure:"api_url"`

	example   string
	authorize func(http.Header, string)
	open      func(api string, client *http.Client, name string) commits.Repository
}

// Validate implements source.PullConfig.
func (c *forge) Validate() error {
	c.API = strings.TrimSuffix(c.API, "/")
	if err := source.CheckAPI(c.API, c.example); err != nil {
		return fmt.Errorf("api_url: %w", err)
	}
	return errors.Join(checkRepositories(c.Repositories), checkServices(c.Services))
}

// Authorize implements source.PullConfig.
func (c *forge) Authorize(header http.Header, secret string) { c.authorize(header, secret) }

// Streams implements source.PullConfig.
func (c *forge) Streams() []source.Stream {
	open := func(_ context.Context, client *http.Client, name string) (commits.Repository, error) {
		return c.open(c.API, client, name), nil
	}
	return []source.Stream{stream(c.API, &follower{scope: scope{c.Repositories, c.Services}, open: open, now: time.Now})}
}

// local is the configuration of asking repositories on this disk.
type local struct {
	// Folders of the repositories, by the names that changes give them.
	Folders map[string]string `mapstructure:"folders"`
	// Services are as for a forge.
	Services map[string]Service `mapstructure:"services"`
}

// Validate implements source.PullConfig. Whether there is a repository shows when it is asked.
func (c *local) Validate() error {
	if len(c.Folders) == 0 {
		return errors.New("folders: at least one is required, such as octo/shop: /srv/git/shop.git")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Folders)) {
		if !repositoryName.MatchString(name) {
			return fmt.Errorf("folders::%s: must be a name such as octo/shop, as changes tell it", name)
		}
		if !filepath.IsAbs(c.Folders[name]) {
			return fmt.Errorf("folders::%s: must be a folder from the root, such as /srv/git/shop.git", name)
		}
	}
	return checkServices(c.Services)
}

// Authorize implements source.PullConfig: nobody is asked who would want to know.
func (c *local) Authorize(http.Header, string) {}

// Streams implements source.PullConfig.
func (c *local) Streams() []source.Stream {
	return []source.Stream{stream("", &follower{scope: scope{slices.Sorted(maps.Keys(c.Folders)), c.Services}, open: c.openFolder, now: time.Now})}
}

func (c *local) openFolder(ctx context.Context, _ *http.Client, name string) (commits.Repository, error) {
	for known, folder := range c.Folders {
		if strings.EqualFold(known, name) {
			return git.Open(ctx, folder)
		}
	}
	return nil, fmt.Errorf("%s: %w", name, commits.ErrUnknown)
}

// stream is the one stream of a source. The history of records is one, so there is one cursor.
func stream(api string, f *follower) source.Stream {
	return source.Stream{Name: "changes", URL: api, Follow: f.follow}
}
