package follow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func sha(n int) string { return fmt.Sprintf("%040x", n) }

// book is what is known of changes, each record with the number of its newest state.
type book struct {
	mu      sync.Mutex
	records []correlate.ChangeRecord
	marks   []int64
	last    int64
}

func (b *book) tell(r correlate.ChangeRecord) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	i := slices.IndexFunc(b.records, func(k correlate.ChangeRecord) bool { return k.ID == r.ID })
	if i < 0 {
		b.records, b.marks = append(b.records, r), append(b.marks, b.last)
		return
	}
	b.records[i], b.marks[i] = r, b.last
}

func (b *book) Recorded(_ context.Context, after int64, limit int) (all []correlate.ChangeRecord, to int64, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	to = after
	for mark := after + 1; mark <= b.last && len(all) < limit; mark++ {
		if i := slices.Index(b.marks, mark); i >= 0 {
			all, to = append(all, b.records[i]), mark
		}
	}
	return all, to, nil
}

func (b *book) Known(_ context.Context, id string) (correlate.ChangeRecord, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.records {
		if r.ID == id {
			return r, nil
		}
	}
	return correlate.ChangeRecord{}, correlate.ErrNotFound
}

func (b *book) Before(_ context.Context, p correlate.PlaceTime, limit int) (all []correlate.ChangeRecord, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.records {
		if r.Service == p.Service && r.Environment == p.Environment && r.FinishedAt.Before(p.At) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b correlate.ChangeRecord) int { return b.FinishedAt.Compare(a.FinishedAt) })
	return all[:min(len(all), limit)], nil
}

// deployed is the deployment of the nth commit to checkout, n minutes after noon.
func deployed(n int, with ...func(*correlate.ChangeRecord)) correlate.ChangeRecord {
	r := correlate.ChangeRecord{Change: correlate.Change{
		ID: fmt.Sprintf("c%d", n), Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded, Service: "checkout", Environment: "production",
		Commit: sha(n), FinishedAt: at(n), Labels: map[string]string{"repository": "octo/shop"}, Source: "github",
	}}
	for _, w := range with {
		w(&r)
	}
	return r
}

// repositories are asked for ranges of numbered commits, and keep what they were asked.
type repositories struct {
	mu    sync.Mutex
	asked []string
	fail  func(of commits.Range) error
}

type repository struct {
	*repositories
	name string
}

func (r repository) Between(_ context.Context, of commits.Range) (commits.Found, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, fmt.Sprintf("%s %s..%s %v", r.name, of.Base[38:], of.Head[38:], of.Paths))
	if r.fail != nil {
		if err := r.fail(of); err != nil {
			return commits.Found{}, err
		}
	}
	return commits.Found{Commits: []correlate.Commit{{SHA: of.Head, AuthoredAt: noon}}, Size: correlate.Size{Commits: 1, Since: of.Base}}, nil
}

// world is a follower of octo's repositories, with its cursor, in a time of its own.
type world struct {
	*testing.T
	*follower
	book   book
	repos  repositories
	clock  time.Time
	cursor []byte
	told   []correlate.Change
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, clock: at(100)}
	w.follower = &follower{
		scope: scope{[]string{"octo/*"}, map[string]Service{"cart": {Repository: "octo/mono", Paths: []string{"cart"}}}},
		open: func(_ context.Context, _ *http.Client, name string) (commits.Repository, error) {
			return repository{&w.repos, name}, nil
		},
		now: func() time.Time { return w.clock },
	}
	return w
}

// turn reads a page, and tells the book what was found.
func (w *world) turn() (more bool, err error) {
	p, err := w.follow(w.Context(), nil, &w.book, w.cursor, noon)
	if err != nil {
		return false, err
	}
	w.cursor = p.Next
	for _, raw := range p.Raws {
		reading, err := parse(raw)
		require.NoError(w, err)
		require.Len(w, reading.Facts, 1)
		c := *reading.Facts[0].Change
		w.told = append(w.told, c)
		known, err := w.book.Known(w.Context(), c.ID)
		require.NoError(w, err)
		known.Change = known.Revise(c)
		w.book.tell(known)
	}
	return p.More, nil
}

func (w *world) turns() {
	for more := true; more; {
		var err error
		more, err = w.turn()
		require.NoError(w, err)
	}
}

