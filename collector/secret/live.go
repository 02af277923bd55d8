package secret

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap"
)

// maxFile bounds a file of secrets; one secret takes well under a kilobyte.
const maxFile = 64 << 10

// Live are secrets of which some may be in a file that changes. It is safe for concurrent use.
type Live struct {
	fixed     []string
	key, path string // path is "" when there is no file
	log       *zap.Logger

	mu      sync.Mutex
	content []byte // of the file when valid was made
	valid   []string
	version int
	failing bool
}

// NewLive takes the secrets of the configuration and the path of a file, "" for none, with the key that it is
// configured under. A file that can't be used is an error.
func NewLive(fixed []configopaque.String, key, path string, log *zap.Logger) (*Live, error) {
	l := &Live{key: key, path: path, log: log}
	for _, s := range fixed {
		l.fixed = append(l.fixed, string(s))
	}
	l.valid = l.fixed
	return l, l.load()
}

// Get are the secrets that are valid now, and a number that changes when they do. A file that can't be used leaves the
// last ones valid.
func (l *Live) Get() (secrets []string, version int) {
	if l.path == "" {
		return l.valid, l.version
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.load()
	if err != nil && !l.failing {
		l.log.Error("The secret file can't be used; the last secrets stay valid", zap.Error(err))
	}
	l.failing = err != nil
	return l.valid, l.version
}

// Any tells whether there is a secret now.
func (l *Live) Any() bool {
	secrets, _ := l.Get()
	return len(secrets) > 0
}

// load reads the file, and takes its secrets when it has changed.
func (l *Live) load() error {
	if l.path == "" {
		return nil
	}
	content, err := readSmall(l.path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", l.key, err)
	case l.version > 0 && bytes.Equal(content, l.content):
		return nil
	}
	lines := linesOf(content)
	if len(lines) == 0 {
		return fmt.Errorf("%s: %s holds no secret; write one a line", l.key, l.path)
	}
	l.content, l.valid = content, append(l.fixed[:len(l.fixed):len(l.fixed)], lines...)
	l.version++
	return nil
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes; write one secret a line", path, maxFile)
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

// String and GoString keep the secrets out of whatever is printed.
func (l *Live) String() string { return fmt.Sprintf("[REDACTED: secrets of %s]", l.key) }

func (l *Live) GoString() string { return l.String() }
