package tell

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/correlate"
)

func sha(n int) string { return fmt.Sprintf("%040x", n) }

// known is the deployment of the nth commit, n minutes after noon.
func known(n int, with ...func(*correlate.ChangeRecord)) correlate.ChangeRecord {
	r := correlate.ChangeRecord{Change: correlate.Change{
		ID: fmt.Sprint("c", n), Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded, Service: "cart", Environment: "production",
		Commit: sha(n), FinishedAt: time.Date(2026, 3, 1, 12, n, 0, 0, time.UTC),
	}}
	for _, w := range with {
		w(&r)
	}
	return r
}

// numbered is a repository of numbered commits up to the 90th.
type numbered struct{ asked []string }

func (r *numbered) Between(_ context.Context, of commits.Range) (commits.Found, error) {
	r.asked = append(r.asked, of.Base[38:]+".."+of.Head[38:])
	if of.Head > sha(0x90) {
		return commits.Found{}, commits.ErrUnknown
	}
	return commits.Found{Size: correlate.Size{Commits: 1, Since: of.Base}}, nil
}

func TestWhatChangesBringIsToldAfterwards(t *testing.T) {
	type record = correlate.ChangeRecord
	all := []correlate.ChangeRecord{ // the newest first
		known(0x99),
		known(12, func(r *record) { r.Size = &correlate.Size{} }),
		known(11, func(r *record) { r.Service = "checkout" }),
		known(10, func(r *record) { r.Rollback, r.Commit = true, sha(5) }),
		known(9),
		known(8, func(r *record) { r.Status = correlate.StatusFailed }),
		known(7, func(r *record) { r.Service = "checkout" }),
		known(6, func(r *record) { r.Labels = map[string]string{"of": "another"} }),
		known(5),
	}
	var repository numbered
	told := map[string]string{}
	l := Lacking{
		Page: func(_ context.Context, after string) ([]correlate.ChangeRecord, error) {
			for i, r := range all {
				if r.ID == after {
					return all[i+1 : min(i+3, len(all))], nil
				}
			}
			return all[:2], nil
		},
		Wanted:     func(r correlate.ChangeRecord) bool { return r.Labels["of"] == "" },
		Repository: &repository,
		Tell: func(_ context.Context, c correlate.Change) error {
			require.NoError(t, c.Validate())
			told[c.ID] = c.Size.Since
			return nil
		},
	}
	f, err := l.Fill(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"c9": sha(6), "c11": sha(7)}, told)
	require.Equal(t, Filled{Told: 2, Unknown: 1, First: 2}, f)
	require.Equal(t, "2 told what they bring; of 1 the commit isn't there; before 2 nothing was live, as far as was looked.", f.String())
	require.Equal(t, []string{"0c..99", "07..0b", "06..09"}, repository.asked)

	away := errors.New("away")
	l.Tell = func(context.Context, correlate.Change) error { return away }
	f, err = l.Fill(t.Context())
	require.ErrorIs(t, err, away)
	require.Zero(t, f.Told)
	l.Page = func(context.Context, string) ([]correlate.ChangeRecord, error) { return nil, away }
	_, err = l.Fill(t.Context())
	require.ErrorIs(t, err, away)
}
