package vendors

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// jira is a site with the issues of a project, as Jira Cloud's enhanced search shows them.
type jira struct {
	*api
	issues []object
	tokens map[string]int // of pages
}

func newJira(t *testing.T) *jira {
	j := &jira{tokens: map[string]int{}}
	j.api = (&api{t: t, secret: [2]string{"Authorization", "Basic dTp0"}, serve: j.serve}).start()
	return j
}

const jiraTime = "2006-01-02T15:04:05.000-0700"

var ago = regexp.MustCompile(`^project = "OPS" AND updated >= "-(\d+)m" ORDER BY updated ASC$`)

func (j *jira) serve(w http.ResponseWriter, r *http.Request, path string) bool {
	query := r.URL.Query()
	minutes := ago.FindStringSubmatch(query.Get("jql"))
	if path != "/rest/api/3/search/jql" || minutes == nil {
		return false
	}
	since := time.Now().Add(-time.Duration(number(minutes[1], 0)) * time.Minute).Truncate(time.Minute)
	from, size := 0, number(query.Get("maxResults"), 50)
	if token := query.Get("nextPageToken"); token != "" {
		known, ok := j.tokens[token]
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
			return reply(w, object{"errorMessages": []string{"The nextPageToken is invalid or expired"}})
		}
		from = known
	}
	updated := func(o object) time.Time {
		at, err := time.Parse(jiraTime, o["fields"].(object)["updated"].(string))
		require.NoError(j.t, err)
		return at
	}
	all := slices.DeleteFunc(slices.Clone(j.issues), func(o object) bool { return updated(o).Before(since) })
	slices.SortStableFunc(all, func(a, b object) int { return updated(a).Compare(updated(b)) })
	page, last := pageOf(all, from, size)
	for i, issue := range page { // with the fields that are asked for
		fields := object{}
		for name := range strings.SplitSeq(query.Get("fields"), ",") {
			fields[name] = issue["fields"].(object)[name]
		}
		page[i] = object{"id": issue["id"], "key": issue["key"], "self": issue["self"], "fields": fields}
	}
	answer := object{"issues": page, "isLast": last}
	if !last {
		token := fmt.Sprintf("token-%d", len(j.tokens))
		j.tokens[token] = from + size
		answer["nextPageToken"] = token
	}
	return reply(w, answer)
}

func (j *jira) issue(id int, kind, category string, created, updated time.Time) object {
	o := object{"id": fmt.Sprint(id), "key": fmt.Sprintf("OPS-%d", id), "self": fmt.Sprintf("https://acme.atlassian.net/rest/api/3/issue/%d", id), "fields": object{
		"summary": "Checkout answers with errors", "issuetype": object{"name": kind}, "priority": object{"name": "Highest"}, "labels": []string{}, "status": object{"statusCategory": object{"key": category}},
		"components": []object{{"name": "Checkout API"}}, "created": created.Format(jiraTime), "updated": updated.Format(jiraTime), "resolution": nil, "resolutiondate": nil,
		"description": object{"type": "doc", "content": "canary"}, "customfield_10050": object{"value": "cart"},
	}}
	if category == "done" {
		o["fields"].(object)["resolutiondate"], o["fields"].(object)["resolution"] = updated.Format(jiraTime), object{"name": "Done"}
	}
	j.issues = append(j.issues, o)
	return o
}

func (j *jira) sends(o object, category string, at time.Time) string {
	f := o["fields"].(object)
	resolved := "null"
	if category == "done" {
		resolved = fmt.Sprintf("%q", f["resolutiondate"])
	}
	return fmt.Sprintf(`{"timestamp":%d,"webhookEvent":"jira:issue_updated","issue":{"id":%q,"key":%q,"self":"https://acme.atlassian.net/rest/api/2/issue/1","fields":{"summary":"Checkout answers with errors",
		"issuetype":{"name":"Incident"},"priority":{"name":"Highest"},"status":{"statusCategory":{"key":%q}},"components":[{"name":"Checkout API"}],"customfield_10050":{"value":"cart"},
		"created":%q,"updated":%q,"resolutiondate":%s}}}`, at.UnixMilli(), o["id"], o["key"], category, f["created"], at.Format(jiraTime), resolved)
}

func TestJiraIsReconciled(t *testing.T) {
	j := newJira(t)
	now := time.Now().Truncate(time.Second).In(time.FixedZone("", 3600))
	open := j.issue(1, "Incident", "new", now.Add(-2*time.Hour), now.Add(-2*time.Hour))
	done := j.issue(2, "Incident", "done", now.Add(-3*time.Hour), now.Add(-time.Hour))
	j.issue(3, "Task", "new", now.Add(-time.Hour), now.Add(-time.Hour))
	for service, parameters := range map[string]map[string]any{"checkout-api": {}, "cart": {"service_field": "customfield_10050"}} {
		r := reconcile(t, "jira", j.api, "u:t", map[string]any{"projects": []any{"OPS"}, "parameters": parameters})
		r.now, r.since = now, now.Add(-24*time.Hour)
		r.requireOneStory(j.sends(open, "new", now.Add(-2*time.Hour)), j.sends(done, "new", now.Add(-3*time.Hour)), j.sends(done, "done", now.Add(-time.Hour)))
		r.round()
		_, incidents := r.known()
		require.Len(t, incidents, 2)
		require.Equal(t, service, incidents[0].Service)
		for _, e := range r.kept {
			require.NotContains(t, string(e.Body), "canary", "what isn't read isn't asked for")
		}
	}
}

// Three hundred issues change in one minute, as when somebody edits them together, and the token of a page expires.
func TestJiraPagesWithinAMinute(t *testing.T) {
	j := newJira(t)
	now := time.Now()
	for id := range 300 {
		j.issue(id, "Incident", "new", now.Add(-2*time.Hour), now.Add(-time.Hour).Add(time.Duration(id)*time.Millisecond))
	}
	r := reconcile(t, "jira", j.api, "u:t", map[string]any{"projects": []any{"OPS"}})
	r.now, r.since = now, now.Add(-24*time.Hour)
	for {
		more, err := r.page(r.pulled.Streams[0])
		require.NoError(t, err)
		if more && len(r.kept) > 150 && len(j.tokens) < 10_000 {
			for token := range j.tokens {
				delete(j.tokens, token)
			}
			break
		}
	}
	r.round()
	r.round()
	require.Len(t, r.kept, 300)
}
