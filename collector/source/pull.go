package source

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// PullConfig asks a system by its API for what its webhooks would have said: for those that got lost, for history, and where
// there are no webhooks. It is a pointer to a struct with mapstructure tags (whom to ask, and for what), or has Keys. The
// deliveries have the form of the webhook's, so that the same Parse reads them and gives their changes the same ids.
type PullConfig interface {
	// Validate names the key that is wrong and what would be right.
	Validate() error
	// Streams are what is asked for, each with a cursor of its own.
	Streams() []Stream
	// Authorize puts a secret into a request's header.
	Authorize(header http.Header, secret string)
}

// SetBearer puts a secret into a header as RFC 6750 has it.
func SetBearer(header http.Header, secret string) { header.Set("Authorization", "Bearer "+secret) }

// Stream is one sequence of pages with a cursor.
type Stream struct {
	// Name is unique within the source and stays the same, e.g. "octo/shop".
	Name string
	// URL is where the stream is. Credentials go to its host only.
	URL string
	// Pull returns the page after a cursor; at nil, the first one that may hold something after since. Asking for the same
	// page again gives deliveries with the same ids. An item in which something is missing is a delivery that Parse refuses,
	// so that it waits in quarantine; an answer that can't be read as a whole is an error. An error leaves the cursor where it is; the caller waits longer and
	// longer, or as long as a *BusyError says.
	Pull func(ctx context.Context, client *http.Client, cursor []byte, since time.Time) (Page, error)
	// Follow is Pull for a stream that goes through the changes that are known, to add to them; it stands instead of Pull. Such
	// a stream may have no URL.
	Follow func(ctx context.Context, client *http.Client, records Records, cursor []byte, since time.Time) (Page, error)
}

// Page is what one call of Pull found.
type Page struct {
	// Raws have ID, Header and Body, as those of Source.Open.
	Raws []correlate.Raw
	// Next is the cursor after the page. It is stored in the same transaction as the deliveries.
	Next []byte
	// More says that the next page can be asked for at once. Otherwise the caller waits for its interval.
	More bool
}

// BusyError says that the system wants to be left alone for a while.
type BusyError struct {
	Wait time.Duration
	Why  string // such as "rate limit"
}

func (e *BusyError) Error() string { return fmt.Sprintf("asks to come again in %s: %s", e.Wait, e.Why) }
