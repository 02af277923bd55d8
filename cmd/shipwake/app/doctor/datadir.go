package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	disks "github.com/shirou/gopsutil/v4/disk"
)

// dataDirectory says whether the ledger can be kept where it is configured to be.
func dataDirectory(ctx context.Context, p *Patient) []Finding {
	c := p.Configuration
	switch {
	case c == nil:
		return skip(noConfiguration)
	case c.DataDir == "":
		return skip("the configuration can't be read, so it isn't known where it is")
	}
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		return fail("name another directory", "%s: %v", c.DataDir, err)
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent(ctx, dir, c)
	case err != nil:
		return fail("run this as the daemon's user", "%v", err)
	case !info.IsDir():
		return fail("move it away, or name a directory", "%s is no directory", dir)
	}
	found := modes(dir, info)
	if !writable(dir) {
		found = append(found, fail("run this as the daemon's user; chown it to that user if this is the one", "this user may not write into %s", dir)...)
	}
	return append(found, room(ctx, dir, c)...)
}

// absent is a directory that the first start makes.
func absent(ctx context.Context, dir string, c *Configuration) []Finding {
	above := filepath.Dir(dir)
	for {
		if _, err := os.Stat(above); err == nil || above == filepath.Dir(above) {
			break
		}
		above = filepath.Dir(above)
	}
	if !writable(above) {
		return fail("make it, for the daemon's user alone: install -d -m 700 -o USER "+dir, "%s isn't there, and this user may not make it in %s", dir, above)
	}
	found := room(ctx, above, c)
	for i := range found {
		if found[i].State == OK {
			found[i].Says = dir + " isn't there yet; the first start makes it: " + found[i].Says
		}
	}
	return found
}

// modes says who else may read the ledger or put files beside it.
func modes(dir string, info fs.FileInfo) (found []Finding) {
	if runtime.GOOS == "windows" {
		return nil
	}
	if mode := info.Mode().Perm(); mode&0o002 != 0 {
		found = warn("chmod o-w "+dir, "everybody on this machine may write into %s (mode %#o)", dir, mode)
	}
	if path := filepath.Join(dir, "ledger.db"); othersRead(path) && info.Mode().Perm()&0o001 != 0 {
		found = append(found, warn("chmod 600 "+path, "everybody on this machine may read %s, and bodies of deliveries are in it", path)...)
	}
	return found
}

// writable tries it: the file is gone again afterwards.
func writable(dir string) bool {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}

// comfortable is what should be free beyond the reserve, in bytes, so that the ledger can grow for a while.
const comfortable = 1 << 30

// room says how much is free, and on what kind of file system.
func room(ctx context.Context, dir string, c *Configuration) []Finding {
	usage, err := disks.UsageWithContext(ctx, dir)
	if err != nil {
		return skip("how much is free in %s can't be told: %v", dir, err)
	}
	kind := fileSystem(ctx, dir)
	found := trusted(kind, dir)
	free, reserve := int64(usage.Free), c.DiskReserve
	archive := max(0, c.Archive-sizeOf(filepath.Join(dir, "archive")))
	switch {
	case free < reserve:
		found = append(found, fail("free some space, or move the data directory",
			"%s are free in %s, less than disk_reserve (%s): facts are refused, or soon will be", bytesOf(free), dir, bytesOf(reserve))...)
	case free < reserve+archive+comfortable:
		found = append(found, warn("free some space, or lower extensions::correlate::archive::limit",
			"%s are free in %s; the reserve, the archive up to its limit and a while of growth take %s", bytesOf(free), dir, bytesOf(reserve+archive+comfortable))...)
	case len(found) == 0:
		found = ok("%s, %s free, %s", dir, bytesOf(free), kind)
	}
	return found
}

// sizeOf is what the files below a folder take.
func sizeOf(dir string) (total int64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total
}

// fileSystem is the kind of the file system that a directory lies in, as the system calls it.
func fileSystem(ctx context.Context, dir string) string {
	mounts, err := disks.PartitionsWithContext(ctx, true)
	if err != nil {
		return "an unknown file system"
	}
	kind, longest := "an unknown file system", -1
	for _, m := range mounts {
		at := m.Mountpoint
		if (dir == at || strings.HasPrefix(dir, strings.TrimSuffix(at, string(filepath.Separator))+string(filepath.Separator))) && len(at) >= longest {
			kind, longest = m.Fstype, len(at)
		}
	}
	return kind
}

// trusted says what a file system can't keep.
func trusted(kind, dir string) []Finding {
	const elsewhere = "move the data directory to a disk of this machine or a block volume (ext4, xfs)"
	switch lower := strings.ToLower(kind); {
	case strings.HasPrefix(lower, "nfs"), strings.HasPrefix(lower, "smb"), lower == "cifs", lower == "9p", lower == "afs", lower == "ceph",
		lower == "glusterfs", lower == "lustre", lower == "virtiofs", strings.HasPrefix(lower, "fuse."):
		return fail(elsewhere, "%s lies on %s: neither locks nor shared memory can be trusted there, so the ledger may break", dir, kind)
	case lower == "tmpfs", lower == "ramfs":
		return warn(elsewhere, "%s lies in memory (%s): the ledger is gone when the machine restarts", dir, kind)
	case strings.HasPrefix(lower, "overlay"), lower == "aufs":
		return warn("put it on a volume", "%s lies in the layer of a container (%s): the ledger is gone with the container", dir, kind)
	}
	return nil
}
