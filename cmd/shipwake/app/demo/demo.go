package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/shop"
)

// Options says how to give the demo.
type Options struct {
	// Daemon runs a daemon with its built-in configuration, the settings (as for --set) on top, and the data
	// directory, until the context ends.
	Daemon   func(ctx context.Context, sets []string, dataDir string) error
	Out      io.Writer
	Terminal bool // Out can be drawn over
	Colours  bool // Out shows colours
	Exit     bool // end after the last verdict instead of when ctx ends
}

// Why a demo ends with an error although it ran to its end.
var (
	// ErrWrong: a verdict differs from what the demo injected.
	ErrWrong = errors.New("not every verdict is what was injected")
	// ErrBusy: the machine was too busy for the shop to do what was to be injected.
	ErrBusy = errors.New("this machine was too busy for the demo; give it again when there is CPU to spare")
)

// How busy the shop is. The rate gives every service enough requests while its versions serve side by side to prove that
// it is healthy, and leaves a machine with two CPUs nine tenths of its time.
const (
	visitsPerSecond = 360
	days            = 90
)

// demo is a daemon, a shop that reports to it, and the board that shows both.
type demo struct {
	Options
	ports ports
	hooks *hooks
	api   *client.Client
	shop  *shop.Shop
	board *board
}

// Run gives the demo. It ends when everything is shown and, unless Exit is set, ctx has ended.
func Run(ctx context.Context, o Options) (err error) {
	dir, err := os.MkdirTemp("", "shipwake-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d := &demo{Options: o}
	if d.ports, err = freePorts(); err != nil {
		return err
	}
	shared, plain := newSecrets(), &http.Client{Timeout: 10 * time.Second}
	defer plain.CloseIdleConnections()
	d.hooks = &hooks{base: "http://" + d.ports.hooks, secrets: shared, client: plain}
	if d.api, err = client.New("http://"+d.ports.web, client.Access{}); err != nil {
		return err
	}
	defer d.api.Close()

	log := filepath.Join(dir, "daemon.log")
	daemon := inBackground(func(ctx context.Context) error {
		return o.Daemon(ctx, d.ports.sets(shared, log), filepath.Join(dir, "data"))
	})
	defer func() { err = errors.Join(err, daemon.end()) }()
	fmt.Fprintf(o.Out, "A daemon, on free ports, with its data in %s\n", dir)
	if err := daemon.ready(ctx, plain, d.ports.web); err != nil {
		return errors.Join(err, d.show(log))
	}
	return d.perform(ctx)
}

// perform tells the past, opens the shop, plays the script and says what came of it.
func (d *demo) perform(ctx context.Context) (err error) {
	past := history(time.Now(), days, running)
	fmt.Fprintf(d.Out, "%d days of the past: %d deployments and incidents through the generic webhook\n", days, len(past))
	if err := d.hooks.facts(ctx, past); err != nil {
		return fmt.Errorf("telling the past: %w", err)
	}
	d.shop, err = shop.Open(ctx, shop.Options{
		OTLP: d.ports.otlp(), Environment: "production", Version: running,
		Rate: visitsPerSecond, ExportEvery: 500 * time.Millisecond, Services: shop.Services(), Visits: shop.Visits(),
	})
	if err != nil {
		return fmt.Errorf("opening the shop: %w", err)
	}
	defer func() { err = errors.Join(err, d.shop.Close()) }()
	fmt.Fprintf(d.Out, "A shop of %d services with %d instances, %d visits a second, OTLP to the daemon\n\n",
		len(shop.Services()), d.shop.Instances(), visitsPerSecond)
	d.board = newBoard(d.Out, d.Terminal, style{d.Colours}, script(), time.Now())
	err = d.play(ctx)
	d.board.clear()
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted before the end")
	case err != nil:
		return err
	}
	result := d.report(ctx)
	if d.Exit {
		return result
	}
	d.directions()
	<-ctx.Done()
	return result
}

// show prints the daemon's log, for when it did not start.
func (d *demo) show(log string) error {
	text, err := os.ReadFile(log)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = d.Out.Write(text)
	}
	return err
}

// directions says where to look while the shop stays open.
func (d *demo) directions() {
	fmt.Fprintf(d.Out, `
The shop stays open. Look at http://%[1]s/changes
  /services/payment         what a service went through; /incidents, /dora and /daemon beside it
  /metrics                  for Prometheus
  /api/v1/changes?since=1h  the changes above, with their evidence
  shipwake verdict --api http://%[1]s --service payment --version v2
  shipwake dora --api http://%[1]s --since 90d --by team
Ctrl-C ends it.
`, d.ports.web)
}
