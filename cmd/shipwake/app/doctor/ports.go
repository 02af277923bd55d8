package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	sockets "github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
)

// ports says of each address that the daemon listens on whether it is free, or taken, and by whom.
func ports(ctx context.Context, p *Patient) []Finding {
	c := p.Configuration
	switch {
	case c == nil:
		return skip(noConfiguration)
	case len(c.Listeners) == 0:
		return skip("the configuration has no address to listen on")
	}
	var found []Finding
	var free, own []string
	up := p.answers.status != nil && p.URL == c.Web
	running := lockedBy(c.DataDir)
	for _, l := range c.Listeners {
		taken, err := tryListen(ctx, l.Address)
		switch {
		case err != nil:
			found = append(found, fail("choose another with --set="+strings.ReplaceAll(l.Key, "::", ".")+"=HOST:PORT", "%s: %v", l.Key, err)...)
		case taken:
			if others := holder(ctx, l, running, up); len(others) > 0 {
				found = append(found, others...)
			} else {
				own = append(own, l.Address)
			}
		case up:
			found = append(found, warn("restart it with this configuration, or name the one that it runs with",
				"%s (%s) is free, though a daemon answers at %s: it runs with another configuration", l.Address, l.Key, p.URL)...)
		default:
			free = append(free, l.Address)
		}
	}
	if len(own) > 0 {
		found = append(ok("taken by the daemon itself: %s", strings.Join(own, ", ")), found...)
	}
	if len(free) > 0 {
		found = append(ok("free: %s", strings.Join(free, ", ")), found...)
	}
	return found
}

// tryListen says whether an address is taken. Another error is one that the daemon would meet as well.
func tryListen(ctx context.Context, address string) (taken bool, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return true, nil
	case errors.Is(err, syscall.EACCES):
		return false, fmt.Errorf("%w: ports below 1024 are for root, or for who has CAP_NET_BIND_SERVICE", err)
	case err != nil:
		return false, err
	}
	return false, listener.Close()
}

// holder says who else listens on an address; nothing when it is the daemon.
func holder(ctx context.Context, l Listener, running int32, up bool) []Finding {
	const mend = "stop that program, or choose another address"
	pid := listening(ctx, l.Address)
	switch {
	case pid != 0 && pid == running, pid == 0 && up: // whose it is can't be seen by every user
		return nil
	case pid == 0:
		return fail(mend, "%s (%s) is taken, and by whom can't be seen by this user", l.Address, l.Key)
	}
	return fail(mend, "%s (%s) is taken by another program: process %d, %s", l.Address, l.Key, pid, nameOf(ctx, pid))
}

func nameOf(ctx context.Context, pid int32) string {
	if p, err := process.NewProcessWithContext(ctx, pid); err == nil {
		if name, err := p.NameWithContext(ctx); err == nil {
			return name
		}
	}
	return "of an unknown name"
}

// listening is the process that listens on the port of an address; 0 when that isn't known.
func listening(ctx context.Context, address string) int32 {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	all, err := sockets.ConnectionsWithContext(ctx, "tcp")
	if err != nil {
		return 0
	}
	for _, c := range all {
		if c.Status == "LISTEN" && int(c.Laddr.Port) == number && c.Pid != 0 {
			return c.Pid
		}
	}
	return 0
}

// lockedBy is the process that wrote the lock of a data directory last; 0 without one.
func lockedBy(dir string) int32 {
	text, err := os.ReadFile(filepath.Join(dir, "lock"))
	if err != nil {
		return 0
	}
	pid, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 32)
	if err != nil {
		return 0
	}
	return int32(pid)
}
