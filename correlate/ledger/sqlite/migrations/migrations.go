// Package migrations answers: how does the schema of a ledger's file become the newest?
//
// The scripts in this folder are applied in the order of their names; the schema of a file is the number of those
// applied to it. An applied script is never edited: what changes goes into the next one.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ApplicationID marks the file as a ledger: "SWLG".
const ApplicationID = 0x53574c47

//go:embed *.sql
var scripts embed.FS

// Range is the schema that a file has and the one that it shall have.
type Range struct{ Have, Want int }

// Apply brings the schema up to what is wanted, at most to the newest. Each script is one transaction together with its
// number, so that a process that dies in the middle leaves either all of it or nothing. after is called after each
// statement; its error undoes the script.
func Apply(ctx context.Context, conn *sql.Conn, r Range, after func(version, statement int) error) error {
	names, err := scriptNames()
	if err != nil {
		return err
	}
	for i, name := range names {
		if version := i + 1; version > r.Have && version <= r.Want {
			if err := apply(ctx, conn, version, after); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func scriptNames() ([]string, error) { return fs.Glob(scripts, "*.sql") }

// Newest is the number of scripts.
func Newest() (int, error) {
	names, err := scriptNames()
	return len(names), err
}

func apply(ctx context.Context, conn *sql.Conn, version int, after func(version, statement int) error) error {
	statements, err := Statements(version)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for i, statement := range statements {
		_, err := conn.ExecContext(ctx, statement)
		if err = errors.Join(err, after(version, i+1)); err != nil {
			// What SQLite has already ended by itself needs no rollback, and its complaint about that says nothing.
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return nil
}

// Statements are those of the script that leads to a schema, the two marks that go with it, and the commit.
func Statements(version int) ([]string, error) {
	names, err := scriptNames()
	if err != nil {
		return nil, err
	}
	if version < 1 || version > len(names) {
		return nil, fmt.Errorf("there is no schema %d; they are numbered from 1 to %d", version, len(names))
	}
	script, err := scripts.ReadFile(names[version-1])
	if err != nil {
		return nil, err
	}
	var all []string
	for statement := range strings.SplitSeq(string(script), ";\n") {
		if strings.TrimSpace(statement) != "" {
			all = append(all, statement)
		}
	}
	return append(all,
		fmt.Sprintf("PRAGMA application_id = %d", ApplicationID),
		fmt.Sprintf("PRAGMA user_version = %d", version),
		"COMMIT"), nil
}
