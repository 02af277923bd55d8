package shop

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// answer is how a request ended: when, by the shop's clock, with which status (0 when none came), and the error if it
// failed.
type answer struct {
	at     time.Time
	status int
	err    error
}

// send does one request at a time of the shop's clock, and reads the answer to its end, so that the connection can be
// used again. A status of 500 or above is an error.
func send(ctx context.Context, client *http.Client, method, url string, header http.Header, at time.Time) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return answer{at: at}, err
	}
	request.Header = header
	stamp(header, at)
	response, err := client.Do(request)
	if err != nil {
		return answer{at: at}, err
	}
	defer response.Body.Close()
	got := answer{at: stamped(response.Header, at), status: response.StatusCode}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return got, err
	}
	if got.status >= http.StatusInternalServerError {
		return got, &upstream{request.URL.Path, got.status}
	}
	return got, nil
}

// upstream is the error of a service whose callee failed.
type upstream struct {
	path   string
	status int
}

func (u *upstream) Error() string { return fmt.Sprintf("%s answered %d", u.path, u.status) }
