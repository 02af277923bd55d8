// Package follow answers: which of the changes that are known lack their commits, and what do those bring?
//
// It is three sources for the receiver change_pull, which asks no system for changes, but goes through those that the daemon
// knows:
//
//	receivers:
//	  change_pull:
//	    sources:
//	      github-commits:
//	        secret: ${env:GITHUB_TOKEN}           # may read the contents of the repositories
//	        repositories: [octo/*]                # whose changes are asked for; octo/* is all of octo
//	        services:                             # default: all of the repository that a change names
//	          checkout: {repository: octo/shop, paths: [services/checkout, lib]}
//	        api_url: https://api.github.com       # default
//	        history: 720h                         # default; changes that ended longer ago are left alone
//	      gitlab-commits:
//	        secret: ${env:GITLAB_TOKEN}
//	        repositories: [acme/*]
//	      git-commits:
//	        folders: {octo/shop: /srv/git/shop.git}
//
// A change is asked for that rolled something out which had not been live before, reached its users, tells a commit, and of
// which nobody told the size. Its repository is that of its service, or what it names in the label repository or project. What
// is asked for is what the change brings over the commit that was live before. The first one of a service and environment has
// nothing to be compared with: of that only its sender's report is known.
//
// What is found is a delivery like any other: a report of the same change, with the commits, unless its sender told them, and
// the size. So it is kept as it came, and read again like any other.
//
// # Nothing lost, nothing twice, nobody waits
//
// The daemon goes on without an answer: nothing but lead times and sizes hang on it. The cursor of the stream, in the ledger,
// is how far the history of records was read and which changes wait for an answer, at most some hundred: then no more are read. Both move in the
// transaction of what was found. A commit that a repository doesn't know may come later: it is asked for again after 1, 2, 4 …
// minutes, for some hours, and then the size says that it is unknown. A forge that fails or asks for patience stops the stream,
// as change_pull has it, unless it fails at one and the same change.
package follow

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

const (
	// page is how many records are read at once, and few how many changes are asked for in one page of the stream.
	page, few = 500, 20
	// lookBack is how many changes of a place are gone through for the commit that was live before.
	lookBack = 100
	// patience is how often in a row one and the same change may make a repository fail before it is put off.
	patience = 5
)

// opener finds a repository by its name.
type opener func(ctx context.Context, client *http.Client, name string) (commits.Repository, error)

// follower is a stream. It is used by one goroutine.
type follower struct {
	scope
	open opener
	now  func() time.Time
	// stuck is the change at which a repository failed last, and how often in a row.
	stuck struct {
		id    string
		times int
	}
}

// stands tells whether a failure at a change is to be waited out, and not to be passed over.
func (f *follower) stands(err error, id string) bool {
	if busy(err) {
		return true
	}
	if f.stuck.id != id {
		f.stuck.id, f.stuck.times = id, 0
	}
	f.stuck.times++
	return f.stuck.times < patience
}

// follow implements source.Stream: it looks for changes that lack what they bring, and asks for some of them.
func (f *follower) follow(ctx context.Context, client *http.Client, records source.Records, text []byte, since time.Time) (source.Page, error) {
	c, now := readCursor(text), f.now()
	c.makeRoom(now)
	limit := min(page, c.room())
	read := 0
	if limit > 0 {
		found, mark, err := records.Recorded(ctx, c.Mark, limit)
		if err != nil {
			return source.Page{}, err
		}
		for _, r := range found {
			if f.lacks(r, since) {
				c.add(r.ID, now)
			}
		}
		c.Mark, read = mark, len(found)
	}
	a := asking{follower: f, ctx: ctx, client: client, records: records, cursor: c, now: now}
	if err := a.some(); err != nil {
		return source.Page{}, err
	}
	next, err := json.Marshal(a.cursor)
	return source.Page{Raws: a.raws, Next: next, More: read == limit || a.cursor.due(now) != nil}, err
}

