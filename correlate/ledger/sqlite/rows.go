package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
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
