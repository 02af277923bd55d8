package commits

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Listed is a commit as a forge lists it.
type Listed struct {
	correlate.Commit
	CommittedAt time.Time
}

// Newest are the newest of commits that are listed oldest first, at most as many as Most says.
func Newest(listed []Listed) []correlate.Commit {
	listed = listed[max(0, len(listed)-Most):]
	var all []correlate.Commit
	for _, c := range listed {
		all = append(all, correlate.Commit{SHA: c.SHA, AuthoredAt: c.AuthoredAt.UTC()})
	}
	return all
}

// Keep are the commits that are among those with some hashes, in their order.
func Keep(listed []Listed, hashes map[string]bool) (kept []Listed) {
	for _, c := range listed {
		if hashes[c.SHA] {
			kept = append(kept, c)
		}
	}
	return kept
}

// Earliest is when the first of some commits was committed, less a day since clocks differ; zero when that isn't told.
func Earliest(listed []Listed) (first time.Time) {
	for i, c := range listed {
		if i == 0 || c.CommittedAt.Before(first) {
			first = c.CommittedAt
		}
	}
	if first.IsZero() {
		return first
	}
	return first.AddDate(0, 0, -1)
}

// Gone tells whether an API answers that something isn't there, or isn't for this token to see.
func Gone(err error) bool {
	var status *source.StatusError
	return errors.As(err, &status) &&
		(status.Code == http.StatusNotFound || status.Code == http.StatusForbidden || status.Code == http.StatusGone ||
			status.Code == http.StatusConflict || status.Code == http.StatusUnprocessableEntity)
}

// AloneOr is what is known of a range that an API doesn't know: the head's own commit, if it knows that by one, or an error
// that wraps ErrUnknown.
func AloneOr(ctx context.Context, missing error, one func(context.Context) (correlate.Commit, error)) (Found, error) {
	commit, err := one(ctx)
	switch {
	case Gone(err):
		return Found{}, fmt.Errorf("%w: %w", ErrUnknown, err)
	case err != nil:
		return Found{}, err
	case commit.SHA == "":
		return Found{}, fmt.Errorf("%w: %w", ErrUnknown, cmp.Or(missing, ErrUnknown))
	}
	commit.AuthoredAt = commit.AuthoredAt.UTC()
	return Alone(commit), nil
}

// mostPages bounds the pages that are read of one list.
const mostPages = 50

// Pages reads a list page by page from an address on. Read takes a page and says whether the next one is wanted. Whole is
// false when there is more than is read.
func Pages(ctx context.Context, client *http.Client, address string, header http.Header, read func([]byte) (more bool, err error)) (whole bool, err error) {
	for range mostPages {
		answer, err := source.Fetch(ctx, client, address, header)
		if err != nil {
			return false, err
		}
		more, err := read(answer.Body)
		if err != nil || !more || answer.Next == "" {
			return answer.Next == "", err
		}
		address = answer.Next
	}
	return false, nil
}
