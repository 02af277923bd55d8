package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Pulled is an intake that sends what is pulled to the doors of a daemon, and keeps the cursors in a file.
type Pulled struct {
	// Source is the one whose door takes it.
	Source   string
	Door     Door
	Report   *Report
	Strict   bool
	State    string // "" for none
	Identity string

	held pulledState
}

type pulledState struct {
	Identity string            `json:"identity"`
	Cursors  map[string][]byte `json:"cursors"`
	Counts   Counts            `json:"counts"`
}

// Begin reads the state.
func (p *Pulled) Begin() error {
	p.held = pulledState{Identity: p.Identity, Cursors: map[string][]byte{}}
	defer func() { p.Report.begin(state{Counts: p.held.Counts}) }()
	text, err := os.ReadFile(p.State)
	if p.State == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	var held pulledState
	if json.Unmarshal(text, &held) != nil || held.Cursors == nil {
		return fmt.Errorf("--state: %s isn't the state of an import; name another file, or remove it to begin anew", p.State)
	}
	if held.Identity == p.Identity {
		p.held = held
	}
	return nil
}

// End removes the state: everything is sent.
func (p *Pulled) End() error {
	if err := os.Remove(p.State); p.State != "" && err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Register implements source.Intake: the daemon reads.
func (p *Pulled) Register(string, source.Projector) {}

// Cursor implements source.Intake.
func (p *Pulled) Cursor(_ context.Context, stream string) ([]byte, error) {
	return p.held.Cursors[stream], nil
}

// Commit implements source.Intake: it sends deliveries, and then keeps the cursor.
func (p *Pulled) Commit(ctx context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error) {
	if err := p.sendAll(ctx, entries, move.Stream); err != nil {
		return correlate.Receipt{}, err
	}
	p.held.Cursors[move.Stream] = bytes.Clone(move.Next)
	p.held.Counts = p.Report.Counts()
	if p.State == "" {
		return correlate.Receipt{}, nil
	}
	text, err := json.Marshal(p.held)
	if err != nil {
		return correlate.Receipt{}, err
	}
	return correlate.Receipt{Accepted: len(entries)}, writeFile(p.State, text)
}

// sendAll sends deliveries, several at once; their order doesn't matter.
func (p *Pulled) sendAll(ctx context.Context, entries []correlate.Entry, stream string) error {
	var (
		working sync.WaitGroup
		mu      sync.Mutex
		failed  error
	)
	slots := make(chan struct{}, senders)
	for i, e := range entries {
		slots <- struct{}{}
		working.Go(func() {
			defer func() { <-slots }()
			at := history.Place{File: stream + " " + e.ID}
			err := p.send(ctx, Parcel{At: at, Message: &history.Message{Source: p.Source, Header: e.Header, Body: entries[i].Body}})
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
		})
	}
	working.Wait()
	return failed
}

func (p *Pulled) send(ctx context.Context, parcel Parcel) error {
	p.Report.read()
	receipt, err := p.Door.Take(ctx, parcel)
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		p.Report.wrong(&history.Wrong{At: parcel.At, Want: "the daemon doesn't take it: " + refused.Why})
		if p.Strict {
			return errStrict
		}
		return nil
	case err != nil:
		return err
	}
	p.Report.sent(parcel, receipt)
	return nil
}
