package results

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/shipwake/shipwake/correlate"
)

// mostNamed is how many failed tests are named in a note, and mostName how much of a name, in bytes.
const (
	mostNamed = 5
	mostName  = 100
)

// summary is what is counted while a file is read.
type summary struct {
	counts correlate.CheckCounts
	named  []string
	notes  []string
	// broken: it failed beside what is counted; unsure: it can't have passed, whatever is counted; found: that nothing is counted
	// means that nothing was found, not that nothing ran.
	broken, unsure, found bool
}

func (s *summary) passed()  { s.counts.Total++ }
func (s *summary) skipped() { s.counts.Total++; s.counts.Skipped++ }
func (s *summary) flaky()   { s.counts.Total++; s.counts.Flaky++ }

func (s *summary) failed(name string) {
	s.counts.Total++
	s.counts.Failed++
	s.name(name)
}

// name keeps the name of something that failed.
func (s *summary) name(name string) {
	if name = plain(name, mostName); name != "" && len(s.named) < mostNamed {
		s.named = append(s.named, name)
	}
}

func (s *summary) note(format string, args ...any) {
	if len(s.notes) < mostNamed {
		s.notes = append(s.notes, fmt.Sprintf(format, args...))
	}
}

// breaks: the run failed as a whole.
func (s *summary) breaks(format string, args ...any) {
	s.broken = true
	s.note(format, args...)
}

// doubts: whatever passed, the run can't be said to have.
func (s *summary) doubts(format string, args ...any) {
	s.unsure = true
	s.note(format, args...)
}

func (s *summary) result() Result {
	ran := s.counts.Total - s.counts.Skipped
	r := Result{Outcome: correlate.CheckPassed, Counts: s.counts}
	switch {
	case s.broken || s.counts.Failed > 0:
		r.Outcome = correlate.CheckFailed
	case s.unsure:
		r.Outcome = correlate.CheckUnknown
	case ran == 0 && !s.found:
		r.Outcome = correlate.CheckUnknown
		if len(s.notes) == 0 {
			s.note("nothing ran")
		}
	}
	r.Note = s.text()
	return r
}

func (s *summary) text() string {
	parts := s.notes
	if n := len(s.named); n > 0 {
		failed := "failed: " + strings.Join(s.named, ", ")
		if more := s.counts.Failed - n; more > 0 {
			failed += fmt.Sprintf(" and %d more", more)
		}
		parts = append([]string{failed}, parts...)
	}
	return plain(strings.Join(parts, "; "), correlate.MaxCheckNote)
}

// plain is a text in one line and without control characters, cut to some bytes.
func plain(text string, most int) string {
	if len(text) > 4*most {
		text = text[:4*most]
	}
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most-len("…")], "") + "…"
	}
	return text
}
