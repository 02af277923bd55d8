package app

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/pflag"
)

// filters are what narrows a list. Each flag is called as the parameter of the API is, with the same meaning in every command.
type filters struct {
	text  map[string]*string
	open  bool
	limit int
	// within is the time that is asked about; nil where the API has no such filter.
	within *window
}

// filterUsage is what each filter is for.
var filterUsage = map[string]string{
	"service":     "only this `service`",
	"environment": "only this `environment`",
	"team":        "only what belongs to this `team`",
	"version":     "only this `version`",
	"verdict":     "only with this `verdict`: regressed, healthy or inconclusive",
	"phase":       "only in this `phase`: observing, closed, history, merged or retracted",
	"change":      "only what is about the change with this `id`",
	"result":      "only those `result`: requested, dry_run or refused",
	"as-of":       "as it was known at this `time`",
}

// mostListed is the largest limit that the API takes.
const mostListed = 1000

// add adds the filters of these names, and how many rows there may be.
func (f *filters) add(flags *pflag.FlagSet, names ...string) {
	f.text = map[string]*string{}
	for _, name := range names {
		f.text[name] = flags.String(name, "", filterUsage[name])
	}
	flags.IntVar(&f.limit, "limit", 100, fmt.Sprintf("at most so many, up to %d", mostListed))
}

// addTime adds the filters of time, with how far back is asked when nothing is said; "" is without end.
func (f *filters) addTime(flags *pflag.FlagSet, standard string) {
	f.within = &window{standard: standard}
	f.within.addFlags(flags)
}

// query is what the API is asked.
func (f *filters) query(now time.Time) (url.Values, error) {
	query := url.Values{}
	if f.within != nil {
		var err error
		if query, err = f.within.query(now); err != nil {
			return nil, err
		}
	}
	for name, value := range f.text {
		switch {
		case *value == "":
		case name == "as-of":
			at, err := f.instant(name, *value, now)
			if err != nil {
				return nil, err
			}
			query.Set("as_of", at.UTC().Format(time.RFC3339Nano))
		default:
			query.Set(name, *value)
		}
	}
	if f.open {
		query.Set("open", "true")
	}
	if f.limit < 1 || f.limit > mostListed {
		return nil, fmt.Errorf("--limit %d: want 1 to %d", f.limit, mostListed)
	}
	query.Set("limit", strconv.Itoa(f.limit))
	return query, nil
}

func (f *filters) instant(flag, text string, now time.Time) (time.Time, error) {
	if f.within == nil {
		f.within = &window{}
	}
	return f.within.instant(flag, text, now)
}
