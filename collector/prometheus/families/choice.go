package families

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Choice is which families are read, as a configuration says it.
type Choice struct {
	// Off are families that are not read, by name.
	Off []string `mapstructure:"off"`
	// Own are metrics that count requests and are in no family.
	Own []OwnFamily `mapstructure:"own"`
}

// OwnFamily is a family as the configuration writes it. Each list is of labels, of which the first one that says something
// counts.
type OwnFamily struct {
	Counter  string            `mapstructure:"counter"`  // of requests
	Duration string            `mapstructure:"duration"` // the histogram of how long they took, without _bucket
	Unit     string            `mapstructure:"unit"`     // of that: s, the default, or ms
	Status   []string          `mapstructure:"status"`   // how a request ended: an HTTP status or its class
	Errors   map[string]string `mapstructure:"errors"`   // in place of status: the values, as a regular expression, of labels of failed requests
	Service  []string          `mapstructure:"service"`  // which service was asked
	Version  []string          `mapstructure:"version"`  // which version of it answered
	Route    []string          `mapstructure:"route"`    // which route was asked for
	Only     map[string]string `mapstructure:"only"`     // the values, as a regular expression, of labels of the series to read
}

// Table is the families to read: the user's own before those that are known.
func (c *Choice) Table() (*Table, error) {
	var rows []Family
	for i, own := range c.Own {
		f, err := own.family()
		if err != nil {
			return nil, fmt.Errorf("own[%d]::%w", i, err)
		}
		f.Name = fmt.Sprintf("own[%d]", i)
		rows = append(rows, f)
	}
	known := All()
	var names []string
	for _, f := range known {
		names = append(names, f.Name)
		if !slices.Contains(c.Off, f.Name) {
			rows = append(rows, f)
		}
	}
	for _, name := range c.Off {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("off: %q is no family; those there are: %s", name, strings.Join(names, ", "))
		}
	}
	return NewTable(rows), nil
}

var metricName = regexp.MustCompile(`^[a-zA-Z_:.][a-zA-Z0-9_:.]*$`)

func (o *OwnFamily) family() (Family, error) {
	f := Family{Counter: plain(o.Counter), Own: true, Service: o.Service, Version: o.Version, Route: o.Route, Status: o.Status}
	switch {
	case o.Counter == "" && o.Duration == "":
		return f, errors.New("counter: name the counter of requests, or the histogram of their duration")
	case o.Counter != "" && !metricName.MatchString(o.Counter):
		return f, fmt.Errorf("counter: %q is no metric's name; matchers go to only", o.Counter)
	case o.Duration != "" && !metricName.MatchString(o.Duration):
		return f, fmt.Errorf("duration: %q is no metric's name; matchers go to only", o.Duration)
	case o.Unit != "" && o.Unit != "s" && o.Unit != "ms":
		return f, fmt.Errorf("unit: %q: must be s or ms", o.Unit)
	case len(o.Status) == 0 && len(o.Errors) == 0:
		return f, errors.New("status: name the label that tells how a request ended, or say in errors which values are failures")
	}
	if o.Duration != "" {
		f.Durations = []Duration{{Name: plain(o.Duration), Unit: "s"}}
		if o.Unit != "" {
			f.Durations[0].Unit = o.Unit
		}
	}
	var err error
	if f.Only, err = patterns("only", o.Only); err != nil {
		return f, err
	}
	f.Failed, err = patterns("errors", o.Errors)
	return f, err
}

func plain(name string) string { return strings.ReplaceAll(name, ".", "_") }

func patterns(key string, texts map[string]string) (map[string]*regexp.Regexp, error) {
	all := map[string]*regexp.Regexp{}
	for label, text := range texts {
		pattern, err := regexp.Compile("^(?:" + text + ")$")
		if err != nil {
			return nil, fmt.Errorf("%s::%s: %w", key, label, err)
		}
		all[label] = pattern
	}
	return all, nil
}
