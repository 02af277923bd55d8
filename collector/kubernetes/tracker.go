package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/kubernetes"
	"github.com/shipwake/shipwake/correlate"
)

// tracker holds what was seen of all workloads against what is there, and commits what is to be reported. It is safe for
// concurrent use, and does one thing at a time.
type tracker struct {
	source source.Configured
	intake source.Intake
	count  following.Counter
	// revisions and namespace ask the cluster.
	revisions func(context.Context, kind, object) (history, error)
	namespace func(ctx context.Context, name string) (map[string]string, error)

	turn   chan struct{} // held while something is taken in; see enter
	shards [shards]shard
	asOf   map[string]time.Time // see shard; nil before the cursors were read
}

// enter waits until it is one's turn, or until the context ends.
func (t *tracker) enter(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *tracker) leave() { <-t.turn }

// observe takes in a workload of a scope. Listed says that events may have been missed before. An error means that nothing was
// taken in.
func (t *tracker) observe(ctx context.Context, k kind, scope string, o object, listed bool) error {
	if err := t.enter(ctx); err != nil {
		return err
	}
	defer t.leave()
	key := keyOf(k, o.Metadata.Namespace, o.Metadata.Name)
	s, err := t.shard(ctx, shardOf(key))
	if err != nil {
		return err
	}
	look := sight{
		kind: k, object: o, known: s.find(key), asOf: t.since(under(k, scope)), now: time.Now().UTC(), listed: listed,
		revisions: func() (history, error) { return t.revisions(ctx, k, o) },
		namespace: func() (map[string]string, error) { return t.namespace(ctx, o.Metadata.Namespace) },
	}
	d, err := look.decide()
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if err := t.keep(ctx, s, key, d); err != nil {
		return err
	}
	t.count.Add(resultRestart, int64(d.restarts))
	if !listed {
		t.reach(under(k, scope), o.newest())
	}
	return nil
}

// forget takes in that a workload is gone.
func (t *tracker) forget(ctx context.Context, k kind, scope string, o object) error {
	at := time.Now()
	if o.Metadata.DeletionTimestamp == nil {
		o.Metadata.DeletionTimestamp = &at
	}
	return t.observe(ctx, k, scope, o, false)
}

// since is until when everything below a prefix was seen: at a first start, until now.
func (t *tracker) since(prefix string) time.Time {
	if t.asOf[prefix].IsZero() {
		t.asOf[prefix] = time.Now().UTC().Truncate(time.Second)
	}
	return t.asOf[prefix]
}

// reach says that everything below a prefix was seen up to an instant.
func (t *tracker) reach(prefix string, at time.Time) {
	if at = at.UTC().Add(-slack); at.After(t.since(prefix)) {
		t.asOf[prefix] = at
	}
}

// present takes in what there is of a kind in a scope, and how new the newest of it is: what isn't among the keys is gone. Then
// everything is committed.
func (t *tracker) present(ctx context.Context, k kind, scope string, keys map[string]bool, newest time.Time) error {
	if err := t.enter(ctx); err != nil {
		return err
	}
	defer t.leave()
	for i := range shards {
		s, err := t.shard(ctx, i)
		if err != nil {
			return err
		}
		for _, key := range s.missing(under(k, scope), keys) {
			var d decision
			d.close(s.find(key).Open, "deleted", time.Now())
			if err := t.keep(ctx, s, key, d); err != nil {
				return err
			}
		}
	}
	t.reach(under(k, scope), newest)
	for i := range shards {
		if s := &t.shards[i]; s.dirty {
			if err := t.commit(ctx, i, s, "", nil, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// shard is one that is known. All are read at first, since each says until when everything was seen.
func (t *tracker) shard(ctx context.Context, i int) (*shard, error) {
	if t.asOf != nil {
		return &t.shards[i], t.read(ctx, i)
	}
	for j := range shards {
		if err := t.read(ctx, j); err != nil {
			return nil, err
		}
	}
	t.asOf = map[string]time.Time{}
	for j := range shards {
		for prefix, at := range t.shards[j].AsOf {
			if at.After(t.asOf[prefix]) {
				t.asOf[prefix] = at
			}
		}
	}
	return &t.shards[i], nil
}

// read reads a cursor, unless it is known.
func (t *tracker) read(ctx context.Context, i int) error {
	s := &t.shards[i]
	if s.known {
		return nil
	}
	cursor, err := t.intake.Cursor(ctx, t.stream(i))
	if err != nil {
		return err
	}
	return s.load(cursor)
}

func (t *tracker) stream(i int) string { return fmt.Sprintf("kubernetes/%s/%d", t.source.Name(), i) }

// find is a copy of what is known of a workload; nil is nothing.
func (s *shard) find(key string) *seen {
	if known, ok := s.Workloads[key]; ok {
		return &known
	}
	return nil
}

// keep commits a decision that reports something. What else is known waits for the next commit: it would be found again.
func (t *tracker) keep(ctx context.Context, s *shard, key string, d decision) error {
	if len(d.reports) > 0 {
		return t.commit(ctx, shardOf(key), s, key, d.next, d.reports)
	}
	if known := s.find(key); !known.same(d.next) {
		s.set(key, d.next)
		s.dirty = true
	}
	return nil
}

// same tells whether as much was reported of two: what isn't compared changes with a report only.
func (a *seen) same(b *seen) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.UID == b.UID && a.Mark == b.Mark && a.Revision == b.Revision && (a.Open == nil) == (b.Open == nil)
}

// commit stores reports with the cursor after them. A cursor that somebody else has moved is read again at the next look.
func (t *tracker) commit(ctx context.Context, i int, s *shard, key string, next *seen, reports []kubernetes.Report) error {
	var page source.Page
	for _, r := range reports {
		raw, err := r.Raw()
		if err != nil {
			return err
		}
		page.Raws = append(page.Raws, raw)
	}
	after, cursor, err := s.with(key, next, t.asOf)
	if err != nil {
		return err
	}
	move := &correlate.Move{Stream: t.stream(i), Expect: s.held, Next: cursor}
	entries := source.Entries(t.source.ReadPage(page, time.Now()))
	for attempt := 0; ; attempt++ {
		_, err := t.intake.Commit(ctx, entries, move)
		switch {
		case err == nil:
			*s = after
			t.count.Add(resultReport, int64(len(reports)))
			return nil
		case errors.Is(err, correlate.ErrFenced):
			t.count.Add(resultFenced, 1)
			s.known = false
			return err
		case !errors.Is(err, correlate.ErrUnavailable):
			return err
		}
		t.count.Add(resultRetried, 1)
		if !pause(ctx, backoff(attempt)) {
			return ctx.Err()
		}
	}
}
