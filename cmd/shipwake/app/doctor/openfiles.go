package doctor

import (
	"context"
	"os"
	"strconv"

	"github.com/shirou/gopsutil/v4/process"
)

// spareFiles are those that the daemon opens beside connections: the ledger, the archive, what it sends.
const spareFiles = 256

// openFiles says whether the connections that the listeners may hold fit into the limit of open files.
func openFiles(ctx context.Context, p *Patient) []Finding {
	c := p.Configuration
	if c == nil {
		return skip(noConfiguration)
	}
	pid := int32(os.Getpid())
	if n, err := strconv.Atoi(whoseLimits(c)); err == nil {
		pid = int32(n)
	}
	of, err := process.NewProcessWithContext(ctx, pid)
	if err != nil {
		return skip("the limits of process %d can't be read: %v", pid, err)
	}
	limits, err := of.RlimitWithContext(ctx)
	if err != nil {
		return skip("the limit of open files can't be read here: %v", err)
	}
	need := uint64(c.Connections + spareFiles)
	for _, limit := range limits {
		if limit.Resource != process.RLIMIT_NOFILE {
			continue
		}
		if limit.Hard < need { // the program raises the soft limit to the hard one
			return warn("raise it (LimitNOFILE, ulimit -n), or lower max_connections", "%d files may be open, and %d may be needed: %d connections and %d others",
				limit.Hard, need, c.Connections, spareFiles)
		}
		return ok("%d may be open, and %d at most are needed", limit.Hard, need)
	}
	return skip("the limit of open files can't be read here")
}
