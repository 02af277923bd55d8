package follow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// However changes come, repositories fail and pages get lost before they are stored, in the end every change that lacks what it
// brings has been told that, once: the oracle asks the repository for each pair of deployments that follow one another.
func TestEveryChangeIsToldOnceWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		var all []correlate.ChangeRecord
		for n := range rapid.IntRange(1, 12).Draw(rt, "changes") {
			all = append(all, deployed(n+1, func(r *correlate.ChangeRecord) {
				r.Environment = rapid.SampledFrom([]string{"production", "staging"}).Draw(rt, "environment")
				r.Rollback = rapid.IntRange(0, 5).Draw(rt, "rollback") == 0
				if rapid.IntRange(0, 5).Draw(rt, "failed") == 0 {
					r.Status = correlate.StatusFailed
				}
			}))
		}
		want := map[string]string{}
		live := map[string]string{}
		for _, r := range all {
			if r.Status != correlate.StatusSucceeded {
				continue
			}
			if base := live[r.Environment]; base != "" && !r.Rollback {
				want[r.ID] = base
			}
			live[r.Environment] = r.Commit
		}
		w.repos.fail = func(commits.Range) error {
			switch rapid.IntRange(0, 9).Draw(rt, "fails") {
			case 0:
				return fmt.Errorf("down")
			case 1:
				return &source.BusyError{Wait: time.Minute}
			case 2:
				return commits.ErrUnknown
			}
			return nil
		}
		told, ids := map[string]string{}, map[string]bool{}
		turn := func(kept bool) {
			p, err := w.follow(t.Context(), nil, &w.book, w.cursor, noon)
			if err != nil || !kept {
				return
			}
			w.cursor = p.Next
			for _, raw := range p.Raws {
				require.False(rt, ids[raw.ID], "a delivery is stored once")
				ids[raw.ID] = true
				var c correlate.Change
				require.NoError(rt, json.Unmarshal(raw.Body, &c))
				told[c.ID] = c.Size.Since
				known, err := w.book.Known(t.Context(), c.ID)
				require.NoError(rt, err)
				known.Change = known.Revise(c)
				w.book.tell(known)
			}
		}
		for _, r := range all { // in order: what came before is known when a change is asked for
			w.book.tell(r)
			for range rapid.IntRange(0, 3).Draw(rt, "turns") {
				w.clock = w.clock.Add(time.Duration(rapid.IntRange(0, 9).Draw(rt, "minutes")) * time.Minute)
				turn(rapid.Bool().Draw(rt, "kept"))
			}
		}
		w.repos.fail = nil
		for range 3 * len(all) {
			w.clock = w.clock.Add(5 * time.Hour)
			turn(true)
		}
		require.Equal(rt, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(told)))
		require.Equal(rt, want, told)
		require.Empty(rt, readCursor(w.cursor).Waiting)
	})
}
