package webhook

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/collector/source"
)

// liveSource is a configured source with its secrets, which may be in a file that changes.
type liveSource struct {
	source.Configured
	secrets *secret.Live
	log     *zap.Logger
	// guarded: requests of browsers are refused, since nothing else tells them from the sender's.
	guarded bool
	// closed: nothing is taken, since nobody could prove to be its sender.
	closed bool

	mu      sync.Mutex
	version int // of the secrets that were looked at last
	valid   []string
}

func newLiveSource(name string, cfg SourceConfig, known []source.Source, log *zap.Logger) (*liveSource, error) {
	configured, err := cfg.configure(name, known)
	if err != nil {
		return nil, err
	}
	fixed := cfg.Secrets
	if cfg.Secret != "" {
		fixed = append([]configopaque.String{cfg.Secret}, fixed...)
	}
	log = log.With(zap.String("source", name))
	secrets, err := secret.NewLive(fixed, "secret_file", cfg.SecretFile, log)
	if err != nil {
		return nil, fmt.Errorf("sources::%s: %w", name, err)
	}
	l := &liveSource{Configured: configured, secrets: secrets, log: log}
	l.valid, l.version = secrets.Get()
	if err := l.CheckSecrets(l.valid); err != nil {
		return nil, fmt.Errorf("sources::%s: %w", name, err)
	}
	return l, nil
}

// configure makes the source of this configuration ready. The error names the key that is wrong.
func (c SourceConfig) configure(name string, known []source.Source) (source.Configured, error) {
	kind := c.typeOf(name)
	i := slices.IndexFunc(known, func(s source.Source) bool { return s.Name == kind })
	if i < 0 {
		return source.Configured{}, fmt.Errorf("sources::%s::type: there is no source %q; the known ones are %s", name, kind, joined(namesOf(known)))
	}
	keys := slices.Sorted(slices.Values(append(commonKeys(), known[i].Keys()...)))
	for _, key := range sortedKeys(c.Own) {
		if !slices.Contains(keys, key) {
			return source.Configured{}, fmt.Errorf("sources::%s::%s: there is no such key; known in its place are %s", name, key, joined(keys))
		}
	}
	configured, err := known[i].Configure(name, c.Own)
	if err != nil {
		return source.Configured{}, fmt.Errorf("sources::%s::%w", name, err)
	}
	return configured, nil
}

// live are the secrets that are valid. Those of a file that can't be used leave the last ones valid, and are tried once.
func (l *liveSource) live() []string {
	texts, version := l.secrets.Get()
	l.mu.Lock()
	defer l.mu.Unlock()
	if version == l.version {
		return l.valid
	}
	l.version = version
	if err := l.CheckSecrets(texts); err != nil {
		l.log.Error("The secret file can't be used; the last secrets stay valid", zap.Error(err))
		return l.valid
	}
	l.valid = texts
	return l.valid
}

func namesOf(known []source.Source) []string {
	names := make([]string, len(known))
	for i, s := range known {
		names[i] = s.Name
	}
	return names
}

func joined(names []string) string { return strings.Join(names, ", ") }
