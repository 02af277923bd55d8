package host

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/ledger"
)

// The test binary runs one of its own tests as the process that is killed. These variables say where its ledger is,
// where it sends to, and which of its lives it is.
const (
	dirVariable  = "SHIPWAKE_OUTBOX_DIR"
	urlVariable  = "SHIPWAKE_OUTBOX_URL"
	lifeVariable = "SHIPWAKE_OUTBOX_LIFE"
	// templateVariable: it sends by a template; else by a webhook.
	templateVariable = "SHIPWAKE_OUTBOX_TEMPLATE"
	// set by people: how many kills, and the file to which the figures are written
	killsVariable  = "SHIPWAKE_OUTBOX_KILLS"
	reportVariable = "SHIPWAKE_OUTBOX_REPORT"
)

// changes is how many changes get verdicts in turn.
const changes = 7

// TestDecideUntilKilled is that process: it commits verdicts as the loop does, and sends them, until it dies.
func TestDecideUntilKilled(t *testing.T) {
	dir := os.Getenv(dirVariable)
	if dir == "" {
		return // it is the process that another test kills
	}
	start, names := sending, "change-%d"
	if os.Getenv(templateVariable) != "" {
		start, names = noting, "change-"+os.Getenv(lifeVariable)+"-%d" // each life creates some
	}
	h, _, err := start(context.Background(), dir, os.Getenv(urlVariable), os.Getenv(lifeVariable))
	require.NoError(t, err)
	fmt.Println("up")
	l := newLoop(h)
	next := map[string]int{}
	for n := range changes {
		id := fmt.Sprintf(names, n)
		_, revisions, err := h.ledger.Change(context.Background(), id)
		if err == nil {
			next[id] = len(revisions)
		}
	}
	for range time.NewTicker(2 * time.Millisecond).C {
		id := fmt.Sprintf(names, rand.N(changes))
		next[id]++
		require.True(t, decide(l, id, next[id]))
	}
}

// TestNoMessageIsLostByAKill kills a sending process at random instants, and looks at the end what the receiver has.
func TestNoMessageIsLostByAKill(t *testing.T) {
	kills := killsOf(t, 12)
	in, dir, began := newInbox(t), t.TempDir(), time.Now()
	for life := range kills {
		liveAndDie(t, dir, in.url, life)
	}
	h, stop, err := sending(t.Context(), dir, in.url, "the last")
	require.NoError(t, err)
	eventually(t, "the queue is empty", func() bool {
		state, err := h.ledger.OutboxState(t.Context())
		return err == nil && len(state) == 0
	})
	b := balance(t, h, in.taken(), kills)
	require.NoError(t, stop())
	require.Positive(t, b.messages)
	t.Logf("%d kills: %d messages, each delivered; %d of them twice", kills, b.messages, b.twice)
	if path := os.Getenv(reportVariable); path != "" {
		b.report(t, path, kills, time.Since(began))
	}
}

// killsOf is how many kills a test has, unless people say otherwise.
func killsOf(t *testing.T, standard int) int {
	t.Helper()
	text := os.Getenv(killsVariable)
	if text == "" {
		return standard
	}
	kills, err := strconv.Atoi(text)
	require.NoError(t, err)
	return kills
}

// liveAndDie runs the process until up to a quarter of a second after it has begun to send; every fourth one may die
// before.
func liveAndDie(t *testing.T, dir, url string, life int, more ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDecideUntilKilled$")
	cmd.Env = append(append(os.Environ(), dirVariable+"="+dir, urlVariable+"="+url, lifeVariable+"="+strconv.Itoa(life)), more...)
	var trouble strings.Builder
	cmd.Stderr = &trouble
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(out)
	if life%4 != 3 {
		line, err := lines.ReadString('\n')
		require.NoError(t, err, "%s%s", line, trouble.String())
		require.Equal(t, "up\n", line, trouble.String())
	}
	time.Sleep(rand.N([]time.Duration{60, 250}[life%2] * time.Millisecond))
	require.NoError(t, cmd.Process.Kill())
	rest, _ := lines.ReadString(0) // the pipe is read to its end before Wait closes it
	require.ErrorContains(t, cmd.Wait(), "killed", "%s%s", rest, trouble.String())
}

// books are the figures of a run.
type books struct{ messages, twice int }

// balance compares what the ledger holds with what arrived.
func balance(t *testing.T, h *Host, arrivals []arrival, kills int) books {
	t.Helper()
	type revision struct {
		change string
		n      int
	}
	ids := map[revision]string{}
	doubles := map[string]int{} // by life
	newest := map[string]int{}  // revision by change
	var b books
	for _, a := range arrivals {
		r := revision{a.change, a.revision}
		if id, known := ids[r]; known {
			require.Equal(t, id, a.id, "a message that comes again has the same id")
			doubles[a.life]++
			b.twice++
		}
		ids[r] = a.id
		require.GreaterOrEqual(t, a.revision, newest[a.change], "the revisions of a change come in order")
		require.LessOrEqual(t, a.revision, newest[a.change]+1, "and without a gap")
		newest[a.change] = a.revision
	}
	for life, n := range doubles {
		require.LessOrEqual(t, n, 1, "life %s sent more than one message again", life)
	}
	require.LessOrEqual(t, b.twice, kills)
	for n := range changes {
		id := fmt.Sprintf("change-%d", n)
		_, revisions, err := h.ledger.Change(t.Context(), id)
		if !errors.Is(err, ledger.ErrNotFound) { // it died too often before its turn
			require.NoError(t, err)
		}
		require.Equal(t, len(revisions), newest[id], "every revision in the ledger has arrived")
		b.messages += len(revisions)
	}
	require.Len(t, ids, b.messages)
	return b
}

// report writes the figures as they stand in bench/results.
func (b books) report(t *testing.T, path string, kills int, took time.Duration) {
	t.Helper()
	text := fmt.Sprintf(`<!-- Written by `+"`make kill-outbox`"+`. -->
# Messages and kills

`+"`make kill-outbox`"+`: a process commits verdicts and posts them to a receiver, and is killed (SIGKILL) at a random instant, again and again on one ledger. At the end every verdict in the ledger has reached the receiver, in the order of its change; a message came a second time only after a kill, at most one for each, with the same webhook-id.

| kills | messages | lost | delivered twice | out of order | minutes |
|---|---|---|---|---|---|
| %d | %d | 0 | %d | 0 | %.1f |

Every figure: [outbox.txt](outbox.txt), in the format of Go's benchmarks.
`, kills, b.messages, b.twice, took.Minutes())
	require.NoError(t, os.WriteFile(path+".md", []byte(text), 0o644))
	line := fmt.Sprintf("BenchmarkOutboxKills %d %d ns/op %d messages 0 lost %d twice\n", kills, took.Nanoseconds()/int64(cmp.Or(kills, 1)), b.messages, b.twice)
	require.NoError(t, os.WriteFile(path+".txt", []byte(line), 0o644))
}
