package doctor

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/confighttp"

	"github.com/shipwake/shipwake/cmd/shipwake/app/renames"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/internal/freeport"
)

// of is a patient whose daemon isn't asked.
func of(c *Configuration) *Patient {
	return &Patient{Configuration: c, Now: func() time.Time { return noon }, Version: "v1"}
}

func write(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	require.NoError(t, os.Chmod(path, mode))
	return path
}

func TestAConfigurationIsValidOrSaysWhy(t *testing.T) {
	use := renames.Use{Old: "a::b", New: "a::c", Gone: "v2"}
	for name, c := range map[string]struct {
		of   *Configuration
		want []string
	}{
		"none":       {nil, []string{"skip " + noConfiguration}},
		"valid":      {&Configuration{Name: "mine.yaml"}, []string{"ok mine.yaml is valid, without unknown or old keys"}},
		"an old key": {&Configuration{Old: []renames.Use{use}}, []string{"warn a::b is called a::c now; the old name is read until v2, which no longer has it → write a::c instead"}},
		"wrong": {&Configuration{Problem: fmt.Errorf("one\ntwo\n")}, []string{
			"fail one; two → correct it; `shipwake validate` checks it again, and `shipwake config` prints one with every key"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, lines(configuration(t.Context(), of(c.of)))) })
	}
}

func TestSecretsInFilesThatOthersReadAreTold(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes of files say nothing there")
	}
	dir := t.TempDir()
	open := write(t, filepath.Join(dir, "open.yaml"), "receivers: {w: {sources: {github: {secret: s3cret}, gitlab: {secrets: [\"${env:A}\", t0p]}}}}", 0o644)
	closed := write(t, filepath.Join(dir, "closed.yaml"), "a: {password: s3cret}", 0o640)
	harmless := write(t, filepath.Join(dir, "harmless.yaml"), "a: {secret: \"${env:A}\", secret_file: x, session: 1h, bearer_tokens: []}", 0o644)
	token := write(t, filepath.Join(dir, "token"), "s3cret", 0o604)
	found := secrets(t.Context(), of(&Configuration{Paths: []string{open, closed, harmless}, Files: []File{{"a::token_file", token}, {"a::key_file", filepath.Join(dir, "none")}}}))
	all := strings.Join(lines(found), "\n")
	require.Equal(t, []string{
		"warn " + open + " may be read by everybody on this machine, and has secrets in it: receivers::w::sources::github::secret, receivers::w::sources::gitlab::secrets" +
			" → chmod o-rwx " + open + ", or write ${env:NAME} or a …_file in place of the secrets",
		"warn " + token + " may be read by everybody on this machine (a::token_file) → chmod o-rwx " + token + "; of a volume in Kubernetes, defaultMode: 0440",
		"fail a::key_file: stat " + filepath.Join(dir, "none") + ": no such file or directory → make it, or correct the key",
	}, lines(found))
	require.NotContains(t, all, "s3cret")
	require.NotContains(t, all, "t0p")
	require.Equal(t, []string{"ok 1 file holds secrets, and others can't read it"}, lines(secrets(t.Context(), of(&Configuration{Paths: []string{closed, harmless}}))))
	require.Equal(t, []string{"ok no file that is known holds secrets"}, lines(secrets(t.Context(), of(&Configuration{Paths: []string{harmless}}))))
}

func TestPortsAreFreeOrTakenBySomebody(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	free, err := freeport.Address()
	require.NoError(t, err)
	dir := t.TempDir()
	c := &Configuration{DataDir: dir, Web: "http://daemon:8788", Listeners: []Listener{{"web::endpoint", taken.Addr().String()}, {"otlp::endpoint", free}}}
	look := func(p *Patient) []string { return lines(ports(t.Context(), p)) }
	if runtime.GOOS == "linux" {
		require.Equal(t, []string{
			"ok free: " + free,
			fmt.Sprintf("fail %s (web::endpoint) is taken by another program: process %d, doctor.test → stop that program, or choose another address", taken.Addr(), os.Getpid()),
		}, look(of(c)))
	}
	write(t, filepath.Join(dir, "lock"), fmt.Sprintln(os.Getpid()), 0o600)
	require.Contains(t, look(of(c)), "ok taken by the daemon itself: "+taken.Addr().String())
	up := patient(t, healthy())
	up.Configuration = c
	require.Equal(t, []string{
		"ok taken by the daemon itself: " + taken.Addr().String(),
		"warn " + free + " (otlp::endpoint) is free, though a daemon answers at http://daemon:8788: it runs with another configuration → restart it with this configuration, or name the one that it runs with",
	}, look(up))
	c.Listeners = []Listener{{"web::endpoint", "192.0.2.1:80"}}
	require.Contains(t, look(of(c))[0], "fail web::endpoint: listen tcp 192.0.2.1:80")
	require.Contains(t, look(of(c))[0], "→ choose another with --set=web.endpoint=HOST:PORT")
}

