package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

// The test binary runs itself as the process that is killed; these variables say which part it plays, where, and how
// long: kill -9 can't be tried on oneself.
const (
	roleVariable   = "SHIPWAKE_KILL_ROLE"
	dirVariable    = "SHIPWAKE_KILL_DIR"
	numberVariable = "SHIPWAKE_KILL_NUMBER"
	cyclesVariable = "SHIPWAKE_KILL_CYCLES" // set by people: how many kills, 20 by default
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVariable) {
	case "":
		goleak.VerifyTestMain(m)
	case "commit":
		err = commitUntilKilled(context.Background(), os.Getenv(dirVariable), os.Getenv(numberVariable), os.Stdout)
	case "migrate":
		err = dieAtStatement(context.Background(), os.Getenv(dirVariable), os.Getenv(numberVariable))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is this binary in another part.
func child(t *testing.T, role, dir string, number int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, dirVariable+"="+dir, numberVariable+"="+strconv.Itoa(number))
	return cmd
}

// dieAtStatement opens a ledger and kills this process after the given statement of its migration.
func dieAtStatement(ctx context.Context, dir, number string) error {
	last, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	_, err = Open(ctx, Options{Dir: dir, migrated: func(statement int) {
		if statement == last {
			killSelf()
		}
	}})
	return errors.Join(err, fmt.Errorf("it has no statement %d", last))
}

// killSelf doesn't come back.
func killSelf() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil && self.Kill() == nil {
		select {}
	}
}

func TestAMigrationKilledAtAnyStatementIsDoneAgain(t *testing.T) {
	script, err := scripts.ReadFile("migrations/0001_ledger.sql")
	require.NoError(t, err)
	count := len(statements(string(script), 1))
	require.Greater(t, count, 25)
	for n := 1; n <= count; n++ {
		dir := t.TempDir()
		out, err := child(t, "migrate", dir, n).CombinedOutput()
		require.ErrorContains(t, err, "killed", "statement %d: %s", n, out)
		l := openAt(t, Options{Dir: dir})
		commitOne(t, l, "a")
		requireSound(t, l)
		require.NoError(t, l.Close())
	}
}

// killers is how many goroutines of a child commit facts of their own.
const killers = 8

// commitUntilKilled commits facts and prints the id of each as soon as it is acknowledged. Beside, it follows one
// stream by its position, and writes effects and checkpoints, as the daemon does.
func commitUntilKilled(ctx context.Context, dir, cycle string, out io.Writer) error {
	l, err := Open(ctx, Options{Dir: dir})
	if err != nil {
		return err
	}
	errs := make(chan error)
	var mu sync.Mutex
	acknowledge := func(id string) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintln(out, id)
	}
	for k := range killers {
		go func() { errs <- commitOwn(ctx, l, fmt.Sprintf("%s/%d", cycle, k), acknowledge) }()
	}
	go func() { errs <- followStream(ctx, l, cycle) }()
	go func() { errs <- keepState(ctx, l) }()
	return <-errs
}

func commitOwn(ctx context.Context, l ledger.Ledger, prefix string, acknowledge func(string)) error {
	for n := 0; ; n++ {
		id := fmt.Sprintf("%s/%d", prefix, n)
		d := ledgertest.Delivery("github", id)
		d.Raw = make([]byte, (n%40)*200)
		if _, _, err := l.CommitFacts(ctx, []correlate.Delivery{d}, nil); err != nil {
			return err
		}
		acknowledge(id)
		// A sender that saw no answer sends again.
		if _, _, err := l.CommitFacts(ctx, []correlate.Delivery{d}, nil); err != nil {
			return err
		}
	}
}

// followStream applies message n of an endless stream once each, with nothing but the position to say what was applied:
// the delivery ids differ from one life to the next.
func followStream(ctx context.Context, l ledger.Ledger, cycle string) error {
	for {
		next, err := l.Position(ctx, "stream")
		if err != nil {
			return err
		}
		d := ledgertest.Delivery("kafka", fmt.Sprintf("stream %d in life %s", next, cycle))
		d.Facts[0].Change.ID = fmt.Sprint(next)
		if _, _, err := l.CommitFacts(ctx, []correlate.Delivery{d}, &correlate.Position{Stream: "stream", Expect: next, Next: next + 1}); err != nil {
			return err
		}
	}
}

