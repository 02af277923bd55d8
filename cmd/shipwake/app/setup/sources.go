package setup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/collector/source"
	sources "github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/collector/source/mapping"
	"github.com/shipwake/shipwake/collector/source/vendors"
)

// tells is what the sources in Go tell of; of a mapping its rules say so.
var tells = map[string]struct{ changes, incidents bool }{
	"alertmanager": {incidents: true},
	"cdevents":     {changes: true, incidents: true},
	"generic":      {changes: true, incidents: true},
	"github":       {changes: true},
	"kubernetes":   {changes: true},
	"results":      {}, // checks of changes that others tell of
}

// byHand are the sources that need a decision of whoever sets them up, with what it is.
var byHand = map[string]string{
	"statuspage":       "its webhooks carry no secret, so that its name must be one: see docs/sources/statuspage.md",
	"pagerduty-change": "its secret is the routing key that your scripts have already: see docs/sources/pagerduty-change.md",
}

// Changes lists the sources that tell of changes, by name.
func Changes() []string { return listed(func(changes, _ bool) bool { return changes }) }

// Incidents lists the sources that tell of incidents, by name.
func Incidents() []string { return listed(func(_, incidents bool) bool { return incidents }) }

func listed(want func(changes, incidents bool) bool) (names []string) {
	for _, s := range append(sources.Sources(), sources.Watched()...) {
		if byHand[s.Name] == "" && want(told(s.Name)) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return names
}

// told says what a source tells of.
func told(name string) (changes, incidents bool) {
	text, ok := vendors.Text(name)
	if !ok {
		return tells[name].changes, tells[name].incidents
	}
	file, err := mapping.Parse(text)
	if err != nil {
		return false, false // vendors has its own tests
	}
	for _, rule := range file.Rules {
		changes, incidents = changes || rule.Change != nil, incidents || rule.Incident != nil
	}
	return changes, incidents
}

// title is a source as people call it.
func title(name string) string {
	if text, ok := vendors.Text(name); ok {
		if file, err := mapping.Parse(text); err == nil {
			return file.Title
		}
	}
	text, _ := source.Setup(name)
	heading, _, _ := strings.Cut(text, "\n")
	return strings.TrimPrefix(heading, "# ")
}

// check refuses names that aren't in a list, and says which are.
func check(flag string, names, known []string) error {
	for _, name := range names {
		if why := byHand[name]; why != "" {
			return fmt.Errorf("%s: %s is set up by hand: %s", flag, name, why)
		}
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s: there is no source %q; want some of %s, or none", flag, name, strings.Join(known, ", "))
		}
	}
	return nil
}

// find is a source by its name; false when nobody sends to it.
func find(name string) (source.Source, bool) {
	all := sources.Sources()
	i := slices.IndexFunc(all, func(s source.Source) bool { return s.Name == name })
	if i < 0 {
		return source.Source{}, false
	}
	return all[i], true
}
