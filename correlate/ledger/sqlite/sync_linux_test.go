package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

// TestAFailedSyncIsNeverAcknowledged has the system fail every fsync of a process for a while, several times, as a disk
// does that can't write: what was acknowledged before, between and after is there, and nothing else is twice.
func TestAFailedSyncIsNeverAcknowledged(t *testing.T) {
	if _, ok := sysSeccomp[runtime.GOARCH]; !ok {
		t.Skip("the number of the seccomp call isn't known for " + runtime.GOARCH)
	}
	dir := t.TempDir()
	cmd := child(t, "unsync", dir, "")
	out, err := cmd.Output()
	if strings.Contains(string(out), "unsupported") {
		t.Skip("the kernel doesn't let a process answer its own system calls: " + string(out))
	}
	require.ErrorContains(t, err, "killed", string(out))
	var acknowledged, refused []string
	for line := range strings.Lines(string(out)) {
		what, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch what {
		case "fact":
			acknowledged = append(acknowledged, id)
		case "refused":
			refused = append(refused, id)
		default:
			require.Fail(t, "the process says", line)
		}
	}
	require.Len(t, acknowledged, 5*20)
	require.Len(t, refused, 5*3)

	l := openAt(t, Options{Dir: dir})
	requireHeld(t, l, acknowledged)
	for _, id := range refused {
		_, _, err := l.Append(t.Context(), []correlate.Entry{ledgertest.Entry("github", id)}, nil)
		require.NoError(t, err, "its sender sends it again")
	}
	requireHeld(t, l, append(acknowledged, refused...))
	requireSound(t, l)
}

// loseSyncs commits facts, with stretches in which no sync succeeds, and kills this process in the end.
func loseSyncs(ctx context.Context, dir string, out io.Writer) error {
	l, err := Open(ctx, Options{Dir: dir})
	if err != nil {
		return err
	}
	var failing atomic.Bool
	if err := answerSyncs(&failing); err != nil {
		_, _ = fmt.Fprintln(out, "unsupported:", err)
		return nil
	}
	commit := func(id string) error {
		d := ledgertest.Entry("github", id)
		d.Body = make([]byte, 40<<10)
		_, _, err := l.Append(ctx, []correlate.Entry{d}, nil)
		return err
	}
	for round := range 5 {
		failing.Store(true)
		for n := range 3 {
			id := fmt.Sprintf("refused/%d/%d", round, n)
			if err := commit(id); !errors.Is(err, correlate.ErrUnavailable) {
				return fmt.Errorf("%s: %w", id, err)
			}
			_, _ = fmt.Fprintln(out, "refused", id)
		}
		facts, err := l.Unapplied(ctx, 0)
		if err != nil || len(facts) != 20*round {
			return fmt.Errorf("reads go on: %d facts in round %d: %w", len(facts), round, err)
		}
		failing.Store(false)
		for n := range 20 {
			id := fmt.Sprintf("%d/%d", round, n)
			if err := commit(id); err != nil {
				return err
			}
			_, _ = fmt.Fprintln(out, "fact", id)
		}
	}
	killSelf()
	return nil
}

var sysSeccomp = map[string]uintptr{"amd64": 317, "arm64": 277}

// What the kernel asks and is told, by linux/seccomp.h.
type (
	question struct {
		id         uint64
		pid, flags uint32
		nr         int32
		arch       uint32
		rest       [7]uint64
	}
	reply struct {
		id    uint64
		value int64
		errno int32
		flags uint32
	}
)

// answerSyncs has the kernel ask this process what to do about each fsync and fdatasync: to fail with EIO, or to go on.
func answerSyncs(failing *atomic.Bool) error {
	const (
		setNoNewPrivileges = 38
		setModeFilter      = 1
		tsync, newListener = 1, 8
		tsyncESRCH         = 16
		allow, notify      = 0x7fff0000, 0x7fc00000
		loadWord, jumpEq   = 0x20, 0x15
		ret                = 0x06
		receive, send      = 0xc0502100, 0xc0182101
		goOn               = 1
	)
	filter := []syscall.SockFilter{
		{Code: loadWord, K: 0}, // the number of the call
		{Code: jumpEq, K: syscall.SYS_FSYNC, Jt: 2},
		{Code: jumpEq, K: syscall.SYS_FDATASYNC, Jt: 1},
		{Code: ret, K: allow},
		{Code: ret, K: notify},
	}
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivileges, 1, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	listener, _, errno := syscall.RawSyscall(sysSeccomp[runtime.GOARCH], setModeFilter, tsync|newListener|tsyncESRCH,
		uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	go func() {
		for {
			var q question
			if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, listener, receive, uintptr(unsafe.Pointer(&q))); errno != 0 {
				continue
			}
			r := reply{id: q.id, flags: goOn}
			if failing.Load() {
				r.flags, r.errno = 0, -int32(syscall.EIO)
			}
			_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, listener, send, uintptr(unsafe.Pointer(&r)))
		}
	}()
	return nil
}
