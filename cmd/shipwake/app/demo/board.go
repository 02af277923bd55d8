package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// scene is how far one act has come.
type scene struct {
	act
	began, ended time.Time
	served       string // the versions that serve, while they differ
	verdict      *correlate.Verdict
	answered     time.Time // when the API first gave the answer that stands
	strayed      bool      // the opposite of the right answer was given
}

// settled says whether the demo need not wait any more for this act's verdict: there is one, and it is not that more
// has to be seen.
func (s *scene) settled() bool {
	return s.verdict != nil && (s.verdict.Final || s.verdict.Outcome != correlate.Inconclusive)
}

// board is what the audience sees while the demo runs: on a terminal a table that is drawn again in place, otherwise
// a line whenever something happens.
type board struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	raised   time.Time // when the curtain rose
	scenes   []*scene
	status   string
	drawn    int // lines on the screen to draw over
}

func newBoard(out io.Writer, terminal bool, acts []act, now time.Time) *board {
	b := &board{out: out, terminal: terminal, raised: now}
	for _, a := range acts {
		b.scenes = append(b.scenes, &scene{act: a})
	}
	return b
}

// change lets f change a scene, and says what happened when there is no table that shows it.
func (b *board) change(s *scene, now time.Time, f func() string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if happened := f(); happened != "" && !b.terminal {
		fmt.Fprintf(b.out, "%s  %-16s %s\n", clock(now.Sub(b.raised)), s.service, happened)
	}
}

// onStage says whether an act has begun.
func (b *board) onStage(s *scene) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !s.began.IsZero()
}

// refresh draws the table again with a new status line.
func (b *board) refresh(now time.Time, status string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = clock(now.Sub(b.raised)) + "  " + status
	b.erase()
	b.draw()
}

// clear takes the table away.
func (b *board) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.erase()
	b.terminal = false
}

// all returns copies of the scenes.
func (b *board) all() []scene {
	b.mu.Lock()
	defer b.mu.Unlock()
	var copies []scene
	for _, s := range b.scenes {
		copies = append(copies, *s)
	}
	return copies
}

// What a terminal is told: lines that are too long are cut instead of wrapped, so that the cursor can find its way back
// up over the lines that were drawn, to erase them.
const (
	noWrap = "\x1b[?7l"
	wrap   = "\x1b[?7h"
	upBy   = "\x1b[%dA"
	below  = "\x1b[J"
)

func (b *board) erase() {
	if b.terminal && b.drawn > 0 {
		fmt.Fprintf(b.out, upBy+below, b.drawn)
	}
	b.drawn = 0
}

func (b *board) draw() {
	if !b.terminal || b.status == "" {
		return
	}
	lines := []string{"", b.status, ""}
	for _, s := range b.scenes {
		lines = append(lines, s.line())
	}
	lines = append(lines, "")
	fmt.Fprint(b.out, noWrap+strings.Join(lines, "\n")+"\n"+wrap)
	b.drawn = len(lines)
}

// line is one row of the table: what is deployed, how far it is, what Shipwake says.
func (s *scene) line() string {
	return fmt.Sprintf("  %-16s %s → %s  %-9s %-24s %-12s %s",
		s.service, s.from, s.release.Version, s.by, s.name, s.progress(), s.opinion())
}

func (s *scene) progress() string {
	switch {
	case s.began.IsZero() && s.after != "":
		return "to come"
	case s.began.IsZero():
		return "at " + clock(s.at)
	case s.ended.IsZero():
		return s.served
	}
	return "rolled out"
}

func (s *scene) opinion() string {
	switch {
	case s.verdict != nil:
		return headline(*s.verdict)
	case s.began.IsZero():
		return ""
	}
	return "observing …"
}

// headline is a verdict in a few words: the outcome, and why.
func headline(v correlate.Verdict) string {
	if v.Outcome == correlate.Healthy {
		return string(v.Outcome)
	}
	return string(v.Outcome) + " (" + words.Plain(string(v.Reason)) + ")"
}

// clock is a duration as mm:ss.
func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
