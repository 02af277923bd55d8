package github

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
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
	var first error
	bad := 0
	for _, item := range doc.Items() {
		d, err := w.read(item)
		if err == nil {
			page = append(page, d)
			continue
		}
		if bad++; first == nil {
			first = err
		}
		w.aside(eventListed, item.Raw(), nil)
	}
	if err := doc.Err(); err != nil {
		return err
	}
	if len(page) == 0 && bad > 1 {
		return first // that isn't a list of deployments
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
			w.aside(eventListed, doc.Raw(), nil)
			w.cursor.gone(id)
			continue
		}
		if err := w.look(d); err != nil {
			return err
		}
	}
	return nil
}

// eventListed is the event of a deployment as the API lists it, which lacks something without which it can't be looked at. GitHub has
// no event of that name.
const eventListed = "deployment_listed"

// aside delivers what can't be read in the form of the webhook, as it came: it waits in quarantine, once.
func (w *walk) aside(kind string, deployment, status []byte) {
	d := cmp.Or(string(status), string(deployment))
	sum := sha256.Sum256([]byte(d))
	w.raws = append(w.raws, event(w.name, kind, "item/"+base64.RawURLEncoding.EncodeToString(sum[:9]), deployment, status))
}

// read reads what the walk itself needs of a deployment, which stands for itself: what is missing in it is no fault of the page.
func (w *walk) read(item source.JSON) (deployment, error) {
	doc, err := source.ParseJSON(item.Raw(), item.Path())
	if err != nil {
		return deployment{}, err
	}
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

// readOne reads what the walk itself needs of a status.
func readOne(item source.JSON) (status, bool) {
	doc, err := source.ParseJSON(item.Raw(), item.Path())
	if err != nil {
		return status{}, false
	}
	id, _ := strconv.ParseInt(doc.Get("id").RequiredText(), 10, 64)
	return status{id, doc.Get("state").Text(), doc.Raw()}, doc.Err() == nil
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
			if s, ok := readOne(item); ok {
				all = append(all, s)
			} else {
				w.aside("deployment_status", d.raw, item.Raw())
			}
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
	return event(d.repository, kind, id, d.raw, status)
}

func event(repository, kind, id string, deployment, status []byte) correlate.Raw {
	_, name, _ := strings.Cut(repository, "/")
	body := []byte(`{"action":"created","deployment":`)
	body = append(body, deployment...)
	if status != nil {
		body = append(append(body, `,"deployment_status":`...), status...)
	}
	body = fmt.Appendf(body, `,"repository":{"name":%q,"full_name":%q}}`, name, repository)
	return correlate.Raw{
		ID:     repository + "/deployments/" + id,
		Header: map[string]string{"Content-Type": "application/json", http.CanonicalHeaderKey(headerEvent): kind},
		Body:   body,
	}
}
