package vendors

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// argocd is an Argo CD with applications, as its API lists them.
type argocd struct {
	*api
	applications []object
}

func newArgoCD(t *testing.T) *argocd {
	a := &argocd{}
	a.api = (&api{t: t, secret: [2]string{"Authorization", "Bearer jwt"}, serve: a.serve}).start()
	return a
}

func (a *argocd) serve(w http.ResponseWriter, r *http.Request, path string) bool {
	if path != "/api/v1/applications" {
		return false
	}
	var items any // null when there are none
	var all []object
	for _, app := range a.applications {
		if project := r.URL.Query().Get("projects"); project == "" || project == app["spec"].(object)["project"] {
			all = append(all, app)
			items = all
		}
	}
	return reply(w, object{"metadata": object{"resourceVersion": "4711"}, "items": items})
}

// application adds one that was never synced.
func (a *argocd) application(name string) object {
	app := object{
		"metadata": object{"name": name, "namespace": "argocd", "uid": "uid-" + name, "creationTimestamp": "2026-01-01T00:00:00Z", "labels": object{"environment": "production"}},
		"spec":     object{"project": "shop", "destination": object{"namespace": "shop"}, "source": object{"repoURL": "https://git.example.com/acme/deploy.git", "targetRevision": "main"}},
		"status":   object{"reconciledAt": "2026-03-01T11:59:00Z", "summary": object{}, "sync": object{"status": "Synced"}, "health": object{"status": "Healthy"}, "resources": []object{{"kind": "Deployment"}}},
	}
	a.applications = append(a.applications, app)
	return app
}

// sync is one of an application, that succeeds unless it runs or fails.
func (a *argocd) sync(app object, revision, phase, started, finished string) {
	status := app["status"].(object)
	state := object{"phase": phase, "startedAt": clock(started), "operation": object{"initiatedBy": object{"username": "deploy-bot"}, "sync": object{"revision": revision}}}
	if finished != "" {
		state["finishedAt"], state["syncResult"] = clock(finished), object{"revision": revision}
	}
	status["operationState"], status["sync"].(object)["revision"] = state, revision
	if phase == "Succeeded" {
		history, _ := status["history"].([]object)
		status["history"] = append(history, object{"id": len(history), "revision": revision, "deployStartedAt": clock(started), "deployedAt": clock(finished), "source": app["spec"].(object)["source"]})
	}
}

func turn(app object, health, at string) {
	app["status"].(object)["health"] = object{"status": health, "lastTransitionTime": clock(at)}
}

func clock(hours string) string { return "2026-03-01T" + hours + ":00Z" }

// sends is the message of the notification, where everything that isn't read is left out.
func (a *argocd) sends(name, revision, phase, started, finished, health, turned string) string {
	end := "null"
	if finished != "" {
		end = fmt.Sprintf("%q", clock(finished))
	}
	return fmt.Sprintf(`{"app":{"metadata":{"name":%q,"namespace":"argocd","uid":"uid-%[1]s","labels":{"environment":"production"}},"spec":{"project":"shop","destination":{"namespace":"shop"},
		"source":{"targetRevision":"main"}},"status":{"health":{"status":%q,"lastTransitionTime":%q},"operationState":{"phase":%q,"startedAt":%q,"finishedAt":%s,
		"operation":{"sync":{"revision":%q}}},"history":[],"summary":{"images":null}}},"source":"s","applicationsOnly":false,"context":{"argocdUrl":%q}}`,
		name, health, clock(turned), phase, clock(started), end, revision, a.URL)
}

func revision(n int) string { return fmt.Sprintf("%040x", n) }

func TestArgoCDIsReconciled(t *testing.T) {
	a := newArgoCD(t)
	a.application("never")
	checkout := a.application("checkout")
	a.sync(checkout, revision(1), "Succeeded", "09:00", "09:01")
	a.sync(checkout, revision(2), "Succeeded", "10:00", "10:01")
	a.sync(checkout, revision(2), "Succeeded", "10:30", "10:31") // which changes nothing
	a.sync(checkout, revision(3), "Succeeded", "11:00", "11:01")
	turn(checkout, "Healthy", "11:02")
	cart := a.application("cart")
	a.sync(cart, revision(4), "Failed", "11:10", "11:11")
	search := a.application("search")
	a.sync(search, revision(5), "Running", "11:20", "")
	mail := a.application("mail")
	a.sync(mail, revision(6), "Succeeded", "11:20", "11:21")
	turn(mail, "Degraded", "11:25")
	parent := a.application("all")
	a.sync(parent, revision(7), "Succeeded", "11:20", "11:21")
	parent["status"].(object)["resources"] = []object{{"kind": "Application"}, {"kind": "AppProject"}}
	r := reconcile(t, "argocd", a.api, "jwt", nil)
	r.requireOneStory(
		a.sends("checkout", revision(1), "Succeeded", "09:00", "09:01", "Healthy", "09:01"), a.sends("checkout", revision(2), "Running", "10:00", "", "Healthy", "09:01"),
		a.sends("checkout", revision(2), "Succeeded", "10:00", "10:01", "Healthy", "10:01"), a.sends("checkout", revision(3), "Succeeded", "11:00", "11:01", "Healthy", "11:02"),
		a.sends("cart", revision(4), "Failed", "11:10", "11:11", "Healthy", "09:00"), a.sends("search", revision(5), "Running", "11:20", "", "Healthy", "09:00"),
		a.sends("mail", revision(6), "Succeeded", "11:20", "11:21", "Degraded", "11:25"),
	)
}

func TestArgoCDTellsOnlyWhatIsNotKnown(t *testing.T) {
	a := newArgoCD(t)
	checkout := a.application("checkout")
	a.sync(checkout, revision(1), "Succeeded", "09:00", "09:01")
	r := reconcile(t, "argocd", a.api, "jwt", map[string]any{"projects": []any{"shop"}})
	r.round()
	require.Len(t, r.kept, 1)
	cursor := string(r.cursors["shop"])
	checkout["status"].(object)["reconciledAt"] = "2026-03-01T11:59:30Z"
	r.round()
	require.Len(t, r.kept, 1)
	require.Equal(t, cursor, string(r.cursors["shop"]))
	turn(checkout, "Degraded", "09:10")
	r.round()
	a.sync(checkout, revision(2), "Succeeded", "10:00", "10:01") // both between two rounds
	a.sync(checkout, revision(3), "Running", "11:00", "")
	r.round()
	changes, _ := r.known()
	require.Len(t, changes, 3)
	var statuses []correlate.Status
	for _, c := range changes {
		statuses = append(statuses, c.Status)
	}
	require.Equal(t, []correlate.Status{"failed", "succeeded", "started"}, statuses, "a history doesn't take back what was told of a sync")
}