func keepState(ctx context.Context, l ledger.Ledger) error {
	for n := range 1 << 30 {
		at := time.Date(2026, 3, 1, 0, 0, n, 0, time.UTC)
		c := correlate.ChangeRecord{Change: correlate.Change{ID: fmt.Sprint(n % 50), FinishedAt: at}, Phase: correlate.PhaseClosed}
		c.Verdict = &correlate.Verdict{ChangeID: c.ID, Revision: n/50 + 1, Outcome: correlate.Healthy, DecidedAt: at}
		rows := []ledger.OutboxRow{{Sink: "slack", Key: fmt.Sprint(n), Payload: make([]byte, 300)}}
		err := errors.Join(
			l.CommitEffects(ctx, []correlate.Effect{{Change: &c}}, rows, 0),
			l.Checkpoint(ctx, at, make([]correlate.Measurement, n%200)),
			l.Delivered(ctx, "slack", fmt.Sprint(n)),
			l.Expire(ctx, at.Add(-20*time.Second), time.Time{}))
		if err != nil {
			return err
		}
	}
	return nil
}

// books is what the parent knows over all lives of one directory.
type books struct {
	acknowledged map[string]bool
	stored       map[string]bool
	streamed     int64
}

// TestNoAcknowledgedFactIsLostOrDoubledByAKill kills a committing process at random instants, in start-up, migration
// and recovery too, and looks after each what is there. Every tenth life starts in a fresh directory.
func TestNoAcknowledgedFactIsLostOrDoubledByAKill(t *testing.T) {
	cycles := 20
	if text := os.Getenv(cyclesVariable); text != "" {
		var err error
		cycles, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	var dir string
	var b books
	var acknowledged, silent int
	for cycle := range cycles {
		if cycle%10 == 0 {
			if dir != "" {
				require.NoError(t, os.RemoveAll(dir))
			}
			dir = filepath.Join(t.TempDir(), "data")
			b = books{acknowledged: make(map[string]bool), stored: make(map[string]bool)}
		}
		ids := liveAndDie(t, dir, cycle)
		for _, id := range ids {
			b.acknowledged[id] = true
		}
		acknowledged += len(ids)
		if len(ids) == 0 {
			silent++
		}
		b.check(t, dir)
	}
	t.Logf("%d kills, %d of them before the first answer: %d facts acknowledged, none lost, none doubled", cycles, silent, acknowledged)
	require.Positive(t, acknowledged)
}

// liveAndDie runs a child for up to 150 ms, every other one for up to 30 ms, which is about what it takes to start, and
// returns the ids that it acknowledged.
func liveAndDie(t *testing.T, dir string, cycle int) []string {
	t.Helper()
	cmd := child(t, "commit", dir, cycle)
	var trouble strings.Builder
	cmd.Stderr = &trouble
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	life := rand.N([]time.Duration{30, 150}[cycle%2] * time.Millisecond)
	killer := time.AfterFunc(life, func() { _ = cmd.Process.Kill() })
	defer killer.Stop()

	var ids []string
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line cut short was not acknowledged
		}
		ids = append(ids, strings.TrimSpace(line))
	}
	require.ErrorContains(t, cmd.Wait(), "killed", trouble.String())
	return ids
}

func (b *books) check(t *testing.T, dir string) {
	t.Helper()
	l, err := Open(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	facts, err := l.Unapplied(t.Context())
	require.NoError(t, err)
	var streamed []int64
	for _, f := range facts {
		if f.Change.Source == "kafka" {
			n, err := strconv.ParseInt(f.Change.ID, 10, 64)
			require.NoError(t, err)
			streamed = append(streamed, n)
			continue
		}
		require.False(t, b.stored[f.Change.ID], "doubled: %s", f.Change.ID)
		b.stored[f.Change.ID] = true
	}
	for id := range b.acknowledged {
		require.True(t, b.stored[id], "lost: %s", id)
	}
	slices.Sort(streamed)
	for _, n := range streamed {
		require.Equal(t, b.streamed, n, "the stream is applied once, without a gap")
		b.streamed++
	}
	next, err := l.Position(t.Context(), "stream")
	require.NoError(t, err)
	require.Equal(t, next, b.streamed, "the position is where the facts are")
	requireSound(t, l)
	if len(facts) > 0 {
		require.NoError(t, l.CommitEffects(t.Context(), nil, nil, facts[len(facts)-1].Seq))
	}
	require.NoError(t, l.Close())
}
