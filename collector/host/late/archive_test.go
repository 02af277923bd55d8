package late

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/archive"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger/segments"
	"github.com/shipwake/shipwake/correlate/window"
)

// begin is when all stories begin: a whole number of chunks.
const begin = int64(1_790_000_400)

// checkpoints are those of a ledger, in memory.
type checkpoints struct {
	all  []checkpoint
	fail error
}

type checkpoint struct {
	at    int64
	cells []correlate.Measurement
}

func (c *checkpoints) CheckpointsBetween(_ context.Context, from, to time.Time, yield func(time.Time, []correlate.Measurement) error) error {
	if c.fail != nil {
		return c.fail
	}
	for _, p := range c.all {
		if p.at >= from.Unix() && p.at < to.Unix() {
			if err := yield(time.Unix(p.at, 0), p.cells); err != nil {
				return err
			}
		}
	}
	return nil
}

func requests(start, n int64) correlate.Measurement {
	return correlate.Measurement{
		Key:  correlate.Key{Service: "shop", Environment: "production", Kind: correlate.Traffic},
		Cell: correlate.Cell{Start: start, Requests: n},
	}
}

// drained is a checkpoint every ten seconds in [from, to), each with what the ten seconds before it measured.
func drained(from, to int64) (all []checkpoint) {
	for at := from; at < to; at += 10 {
		all = append(all, checkpoint{at, []correlate.Measurement{requests(at-10, 1)}})
	}
	return all
}

func openArchive(t *testing.T, dir string, from Checkpoints) (*Archive, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	a, err := Open(Options{Dir: dir, Keep: 7 * 24 * time.Hour, Budget: 1 << 20, Engine: engine.DefaultConfig()}, from, zap.New(core))
	require.NoError(t, err)
	return a, logs
}

// catchUp has an archive catch up at an instant, with the watermark as it is while telemetry comes in time.
func catchUp(t *testing.T, a *Archive, now int64) {
	a.CatchUp(t.Context(), time.Unix(now, 0), time.Unix(now-30, 0))
}

func read(t *testing.T, a *Archive, from, to int64) (all []archive.Chunk) {
	t.Helper()
	for _, s := range a.kept.Between(from, to) {
		blob, err := a.kept.Read(s)
		require.NoError(t, err)
		c, err := archive.Decode(blob)
		require.NoError(t, err)
		all = append(all, c)
	}
	return all
}

func total(c archive.Chunk) (n int64) {
	for _, s := range c.Series {
		for _, cell := range s.Cells {
			n += cell.Requests
		}
	}
	return n
}

func TestAStretchIsArchivedOnceNothingMoreIsTakenInOfIt(t *testing.T) {
	from := &checkpoints{all: drained(begin, begin+4000)}
	a, _ := openArchive(t, t.TempDir(), from)
	catchUp(t, a, begin+600+629)
	require.Zero(t, a.State().To, "for ten minutes and the lateness, more may come")
	catchUp(t, a, begin+600+630)
	require.Equal(t, segments.State{Bytes: a.State().Bytes, Budget: 1 << 20, From: begin, To: begin + 600}, a.State().State)
	catchUp(t, a, begin+4000)
	require.Equal(t, begin+3000, a.State().To)
	for i, c := range read(t, a, begin, begin+3000) {
		require.Equal(t, begin+int64(i)*600, c.From)
		require.EqualValues(t, 60, total(c))
		require.Empty(t, c.Gaps)
	}
}

func TestWhatComesLateIsArchivedWithTheTimeItIsOf(t *testing.T) {
	from := &checkpoints{all: drained(begin, begin+2000)}
	from.all[100].cells = append(from.all[100].cells, requests(begin+590, 7), requests(begin+600, 5)) // 400 s late
	a, _ := openArchive(t, t.TempDir(), from)
	catchUp(t, a, begin+2000)
	chunks := read(t, a, begin, begin+1200)
	require.EqualValues(t, 67, total(chunks[0]))
	require.EqualValues(t, 65, total(chunks[1]))
}

func TestTheFirstStretchIsTheFirstThatIsWhole(t *testing.T) {
	a, _ := openArchive(t, t.TempDir(), &checkpoints{all: drained(begin+5, begin+3000)})
	catchUp(t, a, begin+3000)
	require.Equal(t, begin+600, a.State().From)
}

