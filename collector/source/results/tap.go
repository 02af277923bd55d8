package results

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// tapKind is what a line of TAP is.
type tapKind int

const (
	tapOther tapKind = iota
	tapVersion
	tapPlan
	tapTest
	tapBail
)

// tapped is one line.
type tapped struct {
	kind      tapKind
	ok        bool
	text      string // the description, or the reason
	directive string // skip, todo or ""
	planned   int
}

var (
	versionLine = regexp.MustCompile(`^TAP [Vv]ersion \d+\s*$`)
	planLine    = regexp.MustCompile(`^1\.\.(\d+)\s*(?:#\s*(.*))?$`)
	testLine    = regexp.MustCompile(`^(not )?ok(?:\s+(\d+))?(?:\s+(.*))?$`)
	directive   = regexp.MustCompile(`(?i)(?:^|[^\\])#\s*(skip|todo)\S*\s*(.*)$`)
)

// tapLine reads a line. Lines that are indented belong to a subtest or to a diagnostic.
func tapLine(line []byte) tapped {
	if len(line) > 1<<16 { // no description is as long
		line = line[:1<<16]
	}
	switch text := string(line); {
	case versionLine.MatchString(text):
		return tapped{kind: tapVersion}
	case strings.HasPrefix(text, "Bail out!"):
		return tapped{kind: tapBail, text: strings.TrimSpace(text[len("Bail out!"):])}
	case planLine.MatchString(text):
		m := planLine.FindStringSubmatch(text)
		n, err := strconv.Atoi(m[1])
		if err != nil || n > correlate.MostCheckCount {
			return tapped{}
		}
		return tapped{kind: tapPlan, planned: n, text: m[2]}
	case testLine.MatchString(text):
		m := testLine.FindStringSubmatch(text)
		t := tapped{kind: tapTest, ok: m[1] == "", text: strings.TrimPrefix(strings.TrimSpace(m[3]), "- ")}
		if d := directive.FindStringSubmatchIndex(t.text); d != nil {
			t.directive = strings.ToLower(t.text[d[2]:d[3]])
			t.text = strings.TrimSpace(strings.TrimRight(t.text[:d[2]], "# "))
		}
		return t
	}
	return tapped{}
}

// readTAP counts the tests of a stream. Those of subtests count in the test that they are of.
func readTAP(body []byte, s *summary) error {
	planned, seen, any := -1, 0, false
	for line := range bytes.Lines(body) {
		t := tapLine(bytes.TrimRight(line, "\r\n"))
		any = any || t.kind != tapOther
		switch t.kind {
		case tapBail:
			s.breaks("bailed out: %s", plain(t.text, mostName))
			return nil
		case tapPlan:
			if planned < 0 {
				planned = t.planned
			}
		case tapTest:
			seen++
			s.tapTest(t)
		}
	}
	switch {
	case !any:
		return wrong("$", "must be lines of TAP: a plan such as 1..3, and ok or not ok for each test")
	case planned < 0:
		s.doubts("there is no plan, so nobody knows whether it ran to its end")
	case planned != seen:
		s.breaks("%d tests were planned, and %d ran", planned, seen)
	}
	return nil
}

func (s *summary) tapTest(t tapped) {
	switch {
	case t.directive == "skip", t.directive == "todo" && !t.ok:
		s.skipped()
	case t.ok:
		s.passed()
	default:
		name := t.text
		if name == "" {
			name = "test " + strconv.Itoa(s.counts.Total+1)
		}
		s.failed(name)
	}
}
