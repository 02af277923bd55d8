package importer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/tell"
	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/source"
)

// Hooks are the doors of a daemon's webhooks.
type Hooks struct {
	address  *url.URL // of the generic format
	sources  []source.Source
	env      func(string) string
	client   *http.Client
	patience time.Duration
	now      func() time.Time
}

// NewHooks is told where the daemon takes the generic format; the doors of sources stand beside it.
func NewHooks(address string, sources []source.Source, env func(string) string, patience time.Duration) (*Hooks, error) {
	if err := (&tell.Teller{URL: address}).Validate(); err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("is no URL")
	}
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: senders}}
	return &Hooks{u, sources, env, client, patience, time.Now}, nil
}

// Close lets the connections go.
func (h *Hooks) Close() { h.client.CloseIdleConnections() }

// Take implements Door.
func (h *Hooks) Take(ctx context.Context, p Parcel) (Receipt, error) {
	teller := tell.Teller{URL: h.address.String(), Client: h.client, Patience: h.patience}
	header := http.Header{"Content-Type": {"application/json"}}
	body := p.Lines
	if p.Message == nil {
		teller.Token = h.secret(path.Base(h.address.Path))
		return receiptOf(teller.Post(ctx, header, body))
	}
	body = p.Message.Body
	teller.URL = h.door(p.Message.Source)
	if err := h.prove(p.Message, header); err != nil {
		return Receipt{}, err
	}
	return receiptOf(teller.Post(ctx, header, body))
}

// door is that of a source.
func (h *Hooks) door(name string) string {
	u := *h.address
	u.Path = path.Join(path.Dir(strings.TrimSuffix(u.Path, "/")), name)
	return u.String()
}

// secret is that of a source, in a variable named after it.
func (h *Hooks) secret(name string) string {
	variable := "SHIPWAKE_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name)) + "_SECRET"
	return strings.TrimSpace(h.env(variable))
}

// prove adds to a message the headers that its source reads, and the proof that its sender would add.
func (h *Hooks) prove(m *history.Message, header http.Header) error {
	for name, value := range m.Header {
		header.Set(name, value)
	}
	secret := h.secret(m.Source)
	if secret == "" {
		return nil
	}
	secret, _, _ = strings.Cut(secret, ",")
	for _, s := range h.sources {
		if s.Name != m.Source || len(s.Schemes) == 0 {
			continue
		}
		req := source.Request{Header: header, Body: m.Body, ReceivedAt: h.now()}
		if err := s.Schemes[0].Sign(&req, secret); err != nil {
			return fmt.Errorf("the secret of %s: %w", m.Source, err)
		}
		m.Body = req.Body
		return nil
	}
	header.Set("Authorization", "Bearer "+secret)
	return nil
}

// receiptOf tells what is said of a parcel from what is said of all.
func receiptOf(answer tell.Answer, err error) (Receipt, error) {
	var refused *tell.RefusedError
	switch {
	case errors.As(err, &refused) && (strings.HasPrefix(refused.Status, "400") || strings.HasPrefix(refused.Status, "413")):
		return Receipt{}, &RefusedError{refused.Why}
	case err != nil:
		return Receipt{}, err
	}
	return Receipt{Known: answer.Duplicates > 0, Why: answer.Problem, Silent: answer.Ignored}, nil
}
