// Package replay answers: what would the daemon have said about this recorded case?
//
// It reads the files of a case, drives the same reducer, judge and engine as the daemon by event time, and yields the
// effects. The lines of a case are put into a canonical order first, so their order in the files doesn't matter.
package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/window"
)

// Run replays cases one after the other and writes their lines. An unreadable line is an error that begins with its
// file and line number.
func Run(ctx context.Context, cases []string, out io.Writer, cfg engine.Config) error {
	for _, dir := range cases {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := Read(dir, time.Duration(cfg.Resolution)*time.Second)
		if err != nil {
			return err
		}
		cfg := cfg
		cfg.KeepRecords = 0
		cfg.Signals = append(cfg.Signals[:len(cfg.Signals):len(cfg.Signals)], c.Signals...)
		if err := write(out, Drive(cfg, c)); err != nil {
			return err
		}
	}
	return nil
}

// Drive feeds a case to a new engine in event time and returns what follows, in the order it was decided.
func Drive(cfg engine.Config, c Case) []correlate.Effect {
	return engine.Replay(engine.New(cfg), engine.Recording{
		Facts: c.Facts, Cells: c.Cells, From: c.begin(cfg.Resolution), Until: c.end(cfg.Resolution),
	})
}

// begin is the first and end the last instant of a case; facts without telemetry around them don't stretch it.
func (c Case) begin(resolution int64) int64 {
	if len(c.Cells) > 0 {
		return c.Cells[0].Start
	}
	if len(c.Facts) > 0 {
		return window.Floor(c.Facts[0].EventTime().Unix(), resolution)
	}
	return 0
}

func (c Case) end(resolution int64) int64 {
	if len(c.Cells) > 0 {
		return c.Cells[len(c.Cells)-1].Start + resolution
	}
	return c.begin(resolution)
}

// write prints verdicts and regressions, one JSON object a line.
func write(out io.Writer, effects []correlate.Effect) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	for _, e := range effects {
		var line any
		switch {
		case e.Verdict != nil:
			line = struct {
				Type string `json:"type"`
				*correlate.Verdict
			}{"verdict", e.Verdict}
		case e.Regression != nil:
			line = struct {
				Type string `json:"type"`
				*correlate.Regression
			}{"regression", e.Regression}
		default:
			continue
		}
		if err := enc.Encode(line); err != nil {
			return fmt.Errorf("encode: %w", err)
		}
	}
	_, err := out.Write(buf.Bytes())
	return err
}