// lacks tells whether a change is to be asked for.
func (f *follower) lacks(r correlate.ChangeRecord, since time.Time) bool {
	return commits.Lacking(r) && r.FinishedAt.After(since) && f.repositoryOf(r.Change) != ""
}

// asking is one page.
type asking struct {
	*follower
	ctx     context.Context
	client  *http.Client
	records source.Records
	cursor  cursor
	now     time.Time
	raws    []correlate.Raw
}

// some asks for a few of those that wait. What was found before an error is kept: the error shows again with the next page.
func (a *asking) some() error {
	for range few {
		next := a.cursor.due(a.now)
		if next == nil {
			return nil
		}
		err := a.ask(next)
		switch {
		case err == nil:
			a.cursor.remove(next.ID)
		case errors.Is(err, commits.ErrUnknown):
			a.cursor.later(next, a.now)
		case len(a.raws) > 0:
			return nil
		case a.stands(err, next.ID):
			return err
		default:
			a.cursor.later(next, a.now)
		}
	}
	return nil
}

// ask finds out what one change brings. The error wraps commits.ErrUnknown for one that is to be asked for once more.
func (a *asking) ask(w *waiting) error {
	c, err := a.records.Known(a.ctx, w.ID)
	switch {
	case errors.Is(err, correlate.ErrNotFound):
		return nil
	case err != nil:
		return err
	case !a.lacks(c, time.Time{}):
		return nil
	}
	base, err := a.base(c)
	if base == "" || err != nil {
		return err
	}
	found, err := a.between(c, base)
	if err != nil && w.Tries+1 >= mostTries && !busy(err) {
		found, err = commits.Found{Size: correlate.Size{Caveats: []correlate.Caveat{correlate.CaveatUnknown}}}, nil
	}
	if err != nil {
		return err
	}
	raw, err := deliveryOf(c.Change, base, found)
	a.raws = append(a.raws, raw)
	return err
}

// base is the commit that was live before a change, "" when there is none.
func (a *asking) base(c correlate.ChangeRecord) (string, error) {
	at := correlate.PlaceTime{Place: correlate.Place{Service: c.Service, Environment: c.Environment}, At: c.FinishedAt}
	before, err := a.records.Before(a.ctx, at, lookBack)
	base := commits.Live(before, c.ID)
	if !commits.IsHash(base) {
		return "", err
	}
	return base, err
}

func (a *asking) between(c correlate.ChangeRecord, base string) (commits.Found, error) {
	if commits.SameCommit(base, c.Commit) {
		return commits.Nothing(base), nil
	}
	repository, err := a.open(a.ctx, a.client, a.repositoryOf(c.Change))
	if err != nil {
		return commits.Found{}, err
	}
	return repository.Between(a.ctx, commits.Range{Base: base, Head: c.Commit, Paths: a.pathsOf(c.Service)})
}

func busy(err error) bool {
	var b *source.BusyError
	return errors.As(err, &b) || errors.Is(err, context.Canceled)
}

// deliveryOf is a report of a change with what it brings.
func deliveryOf(c correlate.Change, base string, found commits.Found) (correlate.Raw, error) {
	body, err := json.Marshal(found.Of(c))
	return correlate.Raw{
		ID: fmt.Sprintf("%s/%.12s..%.12s", c.ID, base, c.Commit), Header: map[string]string{"Content-Type": "application/json"}, Body: body,
	}, err
}

// parse reads a delivery.
func parse(raw correlate.Raw) (source.Reading, error) {
	var c correlate.Change
	if err := json.Unmarshal(raw.Body, &c); err != nil {
		return source.Reading{}, &source.ParseError{Path: "$", Want: "must be a change in the generic format"}
	}
	var r source.Reading
	err := r.AddAt(correlate.Fact{Change: &c}, func(field string) string { return "$." + cmp.Or(field, "id") })
	return r, err
}
