// Package guard answers: which of the safeguards of judging are in force, and which of them ever mattered?
//
// A safeguard is a rule without which some verdict could come out otherwise. Each is asked for by its name at the place
// where it makes a difference, so that a bench can switch it off and measure what it gains. In production there is no
// Set, and every guard is in force.
package guard

import (
	"maps"
	"slices"
)

// Guard is a safeguard: its name, and what it does.
type Guard struct{ Name, What string }

// Set says which guards are in force, and remembers which were asked for. A nil Set has all of them in force. A Set is
// for one run: it is not safe for concurrent use.
type Set struct{ off, asked map[string]bool }

// Without is a set with all guards in force but those named.
func Without(names ...string) *Set {
	s := &Set{off: map[string]bool{}, asked: map[string]bool{}}
	for _, name := range names {
		s.off[name] = true
	}
	return s
}

// On says whether a guard is in force. It is asked only where the answer makes a difference.
func (s *Set) On(name string) bool {
	if s == nil {
		return true
	}
	s.asked[name] = true
	return !s.off[name]
}

// Asked are the names of the guards that made a difference somewhere, sorted: without any other, everything would have
// come out the same.
func (s *Set) Asked() []string {
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.asked))
}
