package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// Ask asks a path of the API, by its own query parameters. It returns the answer as far as this program understands it, and as
// the daemon wrote it.
func Ask[A any](ctx context.Context, c *Client, path string, query url.Values) (answer A, said json.RawMessage, err error) {
	if err := c.get(ctx, path, query, &said); err != nil {
		return answer, nil, err
	}
	if err := json.Unmarshal(said, &answer); err != nil {
		return answer, nil, fmt.Errorf("%s answered what can't be read: %w", path, err)
	}
	return answer, said, nil
}

// Public is the address of a daemon without the password in it, and whether there is one.
func Public(base string) (address string, password bool) {
	u, err := url.Parse(base)
	if err != nil {
		return "…", strings.Contains(base, "@")
	}
	_, password = u.User.Password()
	return u.Redacted(), password
}
