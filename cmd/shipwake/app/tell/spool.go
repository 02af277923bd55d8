package tell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxSpool bounds a spool in bytes: tens of thousands of reports.
const maxSpool = 16 << 20

// Spool is a file of reports that could not be sent, one a line. Several processes may use it at once.
type Spool string

// Keep adds a report. The file is only for its owner, and is synced.
func (s Spool) Keep(report []byte) (err error) {
	info, err := os.Stat(string(s))
	if err == nil && info.Size()+int64(len(report)) > maxSpool {
		return fmt.Errorf("the spool %s is full: it has %d bytes of at most %d; is a daemon ever told?", s, info.Size(), maxSpool)
	}
	file, err := os.OpenFile(string(s), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("the spool: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(append(bytes.Clone(report), '\n')); err != nil {
		return fmt.Errorf("the spool: %w", err)
	}
	return file.Sync()
}

// Drain sends what is kept, oldest first, and says how many were sent and how many the daemon refused; those are kept in a
// file of their own, with .refused behind its name. What can't be sent is kept. The file is moved aside meanwhile, so that
// nobody else sends it as well; one that a process left there when it was killed is taken up again.
func (s Spool) Drain(ctx context.Context, t *Teller) (sent, refused int, err error) {
	aside := Spool(string(s) + ".sending")
	if err := s.moveTo(aside); err != nil {
		return 0, 0, err
	}
	text, err := os.ReadFile(string(aside))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("the spool: %w", err)
	}
	rest := text
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if len(line) > 0 {
			_, err = t.Send(ctx, line)
		}
		var no *RefusedError
		switch {
		case errors.As(err, &no):
			refused++
			err = Spool(string(s) + ".refused").Keep(line)
		case err == nil && len(line) > 0:
			sent++
		}
		if err != nil {
			return sent, refused, errors.Join(err, s.giveBack(rest, aside))
		}
		rest = after
	}
	if err := os.Remove(string(aside)); err != nil && !errors.Is(err, fs.ErrNotExist) { // another process sent the same
		return sent, refused, fmt.Errorf("the spool: %w", err)
	}
	return sent, refused, nil
}

// moveTo moves the spool aside, unless something is there already.
func (s Spool) moveTo(aside Spool) error {
	if _, err := os.Stat(string(aside)); err == nil {
		return nil
	}
	if err := os.Rename(string(s), string(aside)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the spool: %w", err)
	}
	return nil
}

// giveBack leaves aside what is left, whole or not at all.
func (s Spool) giveBack(rest []byte, aside Spool) error {
	file, err := os.CreateTemp(filepath.Dir(string(aside)), filepath.Base(string(aside))+".*")
	if err != nil {
		return fmt.Errorf("the spool: %w", err)
	}
	_, err = file.Write(rest)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), string(aside))
	}
	return err
}
