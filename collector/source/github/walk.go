package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

const (
	statusesPerPage = 100
	mostStatuses    = 10 // pages of one deployment
	// openFor is how long a deployment may wait for its end: GitHub fails one that waits for an approval after 30 days.
	openFor = 31 * 24 * time.Hour
)

// walk is one call of pull.
type walk struct {
	repository
	ctx    context.Context
	client *http.Client
	cursor cursor
	raws   []correlate.Raw
}

// deployment is one as the API shows it.
type deployment struct {
	id               int64
	created, updated time.Time
	repository       string // its full name
	raw              []byte
}

// list reads the next page of deployments.
func (w *walk) list() error {
	answer, err := w.get(w.ctx, w.client, w.page(w.cursor.Page+1))
	if err != nil {
		return err
	}
	doc, err := source.ParseJSON(answer.Body, "$")
	if err != nil {
		return err
	}
	if !doc.IsArray() {
		return errors.New("the API's list of deployments must be an array")
	}
	var page []deployment
	for _, item := range doc.Items() {
		d, err := w.read(item)
		if err != nil {
			return err
		}
		page = append(page, d)
	}
	if err := doc.Err(); err != nil {
		return err
	}
	w.cursor.turn(page, answer.Next == "")
	return w.lookAll(page)
}

// lookAll looks at those deployments of a page that concern us.
func (w *walk) lookAll(page []deployment) error {
	for _, d := range page {
		if d.created.Before(w.cursor.Floor) || !w.cursor.concerns(d.id, d.updated) {
			continue
		}
		if err := w.look(d); err != nil {
			return err
		}
	}
	return nil
}

// lookAgain looks at deployments that had not come to an end.
func (w *walk) lookAgain() error {
	for _, id := range slices.Clone(w.cursor.Again[:min(len(w.cursor.Again), pageSize)]) {
		answer, err := w.get(w.ctx, w.client, w.deployment(id))
		var status *source.StatusError
		if errors.As(err, &status) && status.Code == http.StatusNotFound {
			w.cursor.gone(id)
			continue
		}
		if err != nil {
			return err
		}
		doc, err := source.ParseJSON(answer.Body, "$")
		if err != nil {
			return err
		}
		d, err := w.read(doc)
		if err != nil {
			return err
		}
		if err := w.look(d); err != nil {
			return err
		}
	}
	return nil
}

// read reads what the walk itself needs of a deployment.
func (w *walk) read(doc source.JSON) (deployment, error) {
	id, _ := strconv.ParseInt(doc.Get("id").RequiredText(), 10, 64)
	d := deployment{
		id:         id,
		created:    doc.Get("created_at").RequiredTime(),
		updated:    doc.Get("updated_at").Time(),
		repository: w.fullName(doc.Get("repository_url").AnyText()),
		raw:        doc.Raw(),
	}
	return d, doc.Err()
}

// fullName is the repository's name as webhooks tell it, with its own case of letters, which the configured name may not
// have.
func (w *walk) fullName(address string) string {
	parts := strings.Split(address, "/")
	if n := len(parts); n >= 2 && strings.EqualFold(parts[n-2]+"/"+parts[n-1], w.name) {
		return parts[n-2] + "/" + parts[n-1]
	}
	return w.name
}

// look adds a deployment and its statuses, oldest first, as far as they weren't seen before.
func (w *walk) look(d deployment) error {
	statuses, err := w.statuses(d)
	if err != nil {
		return err
	}
	if w.cursor.isNew(d.id) {
		w.raws = append(w.raws, d.event("deployment", fmt.Sprint(d.id), nil))
	}
	now := seen{ID: d.id, Status: w.cursor.newest(d.id), Changed: d.updated.Unix()}
	now.Ended = d.created.Before(w.cursor.NewTime.Add(-openFor))
	for _, s := range statuses {
		now.Ended = now.Ended || s.ends()
		if s.id <= now.Status {
			continue
		}
		now.Status = s.id
		if s.state != "inactive" { // no webhook tells that another deployment took over
			w.raws = append(w.raws, d.event("deployment_status", fmt.Sprintf("%d/statuses/%d", d.id, s.id), s.raw))
		}
	}
	w.cursor.saw(now)
	return nil
}

// status is what became of a deployment.
type status struct {
	id    int64
	state string
	raw   []byte
}

func (s status) ends() bool {
	return slices.Contains([]string{"success", "failure", "error", "inactive"}, s.state)
}

// statuses are those of a deployment, oldest first.
func (w *walk) statuses(d deployment) ([]status, error) {
	var all []status
	next := fmt.Sprintf("%s/statuses?per_page=%d", w.deployment(d.id), statusesPerPage)
	for page := 0; next != "" && page < mostStatuses; page++ {
		answer, err := w.get(w.ctx, w.client, next)
		if err != nil {
			return nil, err
		}
		doc, err := source.ParseJSON(answer.Body, "$")
		if err != nil {
			return nil, err
		}
		for _, item := range doc.Items() {
			id, _ := strconv.ParseInt(item.Get("id").RequiredText(), 10, 64)
			all = append(all, status{id, item.Get("state").Text(), item.Raw()})
		}
		if err := doc.Err(); err != nil {
			return nil, err
		}
		next = answer.Next
	}
	slices.SortFunc(all, func(a, b status) int { return int(min(max(a.id-b.id, -1), 1)) })
	return slices.CompactFunc(all, func(a, b status) bool { return a.id == b.id }), nil
}

// event is a delivery in the form of a webhook's.
func (d deployment) event(kind, id string, status []byte) correlate.Raw {
	_, name, _ := strings.Cut(d.repository, "/")
	body := []byte(`{"action":"created","deployment":`)
	body = append(body, d.raw...)
	if status != nil {
		body = append(append(body, `,"deployment_status":`...), status...)
	}
	body = fmt.Appendf(body, `,"repository":{"name":%q,"full_name":%q}}`, name, d.repository)
	return correlate.Raw{
		ID:     d.repository + "/deployments/" + id,
		Header: map[string]string{"Content-Type": "application/json", http.CanonicalHeaderKey(headerEvent): kind},
		Body:   body,
	}
}