func TestAChangeThatLacksItsCommitsIsAskedForOnce(t *testing.T) {
	w := newWorld(t)
	w.book.tell(deployed(1))
	started := deployed(2)
	started.Status, started.StartedAt, started.FinishedAt = correlate.StatusStarted, at(1), time.Time{}
	w.book.tell(started)
	w.turns()
	require.Empty(t, w.repos.asked, "the first has nothing to be compared with, the second has not come to its end")

	w.book.tell(deployed(2))
	w.turns()
	require.Equal(t, []string{"octo/shop 01..02 []"}, w.repos.asked)
	require.Equal(t, []correlate.Change{{
		ID: "c2", Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded, Service: "checkout", Environment: "production", FinishedAt: at(2),
		Commits: []correlate.Commit{{SHA: sha(2), AuthoredAt: noon}}, Size: &correlate.Size{Commits: 1, Since: sha(1)},
	}}, w.told)
	known, err := w.book.Known(t.Context(), "c2")
	require.NoError(t, err)
	require.Equal(t, "github", known.Source, "it stays the change of who told it")

	w.book.tell(deployed(3))
	w.clock = at(200)
	w.turns()
	w.cursor = nil // what a ledger that was lost would say
	w.turns()
	require.Equal(t, []string{"octo/shop 01..02 []", "octo/shop 02..03 []"}, w.repos.asked, "what is known isn't asked for again")
}

func TestWhichChangesAreAskedFor(t *testing.T) {
	type record = correlate.ChangeRecord
	for name, c := range map[string]struct {
		with func(*record)
		want []string
	}{
		"a rollout":                                {func(*record) {}, []string{"octo/shop 01..02 []"}},
		"a service of a monorepo":                  {func(r *record) { r.Service = "cart" }, []string{"octo/mono 01..02 [cart]"}},
		"a project of GitLab":                      {func(r *record) { r.Labels = map[string]string{"project": "OCTO/a/b"} }, []string{"OCTO/a/b 01..02 []"}},
		"one whose sender told the commits":        {func(r *record) { r.Commits = []correlate.Commit{{SHA: "a"}} }, []string{"octo/shop 01..02 []"}},
		"one that failed after it had been live":   {func(r *record) { r.Status, r.Served = correlate.StatusFailed, true }, []string{"octo/shop 01..02 []"}},
		"one told as history":                      {func(r *record) { r.Phase = correlate.PhaseHistory }, []string{"octo/shop 01..02 []"}},
		"one that tells its size":                  {func(r *record) { r.Size = &correlate.Size{} }, nil},
		"a rollback":                               {func(r *record) { r.Rollback = true }, nil},
		"one that is told to be a rollback":        {func(r *record) { r.Kind = correlate.KindRollback }, nil},
		"a redeployment":                           {func(r *record) { r.Redeploy = true }, nil},
		"a flag":                                   {func(r *record) { r.Kind = correlate.KindFeatureFlag }, nil},
		"one that failed":                          {func(r *record) { r.Status = correlate.StatusFailed }, nil},
		"another report of one that is known":      {func(r *record) { r.MergedInto, r.Phase = "c1", correlate.PhaseMerged }, nil},
		"one that nobody reports any more":         {func(r *record) { r.Phase = correlate.PhaseRetracted }, nil},
		"one without a commit":                     {func(r *record) { r.Commit = "" }, nil},
		"one with the name of a branch":            {func(r *record) { r.Commit = "--main" }, nil},
		"one without a repository":                 {func(r *record) { r.Labels = nil }, nil},
		"one of somebody else's repository":        {func(r *record) { r.Labels = map[string]string{"repository": "acme/shop"} }, nil},
		"one of a repository that leads elsewhere": {func(r *record) { r.Labels = map[string]string{"repository": "octo/../../user"} }, nil},
		"one of long ago":                          {func(r *record) { r.FinishedAt = at(-1) }, nil},
		"one in an environment where it is first":  {func(r *record) { r.Environment = "staging" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := deployed(2, c.with)
			before := deployed(1)
			before.Service, before.FinishedAt = r.Service, at(-2)
			w.book.tell(before)
			w.book.tell(r)
			w.turns()
			require.Equal(t, c.want, w.repos.asked)
			for _, told := range w.told {
				require.Equal(t, len(r.Commits) > 0, told.Commits == nil, "what its sender told stays")
				require.NotNil(t, told.Size)
			}
		})
	}
}

