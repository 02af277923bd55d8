package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger/sqlite/disk"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite/migrations"
)

const (
	// maxBatch bounds how many requests share a transaction.
	maxBatch = 512
	// cacheBytes is the page cache of the connection that writes. It holds the pages that many changes at once touch in every
	// index: with less, each is written and read again within one transaction. It is only taken as far as it is used.
	cacheBytes = 24 << 20
	// foldEvery is how many pages the write-ahead log has when it is folded into the file. A page that was written many times
	// since is folded once.
	foldEvery = (16 << 20) / pageSize
)

// origin says whose data a request brings.
type origin bool

const (
	ofDaemon  origin = false // what the daemon itself has to keep: it may spend the reserve
	ofSenders origin = true  // facts: refused while the reserve is spent
)

// request is one caller's writes. apply may run twice, when the transaction that it shared failed, and so must start its
// results afresh.
type request struct {
	origin
	apply func(*transaction) error
	err   error
	done  chan struct{}
}

// writer owns the only connection that writes.
type writer struct {
	now      func() time.Time
	db       *sql.DB
	injected func(step string) error
	reserve  *disk.Reserve
	broken   atomic.Pointer[error] // why nothing is written any more, nil as long as it is
	tx       *transaction
	requests chan *request // unbuffered: a request is either still the caller's or being committed
	closing  chan struct{}
	once     sync.Once
	running  sync.WaitGroup

	mu    sync.Mutex
	stats stats
}

type stats struct {
	commits, failures int64
	busy              time.Duration
	last              time.Time
}

