package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/correlate"
)

// Configured is a source under the name that the configuration gives it. It is what receivers use.
type Configured struct {
	name   string
	source Source
	digest string
}

// Configure makes a source ready under a name, with the values of its own keys; nil is none. The error names the key that
// is wrong and what would be right.
func (s Source) Configure(name string, keys map[string]any) (Configured, error) {
	return s.configure(name, s.own(), keys)
}

// own is the source's own configuration with its defaults, nil when it has none.
func (s Source) own() Config {
	if s.Config == nil {
		return nil
	}
	return s.Config()
}

func (s Source) configure(name string, cfg Config, keys map[string]any) (Configured, error) {
	if err := decodeKeys(keys, cfg); err != nil {
		return Configured{}, err
	}
	if cfg != nil {
		if err := cfg.Validate(); err != nil {
			return Configured{}, err
		}
		if err := cfg.Configure(&s); err != nil {
			return Configured{}, err
		}
	}
	if err := s.check(); err != nil {
		return Configured{}, err
	}
	digest, err := digestOfSource(s, cfg)
	return Configured{name: name, source: s, digest: digest}, err
}

// check refuses what can't be a source, be it written in Go or read from a file.
func (s Source) check() error {
	if s.Parse == nil || s.Version == "" {
		return fmt.Errorf("source %s: must have a version and a way to read its deliveries", s.Name)
	}
	for i, scheme := range s.Schemes {
		if err := scheme.Validate(); err != nil {
			return fmt.Errorf("source %s: schemes[%d].%w", s.Name, i, err)
		}
	}
	return nil
}

// Keys are the source's own keys, sorted.
func (s Source) Keys() []string { return keysOf(s.own()) }

