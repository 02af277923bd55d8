package mapping

import (
	"fmt"
	"strconv"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// maxText bounds a text in bytes.
const maxText = 4096

// A field takes a value into a fact. The error says what would be right of the value.
type field[F any] func(into *F, v ref.Val) error

// changeFields are the fields of a change by their names in the generic format.
func changeFields() map[string]field[correlate.Change] {
	return map[string]field[correlate.Change]{
		"id":               text(func(c *correlate.Change) *string { return &c.ID }),
		"kind":             text(func(c *correlate.Change) *correlate.Kind { return &c.Kind }),
		"status":           text(func(c *correlate.Change) *correlate.Status { return &c.Status }),
		"service":          text(func(c *correlate.Change) *string { return &c.Service }),
		"environment":      text(func(c *correlate.Change) *string { return &c.Environment }),
		"version":          text(func(c *correlate.Change) *string { return &c.Version }),
		"previous_version": text(func(c *correlate.Change) *string { return &c.PreviousVersion }),
		"commit":           text(func(c *correlate.Change) *string { return &c.Commit }),
		"digest":           text(func(c *correlate.Change) *string { return &c.Digest }),
		"commits":          commits,
		"started_at":       moment(func(c *correlate.Change) *time.Time { return &c.StartedAt }),
		"finished_at":      moment(func(c *correlate.Change) *time.Time { return &c.FinishedAt }),
		"updated_at":       moment(func(c *correlate.Change) *time.Time { return &c.UpdatedAt }),
		"instances":        texts(func(c *correlate.Change) *[]string { return &c.Instances }),
		"actor":            prose(func(c *correlate.Change) *string { return &c.Actor }),
		"team":             prose(func(c *correlate.Change) *string { return &c.Team }),
		"url":              prose(func(c *correlate.Change) *string { return &c.URL }),
		"labels":           labels(func(c *correlate.Change) *map[string]string { return &c.Labels }),
	}
}

// incidentFields are the fields of an incident by their names in the generic format.
func incidentFields() map[string]field[correlate.Incident] {
	return map[string]field[correlate.Incident]{
		"id":              text(func(i *correlate.Incident) *string { return &i.ID }),
		"service":         text(func(i *correlate.Incident) *string { return &i.Service }),
		"services":        texts(func(i *correlate.Incident) *[]string { return &i.Services }),
		"service_guessed": truth(func(i *correlate.Incident) *bool { return &i.ServiceGuessed }),
		"environment":     text(func(i *correlate.Incident) *string { return &i.Environment }),
		"severity":        text(func(i *correlate.Incident) *string { return &i.Severity }),
		"title":           prose(func(i *correlate.Incident) *string { return &i.Title }),
		"url":             prose(func(i *correlate.Incident) *string { return &i.URL }),
		"opened_at":       moment(func(i *correlate.Incident) *time.Time { return &i.OpenedAt }),
		"acknowledged_at": moment(func(i *correlate.Incident) *time.Time { return &i.AcknowledgedAt }),
		"resolved_at":     moment(func(i *correlate.Incident) *time.Time { return &i.ResolvedAt }),
		"updated_at":      moment(func(i *correlate.Incident) *time.Time { return &i.UpdatedAt }),
		"caused_by":       text(func(i *correlate.Incident) *string { return &i.CausedBy }),
		"dedup_key":       text(func(i *correlate.Incident) *string { return &i.DedupKey }),
	}
}

// text takes a string or an integer: ids come as both.
func text[F any, T ~string](at func(*F) *T) field[F] {
	return func(into *F, v ref.Val) error {
		s, err := textOf(v)
		if err == nil && len(s) > maxText {
			err = wantError(fmt.Sprintf("must not be longer than %d bytes", maxText))
		}
		*at(into) = T(s)
		return err
	}
}

// prose is a text for people, cut where it gets too long.
func prose[F any](at func(*F) *string) field[F] {
	return func(into *F, v ref.Val) error {
		s, err := textOf(v)
		*at(into) = source.Clip(s, maxText)
		return err
	}
}

func textOf(v ref.Val) (string, error) {
	switch v := v.(type) {
	case types.String:
		return string(v), nil
	case types.Int:
		return numberText(v), nil
	}
	return "", wantError("must be a string or an integer")
}

// numberText is a number as JSON has it.
func numberText(v ref.Val) string {
	if n, ok := v.(types.Int); ok {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatFloat(float64(v.(types.Double)), 'f', -1, 64)
}

func moment[F any](at func(*F) *time.Time) field[F] {
	return func(into *F, v ref.Val) error {
		t, err := readTime(v)
		*at(into) = t
		return err
	}
}

func truth[F any](at func(*F) *bool) field[F] {
	return func(into *F, v ref.Val) error {
		b, ok := v.(types.Bool)
		if !ok {
			return wantError("must be true or false")
		}
		*at(into) = bool(b)
		return nil
	}
}

func texts[F any](at func(*F) *[]string) field[F] {
	return func(into *F, v ref.Val) error {
		return eachOf(v, "strings", func(element ref.Val) error {
			s, err := textOf(element)
			*at(into) = append(*at(into), s)
			return err
		})
	}
}

// commits takes the hashes of commits.
func commits(into *correlate.Change, v ref.Val) error {
	return eachOf(v, "commit hashes", func(element ref.Val) error {
		s, err := textOf(element)
		into.Commits = append(into.Commits, correlate.Commit{SHA: s})
		return err
	})
}

// maxItems bounds a list that is read.
const maxItems = 10_000

func eachOf(v ref.Val, what string, visit func(ref.Val) error) error {
	list, ok := v.(traits.Lister)
	if !ok {
		return wantError("must be a list of " + what)
	}
	if list.Size().(types.Int) > maxItems {
		return wantError(fmt.Sprintf("must not hold more than %d elements", maxItems))
	}
	for it := list.Iterator(); it.HasNext() == types.True; {
		element, ok := present(it.Next())
		if !ok {
			continue
		}
		if err := visit(element); err != nil {
			return err
		}
	}
	return nil
}

// labels takes a map of texts, with optional values among them.
func labels[F any](at func(*F) *map[string]string) field[F] {
	return func(into *F, v ref.Val) error {
		values, ok := v.(interface {
			traits.Iterable
			traits.Indexer
		})
		if !ok || v.Type() == types.ListType {
			return wantError("must be a map of strings")
		}
		all := map[string]string{}
		for it := values.Iterator(); it.HasNext() == types.True; {
			name := it.Next()
			value, ok := present(values.Get(name))
			if !ok {
				continue
			}
			key, err := textOf(name)
			if err != nil {
				return err
			}
			if all[key], err = textOf(value); err != nil {
				return err
			}
		}
		if len(all) > 0 {
			*at(into) = all
		}
		return nil
	}
}

// present is a value that isn't none, out of its optional.
func present(v ref.Val) (ref.Val, bool) {
	if optional, ok := v.(*types.Optional); ok {
		if !optional.HasValue() {
			return nil, false
		}
		v = optional.GetValue()
	}
	return v, v != nil && v != types.NullValue && !types.IsError(v)
}
