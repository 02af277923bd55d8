package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// applicationID marks the file as a ledger: "SWLG".
const applicationID = 0x53574c47

// scripts are applied in the order of their names; the schema of a file is the number of those applied to it.
// An applied script is never edited: what changes goes into the next one.
//
//go:embed migrations/*.sql
var scripts embed.FS

// migrate brings the schema up to date. Each script is one transaction together with its number, so that a process
// that dies in the middle leaves either all of it or nothing.
func migrate(ctx context.Context, conn *sql.Conn, have int, options Options) error {
	names, err := scriptNames()
	if err != nil {
		return err
	}
	for i, name := range names {
		if version := i + 1; version > have && version <= options.schema {
			if err := apply(ctx, conn, name, version, options.migrated); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func scriptNames() ([]string, error) { return fs.Glob(scripts, "migrations/*.sql") }

// newestSchema is the number of scripts.
func newestSchema() (int, error) {
	names, err := scriptNames()
	return len(names), err
}

func apply(ctx context.Context, conn *sql.Conn, name string, version int, after func(version, statement int) error) error {
	script, err := scripts.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for i, statement := range statements(string(script), version) {
		_, err := conn.ExecContext(ctx, statement)
		if err = errors.Join(err, after(version, i+1)); err != nil {
			// What SQLite has already ended by itself needs no rollback, and its complaint about that says nothing.
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return nil
}

// statements are those of a script, the two marks that go with it, and the commit.
func statements(script string, version int) []string {
	var all []string
	for statement := range strings.SplitSeq(script, ";\n") {
		if strings.TrimSpace(statement) != "" {
			all = append(all, statement)
		}
	}
	return append(all,
		fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		fmt.Sprintf("PRAGMA user_version = %d", version),
		"COMMIT")
}
