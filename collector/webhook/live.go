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

// liveSource is a configured source whose secrets may be in a file that changes.
type liveSource struct {
	name    string
	factory source.Factory
	cfg     source.ReaderConfig // without secrets
	secrets *secret.Live
	log     *zap.Logger
	// guarded: requests of browsers are refused, since nothing else tells them from the sender's.
	guarded bool

	mu      sync.Mutex
	version int // of the secrets that current was made of
	current source.Reader
}

func newLiveSource(name string, cfg SourceConfig, factories []source.Factory, log *zap.Logger) (*liveSource, error) {
	kind := cfg.typeOf(name)
	i := slices.IndexFunc(factories, func(f source.Factory) bool { return f.Name == kind })
	if i < 0 {
		known := make([]string, len(factories))
		for i, f := range factories {
			known[i] = f.Name
		}
		return nil, fmt.Errorf("sources::%s::type: there is no source %q; the known ones are %s", name, kind, joined(known))
	}
	fixed := cfg.Secrets
	if cfg.Secret != "" {
		fixed = append([]configopaque.String{cfg.Secret}, fixed...)
	}
	secrets, err := secret.NewLive(fixed, "secret_file", cfg.SecretFile, log.With(zap.String("source", name)))
	if err != nil {
		return nil, fmt.Errorf("sources::%s: %w", name, err)
	}
	l := &liveSource{name: name, factory: factories[i], secrets: secrets, log: log}
	l.cfg.ServiceLabels = cfg.ServiceLabels
	if err := l.make(secrets.Get()); err != nil {
		return nil, fmt.Errorf("sources::%s: %w", name, err)
	}
	return l, nil
}

// get is the source with the secrets that are valid now.
func (l *liveSource) get() source.Reader {
	texts, version := l.secrets.Get()
	l.mu.Lock()
	defer l.mu.Unlock()
	if version != l.version {
		if err := l.make(texts, version); err != nil {
			l.log.Error("The new secrets can't be used; the last ones stay valid", zap.String("source", l.name), zap.Error(err))
		}
	}
	return l.current
}

func (l *liveSource) make(texts []string, version int) error {
	cfg := l.cfg
	cfg.Secrets = texts
	made, err := l.factory.New(cfg)
	l.version = version // secrets that can't be used are tried once
	if err == nil {
		l.current = made
	}
	return err
}

func joined(names []string) string { return strings.Join(names, ", ") }