// decodeKeys reads keys into cfg, which is nil for a source without any. Unknown ones are refused.
func decodeKeys(keys map[string]any, cfg any) error {
	known := keysOf(cfg)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(known, key) {
			return fmt.Errorf("%s: there is no such key; %s", key, knownKeys(known))
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return confmap.NewFromStringMap(keys).Unmarshal(cfg)
}

func knownKeys(known []string) string {
	if len(known) == 0 {
		return "this source has no keys of its own"
	}
	return "the known ones are " + strings.Join(known, ", ")
}

// keysOf are the keys of a configuration, sorted: those that it names, else those of its struct.
func keysOf(cfg any) []string {
	if cfg == nil {
		return nil
	}
	if named, ok := cfg.(interface{ Keys() []string }); ok {
		return slices.Sorted(slices.Values(named.Keys()))
	}
	var keys []string
	for field := range reflect.TypeOf(cfg).Elem().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("mapstructure"), ","); name != "" && name != "-" {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	return keys
}

// digestOfSource is "<name>/<version>", and what of the configuration bears on the facts.
func digestOfSource(s Source, cfg Config) (string, error) {
	digest := s.Name + "/" + s.Version
	if cfg == nil {
		return digest, nil
	}
	text, err := json.Marshal(cfg)
	if err != nil {
		return "", fmt.Errorf("the configuration can't be put into words: %w", err)
	}
	sum := sha256.Sum256(text)
	return digest + "/" + hex.EncodeToString(sum[:8]), nil
}

// Name is the name under which the source is configured.
func (c Configured) Name() string { return c.name }

// Type is the source's own name.
func (c Configured) Type() string { return c.source.Name }

// TakesPaths tells whether the source takes requests at paths below its hook.
func (c Configured) TakesPaths() bool { return slices.Contains(c.source.Headers, HeaderPath) }

// TakesQuery tells whether the source is given the query of a URL.
func (c Configured) TakesQuery() bool { return slices.Contains(c.source.Headers, HeaderQuery) }

// MaxBody is Source.MaxBody.
func (c Configured) MaxBody() int64 { return c.source.MaxBody }

// Schemes are the ways in which a sender proves itself.
func (c Configured) Schemes() []Scheme { return c.source.Schemes }

// Projector is how the source's kept deliveries are read again.
func (c Configured) Projector() Projector { return Projector{Digest: c.digest, Project: c.Project} }

// Open finds the deliveries in a message. The error is a *ParseError.
func (c Configured) Open(req Request) ([]correlate.Raw, error) {
	req = c.withoutProof(req)
	raws := []correlate.Raw{{Body: req.Body}}
	if c.source.Open != nil {
		var err error
		if raws, err = c.source.Open(req); err != nil {
			return nil, err
		}
	}
	for i := range raws {
		raws[i] = c.complete(raws[i], req)
	}
	return raws, nil
}

// complete fills in what a source leaves to others.
func (c Configured) complete(raw correlate.Raw, req Request) correlate.Raw {
	raw.Source, raw.ReceivedAt = c.name, req.ReceivedAt.UTC()
	if raw.ID == "" {
		raw.ID = BodyID(raw.Body)
	}
	raw.ID = Clip(raw.ID, maxText)
	raw.Header = c.keep(req.Header, raw.Header)
	return raw
}

// keep is the part of a header without which a body can't be read, with what the source says instead.
func (c Configured) keep(header http.Header, instead map[string]string) map[string]string {
	kept := map[string]string{}
	for _, name := range append([]string{"Content-Type"}, c.source.Headers...) {
		if value := header.Get(name); value != "" {
			kept[http.CanonicalHeaderKey(name)] = Clip(value, maxText)
		}
	}
	maps.Copy(kept, instead)
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// Item is a delivery of a message as it was read.
type Item struct {
	correlate.Entry
	// Ignored is why it says nothing of a change or an incident, if that is so.
	Ignored string
	// Left is how many events it says that its sender left out.
	Left int
	// Wrong is where it can't be read, if that is so. The Problem says the same.
	Wrong *ParseError
}

// Entries are what the intake takes of items.
func Entries(items []Item) []correlate.Entry {
	entries := make([]correlate.Entry, len(items))
	for i, item := range items {
		entries[i] = item.Entry
	}
	return entries
}

// Read opens a message and reads what is in it, with what is dated in the future held back. The error is a *ParseError: the
// message as a whole can't be opened.
func (c Configured) Read(req Request) ([]Item, error) {
	raws, err := c.Open(req)
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(raws))
	for i, raw := range raws {
		items[i] = c.read(raw)
		items[i].Projection = Hold(items[i].Projection, raw.ReceivedAt, raw.ReceivedAt)
	}
	return items, nil
}

// Project reads a delivery. Facts dated in the future are in it; see Hold.
func (c Configured) Project(raw correlate.Raw) correlate.Projection { return c.read(raw).Projection }

func (c Configured) read(raw correlate.Raw) Item {
	item := Item{Entry: correlate.Entry{Raw: raw, Projection: correlate.Projection{Digest: c.digest}}}
	reading, err := c.source.Parse(raw)
	switch {
	case err != nil:
		item.Problem = "unreadable: " + err.Error()
		if !errors.As(err, &item.Wrong) {
			item.Wrong = &ParseError{Path: "$", Want: err.Error()}
		}
	case reading.Unmapped != "":
		item.Problem, item.Left = "unmapped: "+reading.Unmapped, reading.Left
	default:
		item.Facts, item.Ignored = reading.Facts, reading.Ignored
		sign(item.Facts, c.name)
	}
	return item
}

// Hold holds facts back that are dated in the future: a projection with a fact that is dated more than
// correlate.MaxAhead after its delivery was received has a Problem instead of facts, until the time of all of them has
// come; Due says when. Such a fact would pass for the newest report of its change until then.
func Hold(p correlate.Projection, received, now time.Time) correlate.Projection {
	first, last := 0, time.Time{}
	for i, f := range p.Facts {
		at := f.EventTime()
		if at.Sub(received) > correlate.MaxAhead && first == 0 {
			first = i + 1
		}
		if at.After(last) {
			last = at
		}
	}
	if first == 0 || !last.After(now) {
		return p
	}
	p.Problem = fmt.Sprintf("future: fact %d of %d is dated more than %s after it was received; is the sender's clock right?",
		first, len(p.Facts), correlate.MaxAhead)
	p.Facts, p.Due = nil, last
	return p
}
