package githubtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Event is a webhook that GitHub sends.
type Event struct {
	Name string // the header X-GitHub-Event
	Body []byte
}

// Deploy creates a deployment and returns its id, and the webhook.
func (s *Server) Deploy(environment, ref, sha string) (int64, Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	at := s.Now().UTC().Format(time.RFC3339)
	d := &deployment{fields: map[string]any{
		"id": s.last, "node_id": fmt.Sprintf("DE_%d", s.last), "url": fmt.Sprintf("%s/repos/%s/deployments/%d", s.URL, s.Name, s.last),
		"sha": sha, "ref": ref, "task": "deploy", "payload": map[string]any{}, "environment": environment,
		"original_environment": environment, "transient_environment": false, "production_environment": environment == "production",
		"description": nil, "creator": map[string]any{"login": "alice", "type": "User"}, "created_at": at, "updated_at": at,
		"repository_url": s.URL + "/repos/" + s.Name,
		"statuses_url":   fmt.Sprintf("%s/repos/%s/deployments/%d/statuses", s.URL, s.Name, s.last),
	}}
	s.deployments = append(s.deployments, d)
	return s.last, s.event("deployment", d, nil)
}

// Report adds a status to a deployment, and returns the webhook. GitHub sends none for "inactive".
func (s *Server) Report(id int64, state string) Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.byID(fmt.Sprint(id))
	s.last++
	at := s.Now().UTC().Format(time.RFC3339)
	status := map[string]any{
		"id": s.last, "node_id": fmt.Sprintf("DES_%d", s.last), "state": state, "description": "", "creator": d.fields["creator"],
		"environment": d.fields["environment"], "environment_url": "https://shop.example.com", "log_url": fmt.Sprintf("https://ci.example.com/%d", s.last),
		"target_url": "", "created_at": at, "updated_at": at,
		"deployment_url": d.fields["url"], "repository_url": d.fields["repository_url"],
	}
	d.statuses = append(d.statuses, status)
	d.fields["updated_at"] = at
	return s.event("deployment_status", d, status)
}

// Delete removes a deployment with its statuses.
func (s *Server) Delete(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deployments = slices.DeleteFunc(s.deployments, func(d *deployment) bool { return d.fields["id"] == id })
}

func (s *Server) event(name string, d *deployment, status map[string]any) Event {
	_, short, _ := strings.Cut(s.Name, "/")
	body := map[string]any{
		"action": "created", "deployment": maps.Clone(d.fields),
		"repository": map[string]any{"id": 1, "name": short, "full_name": s.Name, "private": true},
		"sender":     d.fields["creator"],
	}
	if status != nil {
		body["deployment_status"] = status
	}
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte(err.Error())
	}
	return Event{name, text}
}
