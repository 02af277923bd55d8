package demo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// secrets are what the senders of the demo and its daemon share; new ones for every run.
type secrets struct{ github, cdevents, generic string }

func newSecrets() secrets { return secrets{rand.Text(), rand.Text(), rand.Text()} }

// hooks posts webhooks as the systems of the real world do.
type hooks struct {
	base    string // http://host:port
	secrets secrets
	client  *http.Client
}

// post sends one webhook; every answer but 202 is an error.
func (h *hooks) post(ctx context.Context, source string, header http.Header, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.base+"/hooks/"+source, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	answer, err := h.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 1024))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusAccepted {
		return fmt.Errorf("/hooks/%s answered %s: %s", source, answer.Status, bytes.TrimSpace(said))
	}
	return nil
}

// facts posts facts in the generic format, in batches.
func (h *hooks) facts(ctx context.Context, facts []correlate.Fact) error {
	const batch = 100
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + h.secrets.generic}}
	for len(facts) > 0 {
		n := min(batch, len(facts))
		body, err := json.Marshal(facts[:n])
		if err != nil {
			return err
		}
		if err := h.post(ctx, "generic", header, body); err != nil {
			return err
		}
		facts = facts[n:]
	}
	return nil
}

// begun reports that a deployment has begun, as its sender does.
func (h *hooks) begun(ctx context.Context, a act, at time.Time) error {
	if a.by == cdevents {
		return h.cdevent(ctx, a, "started", at)
	}
	if err := h.githubEvent(ctx, "deployment", githubDeployment(a, at)); err != nil {
		return err
	}
	return h.githubEvent(ctx, "deployment_status", githubStatus(a, at, "in_progress", at))
}

// ended reports that a deployment which began at the given time is complete.
func (h *hooks) ended(ctx context.Context, a act, began, at time.Time) error {
	if a.by == cdevents {
		return h.cdevent(ctx, a, "finished", at)
	}
	return h.githubEvent(ctx, "deployment_status", githubStatus(a, began, "success", at))
}

// signature is the HMAC-SHA256 of a body, as GitHub writes it.
func signature(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
