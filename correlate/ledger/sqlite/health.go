package sqlite

import (
	"os"

	"github.com/shipwake/shipwake/correlate/ledger"
)

// Health implements ledger.Ledger. A commit is one synced transaction, which may have answered many callers.
func (l *Ledger) Health() ledger.Health {
	bytes := bytesOf(l.path)
	w := l.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	return ledger.Health{
		Bytes: bytes, Commits: w.stats.commits, Failures: w.stats.failures, Busy: w.stats.busy,
		LastCommit: w.stats.last,
	}
}

// bytesOf is the size of a database, its write-ahead log and the index of that.
func bytesOf(path string) int64 {
	var total int64
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(path + suffix); err == nil {
			total += info.Size()
		}
	}
	return total
}