func TestWhatWasLiveBefore(t *testing.T) {
	type record = correlate.ChangeRecord
	w := newWorld(t)
	w.book.tell(deployed(1))
	w.book.tell(deployed(2, func(r *record) { r.Status = correlate.StatusFailed }))
	w.book.tell(deployed(3, func(r *record) { r.Environment = "staging" }))
	w.book.tell(deployed(4, func(r *record) { r.Kind, r.Commit = correlate.KindFeatureFlag, "" }))
	w.book.tell(deployed(5, func(r *record) { r.MergedInto, r.Phase = "c6", correlate.PhaseMerged }))
	w.book.tell(deployed(6))
	w.turns()
	require.Equal(t, []string{"octo/shop 01..06 []"}, w.repos.asked)

	w.book.tell(deployed(7, func(r *record) { r.Rollback, r.Commit = true, sha(1) }))
	w.book.tell(deployed(8))
	w.book.tell(deployed(9, func(r *record) { r.Commit = sha(8)[:12] }))
	w.turns()
	require.Equal(t, []string{"octo/shop 01..06 []", "octo/shop 01..08 []"}, w.repos.asked, "since the rollback; the same commit once more needs no asking")
	require.Equal(t, &correlate.Size{Since: sha(8)}, w.told[len(w.told)-1].Size)
}

func TestACommitThatIsNotThereYetIsAskedForLater(t *testing.T) {
	w := newWorld(t)
	w.book.tell(deployed(1))
	w.book.tell(deployed(2))
	w.book.tell(deployed(3))
	w.repos.fail = func(of commits.Range) error {
		if of.Head == sha(2) {
			return fmt.Errorf("%w: pushed and not fetched", commits.ErrUnknown)
		}
		return nil
	}
	w.turns()
	require.Len(t, w.told, 1, "others don't wait for it")
	w.clock = w.clock.Add(30 * time.Second)
	w.turns()
	require.Len(t, w.repos.asked, 2, "its time has not come")
	for range mostTries {
		w.clock = w.clock.Add(5 * time.Hour)
		w.turns()
	}
	require.Len(t, w.repos.asked, mostTries+1)
	require.Equal(t, &correlate.Size{Caveats: []correlate.Caveat{correlate.CaveatUnknown}}, w.told[1].Size, "then that is said")
	require.Empty(t, w.told[1].Commits)
}

func TestAFailureStopsTheStreamAndLosesNothing(t *testing.T) {
	w := newWorld(t)
	for n := range 4 {
		w.book.tell(deployed(n + 1))
	}
	down := errors.New("down")
	failing := sha(3)
	w.repos.fail = func(of commits.Range) error {
		if of.Head == failing {
			return down
		}
		return nil
	}
	more, err := w.turn()
	require.NoError(t, err, "what was found before it is kept")
	require.True(t, more)
	require.Len(t, w.told, 1)
	for range patience - 1 {
		held := w.cursor
		_, err = w.turn()
		require.ErrorIs(t, err, down)
		require.Equal(t, held, w.cursor)
	}
	w.turns()
	require.Equal(t, []string{"c2", "c4"}, []string{w.told[0].ID, w.told[1].ID}, "one at which it always fails is passed over")
	w.repos.fail = nil
	w.clock = w.clock.Add(time.Hour)
	w.turns()
	require.Equal(t, "c3", w.told[2].ID)

	w.book.tell(deployed(5))
	w.repos.fail = func(commits.Range) error { return &source.BusyError{Wait: time.Minute, Why: "limit"} }
	for range 3 * patience {
		_, err = w.turn()
		var busy *source.BusyError
		require.ErrorAs(t, err, &busy, "patience is asked for by all of it, and not by one change")
	}
}

func TestWhatWaitsIsBoundedAndNothingIsDropped(t *testing.T) {
	w := newWorld(t)
	const n = mostWaiting + 50
	for i := range n {
		w.book.tell(deployed(i + 1))
	}
	known := false
	w.repos.fail = func(of commits.Range) error {
		if known || of.Head == sha(n) {
			return nil
		}
		return commits.ErrUnknown
	}
	for range n / 2 {
		_, err := w.turn()
		require.NoError(t, err)
		require.LessOrEqual(t, len(readCursor(w.cursor).Waiting), mostWaiting)
		require.Less(t, len(w.cursor), 64*mostWaiting)
	}
	require.Equal(t, "c550", w.told[len(w.told)-1].ID, "those at the end have their turn, whatever waits before them")
	unknown := len(w.told) - 1
	require.Equal(t, &correlate.Size{Caveats: []correlate.Caveat{correlate.CaveatUnknown}}, w.told[0].Size)
	known, w.clock = true, w.clock.Add(24*time.Hour)
	w.turns()
	require.Len(t, w.told, n-1)
	require.GreaterOrEqual(t, n-1-unknown, mostWaiting-1, "as many as may wait did")
	require.Equal(t, cursor{}, readCursor([]byte("{")), "what can't be read is the beginning")
}
