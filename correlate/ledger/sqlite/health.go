package sqlite

import (
	"os"

	"github.com/shipwake/shipwake/correlate/ledger"
)

// Health implements ledger.Ledger. A commit is one synced transaction, which may have answered many callers.
func (l *Ledger) Health() ledger.Health {
	bytes := l.bytes()
	w := l.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	return ledger.Health{
		Bytes: bytes, Commits: w.stats.commits, Failures: w.stats.failures, Busy: w.stats.busy,
		LastCommit: w.stats.last,
	}
}

// bytes is the size of the database, its write-ahead log and the index of that.
func (l *Ledger) bytes() int64 {
	var total int64
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(l.path + suffix); err == nil {
			total += info.Size()
		}
	}
	return total
}
