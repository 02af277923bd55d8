package accuracy

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/replay"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
)

// Corpus is a folder of recorded cases: replay cases with a truth.json. Nothing of them is kept.
type Corpus struct {
	Dir   string
	Every int // only each so many-th case, in the order of their names
}

func (c Corpus) cases() (all []labelled, err error) {
	found, err := filepath.Glob(filepath.Join(c.Dir, "*", "truth.json"))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: want a folder of cases, each with a truth.json", c.Dir)
	}
	set := filepath.Base(c.Dir)
	for i, path := range found {
		if dir := filepath.Dir(path); i%max(1, c.Every) == 0 {
			all = append(all, labelled{set + "/" + filepath.Base(dir), set, func() (func(engine.Config) Result, error) { return recorded(dir) }})
		}
	}
	return all, err
}

// recorded reads a case with its labels.
func recorded(dir string) (func(engine.Config) Result, error) {
	text, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		return nil, err
	}
	var truth struct {
		Changes map[string]correlate.Outcome
		Culprit string
	}
	if err := json.Unmarshal(text, &truth); err != nil {
		return nil, fmt.Errorf("%s: truth.json: %w", dir, err)
	}
	cfg := engine.DefaultConfig()
	c, err := replay.Read(dir, time.Duration(cfg.Resolution)*time.Second)
	if err != nil {
		return nil, err
	}
	labels := Case{Kind: filepath.Base(dir), Culprit: truth.Culprit}
	seen := map[string]bool{}
	for _, f := range c.Facts {
		if o := f.Change; o != nil && truth.Changes[o.ID] != "" && !seen[o.ID] {
			seen[o.ID] = true
			labels.Changes = append(labels.Changes, Label{ID: o.ID, Bad: truth.Changes[o.ID] == correlate.Regressed, Start: f.EventTime().Unix()})
		}
	}
	return func(cfg engine.Config) Result {
		cfg.Signals = append(cfg.Signals[:len(cfg.Signals):len(cfg.Signals)], c.Signals...)
		r := Result{Case: labels, Verdicts: map[string][]correlate.Verdict{}}
		r.hear(replay.Drive(cfg, c))
		return r
	}, nil
}
