package source

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Keep is a message as one delivery, for a message that can't be opened.
func (c Configured) Keep(req Request) correlate.Raw {
	return c.complete(correlate.Raw{Body: req.Body}, req)
}

// ReadPage reads the deliveries of a page that was pulled, with what is dated in the future held back.
func (c Configured) ReadPage(page Page, receivedAt time.Time) []Item {
	items := make([]Item, len(page.Raws))
	for i, raw := range page.Raws {
		raw = c.complete(raw, Request{ReceivedAt: receivedAt})
		items[i] = c.read(raw)
		items[i].Projection = Hold(items[i].Projection, raw.ReceivedAt, raw.ReceivedAt)
	}
	return items
}

// ConfigurePull makes a source ready to be pulled, under a name. The keys are those of its puller and its own, together. The
// error names the key that is wrong and what would be right.
func (s Source) ConfigurePull(name string, keys map[string]any) (Configured, []Stream, error) {
	if s.Pull == nil {
		return Configured{}, nil, fmt.Errorf("the source %s can't be pulled", s.Name)
	}
	var own Config
	if s.Config != nil {
		own = s.Config()
	}
	cfg := s.Pull.Config()
	pulled, others := keysOf(cfg), keysOf(own)
	asked, rest := map[string]any{}, map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		switch {
		case slices.Contains(pulled, key):
			asked[key] = keys[key]
		case slices.Contains(others, key):
			rest[key] = keys[key]
		default:
			return Configured{}, nil, fmt.Errorf("%s: there is no such key; %s", key, knownKeys(slices.Concat(pulled, others)))
		}
	}
	if err := decodeKeys(asked, cfg); err != nil {
		return Configured{}, nil, err
	}
	if err := cfg.Validate(); err != nil {
		return Configured{}, nil, err
	}
	configured, err := s.Configure(name, rest)
	return configured, cfg.Streams(), err
}
