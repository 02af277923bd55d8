package vendors

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// jenkins is a job with its builds, newest first, as its API shows what the parameter tree asks for.
type jenkins struct {
	*api
	builds []object
}

func newJenkins(t *testing.T) *jenkins {
	j := &jenkins{}
	j.api = (&api{t: t, base: "/ci", secret: [2]string{"Authorization", "Basic dTp0"}, serve: j.serve}).start()
	return j
}

func (j *jenkins) serve(w http.ResponseWriter, r *http.Request, path string) bool {
	if path != "/job/shop/job/deploy-checkout/api/json" {
		return false
	}
	tree := r.URL.Query().Get("tree")
	var from, to int
	if _, err := fmt.Sscanf(tree[strings.LastIndex(tree, "{"):], "{%d,%d}", &from, &to); err != nil {
		return false
	}
	page, _ := pageOf(j.builds, from, to-from)
	return reply(w, object{"_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob", "name": "deploy-checkout", "allBuilds": page})
}

const sha = "9fceb02d0ae598e95dc970b74767f19372d61af8"

// build starts one.
func (j *jenkins) build(number int, started time.Time) object {
	b := object{
		"_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun", "number": number, "url": fmt.Sprintf("https://jenkins.example.com/job/shop/job/deploy-checkout/%d/", number),
		"timestamp": started.UnixMilli(), "duration": 0, "building": true, "result": nil,
		"actions": []object{
			{"_class": "hudson.model.ParametersAction", "parameters": []object{
				{"name": "VERSION", "value": fmt.Sprintf("v1.%d.0", number)}, {"name": "ENVIRONMENT", "value": "production"},
				{"name": "API_TOKEN", "value": "canary"}, {"_class": "hudson.model.PasswordParameterValue", "name": "ENV"},
			}},
			{"_class": "hudson.model.CauseAction", "causes": []object{{"_class": "hudson.model.Cause$UserIdCause", "userId": "alice"}}},
			{}, nil, {"_class": "hudson.model.ParametersAction", "parameters": []object{{"name": "VERSION", "value": "v0"}}}, {"_class": "hudson.plugins.git.util.BuildData", "lastBuiltRevision": object{"SHA1": sha, "branch": []object{{"SHA1": sha, "name": "origin/main"}}}},
		},
	}
	j.builds = append([]object{b}, j.builds...)
	return b
}

func end(build object, result string, took time.Duration) {
	build["building"], build["result"], build["duration"] = false, result, took.Milliseconds()
}

func (j *jenkins) sends(number int, phase, status string, at time.Time, took time.Duration) string {
	return fmt.Sprintf(`{"name":"deploy-checkout","url":"job/shop/job/deploy-checkout/","build":{"full_url":"https://jenkins.example.com/job/shop/job/deploy-checkout/%d/","number":%[1]d,
		"timestamp":%d,"duration":%d,"phase":%q,"status":%s,"scm":{"branch":"origin/main","commit":%q},"parameters":{"VERSION":"v1.%[1]d.0","ENVIRONMENT":"production"}}}`,
		number, at.UnixMilli(), took.Milliseconds(), phase, status, sha)
}

var (
	jenkinsJob = map[string]any{"jobs": []any{"job/shop/job/deploy-checkout"}}
	noon       = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func TestJenkinsIsReconciled(t *testing.T) {
	j := newJenkins(t)
	end(j.build(18, noon.Add(-3*time.Hour)), "SUCCESS", 2*time.Minute)
	end(j.build(19, noon.Add(-2*time.Hour)), "ABORTED", time.Minute)
	end(j.build(20, noon.Add(-2*time.Hour)), "NOT_BUILT", time.Minute)
	j.build(21, noon.Add(-time.Minute))
	reconcile(t, "jenkins", j.api, "u:t", jenkinsJob).requireOneStory(
		j.sends(18, "STARTED", "null", noon.Add(-3*time.Hour), 0), j.sends(18, "COMPLETED", `"SUCCESS"`, noon.Add(-3*time.Hour+2*time.Minute), 2*time.Minute),
		j.sends(19, "STARTED", "null", noon.Add(-2*time.Hour), 0), j.sends(19, "COMPLETED", `"ABORTED"`, noon.Add(-2*time.Hour+time.Minute), time.Minute),
		j.sends(21, "STARTED", "null", noon.Add(-time.Minute), 0),
	)
}

func TestJenkinsIsReadBackToItsHistory(t *testing.T) {
	j := newJenkins(t)
	for n := range 350 {
		end(j.build(n, noon.AddDate(0, 0, -100).Add(time.Duration(n)*6*time.Hour)), "SUCCESS", time.Minute)
	}
	r := reconcile(t, "jenkins", j.api, "u:t", jenkinsJob)
	r.since = noon.AddDate(0, 0, -60)
	r.round()
	changes, _ := r.known()
	require.Len(t, changes, 350-40*4)
	require.Len(t, j.asked, 2, "the last of these reaches back beyond 60 days")
	for _, e := range r.kept {
		require.NotContains(t, string(e.Body), "canary", "parameters that aren't read aren't kept")
	}
	running := j.build(350, noon.Add(-2*time.Hour))
	r.round()
	end(running, "FAILURE", time.Hour)
	r.round()
	changes, _ = r.known()
	require.Len(t, changes, 191)
	require.Len(t, j.asked, 4)
}
