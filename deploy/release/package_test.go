package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/blakesmith/ar"
	"github.com/sassoftware/go-rpmutils"
	"github.com/stretchr/testify/require"
)

// wanted are the files of a package beside the program, with their modes.
var wanted = map[string]int64{
	"/usr/lib/systemd/system/shipwake.service": 0o644,
	"/usr/lib/sysusers.d/shipwake.conf":        0o644,
	"/etc/shipwake/shipwake.yaml":              0o644,
	"/etc/shipwake/environment":                0o600,
}

// packages are those of a format, by platform.
func (d dist) packages(t *testing.T, pattern string) map[platform]string {
	t.Helper()
	all := map[platform]string{}
	for _, p := range d.platforms {
		if p.OS != "linux" {
			continue
		}
		arch := p.Arch
		if strings.HasSuffix(pattern, ".rpm") {
			arch = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
		}
		found, err := filepath.Glob(filepath.Join(d.dir, strings.ReplaceAll(pattern, "ARCH", arch)))
		require.NoError(t, err)
		require.Len(t, found, 1)
		all[p] = found[0]
	}
	return all
}

// checkTree looks at what a package puts on a host.
func (d dist) checkTree(t *testing.T, p platform, root string) {
	t.Helper()
	for name, mode := range wanted {
		is, err := os.Stat(filepath.Join(root, name))
		require.NoError(t, err)
		require.EqualValues(t, mode, is.Mode().Perm(), name)
	}
	is, err := os.Stat(filepath.Join(root, "var/lib/shipwake"))
	require.NoError(t, err)
	require.EqualValues(t, 0o700, is.Mode().Perm())
	program, err := os.ReadFile(filepath.Join(root, "usr/bin/shipwake"))
	require.NoError(t, err)
	require.Equal(t, sha(d.unpacked(t, p)[p.file()].data), sha(program), "the program of the archive")
	unit, err := os.ReadFile(filepath.Join(root, "usr/lib/systemd/system/shipwake.service"))
	require.NoError(t, err)
	require.Contains(t, string(unit), "\nExecStart=/usr/bin/shipwake ")
	if p.OS == "linux" && p.Arch == "amd64" {
		d.runs(t, filepath.Join(root, "usr/bin/shipwake"))
	}
}

func TestADebInstallsTheDaemonAndItsUser(t *testing.T) {
	d := released(t)
	for p, file := range d.packages(t, "shipwake_*_ARCH.deb") {
		t.Run(p.String(), func(t *testing.T) {
			control, root := undeb(t, file, d.Time)
			require.Contains(t, string(control["control"]), "\nArchitecture: "+p.Arch+"\n")
			require.Contains(t, string(control["control"]), "\nVersion: "+strings.Replace(d.Version, "-", "~", 1)+"-1\n")
			require.Equal(t, "/etc/shipwake/environment\n/etc/shipwake/shipwake.yaml\n", string(control["conffiles"]), "an upgrade asks before it replaces them")
			for in, script := range map[string]string{"preinst": "preinstall.sh", "postinst": "postinstall.sh", "prerm": "preremove.sh", "postrm": "postremove.sh"} {
				text, err := os.ReadFile(filepath.Join("scripts", script))
				require.NoError(t, err)
				require.Equal(t, string(text), string(control[in]), in)
			}
			d.checkTree(t, p, root)
			if _, err := exec.LookPath("dpkg-deb"); err == nil {
				said, err := exec.Command("dpkg-deb", "--contents", file).CombinedOutput()
				require.NoError(t, err, string(said))
				require.Regexp(t, `drwx------ shipwake/shipwake .* \./var/lib/shipwake/`, string(said))
			}
		})
	}
}

// undeb unpacks a package for Debian in which everything has one time: its control files by name, and the folder with what it installs.
func undeb(t *testing.T, file string, at time.Time) (control map[string][]byte, root string) {
	t.Helper()
	in, err := os.Open(file)
	require.NoError(t, err)
	defer in.Close()
	control, root = map[string][]byte{}, t.TempDir()
	for members := ar.NewReader(in); ; {
		member, err := members.Next()
		if err == io.EOF {
			return control, root
		}
		require.NoError(t, err)
		name := strings.TrimSuffix(member.Name, "/")
		if name == "debian-binary" {
			continue
		}
		plain, err := gzip.NewReader(members)
		require.NoError(t, err, name)
		for r := tar.NewReader(plain); ; {
			header, err := r.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			content, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Equal(t, at.Unix(), header.ModTime.Unix(), header.Name)
			if name == "control.tar.gz" {
				control[strings.TrimPrefix(header.Name, "./")] = content
				continue
			}
			unpack(t, root, header, content)
		}
	}
}

// unpack writes one file or folder of a tar below a folder, with its mode and time.
func unpack(t *testing.T, root string, header *tar.Header, content []byte) {
	t.Helper()
	to := filepath.Join(root, filepath.FromSlash(header.Name))
	require.True(t, to == root || strings.HasPrefix(to, root+string(filepath.Separator)), header.Name)
	if header.Typeflag == tar.TypeDir {
		require.NoError(t, os.MkdirAll(to, 0o755))
	} else {
		require.Equal(t, byte(tar.TypeReg), header.Typeflag, header.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		require.NoError(t, os.WriteFile(to, content, 0o600))
	}
	require.NoError(t, os.Chmod(to, header.FileInfo().Mode()))
	require.NoError(t, os.Chtimes(to, header.ModTime, header.ModTime))
}

func TestAnRPMInstallsTheDaemonAndItsUser(t *testing.T) {
	d := released(t)
	for p, file := range d.packages(t, "shipwake-*.ARCH.rpm") {
		t.Run(p.String(), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			rpm, err := rpmutils.ReadRpm(bytes.NewReader(data))
			require.NoError(t, err)
			_, _, err = rpmutils.Verify(bytes.NewReader(data), nil)
			require.NoError(t, err, "its digests")
			version, err := rpm.Header.GetString(rpmutils.VERSION)
			require.NoError(t, err)
			require.Equal(t, strings.Replace(d.Version, "-", "~", 1), version)
			for tag, script := range map[int]string{rpmutils.PREIN: "preinstall.sh", rpmutils.POSTIN: "postinstall.sh", rpmutils.PREUN: "preremove.sh", rpmutils.POSTUN: "postremove.sh"} {
				text, err := os.ReadFile(filepath.Join("scripts", script))
				require.NoError(t, err)
				in, err := rpm.Header.GetString(tag)
				require.NoError(t, err)
				require.Equal(t, strings.TrimSpace(string(text)), strings.TrimSpace(in), script)
			}
			files, err := rpm.Header.GetFiles()
			require.NoError(t, err)
			const config, noReplace = 1, 1 << 4
			for _, f := range files {
				require.EqualValues(t, d.Time.Unix(), f.Mtime(), f.Name())
				kept := strings.HasPrefix(f.Name(), "/etc/")
				require.Equal(t, kept, f.Flags()&config != 0 && f.Flags()&noReplace != 0, f.Name())
				if f.Name() == "/var/lib/shipwake" {
					require.Equal(t, "shipwake", f.UserName())
				}
			}
			root := t.TempDir()
			require.NoError(t, rpm.ExpandPayload(root))
			for _, f := range files {
				require.NoError(t, os.Chmod(filepath.Join(root, f.Name()), os.FileMode(f.Mode()&0o777)), "the library leaves the modes to the header")
			}
			d.checkTree(t, p, root)
		})
	}
}
