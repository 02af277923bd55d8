package github

import (
	"path"
	"slices"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// readRun maps a run of a workflow that deploys, for repositories without deployments. A run that is run again keeps its id,
// and is another change by its attempt.
func (c *Config) readRun(doc source.JSON) (source.Reading, error) {
	run := doc.Get("workflow_run").Required()
	name := run.Get("name").AnyText()
	if !slices.ContainsFunc(c.Workflows, func(known string) bool { return known == name || known == path.Base(run.Get("path").AnyText()) }) {
		return source.Reading{Ignored: "a run of a workflow that isn't named under workflows; deployments say what reaches an environment"}, doc.Err()
	}
	repository := doc.Get("repository").Required()
	change := correlate.Change{
		ID:          "github-" + repository.Get("full_name").RequiredText() + "-run-" + run.Get("id").RequiredText() + "-" + attemptOf(run),
		Service:     repository.Get("name").RequiredText(),
		Environment: c.WorkflowEnvironment,
		Version:     source.ReleaseOf(run.Get("head_branch").Text(), run.Get("head_sha").Text()),
		Commit:      run.Get("head_sha").Text(),
		Actor:       run.Get("triggering_actor").Get("login").AnyText(),
		URL:         run.Get("html_url").AnyText(),
		Labels:      map[string]string{"repository": repository.Get("full_name").RequiredText()},
	}
	switch doc.Get("action").Text() {
	case "in_progress":
		change.Status, change.StartedAt = correlate.StatusStarted, run.Get("run_started_at").RequiredTime()
	case "completed":
		status, why := outcomeOf(run.Get("conclusion").Text())
		if status == "" {
			return why, doc.Err()
		}
		change.Status, change.FinishedAt = status, run.Get("updated_at").RequiredTime()
	default:
		return source.Reading{Ignored: "the run is requested; it starts when an event says in_progress"}, doc.Err()
	}
	if err := doc.Err(); err != nil {
		return source.Reading{}, err
	}
	var r source.Reading
	err := r.Add(correlate.Fact{Change: &change}, run)
	return r, err
}

// attemptOf is which try of a run it is, from 1 on.
func attemptOf(run source.JSON) string {
	if attempt := run.Get("run_attempt").Number(); attempt != "" {
		return attempt
	}
	return "1"
}

// outcomeOf is the status of a conclusion, or why it is none.
func outcomeOf(conclusion string) (correlate.Status, source.Reading) {
	switch conclusion {
	case "success":
		return correlate.StatusSucceeded, source.Reading{}
	case "failure", "timed_out", "startup_failure":
		return correlate.StatusFailed, source.Reading{}
	case "cancelled":
		return correlate.StatusCancelled, source.Reading{}
	case "skipped", "stale", "neutral", "action_required":
		return "", source.Reading{Ignored: "the run did nothing, or waits for somebody"}
	}
	return "", source.Reading{Unmapped: "the conclusion of the run is none that GitHub documents"}
}

// readRelease maps a published release, where releases are what reaches users. GitHub says "published" and "released" of one
// release; the first counts.
func (c *Config) readRelease(doc source.JSON) (source.Reading, error) {
	release := doc.Get("release").Required()
	switch {
	case c.ReleaseEnvironment == "":
		return source.Reading{Ignored: "a release; release_environment says where releases go, if they reach users by themselves"}, doc.Err()
	case doc.Get("action").Text() != "published", release.Get("draft").True():
		return source.Reading{Ignored: "an event of a release other than that it is published"}, doc.Err()
	case release.Get("prerelease").True():
		return source.Reading{Ignored: "a release that is marked as not for production"}, doc.Err()
	}
	repository := doc.Get("repository").Required()
	change := correlate.Change{
		ID:          "github-" + repository.Get("full_name").RequiredText() + "-release-" + release.Get("id").RequiredText(),
		Service:     repository.Get("name").RequiredText(),
		Environment: c.ReleaseEnvironment,
		Version:     release.Get("tag_name").RequiredText(),
		FinishedAt:  release.Get("published_at").RequiredTime(),
		Actor:       release.Get("author").Get("login").AnyText(),
		URL:         release.Get("html_url").AnyText(),
	}
	if err := doc.Err(); err != nil {
		return source.Reading{}, err
	}
	var r source.Reading
	err := r.Add(correlate.Fact{Change: &change}, release)
	return r, err
}
