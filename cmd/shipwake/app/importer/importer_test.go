package importer_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/cmd/shipwake/app/importer"
	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/history/ndjson"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// door keeps what it takes, until it fails.
type door struct {
	mu     sync.Mutex
	bodies []string
	lines  map[string]int
	left   int // parcels before it fails; less than 0: it doesn't
	fails  error
}

func (d *door) Take(_ context.Context, p importer.Parcel) (importer.Receipt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		return importer.Receipt{}, d.fails
	}
	d.left--
	known := slices.Contains(d.bodies, string(p.Lines))
	d.bodies = append(d.bodies, string(p.Lines))
	for line := range strings.Lines(string(p.Lines)) {
		d.lines[line]++
	}
	return importer.Receipt{Known: known}, nil
}

func newDoor() *door { return &door{lines: map[string]int{}, left: -1} }

// facts are the lines of changes from one number up to another.
func facts(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, `{"id":"c-%d","service":"checkout","finished_at":%q}`+"\n", i, now.Add(-time.Duration(i)*time.Minute).Format(time.RFC3339))
	}
	return b.String()
}

func write(t require.TestingT, dir, name, text string) string {
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// run imports a file of our own lines.
func run(t require.TestingT, d importer.Door, file string, edits ...func(*importer.Import)) (*importer.Report, error) {
	passes, err := ndjson.Format().Open(history.Options{})
	require.NoError(t, err)
	plan, err := history.Plan(passes, []string{file})
	require.NoError(t, err)
	identity, err := importer.Identity("test", []string{file})
	require.NoError(t, err)
	im := &importer.Import{Plan: plan, State: file + ".import", Identity: identity, Door: d, Report: &importer.Report{}, Now: func() time.Time { return now }}
	for _, edit := range edits {
		edit(im)
	}
	im.Progress = importer.NewProgress(&bytes.Buffer{}, false, []string{file}, func() int64 { return im.Report.Counts().Facts }, im.Now)
	return im.Report, im.Run(context.Background())
}

func TestWhatIsImportedTwiceOrOverlapsIsKnown(t *testing.T) {
	d, dir := newDoor(), t.TempDir()
	_, err := run(t, d, write(t, dir, "a", facts(0, 20_000)))
	require.NoError(t, err)
	require.Len(t, d.lines, 20_000)
	first := len(d.bodies)
	report, err := run(t, d, write(t, dir, "b", facts(0, 20_000)))
	require.NoError(t, err)
	require.EqualValues(t, first, report.Counts().Known, "each batch")
	report, err = run(t, d, write(t, dir, "c", facts(5_000, 25_000)))
	require.NoError(t, err)
	require.Len(t, d.lines, 25_000)
	require.Greater(t, report.Counts().Known, report.Counts().Parcels/2, "batches end where their content says so, wherever a file begins")
}

func TestAnImportThatEndsEarlyGoesOn(t *testing.T) {
	away := errors.New("away")
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "import")
		require.NoError(t, err)
		defer func() { require.NoError(t, os.RemoveAll(dir)) }()
		count := rapid.IntRange(0, 1_500).Draw(t, "facts")
		file := write(t, dir, "facts", facts(0, count))
		d := newDoor()
		d.fails = away
		for range 3 {
			d.left = rapid.IntRange(0, 4).Draw(t, "parcels before it ends")
			if _, err := run(t, d, file); err == nil {
				break
			}
		}
		d.left = -1
		if rapid.Bool().Draw(t, "the state is lost") {
			_ = os.Remove(file + ".import")
		}
		_, err = run(t, d, file)
		require.NoError(t, err)
		require.Len(t, d.lines, count, "each is told")
		require.NoFileExists(t, file+".import")
	})
}

func TestWhatWasSentIsNotSentAgain(t *testing.T) {
	d, file := newDoor(), write(t, t.TempDir(), "facts", facts(0, 20_000))
	d.left, d.fails = 20, errors.New("away")
	_, err := run(t, d, file)
	require.ErrorContains(t, err, "away")
	d.left = -1
	report, err := run(t, d, file)
	require.NoError(t, err)
	require.LessOrEqual(t, report.Counts().Known, int64(4), "no more than was under way")
	require.EqualValues(t, 20_000, len(d.lines))
}

