package source

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Keep is a message as one delivery, for a message that can't be opened.
func (c Configured) Keep(req Request) correlate.Raw {
	req = c.withoutProof(req)
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

// Pulled is a source under a name, with what is asked of it.
type Pulled struct {
	Configured
	Streams []Stream
	// Authorize puts a secret into a request's header.
	Authorize func(header http.Header, secret string)
}

// ConfigurePull makes a source ready to be pulled, under a name. The keys are its own and those of pulling it, together. The
// error names the key that is wrong and what would be right.
func (s Source) ConfigurePull(name string, keys map[string]any) (Pulled, error) {
	if s.Pull == nil {
		return Pulled{}, fmt.Errorf("the source %s can't be pulled", s.Name)
	}
	own := s.own()
	mine, asked := keysAmong(keys, keysOf(own))
	configured, err := s.configure(name, own, mine)
	if err != nil {
		return Pulled{}, err
	}
	cfg, err := s.Pull(own)
	if err != nil {
		return Pulled{}, err
	}
	for _, key := range slices.Sorted(maps.Keys(asked)) {
		if pulled := keysOf(cfg); !slices.Contains(pulled, key) {
			return Pulled{}, fmt.Errorf("%s: there is no such key; %s", key, knownKeys(slices.Concat(pulled, keysOf(own))))
		}
	}
	if err := decodeKeys(asked, cfg); err != nil {
		return Pulled{}, err
	}
	if err := cfg.Validate(); err != nil {
		return Pulled{}, err
	}
	return Pulled{configured, cfg.Streams(), cfg.Authorize}, nil
}

// keysAmong are those of some keys that are known, and the others.
func keysAmong(keys map[string]any, known []string) (among, others map[string]any) {
	among, others = map[string]any{}, map[string]any{}
	for key, value := range keys {
		if slices.Contains(known, key) {
			among[key] = value
		} else {
			others[key] = value
		}
	}
	return among, others
}
