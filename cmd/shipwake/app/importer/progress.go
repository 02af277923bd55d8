package importer

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/shipwake/shipwake/correlate/words"
)

// Progress says how far an import is: on a terminal a bar that moves, else a line now and then.
type Progress struct {
	out      io.Writer
	terminal bool
	total    int64 // bytes of all files
	done     atomic.Int64
	facts    func() int64
	now      func() time.Time
	began    time.Time
	first    int64 // facts that were sent before
}

// NewProgress reads how large the files are.
func NewProgress(out io.Writer, terminal bool, files []string, facts func() int64, now func() time.Time) *Progress {
	p := &Progress{out: out, terminal: terminal, facts: facts, now: now, began: now()}
	for _, name := range files {
		p.total += sizeOf(name)
	}
	return p
}

func sizeOf(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0 // who opens it will say so
	}
	return info.Size()
}

// Pauses between two words of progress.
const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 10 * time.Second
)

// Run tells until the channel is closed.
func (p *Progress) Run(ended <-chan struct{}) {
	p.first = p.facts()
	every := lineEvery
	if p.terminal {
		every = barEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			if p.terminal {
				fmt.Fprint(p.out, "\r\x1b[K")
			}
			return
		case <-ticker.C:
			p.tell()
		}
	}
}

func (p *Progress) tell() {
	if p.terminal {
		line := p.line()
		if p.total > 0 {
			line = bar(p.share()) + " " + line
		}
		fmt.Fprint(p.out, "\r\x1b[K"+line)
		return
	}
	fmt.Fprintln(p.out, p.line())
}

const barWidth = 30

func bar(share float64) string {
	full := int(share * barWidth)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", barWidth-full) + "]"
}

func (p *Progress) share() float64 {
	if p.total == 0 {
		return 0
	}
	return min(1, float64(p.done.Load())/float64(p.total))
}

// line is the share, what was sent, the rate, and how long the rest may take.
func (p *Progress) line() string {
	share, facts, took := p.share(), p.facts(), p.now().Sub(p.began)
	if p.total == 0 {
		return fmt.Sprintf("%s messages, %s", words.Count(facts), took.Round(time.Second))
	}
	rate := float64(facts-p.first) / max(took.Seconds(), 0.001)
	line := fmt.Sprintf("%3.0f %%  %s facts  %s/s", 100*share, words.Count(facts), words.Count(int64(rate)))
	if share > 0.01 && share < 1 {
		left := time.Duration(float64(took) * (1 - share) / share)
		line += "  " + left.Round(time.Second).String() + " left"
	}
	return line
}

func (p *Progress) bytes(n int64) { p.done.Add(n) }

// skipped counts a file that isn't read again.
func (p *Progress) skipped(name string) { p.bytes(sizeOf(name)) }