func TestTheStateIsThatOfTheSameImport(t *testing.T) {
	d, dir := newDoor(), t.TempDir()
	file := write(t, dir, "facts", facts(0, 5_000))
	d.left, d.fails = 3, errors.New("away")
	_, err := run(t, d, file)
	require.Error(t, err)
	d.left = -1
	write(t, dir, "facts", facts(10_000, 15_000))
	_, err = run(t, d, file)
	require.NoError(t, err)
	for line := range strings.Lines(facts(10_000, 15_000)) {
		found := 0
		for told := range d.lines {
			if strings.Contains(told, line[:len(`{"id":"c-10000"`)]) {
				found++
			}
		}
		require.Equal(t, 1, found)
		break
	}
	require.GreaterOrEqual(t, len(d.lines), 5_000)
	write(t, dir, "facts.import", "cat")
	_, err = run(t, d, file)
	require.ErrorContains(t, err, "isn't the state of an import")
}

const mixed = `{"id":"c-1","service":"checkout","finished_at":"2026-03-01T10:04:00Z"}
{"id":"c-2","finished_at":"2026-03-01T10:04:00Z"}
{"id":"c-3","service":"checkout","finished_at":"2027-03-01T10:04:00Z"}
cat
{"id":"c-4","service":"checkout","finished_at":"2026-03-01T10:04:00Z"}
`

func TestWhatIsWrongIsListedAndTheRestIsSent(t *testing.T) {
	d, dir := newDoor(), t.TempDir()
	file := write(t, dir, "facts", mixed)
	var all bytes.Buffer
	report, err := run(t, d, file, func(im *importer.Import) { im.Report.All = &all })
	require.NoError(t, err)
	require.Len(t, d.lines, 2)
	require.True(t, report.Skipped())
	var said bytes.Buffer
	require.NoError(t, report.Print(&said))
	want := file + ":2:1: $.service: required: the service.name that the change reaches\n" +
		file + ":3:1: is dated more than 5m0s in the future\n" +
		file + ":4:1: $: must be a JSON document; byte 1 can't follow what is before it\n"
	require.Equal(t, want, all.String())
	require.Equal(t, "5 records: 2 facts sent in 1 deliveries, of which the daemon knew 0; 3 skipped\n  skipped: "+
		strings.ReplaceAll(strings.TrimSpace(want), "\n", "\n  skipped: ")+"\n", said.String())
}

func TestStrictEndsAtTheFirst(t *testing.T) {
	d := newDoor()
	_, err := run(t, d, write(t, t.TempDir(), "facts", mixed), func(im *importer.Import) { im.Strict = true })
	require.ErrorContains(t, err, "--strict ends the import there")
	require.LessOrEqual(t, len(d.lines), 1)
}

func TestTheListHasABound(t *testing.T) {
	report, err := run(t, newDoor(), write(t, t.TempDir(), "facts", strings.Repeat(`{"id":"c"}`+"\n", 5_000)))
	require.NoError(t, err)
	var said bytes.Buffer
	require.NoError(t, report.Print(&said))
	require.Contains(t, said.String(), "skipped: 4,980 more; --report FILE has each")
	require.Less(t, said.Len(), 5_000)
}

func TestWhatTheDaemonRefusesIsSkipped(t *testing.T) {
	d := newDoor()
	d.left, d.fails = 0, &importer.RefusedError{Why: "no"}
	report, err := run(t, d, write(t, t.TempDir(), "facts", facts(0, 1)))
	require.NoError(t, err)
	var said bytes.Buffer
	require.NoError(t, report.Print(&said))
	require.Contains(t, said.String(), "facts:1:1: the daemon doesn't take it: no")
}

func TestACompressedFileIsRead(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write([]byte(facts(0, 3_000)))
	require.NoError(t, errors.Join(err, w.Close()))
	d, dir := newDoor(), t.TempDir()
	_, err = run(t, d, write(t, dir, "facts.jsonl.gz", zipped.String()))
	require.NoError(t, err)
	require.Len(t, d.lines, 3_000)
	_, err = run(t, d, write(t, dir, "cut.gz", zipped.String()[:zipped.Len()/2]))
	require.ErrorContains(t, err, "unexpected EOF")
	_, err = run(t, d, write(t, dir, "no.gz", "\x1f\x8bx"))
	require.ErrorContains(t, err, "no.gz: ")
}
