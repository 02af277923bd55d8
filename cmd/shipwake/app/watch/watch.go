// Package watch answers: what is there now, and what changes?
//
// It asks again and again: when the daemon tells of news, when an interval is over, or both. On a terminal the newest answer
// stands in the place of the one before; elsewhere only what changed is written below it.
package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
)

// Options say what is watched, and on what it is shown.
type Options struct {
	// Ask asks once.
	Ask func(context.Context) (rows.View, error)
	// Away says of an error that asking again may help. Any other one ends the watch.
	Away func(error) bool
	// Every is the longest time from one question to the next.
	Every time.Duration
	// News has something when it is worth to ask before that; nil: never.
	News <-chan struct{}
	// Format is how an answer is written. Head stands above every answer on a terminal, with the time of it.
	Format rows.Format
	Head   string
	Out    io.Writer
	// Problems takes what goes wrong where Out is no terminal.
	Problems io.Writer
	// Keys has the terminal pass on keys and calls quit for some; what it returns makes the terminal as it was. nil: Ctrl-C alone.
	Keys func(quit func()) (restore func(), err error)
	// Screen is what Out is; it is asked for each answer, since a window may be made wider.
	Screen func() screen.Screen
}

// least is the shortest time from one question to the next, however much news there is.
const least = time.Second

// Run asks until ctx ends, which is no error.
func Run(ctx context.Context, o Options) error {
	w := watcher{Options: o}
	if o.Screen().Terminal {
		if err := screen.Open(o.Out); err != nil {
			return err
		}
		defer w.leave()
		if o.Keys != nil {
			var quit context.CancelFunc
			ctx, quit = context.WithCancel(ctx)
			defer quit()
			restore, err := o.Keys(quit)
			if err != nil {
				return err
			}
			defer restore() // before the last answer is left on the terminal
		}
	}
	for {
		if err := w.once(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		if !w.wait(ctx) {
			return nil
		}
	}
}

type watcher struct {
	Options
	last rows.View // the last answer, nil before the first
	away string    // why there is no newer one, "" when there is
}

// once asks and shows the answer. A daemon that is away leaves the last one, and says so.
func (w *watcher) once(ctx context.Context) error {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	view, err := w.Ask(asking)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil && (w.Away == nil || !w.Away(err)):
		return err
	}
	if w.Screen().Terminal {
		return w.paint(view, err)
	}
	return w.append(view, err)
}

// paint shows the newest answer, and above it how new it is.
func (w *watcher) paint(view rows.View, problem error) error {
	s := w.Screen()
	head := fmt.Sprintf("%s  %s", time.Now().Format("15:04:05"), w.Head)
	if problem != nil {
		head += "  " + s.Styled(screen.Red, "no answer: "+problem.Error())
	} else {
		w.last = view
	}
	var b bytes.Buffer
	b.WriteString(head + "\n\n")
	if w.last != nil {
		if err := w.last.Write(&b, w.Format, s); err != nil {
			return err
		}
	}
	return s.Paint(w.Out, b.String())
}

// append writes what changed.
func (w *watcher) append(view rows.View, problem error) error {
	if problem != nil {
		if text := problem.Error(); text != w.away {
			w.away = text
			_, err := fmt.Fprintf(w.Problems, "shipwake: %s; asking again\n", text)
			return err
		}
		return nil
	}
	before := w.last
	w.last, w.away = view, ""
	return view.News(w.Out, w.Format, before)
}

// wait waits until it is time to ask again; false when that is never.
func (w *watcher) wait(ctx context.Context) bool {
	pause := time.NewTimer(min(least, w.Every))
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-pause.C:
	}
	rest := time.NewTimer(w.Every - min(least, w.Every))
	defer rest.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-rest.C:
	case <-w.News:
	}
	return true
}

// leave gives the terminal back and leaves the last answer on it.
func (w *watcher) leave() {
	var b bytes.Buffer
	err := screen.Close(&b)
	if w.last != nil {
		err = errors.Join(err, w.last.Write(&b, w.Format, w.Screen()))
	}
	if err == nil {
		_, _ = b.WriteTo(w.Out)
	}
}
