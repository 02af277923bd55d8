package doctor

import (
	"context"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/shirou/gopsutil/v4/mem"
)

// memory says whether the system gives the daemon what it is configured to take.
func memory(ctx context.Context, p *Patient) []Finding {
	c := p.Configuration
	switch {
	case c == nil:
		return p.degraded()
	case c.Memory == 0:
		return skip("the configuration can't be read")
	}
	var found []Finding
	limit, known := cgroupLimit("/", whoseLimits(c))
	switch {
	case known && limit < c.Memory:
		found = fail("raise the limit of the container or unit (MemoryMax), or lower extensions::correlate::memory::limit",
			"memory::limit is %s, and the cgroup allows %s: it will be killed", bytesOf(c.Memory), bytesOf(limit))
	case known && limit < c.Memory/8*9:
		found = warn("allow a sixth more than memory::limit", "memory::limit is %s, and the cgroup allows %s, hardly more", bytesOf(c.Memory), bytesOf(limit))
	}
	if machine, err := mem.VirtualMemoryWithContext(ctx); err == nil && int64(machine.Total) < c.Memory {
		found = append(found, fail("lower extensions::correlate::memory::limit", "memory::limit is %s, and the machine has %s", bytesOf(c.Memory), bytesOf(int64(machine.Total)))...)
	}
	if len(found) == 0 && known {
		found = ok("memory::limit is %s, the cgroup allows %s", bytesOf(c.Memory), bytesOf(limit))
	} else if len(found) == 0 {
		found = ok("memory::limit is %s; no cgroup limits it", bytesOf(c.Memory))
	}
	return append(found, p.degraded()...)
}

// degraded says that the daemon drops something for lack of memory; nothing when it doesn't.
func (p *Patient) degraded() []Finding {
	if p.answers.status == nil {
		if p.Configuration == nil {
			return p.noDaemon()
		}
		return nil
	}
	for _, q := range p.answers.status.Counts {
		if q.What == "telemetry" && q.Result == "overflow" && q.Value > 0 {
			return warn("raise extensions::correlate::memory::limit; /api/v1/limits says what was dropped",
				"%d %s of services, versions or routes beyond what memory has room for were counted together", q.Value, q.Source)
		}
	}
	if p.Configuration == nil {
		return ok("the daemon drops nothing for lack of memory")
	}
	return nil
}

// whoseLimits is the process whose limits count: the daemon that runs on the data directory, or this one.
func whoseLimits(c *Configuration) string {
	if pid := lockedBy(c.DataDir); pid != 0 {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
			return strconv.Itoa(int(pid))
		}
	}
	return "self"
}

// cgroupLimit is the lowest limit of memory of a process, in bytes, of its control group and those above it; known is false when
// there is none. Root is where /proc and /sys are.
func cgroupLimit(root, pid string) (limit int64, known bool) {
	text, err := os.ReadFile(path.Join(root, "proc", pid, "cgroup"))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		folder, file := "sys/fs/cgroup", "memory.max"
		if parts[1] != "" {
			folder, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		if parts[1] != "" && !strings.Contains(","+parts[1]+",", ",memory,") {
			continue
		}
		for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
			if n, ok := limitIn(path.Join(root, folder, group, file)); ok && (!known || n < limit) {
				limit, known = n, true
			}
			if group == "/" {
				break
			}
		}
	}
	return limit, known
}

// limitless is more memory than any machine has; version 1 of control groups writes such a number for no limit.
const limitless = 1 << 60

func limitIn(file string) (int64, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil && n < limitless
}

// bytesOf is a size as people read it.
func bytesOf(n int64) string {
	const unit = 1024
	size, name := float64(n), "bytes"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if size < unit {
			break
		}
		size, name = size/unit, next
	}
	if name == "bytes" || size >= 100 {
		return fmt.Sprintf("%.0f %s", size, name)
	}
	return fmt.Sprintf("%.3g %s", size, name)
}