func newWriter(ctx context.Context, path string, r *disk.Reserve, options Options) (*writer, error) {
	db, err := connect(path)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{
		now: options.Now, db: db, injected: options.injected, reserve: r, tx: &transaction{conn: conn, prepared: make(map[string]*sql.Stmt)},
		requests: make(chan *request), closing: make(chan struct{}),
	}
	if err := prepare(ctx, conn, path, options); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// prepare turns whatever is at path into a ledger of the newest schema, or refuses it untouched.
func prepare(ctx context.Context, conn *sql.Conn, path string, options Options) error {
	have, err := migrations.Schema(ctx, conn, path, options.Release)
	if err != nil {
		return err
	}
	pragmas := []string{
		"PRAGMA journal_size_limit = 67108864",
		fmt.Sprintf("PRAGMA cache_size = -%d", cacheBytes>>10),
		fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", foldEvery),
	}
	if options.Unsynced {
		pragmas = append(pragmas, "PRAGMA synchronous = OFF")
	}
	if options.MaxBytes > 0 {
		pragmas = append(pragmas, fmt.Sprintf("PRAGMA max_page_count = %d", options.MaxBytes/pageSize))
	}
	for _, p := range pragmas {
		if _, err := conn.ExecContext(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	if err := logAhead(ctx, conn, path); err != nil {
		return err
	}
	if err := migrations.Apply(ctx, conn, migrations.Range{Have: have, Want: options.schema}, options.migrated); err != nil {
		return err
	}
	if err := migrations.Sign(ctx, conn, options.Release, options.Now()); err != nil && !noRoom(err) { // it is only there to be told
		return err
	}
	if options.schema < historySchema {
		return nil
	}
	return beginHistory(ctx, conn, options.Now())
}

// logAhead switches to WAL mode, which SQLite quietly doesn't do where the file system can't share memory.
func logAhead(ctx context.Context, conn *sql.Conn, path string) error {
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA page_size = %d", pageSize)); err != nil {
		return err
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("%s can't have a write-ahead log (journal mode %q): keep the data directory on a local disk", path, mode)
	}
	return nil
}

func (w *writer) start() { w.running.Go(w.run) }

func (w *writer) close() error {
	var errs []error
	w.once.Do(func() {
		close(w.closing)
		w.running.Wait()
		errs = append(errs, w.tx.close(), w.db.Close())
	})
	return errors.Join(errs...)
}

// write hands in a request and waits for its commit. A context that ends before the writer has taken the request
// withdraws it; afterwards the answer is waited for, because it is already being decided.
func (w *writer) write(ctx context.Context, of origin, apply func(*transaction) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if broken := w.broken.Load(); broken != nil {
		return *broken
	}
	r := &request{origin: of, apply: apply, done: make(chan struct{})}
	select {
	case w.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return errClosed
	}
	<-r.done
	return unavailable(r.err)
}

func (w *writer) run() {
	for {
		select {
		case r := <-w.requests:
			w.reserve.Retake()
			if batch := w.admit(w.gather(r)); len(batch) > 0 {
				w.commit(batch)
			}
		case <-w.closing:
			return
		}
	}
}

// gather takes along whoever else is waiting. Yielding once lets those come who have just been answered.
func (w *writer) gather(first *request) []*request {
	batch := []*request{first}
	runtime.Gosched()
	for len(batch) < maxBatch {
		select {
		case r := <-w.requests:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// admit refuses facts while the reserve is spent.
func (w *writer) admit(batch []*request) []*request {
	if !w.reserve.Spent() {
		return batch
	}
	return slices.DeleteFunc(batch, func(r *request) bool {
		if r.origin == ofSenders {
			r.err = w.reserve.Refusal()
			close(r.done)
		}
		return r.origin == ofSenders
	})
}

// commit writes a batch and answers it. A transaction that failed for one request, or that was lost to a full disk, is tried
// again request by request, so that each fails alone; what the daemon itself has to keep is then tried once more with the
// reserve.
func (w *writer) commit(batch []*request) {
	began := time.Now()
	culprit, err := w.attempt(batch)
	alone := len(batch) == 1
	w.count(err, culprit != nil && code(err) == 0, time.Since(began))
	if !alone && (culprit != nil || full(err)) {
		for i := range batch {
			w.commit(batch[i : i+1])
		}
		return
	}
	for _, r := range batch {
		r.err = err
	}
	if alone && full(err) && batch[0].origin == ofDaemon && w.reserve.Spend() {
		w.commit(batch)
		return
	}
	for _, r := range batch {
		close(r.done)
	}
}

// count takes down an attempt. That a request is refused for what it says is no failure of the ledger.
func (w *writer) count(err error, refused bool, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stats.busy += took
	switch {
	case err == nil:
		w.stats.commits++
		w.stats.last = w.now()
	case !refused:
		w.stats.failures++
	}
}

// attempt runs a batch in one transaction. After an error nothing of it took effect; the culprit is the request whose own
// error it is, nil when it is that of the transaction.
func (w *writer) attempt(batch []*request) (culprit *request, err error) {
	if err := w.step("begin", "BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	for _, r := range batch {
		if err := r.apply(w.tx); err != nil {
			return r, w.tx.undo(err)
		}
		if err := w.injected("write"); err != nil {
			return nil, w.tx.undo(err)
		}
	}
	if err := w.step("commit", "COMMIT"); err != nil {
		return nil, w.tx.undo(err)
	}
	return nil, nil
}

func (w *writer) step(name, statement string) error {
	if err := w.injected(name); err != nil {
		return err
	}
	return w.tx.exec(statement)
}

// transaction is the writing connection with its prepared statements.
type transaction struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

// undo ends a transaction that failed. Its own error says no more than that SQLite has already ended it.
func (t *transaction) undo(cause error) error {
	_ = t.exec("ROLLBACK")
	return cause
}

func (t *transaction) statement(query string) (*sql.Stmt, error) {
	if s, ok := t.prepared[query]; ok {
		return s, nil
	}
	s, err := t.conn.PrepareContext(context.Background(), query)
	if err == nil {
		t.prepared[query] = s
	}
	return s, err
}

func (t *transaction) exec(query string, args ...any) error {
	_, err := t.insert(query, args...)
	return err
}

// insert returns the new row's number, or 0 when the row was already there.
func (t *transaction) insert(query string, args ...any) (int64, error) {
	s, err := t.statement(query)
	if err != nil {
		return 0, err
	}
	result, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	if n, err := result.RowsAffected(); n == 0 || err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// integer reads one number, 0 when there is no row.
func (t *transaction) integer(query string, args ...any) (int64, error) {
	s, err := t.statement(query)
	if err != nil {
		return 0, err
	}
	var n int64
	err = s.QueryRow(args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// each calls row for every row of a query.
func (t *transaction) each(row func(scan func(...any) error) error, query string, args ...any) (err error) {
	s, err := t.statement(query)
	if err != nil {
		return err
	}
	rows, err := s.Query(args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *transaction) close() error {
	var errs []error
	for _, s := range t.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, t.conn.Close())...)
}
