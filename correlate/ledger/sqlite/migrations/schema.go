package migrations

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// releasesSchema is the schema from which on a ledger says which releases wrote it.
const releasesSchema = 14

// Schema says how many scripts were applied to the file at a path, and refuses one that isn't ours. It only reads. Release is
// that of this program, "" when it isn't known.
func Schema(ctx context.Context, conn *sql.Conn, path, release string) (int, error) {
	var application, version, tables int
	err := errors.Join(
		conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&application),
		conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version),
		conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables))
	if err != nil {
		return 0, err
	}
	newest, err := Newest()
	switch fresh := application == 0 && version == 0 && tables == 0; {
	case err != nil:
		return 0, err
	case fresh:
		return 0, nil
	case application != ApplicationID:
		return 0, fmt.Errorf("%s is the database of another program (application id %#x, a ledger has %#x): move it away, "+
			"or choose another data directory", path, application, ApplicationID)
	case version > newest:
		return version, &NewerError{Path: path, Schema: version, Newest: newest, Release: release, WrittenBy: WrittenBy(ctx, conn, version)}
	}
	return version, nil
}

// NewerError is that of a ledger that a newer release wrote than this program is. Nothing was changed in it.
type NewerError struct {
	Path           string
	Schema, Newest int    // of the file, and the newest that this program knows
	Release        string // of this program; "" when it isn't known
	WrittenBy      string // the release that gave the file its schema; "" when it doesn't say
}

func (e *NewerError) Error() string {
	again := "the newer release"
	if e.WrittenBy != "" {
		again = "shipwake " + e.WrittenBy + ", or a newer one,"
	}
	this := "this program"
	if e.Release != "" {
		this += ", shipwake " + e.Release + ","
	}
	return fmt.Sprintf("%s was written by %s and has the schema %d; %s knows schemas up to %d, and so has left it as it is. "+
		"Start %s again. Or go back to a backup from before the upgrade: start this program with --data-dir on a copy of it "+
		"(what came since is not in it)", e.Path, cmp.Or(prefixed("shipwake ", e.WrittenBy), "a newer release"), e.Schema, this, e.Newest, again)
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// WrittenBy is the release that first gave a ledger its schema; "" when the file doesn't say.
func WrittenBy(ctx context.Context, conn *sql.Conn, schema int) (release string) {
	if schema < releasesSchema {
		return ""
	}
	// What a schema of tomorrow calls its tables isn't known: then it doesn't say.
	_ = conn.QueryRowContext(ctx, "SELECT release FROM releases WHERE schema = ? ORDER BY since, release LIMIT 1", schema).Scan(&release)
	return release
}

// Sign has a ledger say that a release writes it, with its schema. It writes nothing when the ledger says so already, so that
// a full disk keeps nobody from starting.
func Sign(ctx context.Context, conn *sql.Conn, release string, now time.Time) error {
	var schema, signed int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&schema); err != nil || release == "" || schema < releasesSchema {
		return err
	}
	err := conn.QueryRowContext(ctx, "SELECT schema FROM releases WHERE release = ?", release).Scan(&signed)
	if (err != nil && !errors.Is(err, sql.ErrNoRows)) || signed == schema {
		return err
	}
	_, err = conn.ExecContext(ctx, `INSERT INTO releases (release, schema, since) VALUES (?, ?, ?)
		ON CONFLICT (release) DO UPDATE SET schema = excluded.schema, since = excluded.since`, release, schema, now.UnixMicro())
	return err
}
