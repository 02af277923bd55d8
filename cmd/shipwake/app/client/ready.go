package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Ready asks whether the daemon takes everything in. The error says what it answered, or why it didn't. Nobody has to say who
// they are for that, so nothing secret is sent.
func (c *Client) Ready(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/-/ready", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return &unreachable{fmt.Errorf("asking the daemon (is it running at %s?): %w", c.base, err)}
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 256))
	if err != nil {
		return &unreachable{fmt.Errorf("reading what %s answers: %w", c.base, err)}
	}
	line, _, _ := strings.Cut(string(said), "\n")
	switch {
	case answer.StatusCode == http.StatusOK && line == "ready":
		return nil
	case answer.StatusCode == http.StatusServiceUnavailable:
		return &unreachable{fmt.Errorf("%s: %s", c.base, printable(line))}
	}
	return fmt.Errorf("%s answers %d, and not as a daemon does; is --url its address?", c.base, answer.StatusCode)
}

// printable keeps what somebody else says to one line of a terminal.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, line)
}
