package tell

import (
	"cmp"
	"net/url"
)

// Run is what a CI system says of the run that a script is part of. What it doesn't say is "".
type Run struct{ ID, Commit, URL, Actor, Repository string }

// RunOf reads the environment variables that CI systems document, of the first that is there.
func RunOf(env func(string) string) Run {
	switch {
	case env("GITHUB_ACTIONS") == "true":
		return Run{
			ID: joined(env("GITHUB_RUN_ID"), env("GITHUB_RUN_ATTEMPT")), Commit: env("GITHUB_SHA"), Actor: env("GITHUB_ACTOR"),
			URL:        path(env("GITHUB_SERVER_URL"), env("GITHUB_REPOSITORY"), "actions/runs", env("GITHUB_RUN_ID")),
			Repository: env("GITHUB_REPOSITORY"),
		}
	case env("GITLAB_CI") == "true":
		return Run{
			ID: env("CI_JOB_ID"), Commit: env("CI_COMMIT_SHA"), Actor: env("GITLAB_USER_LOGIN"), URL: env("CI_JOB_URL"),
			Repository: env("CI_PROJECT_PATH"),
		}
	case env("JENKINS_URL") != "":
		return Run{ID: env("BUILD_TAG"), Commit: env("GIT_COMMIT"), URL: env("BUILD_URL")}
	case env("TF_BUILD") != "":
		return Run{
			ID: joined(env("BUILD_BUILDID"), env("SYSTEM_JOBATTEMPT")), Commit: env("BUILD_SOURCEVERSION"), Actor: env("BUILD_REQUESTEDFOR"),
			URL: path(env("SYSTEM_COLLECTIONURI"), env("SYSTEM_TEAMPROJECT"), "_build/results?buildId="+env("BUILD_BUILDID")),
		}
	case env("CIRCLECI") == "true":
		return Run{ID: cmp.Or(env("CIRCLE_WORKFLOW_ID"), env("CIRCLE_BUILD_NUM")), Commit: env("CIRCLE_SHA1"), Actor: env("CIRCLE_USERNAME"), URL: env("CIRCLE_BUILD_URL")}
	case env("BITBUCKET_BUILD_NUMBER") != "":
		return Run{
			ID: env("BITBUCKET_BUILD_NUMBER"), Commit: env("BITBUCKET_COMMIT"),
			URL: path(env("BITBUCKET_GIT_HTTP_ORIGIN"), "pipelines/results", env("BITBUCKET_BUILD_NUMBER")),
		}
	}
	return Run{}
}

// joined is an id and the attempt at it.
func joined(id, attempt string) string {
	if id == "" || attempt == "" {
		return id
	}
	return id + "-" + attempt
}

// path is a URL of parts, or "" when one of them isn't known.
func path(parts ...string) string {
	for _, part := range parts {
		if part == "" {
			return ""
		}
	}
	joined, err := url.Parse(parts[0])
	if err != nil {
		return ""
	}
	text := joined.String()
	for _, part := range parts[1:] {
		if text[len(text)-1] != '/' {
			text += "/"
		}
		text += part
	}
	return text
}
