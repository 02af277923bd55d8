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
func migrate(ctx context.Context, conn *sql.Conn, have int, after func(statement int)) error {
	names, err := fs.Glob(scripts, "migrations/*.sql")
	if err != nil {
		return err
	}
	for i, name := range names {
		if i < have {
			continue
		}
		if err := apply(ctx, conn, name, i+1, after); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// newestSchema is the number of scripts.
func newestSchema() (int, error) {
	names, err := fs.Glob(scripts, "migrations/*.sql")
	return len(names), err
}

func apply(ctx context.Context, conn *sql.Conn, name string, version int, after func(int)) error {
	script, err := scripts.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for i, statement := range statements(string(script), version) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			_, undo := conn.ExecContext(ctx, "ROLLBACK")
			return errors.Join(fmt.Errorf("statement %d: %w", i+1, err), undo)
		}
		after(i + 1)
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
