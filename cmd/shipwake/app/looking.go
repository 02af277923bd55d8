package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/cmd/shipwake/app/watch"
	"github.com/shipwake/shipwake/internal/span"
)

// looking is how an answer is looked at: in which form, and once or again and again.
type looking struct {
	output string
	watch  watching
}

func (l *looking) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&l.output, "output", string(rows.Table), "`format`: table, wide, json, yaml or csv")
	flags.Var(&l.watch, "watch", "keep asking: when there is news, or with --watch=5s every so often")
	flags.Lookup("watch").NoOptDefVal = watchNews
}

// watching says whether to keep asking, and how often; 0 is when there is news.
type watching struct {
	on    bool
	every time.Duration
}

// watchNews is the value of --watch without one.
const watchNews = "news"

// shortestWatch is the shortest interval: a second is as often as anybody can read.
const shortestWatch = time.Second

// String implements pflag.Value.
func (w *watching) String() string {
	switch {
	case !w.on:
		return ""
	case w.every == 0:
		return watchNews
	}
	return w.every.String()
}

// Set implements pflag.Value.
func (w *watching) Set(text string) error {
	if text == watchNews {
		*w = watching{on: true}
		return nil
	}
	d, err := span.Parse(text)
	if err == nil && d < shortestWatch {
		err = fmt.Errorf("%q is too often; once in %s is the most", text, shortestWatch)
	}
	if err == nil {
		*w = watching{true, d}
	}
	return err
}

// Type implements pflag.Value.
func (w *watching) Type() string { return "interval" }

// How often a watch asks that nobody gave an interval: with news as a reminder, since what is said of the last hours changes
// without any; without, in its place.
const (
	watchReminder = 30 * time.Second
	watchBlind    = 2 * time.Second
)

// question is one that can be asked again.
type question struct {
	ask func(context.Context, *client.Client) (rows.View, error)
	// news: the daemon tells when the answer is another one.
	news bool
	// head stands above the answer while it is watched; "" is the command itself.
	head string
	// keys: q ends the watch.
	keys bool
}

// show asks a daemon, and shows the answer.
func (l *looking) show(cmd *cobra.Command, a *asking, q question) error {
	if err := rows.Format(l.output).Check(); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	daemon, err := a.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	ask := func(ctx context.Context) (rows.View, error) { return q.ask(ctx, daemon) }
	if !l.watch.on {
		return l.once(cmd, ask)
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var news <-chan struct{}
	if q.news && l.watch.every == 0 {
		news = daemon.Follow(ctx)
	}
	return l.again(ctx, cmd, ask, news, q)
}

// once asks and writes the answer.
func (l *looking) once(cmd *cobra.Command, ask func(context.Context) (rows.View, error)) error {
	view, err := ask(cmd.Context())
	if err != nil {
		return noAnswer(err)
	}
	out := cmd.OutOrStdout()
	return view.Write(out, rows.Format(l.output), screen.Of(out, os.Getenv))
}

// again asks until ctx ends.
func (l *looking) again(ctx context.Context, cmd *cobra.Command, ask func(context.Context) (rows.View, error), news <-chan struct{}, q question) error {
	every := l.watch.every
	switch {
	case every == 0 && news != nil:
		every = watchReminder
	case every == 0:
		every = watchBlind
	}
	out := cmd.OutOrStdout()
	o := watch.Options{
		Ask: ask, Away: away, Every: every, News: news, Format: rows.Format(l.output), Head: cmp.Or(q.head, cmd.CommandPath()),
		Out: out, Problems: cmd.ErrOrStderr(), Screen: func() screen.Screen { return screen.Of(out, os.Getenv) },
	}
	if q.keys {
		o.Keys = func(quit func()) (func(), error) { return screen.Keys(os.Stdin, quit) }
	}
	return noAnswer(watch.Run(ctx, o))
}

// errBusy is the answer of a daemon that can't say something now.
var errBusy = errors.New("the daemon is busy and can't say now; ask again")
