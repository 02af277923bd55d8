package app

import "github.com/spf13/pflag"

// listing asks a daemon for a list: which daemon, of what, and how the answer is looked at.
type listing struct {
	asking
	looking
	filters
}

// addFlags adds all flags but those of time: of the filters those that the list has.
func (l *listing) addFlags(flags *pflag.FlagSet, filters ...string) {
	l.filters.add(flags, filters...)
	l.looking.addFlags(flags)
	l.asking.addFlags(flags)
}