func TestADataDirectoryIsLookedAt(t *testing.T) {
	root := t.TempDir()
	file := write(t, filepath.Join(root, "file"), "", 0o600)
	open := filepath.Join(root, "open")
	write(t, filepath.Join(open, "ledger.db"), "", 0o644)
	require.NoError(t, os.Chmod(open, 0o757))
	for name, c := range map[string]struct {
		of   Configuration
		want []string
	}{
		"one that is well":                   {Configuration{DataDir: root}, []string{"ok " + root + ", "}},
		"one that the first start makes":     {Configuration{DataDir: filepath.Join(root, "a", "b")}, []string{"ok " + filepath.Join(root, "a", "b") + " isn't there yet; the first start makes it: "}},
		"a file":                             {Configuration{DataDir: file}, []string{"fail " + file + " is no directory → move it away, or name a directory"}},
		"one below a file":                   {Configuration{DataDir: filepath.Join(file, "x")}, []string{"fail "}},
		"a disk that can't hold what it may": {Configuration{DataDir: root, Archive: 1 << 60}, []string{"warn "}},
		"a disk that is full":                {Configuration{DataDir: root, DiskReserve: 1 << 60}, []string{"fail "}},
		"one that others read and write": {Configuration{DataDir: open}, []string{
			"warn everybody on this machine may write into " + open, "warn everybody on this machine may read " + filepath.Join(open, "ledger.db"), "ok "}},
		"one that isn't known": {Configuration{}, []string{"skip the configuration can't be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := lines(dataDirectory(t.Context(), of(&c.of)))
			require.Len(t, got, len(c.want), got)
			for i := range got {
				require.True(t, strings.HasPrefix(got[i], c.want[i]), "%q, %q", got[i], c.want[i])
			}
		})
	}
	require.NoDirExists(t, filepath.Join(root, "a"), "nothing is made")
}

func TestFileSystemsThatCantKeepALedger(t *testing.T) {
	for kind, want := range map[string]State{
		"nfs4": Fail, "cifs": Fail, "smb3": Fail, "9p": Fail, "fuse.sshfs": Fail, "tmpfs": Warn, "overlay": Warn, "ext4": "", "xfs": "", "apfs": "", "NTFS": "",
	} {
		var got State
		for _, f := range trusted(kind, "/data") {
			got = f.State
			require.NotEmpty(t, f.Mend)
		}
		require.Equal(t, want, got, kind)
	}
}

func TestTheLowestLimitOfTheControlGroupsCounts(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
		known bool
	}{
		"version 2, limited above": {map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "2000\n", "sys/fs/cgroup/memory.max": "max"}, 2000, true},
		"version 2, in a container": {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "3000\n"}, 3000, true},
		"version 1": {map[string]string{
			"proc/self/cgroup": "5:cpu:/x\n4:memory:/a\n", "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "4000\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 4000, true},
		"no limit":          {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0, false},
		"no control groups": {nil, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for file, text := range c.files {
				write(t, filepath.Join(root, file), text, 0o600)
			}
			got, known := cgroupLimit(root, "self")
			require.Equal(t, c.known, known)
			require.Equal(t, c.want, got)
		})
	}
}

func TestMemoryAndFilesThatTheSystemDoesntGive(t *testing.T) {
	require.Contains(t, lines(memory(t.Context(), of(&Configuration{Memory: 1 << 50})))[0], "fail memory::limit is 1024 TiB")
	require.Contains(t, lines(memory(t.Context(), of(&Configuration{})))[0], "skip the configuration can't be read")
	if runtime.GOOS == "linux" {
		require.Contains(t, lines(openFiles(t.Context(), of(&Configuration{Connections: 1 << 40})))[0], "warn ")
		require.Contains(t, lines(openFiles(t.Context(), of(&Configuration{Connections: 1})))[0], "ok ")
	}
}

func TestALedgerIsLookedAt(t *testing.T) {
	dir := t.TempDir()
	look := func() []string { return lines(ledger(t.Context(), of(&Configuration{DataDir: dir}))) }
	require.Equal(t, []string{"skip there is none in " + dir + " yet"}, look())
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	require.NoError(t, err)
	_, _, err = l.Append(t.Context(), []correlate.Entry{ledgertest.Entry("github", "a")}, nil)
	require.NoError(t, err)
	require.Regexp(t, `^ok [0-9.]+ \wiB, schema \d+, 1 fact in 1 delivery, every page is sound$`, look()[0])
	require.NoError(t, l.Close())
	require.NoError(t, os.Truncate(filepath.Join(dir, "ledger.db"), 8192))
	require.Contains(t, look()[0], "fail "+filepath.Join(dir, "ledger.db")+" is damaged")
}

func TestTimeZonesAreKnownByName(t *testing.T) {
	p := of(&Configuration{})
	require.Equal(t, []string{"ok known by name; this machine shows UTC (+0 h); what is kept and compared is UTC"}, lines(zones(t.Context(), p)))
	t.Setenv("TZ", "Mars/East")
	require.Equal(t, []string{`warn TZ is "Mars/East", which isn't known, and so times are shown in UTC → correct TZ, to a name such as Europe/Berlin`}, lines(zones(t.Context(), p)))
}

func TestTheClockOfAServerIsItsDate(t *testing.T) {
	at := noon
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, http.MethodHead, r.Method)
		w.Header().Set("Date", at.UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	c := &Configuration{Servers: []Server{{Key: "telemetry_prometheus", Client: confighttp.ClientConfig{Endpoint: server.URL}}}}
	look := func() string { return lines(clock(context.Background(), of(c)))[0] }
	require.Equal(t, "ok that of "+server.URL+" is within 6s of this machine's", look())
	at = noon.Add(time.Hour)
	require.Contains(t, look(), "fail that of "+server.URL+" is 1h ahead of this machine's")
	server.Close()
	require.Contains(t, look(), "skip "+server.URL+" (telemetry_prometheus) doesn't tell its time: dial tcp")
}
