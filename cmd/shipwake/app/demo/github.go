package demo

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

type object = map[string]any

// githubID is the change id of a deployment that GitHub reports.
func githubID(service string, number int) string {
	return "github-shop/" + service + "-" + strconv.Itoa(number)
}

// githubDeployment is what GitHub sends when a deployment is created.
func githubDeployment(a act, began time.Time) object {
	return object{
		"action":     "created",
		"deployment": githubObject(a, began),
		"repository": githubRepository(a),
		"sender":     object{"login": "octavia"},
	}
}

// githubStatus is what GitHub sends when a deployment has a new status.
func githubStatus(a act, began time.Time, state string, at time.Time) object {
	return object{
		"action": "created",
		"deployment_status": object{
			"state": state, "created_at": rfc3339(at), "environment": correlate.DefaultEnvironment,
			"log_url": "https://github.example/shop/" + a.service + "/actions/runs/" + strconv.Itoa(a.number),
		},
		"deployment": githubObject(a, began),
		"repository": githubRepository(a),
		"sender":     object{"login": "octavia"},
	}
}

func githubObject(a act, began time.Time) object {
	task := "deploy"
	if a.kind == correlate.KindRollback {
		task = "rollback"
	}
	return object{
		"id": a.number, "ref": a.release.Version, "sha": "9fceb02d0ae598e95dc970b74767f19372d61af8", "task": task,
		"environment": correlate.DefaultEnvironment, "created_at": rfc3339(began),
		"creator": object{"login": "octavia"},
		"payload": object{"previous_version": a.from},
	}
}

func githubRepository(a act) object {
	return object{"name": a.service, "full_name": "shop/" + a.service}
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// githubEvent sends an event with the signature over its body.
func (h *hooks) githubEvent(ctx context.Context, event string, payload object) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	return h.post(ctx, "github", http.Header{
		"Content-Type":        {"application/json"},
		"X-Github-Event":      {event},
		"X-Github-Delivery":   {rand.Text()},
		"X-Hub-Signature-256": {signature(h.secrets.github, body)},
	}, body)
}
