// Package results answers: did the check that ran after a release pass?
//
// The body is the file that a test tool writes, as it wrote it; what it is about is said in the query:
//
//	POST /hooks/results?change=ID&name=smoke
//	POST /hooks/results?service=checkout&version=v2&environment=production&name=smoke
//	POST /hooks/results?commit=4f2d9c1&name=smoke
//
// It becomes one check, tied to that change. The parameters are:
//
//   - name: what is run again under the same name; required.
//   - change; or service and version; or commit, with service or without. environment is production unless it is given.
//   - required=true: a change in whose window it fails has regressed.
//   - at: when it came to its result; the time of receipt unless it is given. With it a request may be sent again.
//   - url: where people look at it. id: the same when the run is reported again.
//   - format: what the file is; found out unless it is given.
//   - result: passed, failed or unknown, of a request without a body.
//
// The formats, and what counts:
//
//   - junit: JUnit XML. A testcase with a failure or an error has failed. One with only flakyFailure, flakyError, rerunFailure
//     or rerunError has passed in the end, and is flaky. The testcases are counted; the sums in attributes are not read.
//     A document type (DTD) is refused.
//   - tap: TAP 13 and 14. "not ok" fails, unless it is TODO or SKIP; so does "Bail out!", and a count that isn't the plan's.
//     Without a plan nobody knows whether it ran to its end: unknown. Subtests count in the test that they are of.
//   - k6: the data of handleSummary, where a threshold with "ok": false has failed, or the file of --summary-export, where
//     true says that a threshold was crossed: it has failed. Checks of k6 fail nothing; a run without thresholds is unknown.
//   - newman: the reporter json. Each of run.failures fails; assertions are counted.
//   - playwright: the reporter json. stats.unexpected fails; so do errors at the top, with which there may be no tests at all.
//   - sarif: SARIF 2.1. A finding of level error fails, unless it is suppressed or was there before (baselineState unchanged or
//     absent). A finding without a level has that of its rule, else warning. A run without results, or one that says
//     that it did not succeed, is unknown; one with an empty list has passed.
//   - in-toto: a test-result statement, alone or in a DSSE envelope, whose signature is not verified. FAILED fails.
//
// A run in which nothing ran is unknown, also when all of it was skipped: never passed. Names of failed tests are kept in the
// note, their messages are not.
//
// With secrets, the sender says "Authorization: Bearer <secret>". A signature over the body would not cover the query, which
// says what the body is about, so there is none.
package results

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// MaxBody is how large a file may be, in bytes.
const MaxBody = 10 << 20

// Source takes the files of test tools.
func Source() source.Source {
	return source.Source{
		Name:    "results",
		Version: "1",
		Headers: []string{source.HeaderQuery},
		Schemes: []source.Scheme{{Kind: source.Bearer}},
		MaxBody: MaxBody,
		Open:    open,
		Parse:   parse,
	}
}

// Result is what a file says.
type Result struct {
	Outcome correlate.CheckResult
	Counts  correlate.CheckCounts
	// Note is what a person should know of how it was read, and which failed.
	Note string
}

// reader reads a file of one format.
type reader struct {
	name string
	// is tells whether a file looks like it, by its first bytes or the keys at its top.
	is   func(head) bool
	read func(body []byte, s *summary) error
}

// readers are those of all formats, in the order in which a file is tried.
func readers() []reader {
	return []reader{
		{"junit", head.xml, readJUnit},
		{"in-toto", head{}.anyKey("_type", "predicateType", "payloadType"), readInToto},
		{"sarif", head{}.anyKey("runs"), readSARIF},
		{"newman", head{}.allKeys("run", "collection"), readNewman},
		{"playwright", head{}.allKeys("suites", "stats"), readPlaywright},
		{"k6", head{}.anyKey("metrics"), readK6},
		{"tap", head.tap, readTAP},
	}
}

// Formats are the names of all formats.
func Formats() []string {
	var names []string
	for _, r := range readers() {
		names = append(names, r.name)
	}
	return names
}

// Read reads a file of a format, or, of "", of whichever it looks like, and returns the format. The error is a
// *source.ParseError; it repeats nothing of the file.
func Read(format string, body []byte) (Result, string, error) {
	if len(body) > MaxBody {
		return Result{}, "", &source.ParseError{Path: "$", Want: fmt.Sprintf("must not be larger than %d bytes", MaxBody)}
	}
	h := headOf(body)
	for _, r := range readers() {
		if r.name == format || format == "" && r.is(h) {
			s := &summary{}
			if err := r.read(body, s); err != nil {
				return Result{}, "", err
			}
			return s.result(), r.name, nil
		}
	}
	if format != "" {
		return Result{}, "", &source.ParseError{Path: "format", Want: "unknown; use one of " + strings.Join(Formats(), ", ")}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return Result{}, "", &source.ParseError{Path: "$", Want: "must be the file of a test tool; the body is empty"}
	}
	return Result{}, "", &source.ParseError{Path: "$", Want: "looks like none of " + strings.Join(Formats(), ", ") + "; say the format, if it is one"}
}
