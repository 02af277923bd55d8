// Package devlake answers: what do the tables of Apache DevLake say of deployments and incidents?
//
// The tables are those of the domain layer, as of DevLake 1.0:
//
//	project_mapping           which scope (of `table`) is of which project
//	commits                   sha, authored_date: for lead time; a column authored_date in the next table will do as well
//	cicd_deployment_commits   a rollout of one repository by one pipeline: a change
//	incidents                 an incident of a scope
//	issues                    an incident of a board, where type is INCIDENT, in releases before incidents; with the column board_id
//
// A row of cicd_deployment_commits is a change of the service that its repository is called (repo_url, else the scope), with the
// labels dora_project and dora_pipeline, by which the policy devlake counts. Rows without an environment are left out, as DevLake
// leaves them out. An incident is about its project, for DevLake knows no service of it.
package devlake

import (
	"path"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// Format reads the tables.
func Format() history.Format {
	return history.Format{Name: "devlake", About: "tables of Apache DevLake: cicd_deployment_commits, incidents, project_mapping", Open: open}
}

func open(history.Options) ([]history.Pass, error) {
	t := &tables{projects: map[scope]string{}}
	return []history.Pass{
		{Table: "project_mapping", Aside: true, Read: t.mapping},
		{Table: "commits", Aside: true, Read: t.commits},
		{Table: "cicd_deployment_commits", Read: t.deployments},
		{Table: "incidents", Read: t.incidents},
		{Table: "issues", Read: t.issues},
	}, nil
}

// scope is a row of the table that it names.
type scope struct{ table, row string }

// tables is what has to be known of one to read another.
type tables struct {
	projects map[scope]string
	authored history.Lookup
}

// mapping remembers projects. Of a scope of several it is the one that comes first by name.
func (t *tables) mapping(in history.Input, _ func(history.Found) error) error {
	table := history.Table{Columns: []string{"project_name", "table", "row_id"}}
	return history.Remember(table, in, func(r *history.Row) error {
		of, project := scope{r.Required("table"), r.Required("row_id")}, r.Required("project_name")
		if was := t.projects[of]; was == "" || project < was {
			t.projects[of] = project
		}
		return nil
	})
}

func (t *tables) commits(in history.Input, _ func(history.Found) error) error {
	return history.Remember(history.Table{Columns: []string{"sha", "authored_date"}}, in, func(r *history.Row) error {
		if at := r.Time("authored_date"); !at.IsZero() {
			return t.authored.Add(r.Required("sha"), at)
		}
		return nil
	})
}

func (t *tables) deployments(in history.Input, found func(history.Found) error) error {
	table := history.Table{Columns: []string{"id", "cicd_scope_id", "cicd_deployment_id", "result", "environment", "finished_date", "commit_sha"}}
	return table.Rows(in, t.deployment, found)
}

func (t *tables) deployment(r *history.Row) history.Found {
	environment := strings.ToLower(r.Text("environment"))
	if environment == "" {
		return history.Found{Ignored: "a deployment without an environment, which DevLake doesn't count either"}
	}
	sha := r.Text("commit_sha")
	c := &correlate.Change{
		ID: "devlake/" + r.Required("id") + "/" + sha, Status: status(r), Environment: environment,
		Service: t.service(r), Version: source.ReleaseOf(r.Text("ref_name"), sha), Commit: sha,
		StartedAt: r.Time("started_date"), FinishedAt: r.Time("finished_date"), Labels: map[string]string{},
	}
	if c.StartedAt.After(c.FinishedAt) && !c.FinishedAt.IsZero() {
		c.StartedAt = c.FinishedAt
	}
	for name, value := range map[string]string{
		dora.LabelProject:  t.projects[scope{"cicd_scopes", r.Text("cicd_scope_id")}],
		dora.LabelPipeline: r.Text("cicd_deployment_id"),
		"name":             r.Text("name"),
	} {
		if value != "" {
			c.Labels[name] = value
		}
	}
	authored := r.Time("authored_date")
	if authored.IsZero() {
		authored = t.authored.Find(sha)
	}
	if sha != "" && !authored.IsZero() {
		c.Commits = []correlate.Commit{{SHA: sha, AuthoredAt: authored}}
	}
	return history.Found{Facts: []correlate.Fact{{Change: c}}}
}

// status is that of a row: result tells how it ended, and status that it didn't yet.
func status(r *history.Row) correlate.Status {
	switch result := strings.ToUpper(r.Text("result")); result {
	case "SUCCESS":
		return correlate.StatusSucceeded
	case "FAILURE":
		return correlate.StatusFailed
	case "ABORT", "MANUAL", "SKIPPED":
		return correlate.StatusCancelled
	case "", "DEFAULT":
		return correlate.StatusStarted
	}
	r.Fail("result", "unknown; DevLake has SUCCESS, FAILURE, ABORT and, while it runs, none")
	return ""
}

// service is what the repository is called.
func (t *tables) service(r *history.Row) string {
	for _, column := range []string{"repo_url", "repo_id", "cicd_scope_id"} {
		name := strings.TrimSuffix(strings.TrimRight(r.Text(column), "/"), ".git")
		if name = path.Base(strings.ReplaceAll(name, ":", "/")); name != "." && name != "/" {
			return name
		}
	}
	r.Fail("repo_url", "required: a repository, by which the service is called")
	return ""
}

func (t *tables) incidents(in history.Input, found func(history.Found) error) error {
	table := history.Table{Columns: []string{"id", "created_date", "resolution_date", "table", "scope_id"}}
	return table.Rows(in, func(r *history.Row) history.Found {
		return t.incident(r, scope{r.Text("table"), r.Text("scope_id")})
	}, found)
}

func (t *tables) issues(in history.Input, found func(history.Found) error) error {
	table := history.Table{Columns: []string{"id", "type", "created_date", "resolution_date", "board_id"}}
	return table.Rows(in, func(r *history.Row) history.Found {
		if types := strings.Split(r.Text("type"), ","); !slices.Contains(types, "INCIDENT") {
			return history.Found{Ignored: "an issue that is no incident"}
		}
		return t.incident(r, scope{"boards", r.Text("board_id")})
	}, found)
}

// incident is about the project of a scope; of one of no project, about what says itself to be its component.
func (t *tables) incident(r *history.Row, of scope) history.Found {
	service := t.projects[of]
	if service == "" && r.Has("component") {
		service = r.Text("component")
	}
	i := &correlate.Incident{
		ID: "devlake/" + r.Required("id"), Service: service, OpenedAt: r.Time("created_date"), ResolvedAt: r.Time("resolution_date"),
	}
	for column, at := range map[string]*string{"title": &i.Title, "url": &i.URL, "severity": &i.Severity} {
		if r.Has(column) {
			*at = r.Text(column)
		}
	}
	return history.Found{Facts: []correlate.Fact{{Incident: i}}}
}
