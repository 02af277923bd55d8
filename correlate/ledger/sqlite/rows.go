package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// querier is what reads need: the pool of readers, or one transaction of it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each calls row for every row of a query.
func each(ctx context.Context, q querier, row func(scan func(...any) error) error, query string, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
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

// list collects every row of a query.
func list[T any](ctx context.Context, q querier, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := each(ctx, q, func(from func(...any) error) error {
		item, err := scan(from)
		all = append(all, item)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// chunk is how many rows are decoded in one go.
const chunk = 256

// listDecoded is list for rows that cost more to decode than to read: one goroutine reads, as many as there are
// processors decode. The order is that of the query.
func listDecoded[R, T any](ctx context.Context, q querier, scan func(func(...any) error) (R, error), decode func(R) (T, error), query string, args ...any) ([]T, error) {
	var parts []*part[R, T]
	var decoding sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	flush := func(rows []R) {
		p := &part[R, T]{rows: rows}
		parts = append(parts, p)
		free <- struct{}{}
		decoding.Go(func() {
			p.decode(decode)
			<-free
		})
	}
	rows := make([]R, 0, chunk)
	err := each(ctx, q, func(from func(...any) error) error {
		row, err := scan(from)
		if rows = append(rows, row); len(rows) == chunk {
			flush(rows)
			rows = make([]R, 0, chunk)
		}
		return err
	}, query, args...)
	flush(rows)
	decoding.Wait()
	if err != nil {
		return nil, err
	}
	return join(parts)
}

// part is a run of rows and what became of them.
type part[R, T any] struct {
	rows  []R
	items []T
	err   error
}

func (p *part[R, T]) decode(decode func(R) (T, error)) {
	p.items = make([]T, len(p.rows))
	for i := range p.rows {
		if p.items[i], p.err = decode(p.rows[i]); p.err != nil {
			return
		}
	}
	p.rows = nil
}

func join[R, T any](parts []*part[R, T]) ([]T, error) {
	count := 0
	for _, p := range parts {
		if p.err != nil {
			return nil, p.err
		}
		count += len(p.items)
	}
	if count == 0 {
		return nil, nil
	}
	all := make([]T, 0, count) // records are large: growing would copy them several times
	for _, p := range parts {
		all = append(all, p.items...)
	}
	return all, nil
}

func scanInt(scan func(...any) error) (n int64, err error) {
	err = scan(&n)
	return n, err
}

// decode reads a JSON column.
func decode(text []byte, into any, what string, id any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("the stored %s %v can't be read: %w", what, id, err)
	}
	return nil
}

// encode writes a JSON column.
func encode(from any, what, id string) (string, error) {
	text, err := json.Marshal(from)
	if err != nil {
		return "", fmt.Errorf("the %s %q can't be stored: %w", what, id, err)
	}
	return string(text), nil
}

// conditions collects what a filter asks for.
type conditions struct {
	terms []string
	args  []any
}

func (c *conditions) add(term string, args ...any) {
	c.terms = append(c.terms, term)
	c.args = append(c.args, args...)
}

// equal restricts a column unless the value is empty.
func (c *conditions) equal(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

// service restricts a column to services of a name, and if namesakes says so to those that have it in a namespace.
func (c *conditions) service(column, name string, namesakes bool) {
	if name != "" {
		term, args := serviceTerm(column, name, namesakes)
		c.add(term, args...)
	}
}

// incidentService is service for incident_history: an incident may be about several.
func (c *conditions) incidentService(name string, namesakes bool) {
	if name == "" {
		return
	}
	first, args := serviceTerm("service", name, namesakes)
	each, _ := serviceTerm("value", name, namesakes)
	c.add("("+first+" OR EXISTS (SELECT 1 FROM json_each(incident_history.json, '$.services') WHERE "+each+"))", append(args, args...)...)
}

func serviceTerm(column, name string, namesakes bool) (string, []any) {
	if !namesakes || strings.Contains(name, "/") {
		return column + " = ?", []any{name}
	}
	return "(" + column + " = ? OR substr(" + column + ", ?) = ?)", []any{name, -utf8.RuneCountInString("/" + name), "/" + name}
}

// nameOf is a service without its namespace, as it is indexed.
func nameOf(column string) string {
	return "substr(" + column + ", length(rtrim(" + column + ", replace(" + column + ", '/', ''))) + 1)"
}

// column is one with the value that it is to have; nil and "" don't restrict.
type column struct {
	name  string
	value any
}

// list restricts a list to a service and by other columns, those first that select more. The first that is asked for is
// looked up in its index, which gives the order of the list as well; a plus keeps SQLite from choosing another.
func (c *conditions) list(of, service string, namesakes bool, others ...column) {
	plus := ""
	switch {
	case service == "":
	case namesakes && !strings.Contains(service, "/"):
		c.add(nameOf(of)+" = ?", service)
		plus = "+"
	default:
		c.add(of+" = ?", service)
		plus = "+"
	}
	for _, o := range others {
		if o.value != nil && o.value != "" {
			c.add(plus+o.name+" = ?", o.value)
			plus = "+"
		}
	}
}

// query puts a statement together. A limit of 0 is none.
func (c *conditions) query(from, order string, limit int) (string, []any) {
	var b strings.Builder
	b.WriteString(from)
	for i, term := range c.terms {
		b.WriteString([]string{" WHERE ", " AND "}[min(i, 1)])
		b.WriteString(term)
	}
	b.WriteString(" ORDER BY " + order)
	args := c.args
	if limit > 0 {
		b.WriteString(" LIMIT ?")
		args = append(args, limit)
	}
	return b.String(), args
}

// between restricts a time to from <= t < to; a zero bound doesn't restrict.
func (c *conditions) between(column string, from, to time.Time) {
	if !from.IsZero() {
		c.add(column+" >= ?", micros(from))
	}
	if !to.IsZero() {
		c.add(column+" < ?", micros(to))
	}
}

// micros is a time as a column holds it. fromMicros(micros(t)) is t cut to the microsecond, in UTC.
func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// newest is the latest of the times given, nil ones left out.
func newest(first time.Time, more ...*time.Time) time.Time {
	for _, t := range more {
		if t != nil && t.After(first) {
			first = *t
		}
	}
	return first
}
