package client

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"time"
)

// followAgain is how long a stream of news that ended is left alone.
const followAgain = 3 * time.Second

// Follow has something in the channel whenever the daemon commits what the lists of changes, incidents and regressions show. It
// follows the stream of the pages, and asks for it again when it ends; of a daemon without pages, or with too many who follow,
// nothing ever comes. It ends with ctx.
func (c *Client) Follow(ctx context.Context) <-chan struct{} {
	news := make(chan struct{}, 1)
	go func() {
		for ctx.Err() == nil && c.follow(ctx, news) {
			select {
			case <-ctx.Done():
			case <-time.After(followAgain):
			}
		}
	}()
	return news
}

// follow follows one stream until it ends, and says whether to ask for another one.
func (c *Client) follow(ctx context.Context, news chan<- struct{}) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/events/", http.NoBody)
	if err != nil {
		return false
	}
	c.authenticate(request)
	patient := *c.http
	patient.Timeout = 0 // a stream has no end
	answer, err := patient.Do(request)
	if err != nil {
		return true
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return answer.StatusCode >= http.StatusInternalServerError
	}
	listen(answer.Body, news)
	return true
}

// listen passes on every event "changed" of a stream of server-sent events.
func listen(stream io.Reader, news chan<- struct{}) {
	lines := bufio.NewScanner(stream)
	for lines.Scan() {
		if lines.Text() != "event: changed" {
			continue
		}
		select {
		case news <- struct{}{}:
		default: // what is there already says it
		}
	}
}
