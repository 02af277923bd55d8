package importer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

// cursor is how far an import is: all records of the steps before, and so many of this one.
type cursor struct {
	Step    int   `json:"step"`
	Records int64 `json:"records"`
}

// state is what the file of an import says.
type state struct {
	Identity string `json:"identity"`
	Cursor   cursor `json:"cursor"`
	Counts   Counts `json:"counts"`
}

// loadState reads the state of an import; that of another one is none.
func loadState(file, identity string) (state, error) {
	fresh := state{Identity: identity}
	if file == "" {
		return fresh, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return fresh, fmt.Errorf("--state: %w", err)
	}
	var s state
	if json.Unmarshal(text, &s) != nil {
		return fresh, fmt.Errorf("--state: %s isn't the state of an import; name another file, or remove it to begin anew", file)
	}
	if s.Identity != identity {
		return fresh, nil
	}
	return s, nil
}

// Identity tells an import from others: what it is asked for, and how its files begin.
func Identity(asked any, files []string) (string, error) {
	sum := sha256.New()
	if err := json.NewEncoder(sum).Encode(asked); err != nil {
		return "", err
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%q", name)
		_, err = io.CopyN(sum, f, 64<<10)
		if errors.Is(err, io.EOF) {
			err = nil // it is shorter than that
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// saveEvery is how much is sent twice at most after a kill.
const saveEvery = time.Second

// tracker notes how far everything is sent, while parcels arrive in any order, and saves it.
type tracker struct {
	im *Import

	mu    sync.Mutex
	state state
	next  int
	ahead map[int]cursor // of parcels that arrived before others
	saved time.Time
}

func newTracker(from state, im *Import) *tracker {
	return &tracker{im: im, state: from, ahead: map[int]cursor{}, saved: im.Now()}
}

// done notes that a parcel arrived.
func (t *tracker) done(p Parcel) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ahead[p.seq] = p.after
	for {
		after, ok := t.ahead[t.next]
		if !ok {
			break
		}
		delete(t.ahead, t.next)
		t.next++
		t.state.Cursor = after
	}
	if now := t.im.Now(); now.Sub(t.saved) >= saveEvery {
		t.saved = now
		return t.save()
	}
	return nil
}

// close saves the state, or removes it when all is sent.
func (t *tracker) close(complete bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !complete {
		return t.save()
	}
	if t.im.State == "" {
		return nil
	}
	if err := os.Remove(t.im.State); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// save writes the state whole or not at all.
func (t *tracker) save() error {
	if t.im.State == "" {
		return nil
	}
	t.state.Counts = t.im.Report.Counts()
	text, err := json.Marshal(t.state)
	if err != nil {
		return err
	}
	return writeFile(t.im.State, append(bytes.TrimSpace(text), '\n'))
}

// writeFile replaces a file at once.
func writeFile(name string, text []byte) error {
	aside := name + ".new"
	f, err := os.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("the state can't be kept: %w; --state names another file", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(aside, name)
}
