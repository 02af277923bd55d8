package webhook

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/source"
)

// maxSecretFile bounds a secret file; one secret takes well under a kilobyte.
const maxSecretFile = 64 << 10

// liveSource is a configured source whose secrets may be in a file that changes.
type liveSource struct {
	name    string
	factory source.Factory
	cfg     source.Config // with the secrets of the configuration itself
	file    string        // "" when there is none
	log     *zap.Logger

	mu      sync.Mutex
	content []byte // of the file when current was made
	current source.Source
	failing bool
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
	l := &liveSource{name: name, factory: factories[i], file: cfg.SecretFile, log: log}
	l.cfg.ServiceLabels = cfg.ServiceLabels
	if cfg.Secret != "" {
		l.cfg.Secrets = append(l.cfg.Secrets, string(cfg.Secret))
	}
	for _, s := range cfg.Secrets {
		l.cfg.Secrets = append(l.cfg.Secrets, string(s))
	}
	if err := l.load(); err != nil {
		return nil, fmt.Errorf("sources::%s: %w", name, err)
	}
	return l, nil
}

// get is the source with the secrets that are valid now. A file that can't be read leaves the last ones valid.
func (l *liveSource) get() source.Source {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.load()
	if err != nil && !l.failing {
		l.log.Error("The secret file can't be used; the last secrets stay valid", zap.String("source", l.name), zap.Error(err))
	}
	l.failing = err != nil
	return l.current
}

// load makes the source anew when the file has changed.
func (l *liveSource) load() error {
	if l.current != nil && l.file == "" {
		return nil
	}
	cfg := l.cfg
	var content []byte
	if l.file != "" {
		var err error
		if content, err = readSmallFile(l.file); err != nil {
			return err
		}
		if l.current != nil && bytes.Equal(content, l.content) {
			return nil
		}
		secrets := linesOf(content)
		if len(secrets) == 0 {
			return fmt.Errorf("secret_file: %s holds no secret; write one a line", l.file)
		}
		cfg.Secrets = slices.Concat(l.cfg.Secrets, secrets)
	}
	made, err := l.factory.New(cfg)
	if err != nil {
		return err
	}
	l.current, l.content = made, content
	return nil
}

func readSmallFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("secret_file: %w", err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return nil, fmt.Errorf("secret_file: %w", err)
	}
	if len(content) > maxSecretFile {
		return nil, fmt.Errorf("secret_file: %s is larger than %d bytes; write one secret a line", path, maxSecretFile)
	}
	return content, nil
}

// linesOf are the lines that hold something, without the space around them.
func linesOf(content []byte) []string {
	var lines []string
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func joined(names []string) string { return strings.Join(names, ", ") }
