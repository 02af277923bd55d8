package sqlite

import (
	"bufio"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	cyclesVariable = "SHIPWAKE_KILL_CYCLES" // how many kills; 300 by default
	killLanes      = 3                      // directories at a time: a life mostly waits for the disk
	livesEach      = 10                     // lives of a directory; then a fresh one
)

// TestNoAcknowledgedFactIsLostOrDoubledByAKill kills a process that does all a daemon does with its ledger, at random
// instants, in its start, its migration and its recovery too, and looks after each kill what is there. Every tenth life
// begins in a fresh directory; every other directory begins with the oldest schema. `make bench-kill` runs it long.
func TestNoAcknowledgedFactIsLostOrDoubledByAKill(t *testing.T) {
	cycles := 300
	if testing.Short() {
		cycles = 90
	}
	if text := os.Getenv(cyclesVariable); text != "" {
		var err error
		cycles, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	began := time.Now()
	sum := &killed{during: map[string]int{}}
	var books sync.Mutex
	t.Run("lanes", func(t *testing.T) {
		for lane := range killLanes {
			t.Run(strconv.Itoa(lane), func(t *testing.T) {
				t.Parallel()
				for n := 0; ; n++ {
					books.Lock()
					lives := min(livesEach, cycles)
					cycles -= lives
					books.Unlock()
					if lives == 0 {
						return
					}
					one := liveAndDie(t, n%2 == 1, lives)
					books.Lock()
					sum.add(t, one)
					books.Unlock()
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	require.Positive(t, sum.facts)
	for _, step := range []string{"open", "facts", "effects"} {
		require.Positive(t, sum.during[step], "nothing was killed during %s", step)
	}
	sum.tell(t, time.Since(began))
}

// killed is what came of many kills.
type killed struct {
	kills, facts, sent, backup int
	during                     map[string]int
}

func (k *killed) add(t *testing.T, one killed) {
	k.kills += one.kills
	k.facts += one.facts
	k.sent += one.sent
	k.backup += one.backup
	for step, n := range one.during {
		k.during[step] += n
	}
	if k.kills%1000 < livesEach {
		t.Logf("%d kills, %d facts acknowledged", k.kills, k.facts)
	}
}

// tell prints the figures in the format of Go's benchmarks. None was lost or doubled, or the test would have failed.
func (k *killed) tell(t *testing.T, took time.Duration) {
	t.Logf("%d kills in %s: %d facts acknowledged, 0 lost, 0 doubled; %d messages sent once; %d backups", k.kills, took.Round(time.Second), k.facts, k.sent, k.backup)
	line := fmt.Sprintf("BenchmarkKill 1 %d kills %.0f kills/min %d facts 0 lost 0 doubled %d messages %d backups", k.kills, float64(k.kills)/took.Minutes(), k.facts, k.sent, k.backup)
	for _, step := range slices.Sorted(maps.Keys(k.during)) {
		line += fmt.Sprintf(" %d during-%s", k.during[step], step)
	}
	fmt.Println(line)
}

// books is what the parent knows over all lives of one directory.
type books struct {
	dir    string
	facts  []string // acknowledged
	held   []string // deliveries; released later or not
	sent   []string
	alive  time.Time
	during map[string]int
	backup []finished
}

// finished is a backup, with how many facts had been acknowledged when it began.
type finished struct {
	dir   string
	facts int
}

// liveAndDie runs lives of one directory one after the other, and looks after each what is there.
func liveAndDie(t *testing.T, old bool, lives int) killed {
	t.Helper()
	parent, err := os.MkdirTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer os.RemoveAll(parent)
	b := &books{dir: filepath.Join(parent, "data"), during: map[string]int{}}
	if old {
		func() {
			forking.RLock()
			defer forking.RUnlock()
			makeOld(t, b.dir, 1)
		}()
		for n := 1; n <= oldFacts; n++ {
			b.facts = append(b.facts, fmt.Sprintf("old/%d", n))
		}
	}
	sum := killed{kills: lives, during: b.during}
	for life := range lives {
		b.live(t, life)
		b.check(t)
		sum.backup += len(b.backup)
	}
	sum.facts, sum.sent = len(b.facts), len(b.sent)
	return sum
}

// live runs a process, kills it, and takes down what it said. The first life of a directory ends at a random one of its
// first words, most of which are about the migration; one in three while the process starts; the others when it has
// worked for a while, which begins when it has opened the ledger, however long that took.
func (b *books) live(t *testing.T, life int) {
	t.Helper()
	cmd := child(t, "live", b.dir, strconv.Itoa(life))
	var trouble strings.Builder
	cmd.Stderr = &trouble
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	forking.Lock()
	err = cmd.Start()
	forking.Unlock()
	require.NoError(t, err)
	kill := func() { _ = cmd.Process.Kill() }
	switch lines := bufio.NewReader(out); {
	case life == 0:
		last := rand.N(40)
		b.read(t, lines, func(n int, _ string) {
			if n == last {
				kill()
			}
		})
	case life%3 == 0:
		defer time.AfterFunc(rand.N(25*time.Millisecond), kill).Stop()
		b.read(t, lines, func(int, string) {})
	default:
		b.read(t, lines, func(_ int, word string) {
			if word == "-restore" {
				time.AfterFunc(rand.N(60*time.Millisecond), kill)
			}
		})
	}
	require.ErrorContains(t, cmd.Wait(), "killed", trouble.String())
}

// read takes down what a process says, and hands on each word with its number.
func (b *books) read(t *testing.T, lines *bufio.Reader, heard func(n int, word string)) {
	t.Helper()
	b.backup = nil
	under := map[string]bool{"start": true}
	var backingUp int
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line cut short was not said
		}
		line = strings.TrimSpace(line)
		heard(n, line)
		switch {
		case line == "+backup":
			backingUp = len(b.facts)
		case strings.HasPrefix(line, "fact "):
			b.facts = append(b.facts, line[len("fact "):])
			under["facts"] = true // from the first on, always
		case strings.HasPrefix(line, "held "):
			b.held = append(b.held, line[len("held "):])
		case strings.HasPrefix(line, "sent "):
			b.sent = append(b.sent, line[len("sent "):])
		case strings.HasPrefix(line, "alive "):
			b.alive, err = time.Parse(time.RFC3339Nano, line[len("alive "):])
			require.NoError(t, err)
		case strings.HasPrefix(line, "backed up "):
			b.backup = append(b.backup, finished{line[len("backed up "):], backingUp})
		}
		switch line[0] {
		case '+':
			under[line[1:]] = true
			delete(under, "start")
		case '-':
			delete(under, line[1:])
		}
	}
	for step := range under {
		b.during[step]++
	}
}

// forking keeps a process from being started while this one has a ledger open: until it executes, the new process shares
// the lock on the directory.
var forking sync.RWMutex

// check opens what a kill left behind.
func (b *books) check(t *testing.T) {
	t.Helper()
	forking.RLock()
	defer forking.RUnlock()
	l, err := Open(t.Context(), Options{Dir: b.dir})
	require.NoError(t, err)
	requireHeld(t, l, b.facts)
	requireConsistent(t, l)
	require.Subset(t, texts(t, l, "SELECT delivery_id FROM deliveries WHERE source = 'holder'"), b.held)
	waiting := texts(t, l, "SELECT key FROM outbox WHERE delivered_at IS NULL")
	for _, key := range b.sent {
		require.NotContains(t, waiting, key, "a message that was sent would be sent again")
	}
	saved, err := l.Restore(t.Context(), time.Time{})
	require.NoError(t, err)
	require.False(t, saved.LastAlive.Before(b.alive), "a checkpoint was lost")
	requireSound(t, l)
	require.NoError(t, l.Close())
	b.checkBackups(t)
}

// checkBackups opens the last finished backup, and holds those that aren't finished to having no name.
func (b *books) checkBackups(t *testing.T) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(filepath.Dir(b.dir), "backup-*"))
	require.NoError(t, err)
	for _, dir := range found {
		if !strings.HasSuffix(dir, partialSuffix) {
			facts := 0
			for _, f := range b.backup {
				if f.dir == dir {
					facts = f.facts
				}
			}
			l, err := Open(t.Context(), Options{Dir: dir})
			require.NoError(t, err)
			requireHeld(t, l, b.facts[:facts])
			requireConsistent(t, l)
			requireSound(t, l)
			require.NoError(t, l.Close())
		}
		require.NoError(t, os.RemoveAll(dir))
	}
}

// liveRows are the facts that their deliveries state.
const liveRows = "facts f LEFT JOIN withdrawn w ON w.fact = f.seq WHERE f.retracted = 0 AND w.fact IS NULL"

// requireHeld: every fact that was acknowledged is there, and none is there twice.
func requireHeld(t *testing.T, l *Ledger, acknowledged []string) {
	t.Helper()
	stored := map[string]bool{}
	for _, id := range texts(t, l, "SELECT f.id FROM "+liveRows) {
		require.False(t, stored[id], "doubled: %s", id)
		stored[id] = true
	}
	for _, id := range acknowledged {
		require.True(t, stored[id], "lost: %s", id)
	}
}

// requireConsistent: a stream has no gap and stands where its facts end; what was applied has its record, its verdict and
// its message, and what wasn't has none.
func requireConsistent(t *testing.T, l *Ledger) {
	t.Helper()
	const applied = "coalesce((SELECT value FROM meta WHERE name = 'applied_seq'), 0)"
	for what, query := range map[string]string{
		"a cursor that isn't where the facts are": `SELECT 1 WHERE coalesce((SELECT CAST(CAST(cursor AS TEXT) AS INTEGER) FROM cursors WHERE stream = 'stream'), 0) <>
			(SELECT count(*) FROM facts WHERE id GLOB 'stream/*')`,
		"an applied fact without record, verdict or message": `SELECT f.id FROM facts f WHERE f.seq <= ` + applied + ` AND NOT (
			EXISTS (SELECT 1 FROM changes c WHERE c.id = f.id AND c.revision = 1) AND
			EXISTS (SELECT 1 FROM verdicts v WHERE v.change_id = f.id) AND
			EXISTS (SELECT 1 FROM outbox o WHERE o.key = f.id))`,
		"a record of a fact that isn't applied":  "SELECT c.id FROM changes c JOIN facts f ON f.id = c.id GROUP BY c.id HAVING min(f.seq) > " + applied,
		"a message of a fact that isn't applied": "SELECT o.key FROM outbox o JOIN facts f ON f.id = o.key GROUP BY o.key HAVING min(f.seq) > " + applied,
		"a held delivery with facts, or one that was read without": `SELECT p.delivery FROM projections p WHERE
			(p.problem = '') <> (SELECT count(*) FROM ` + liveRows + ` AND f.delivery = p.delivery)`,
		"a delivery without a projection": "SELECT delivery_id FROM deliveries WHERE seq NOT IN (SELECT delivery FROM projections)",
		"a fact that nobody states and that isn't retracted": `SELECT g.id FROM withdrawn x JOIN facts g ON g.seq = x.fact WHERE NOT EXISTS (
			SELECT 1 FROM facts r WHERE r.id = g.id AND r.json = g.json AND r.seq > g.seq AND r.retracted = 1)`,
		"a fact without its delivery": "SELECT id FROM facts WHERE delivery NOT IN (SELECT seq FROM deliveries)",
	} {
		require.Empty(t, texts(t, l, query), what)
	}
}

func texts(t *testing.T, l *Ledger, query string) []string {
	t.Helper()
	all, err := list(t.Context(), l.readers, scanText, query)
	require.NoError(t, err)
	return all
}
