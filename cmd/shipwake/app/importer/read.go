package importer

import (
	"context"
	"errors"
	"fmt"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/correlate"
)

// reading is the way of the files to parcels.
type reading struct {
	*Import
	send  func(Parcel) error
	batch batch
	at    cursor // behind the record that was read last
	seq   int
}

// read reads the files from a cursor on.
func (im *Import) read(ctx context.Context, from state, send func(Parcel) error) error {
	r := &reading{Import: im, send: send}
	for i, step := range im.Plan {
		if i < from.Cursor.Step && !step.Aside {
			im.Progress.skipped(step.File)
			continue
		}
		r.at = cursor{Step: i}
		before := int64(0)
		if i == from.Cursor.Step {
			before = from.Cursor.Records
		}
		if err := r.file(ctx, step, before); err != nil {
			return err
		}
	}
	return nil
}

// file reads one file; the first records were sent before.
func (r *reading) file(ctx context.Context, step history.Step, before int64) error {
	in, err := openFile(step.File, r.Progress)
	if err != nil {
		return err
	}
	err = step.Read(history.Input{Name: step.File, Reader: in}, func(f history.Found) error {
		if r.at.Records++; r.at.Records <= before {
			return nil
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		return r.record(f)
	})
	var wrong *history.Wrong
	if errors.As(err, &wrong) && !r.Strict {
		r.Report.wrong(&history.Wrong{At: wrong.At, Field: wrong.Field, Want: wrong.Want + "; the rest of the file is not read"})
		err = nil
	}
	return errors.Join(err, r.flush(), in.Close())
}

// record puts what a record holds into parcels.
func (r *reading) record(f history.Found) error {
	r.Report.read()
	for i := range f.Facts {
		if f.Wrong == nil {
			f.Facts[i], f.Wrong = r.checked(f.Facts[i], f.At)
		}
	}
	switch {
	case f.Wrong != nil:
		r.Report.wrong(f.Wrong)
		if r.Strict {
			return errStrict
		}
	case len(f.Messages) > 0:
		return r.messages(f)
	case f.Ignored != "":
		r.Report.ignored(f.Ignored)
	}
	if f.Wrong != nil {
		return nil
	}
	full := false
	for _, fact := range f.Facts {
		ends, err := r.batch.add(fact, f.At)
		if err != nil {
			return err
		}
		full = full || ends
	}
	if full {
		return r.flush()
	}
	return nil
}

// messages sends the messages of a record. Before the last of them the record isn't sent.
func (r *reading) messages(f history.Found) error {
	behind := r.at
	r.at.Records--
	defer func() { r.at = behind }()
	if err := r.flush(); err != nil {
		return err
	}
	for i := range f.Messages {
		if i == len(f.Messages)-1 {
			r.at = behind
		}
		if err := r.parcel(Parcel{At: f.At, Message: &f.Messages[i]}); err != nil {
			return err
		}
	}
	return nil
}

// checked holds a fact against what the daemon would say of it.
func (r *reading) checked(f correlate.Fact, at history.Place) (correlate.Fact, *history.Wrong) {
	err := f.WithDefaults().Validate()
	var field *correlate.FieldError
	switch {
	case errors.As(err, &field):
		return f, &history.Wrong{At: at, Field: field.Field, Want: field.Want}
	case err != nil:
		return f, &history.Wrong{At: at, Want: err.Error()}
	case f.EventTime().Sub(r.Now()) > correlate.MaxAhead:
		return f, &history.Wrong{At: at, Want: fmt.Sprintf("is dated more than %s in the future", correlate.MaxAhead)}
	}
	return f, nil
}

// flush sends the facts that were gathered.
func (r *reading) flush() error {
	if r.batch.facts == 0 {
		return nil
	}
	return r.parcel(r.batch.take())
}

func (r *reading) parcel(p Parcel) error {
	p.seq, p.after = r.seq, r.at
	r.seq++
	return r.send(p)
}