func TestARestartGoesOnWhereItEnded(t *testing.T) {
	dir, from := t.TempDir(), &checkpoints{all: drained(begin, begin+9000)}
	whole, _ := openArchive(t, t.TempDir(), from)
	catchUp(t, whole, begin+9000)
	for now := begin; now <= begin+9000; now += 700 {
		a, _ := openArchive(t, dir, from)
		catchUp(t, a, now)
	}
	last, _ := openArchive(t, dir, from)
	catchUp(t, last, begin+9000)
	require.Equal(t, read(t, whole, 0, begin+9000), read(t, last, 0, begin+9000))
}

func TestAPauseIsAGapInEachStretchThatItTouches(t *testing.T) {
	from := &checkpoints{all: append(drained(begin, begin+1000), drained(begin+2500, begin+5000)...)}
	a, _ := openArchive(t, t.TempDir(), from)
	catchUp(t, a, begin+5000)
	var gaps []window.Span
	for _, c := range read(t, a, begin, begin+3600) {
		gaps = append(gaps, c.Gaps...)
	}
	last := begin + 990
	require.Equal(t, []window.Span{
		{From: last, To: begin + 1200}, {From: begin + 1200, To: begin + 1800}, {From: begin + 1800, To: begin + 2400},
		{From: begin + 2400, To: begin + 2500},
	}, gaps)
}

func TestNothingIsExpiredThatIsNotArchivedYet(t *testing.T) {
	from := &checkpoints{all: drained(begin, begin+3000)}
	a, _ := openArchive(t, t.TempDir(), from)
	require.Equal(t, time.Unix(begin+9000, 0), a.Needed(time.Unix(begin+9000, 0)), "before the first there is nothing to go by")
	catchUp(t, a, begin+3000)
	require.Equal(t, time.Unix(begin+1800-ahead, 0), a.Needed(time.Unix(begin+9000, 0)))
	require.Equal(t, time.Unix(begin, 0), a.Needed(time.Unix(begin, 0)))
	from.fail = errors.New("the disk is gone")
	catchUp(t, a, begin+3000)
	require.Equal(t, time.Unix(begin+9000, 0), a.Needed(time.Unix(begin+9000, 0)), "the ledger doesn't grow while archiving fails")
}

func TestAFailureIsLoggedOnceAndLeavesAHole(t *testing.T) {
	dir := t.TempDir()
	from := &checkpoints{all: drained(begin, begin+3000)}
	a, logs := openArchive(t, dir, from)
	catchUp(t, a, begin+3000)
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.WriteFile(dir, nil, 0o600), "there is no directory to write to")
	from.all = drained(begin+6000, begin+9000)
	for range 3 {
		catchUp(t, a, begin+9000)
	}
	require.True(t, a.State().Failing)
	require.Equal(t, 1, logs.FilterMessageSnippet("measurements are not archived").Len())
	require.NoError(t, os.Remove(dir))
	require.NoError(t, os.Mkdir(dir, 0o700))
	catchUp(t, a, begin+9000)
	require.False(t, a.State().Failing)
	require.Equal(t, 1, logs.FilterMessage("measurements are archived again").Len())
	require.Equal(t, []int64{begin + 6000, begin + 7800}, []int64{a.State().From, a.State().To}, "what the ledger no longer has is a hole")
}

func TestWhatIsOldGoesWithTime(t *testing.T) {
	a, _ := openArchive(t, t.TempDir(), &checkpoints{all: drained(begin, begin+3000)})
	catchUp(t, a, begin+3000)
	a.options.Keep = 4 * time.Hour
	catchUp(t, a, begin+600+4*3600)
	require.Equal(t, begin+600, a.State().From)
	catchUp(t, a, begin+600+24*3600)
	require.Equal(t, begin+600+20*3600, a.State().From, "of what is older nothing is made up")
}

func TestAStretchThatIsTooLargeHasNoCoverage(t *testing.T) {
	from := &checkpoints{all: drained(begin, begin+1300)}
	many := make([]correlate.Measurement, 60)
	for i := range many {
		many[i] = requests(begin+int64(i)*10, 1)
		many[i].Name = string(slices.Repeat([]byte{'x'}, 64<<20/60+1)) + string(rune('A'+i))
	}
	from.all[60].cells = many
	a, logs := openArchive(t, t.TempDir(), from)
	catchUp(t, a, begin+1300)
	require.Equal(t, 1, logs.FilterMessageSnippet("too large").Len())
	require.Equal(t, []archive.Chunk{{From: begin, To: begin + 600, Gaps: []window.Span{{From: begin, To: begin + 600}}}}, read(t, a, begin, begin+600))
}

func TestADirectoryThatCantBeMadeIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Open(Options{Dir: filepath.Join(file, "archive"), Engine: engine.DefaultConfig()}, &checkpoints{}, zap.NewNop())
	require.ErrorContains(t, err, "the archive of measurements in "+file)
}
