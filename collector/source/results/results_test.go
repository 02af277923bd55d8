package results

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func TestSource(t *testing.T) { sourcetest.Run(t, Source(), sourcetest.Suite{Valid: "k6"}) }

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, Source(), nil) }

// FuzzRead gives every reader what was written for any of them.
func FuzzRead(f *testing.F) {
	for _, c := range files {
		f.Add("", []byte(c.file))
		f.Add(c.format, []byte(c.file))
	}
	f.Fuzz(func(t *testing.T, format string, body []byte) {
		r, read, err := Read(format, body)
		if err != nil {
			var wrong *source.ParseError
			require.ErrorAs(t, err, &wrong)
			require.NotEmpty(t, wrong.Want)
			return
		}
		require.Contains(t, Formats(), read)
		c := correlate.Check{Name: "n", Change: "c", At: time.Unix(1, 0), Result: r.Outcome, Counts: r.Counts, Note: r.Note}
		require.NoError(t, c.Validate())
		require.False(t, r.Outcome == correlate.CheckPassed && r.Counts.Total == 0 && read != "sarif" && read != "in-toto", "nothing ran, and it passed")
	})
}

type file struct {
	format, file string
	want         correlate.CheckResult
	counts       correlate.CheckCounts
	note         string // part of it
}

const (
	passed  = correlate.CheckPassed
	failed  = correlate.CheckFailed
	unknown = correlate.CheckUnknown
)

func counts(total, failed, skipped, flaky int) correlate.CheckCounts {
	return correlate.CheckCounts{Total: total, Failed: failed, Skipped: skipped, Flaky: flaky}
}

var files = map[string]file{
	"JUnit: all passed": {"junit", `<testsuite name="s"><testcase name="a"/><testcase name="b"></testcase></testsuite>`, passed, counts(2, 0, 0, 0), ""},
	"JUnit: attributes lie": {
		"junit", `<testsuites tests="1" failures="0"><testsuite failures="0"><testcase classname="c" name="a"><failure/></testcase></testsuite></testsuites>`,
		failed, counts(1, 1, 0, 0), "failed: c a",
	},
	"JUnit: an error fails as a failure does": {"junit", `<testsuite><testcase name="a"><error/></testcase></testsuite>`, failed, counts(1, 1, 0, 0), "failed: a"},
	"JUnit: what passed when it was run again is flaky": {
		"junit", `<testsuite><testcase name="a"><flakyError/><flakyFailure/></testcase><testcase name="b"><rerunFailure/></testcase></testsuite>`, passed, counts(2, 0, 0, 2), "",
	},
	"JUnit: what failed each time has failed once": {"junit", `<testsuite><testcase name="a"><failure/><rerunFailure/><rerunError/></testcase></testsuite>`, failed, counts(1, 1, 0, 0), ""},
	"JUnit: all skipped is nothing that ran":       {"junit", `<testsuite><testcase name="a"><skipped/></testcase></testsuite>`, unknown, counts(1, 0, 1, 0), "nothing ran"},
	"JUnit: no tests":                              {"junit", `<testsuites tests="12"/>`, unknown, counts(0, 0, 0, 0), "nothing ran"},
	"JUnit: suites in suites":                      {"junit", `<testsuites><testsuite><testsuite><testcase name="a"/></testsuite><testcase name="b"/></testsuite></testsuites>`, passed, counts(2, 0, 0, 0), ""},
	"JUnit: a failure deep in the output of a test is none": {
		"junit", `<testsuite><testcase name="a"><system-out><failure/></system-out></testcase></testsuite>`, passed, counts(1, 0, 0, 0), "",
	},
	"JUnit: with a byte order mark": {"junit", "\xef\xbb\xbf" + `<testsuite><testcase name="a"/></testsuite>`, passed, counts(1, 0, 0, 0), ""},
	"JUnit: in Latin-1":             {"junit", `<?xml version="1.0" encoding="ISO-8859-1"?><testsuite><testcase name="gr` + "\xfc" + `n"><failure/></testcase></testsuite>`, failed, counts(1, 1, 0, 0), "failed: grün"},
	"JUnit: many failures are named up to a point": {
		"junit", `<testsuite>` + strings.Repeat(`<testcase name="a"><failure/></testcase>`, 9) + `</testsuite>`, failed, counts(9, 9, 0, 0), "failed: a, a, a, a, a and 4 more",
	},

	"TAP: all passed":                        {"tap", "TAP version 13\n1..2\nok 1 - a\nok 2 - b\n", passed, counts(2, 0, 0, 0), ""},
	"TAP: one failed, the plan comes last":   {"tap", "ok 1\nnot ok 2 - pays\n1..2\n", failed, counts(2, 1, 0, 0), "failed: pays"},
	"TAP: TODO and SKIP don't fail":          {"tap", "1..3\nnot ok 1 - a # TODO later\nok 2 - b # skip no network\nok 3 # TODO done\n", passed, counts(3, 0, 2, 0), ""},
	"TAP: a number sign that is escaped":     {"tap", "1..1\nnot ok 1 - a \\# TODO\n", failed, counts(1, 1, 0, 0), ""},
	"TAP: fewer ran than planned":            {"tap", "1..3\nok 1\nok 2\n", failed, counts(2, 0, 0, 0), "3 tests were planned, and 2 ran"},
	"TAP: more ran than planned":             {"tap", "1..1\nok 1\nok 2\n", failed, counts(2, 0, 0, 0), "1 tests were planned, and 2 ran"},
	"TAP: no plan":                           {"tap", "ok 1\nok 2\n", unknown, counts(2, 0, 0, 0), "there is no plan"},
	"TAP: no plan, and one failed":           {"tap", "ok 1\nnot ok 2\n", failed, counts(2, 1, 0, 0), "failed: test 2"},
	"TAP: bailed out":                        {"tap", "1..2\nok 1\nBail out! no database\n", failed, counts(1, 0, 0, 0), "bailed out: no database"},
	"TAP: all skipped by the plan":           {"tap", "1..0 # SKIP no sandbox\n", unknown, counts(0, 0, 0, 0), "nothing ran"},
	"TAP: subtests count in their test":      {"tap", "TAP version 14\n1..1\n    1..2\n    ok 1\n    not ok 2\nnot ok 1 - parent\n", failed, counts(1, 1, 0, 0), "failed: parent"},
	"TAP: what isn't TAP before it":          {"tap", "> npm test\n\n1..1\nok 1\n", passed, counts(1, 0, 0, 0), ""},
	"TAP: okay is no test":                   {"tap", "1..1\nokay then\nok 1\n", passed, counts(1, 0, 0, 0), ""},
	"TAP: lines of Windows":                  {"tap", "1..1\r\nok 1 - a\r\n", passed, counts(1, 0, 0, 0), ""},
	"TAP: a plan that nobody can count":      {"tap", "1..999999999999\nok 1\n", unknown, counts(1, 0, 0, 0), "there is no plan"},
	"k6: every threshold held":               {"k6", `{"metrics":{"m":{"thresholds":{"avg<1":{"ok":true},"p(95)<2":{"ok":true}}}}}`, passed, counts(2, 0, 0, 0), ""},
	"k6: a threshold that is not ok":         {"k6", `{"metrics":{"m":{"thresholds":{"avg<1":{"ok":false}}}}}`, failed, counts(1, 1, 0, 0), "failed: m avg<1"},
	"k6: summary-export, true is crossed":    {"k6", `{"metrics":{"m":{"avg":3,"thresholds":{"avg<1":true}}}}`, failed, counts(1, 1, 0, 0), "failed: m avg<1"},
	"k6: summary-export, false has held":     {"k6", `{"metrics":{"m":{"avg":3,"thresholds":{"avg<9":false}}}}`, passed, counts(1, 0, 0, 0), ""},
	"k6: checks fail nothing":                {"k6", `{"metrics":{"checks":{"values":{"passes":1,"fails":9},"thresholds":{"rate>0":{"ok":true}}}}}`, passed, counts(1, 0, 0, 0), "9 of 10 checks of k6 failed"},
	"k6: no thresholds":                      {"k6", `{"metrics":{"checks":{"passes":1,"fails":0}}}`, unknown, counts(0, 0, 0, 0), "no thresholds"},
	"Newman: all passed":                     {"newman", `{"collection":{},"run":{"stats":{"assertions":{"total":3,"pending":0,"failed":0}},"failures":[]}}`, passed, counts(3, 0, 0, 0), ""},
	"Newman: a request that failed":          {"newman", `{"collection":{},"run":{"stats":{"assertions":{"total":0}},"failures":[{"error":{"name":"Error"}}]}}`, failed, counts(1, 1, 0, 0), ""},
	"Newman: nothing is asserted":            {"newman", `{"collection":{},"run":{"stats":{"requests":{"total":2},"assertions":{"total":0}},"failures":[]}}`, unknown, counts(0, 0, 0, 0), "2 requests were sent"},
	"Newman: stopped":                        {"newman", `{"collection":{},"run":{"stats":{"assertions":{"total":1}},"failures":[],"error":{"message":"x"}}}`, failed, counts(1, 0, 0, 0), "stopped by an error"},
	"Newman: pending assertions are skipped": {"newman", `{"collection":{},"run":{"stats":{"assertions":{"total":2,"pending":1}},"failures":[]}}`, passed, counts(2, 0, 1, 0), ""},

	"Playwright: flaky passes":       {"playwright", `{"suites":[],"errors":[],"stats":{"expected":2,"unexpected":0,"flaky":1,"skipped":0}}`, passed, counts(3, 0, 0, 1), ""},
	"Playwright: unexpected fails":   {"playwright", `{"suites":[],"stats":{"expected":2,"unexpected":1,"flaky":0,"skipped":0}}`, failed, counts(3, 1, 0, 0), ""},
	"Playwright: errors and no test": {"playwright", `{"suites":[],"errors":[{"message":"no such file"}],"stats":{"expected":0,"unexpected":0,"flaky":0,"skipped":0}}`, failed, counts(0, 0, 0, 0), "1 errors outside of any test"},
	"Playwright: nothing ran":        {"playwright", `{"suites":[],"errors":[],"stats":{"expected":0,"unexpected":0,"flaky":0,"skipped":4}}`, unknown, counts(4, 0, 4, 0), "nothing ran"},

	"SARIF: nothing was found":                        {"sarif", `{"version":"2.1.0","runs":[{"results":[]}]}`, passed, counts(0, 0, 0, 0), ""},
	"SARIF: an error":                                 {"sarif", `{"runs":[{"results":[{"ruleId":"sqli","level":"error"}]}]}`, failed, counts(1, 1, 0, 0), "failed: sqli"},
	"SARIF: a warning is the default":                 {"sarif", `{"runs":[{"results":[{"ruleId":"sqli"}]}]}`, passed, counts(1, 0, 0, 0), ""},
	"SARIF: the level of the rule, which comes later": {"sarif", `{"runs":[{"results":[{"ruleId":"sqli"}],"tool":{"driver":{"rules":[{"id":"sqli","defaultConfiguration":{"level":"error"}}]}}}]}`, failed, counts(1, 1, 0, 0), ""},
	"SARIF: the rule by its place":                    {"sarif", `{"runs":[{"tool":{"driver":{"rules":[{"id":"a"},{"id":"b","defaultConfiguration":{"level":"error"}}]}},"results":[{"ruleIndex":1}]}]}`, failed, counts(1, 1, 0, 0), ""},
	"SARIF: suppressed":                               {"sarif", `{"runs":[{"results":[{"level":"error","suppressions":[{"kind":"inSource"}]}]}]}`, passed, counts(1, 0, 0, 0), ""},
	"SARIF: a suppression that was rejected":          {"sarif", `{"runs":[{"results":[{"level":"error","suppressions":[{"kind":"external","status":"rejected"}]}]}]}`, failed, counts(1, 1, 0, 0), ""},
	"SARIF: was there before":                         {"sarif", `{"runs":[{"results":[{"level":"error","baselineState":"unchanged"}]}]}`, passed, counts(1, 0, 0, 0), ""},
	"SARIF: a run without results":                    {"sarif", `{"runs":[{"tool":{}}]}`, unknown, counts(0, 0, 0, 0), "says nothing of its results"},
	"SARIF: the tool did not run to its end":          {"sarif", `{"runs":[{"results":[],"invocations":[{"executionSuccessful":false}]}]}`, unknown, counts(0, 0, 0, 0), "not run to its end"},
	"SARIF: no run":                                   {"sarif", `{"runs":[]}`, unknown, counts(0, 0, 0, 0), "no run"},

	"in-toto: passed":                 {"in-toto", `{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"PASSED"}}`, passed, counts(0, 0, 0, 0), ""},
	"in-toto: failed without a list":  {"in-toto", `{"_type":"s","predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"FAILED"}}`, failed, counts(0, 0, 0, 0), "FAILED"},
	"in-toto: passed with a warning":  {"in-toto", `{"_type":"s","predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"WARNED","passedTests":["a"],"warnedTests":["b"]}}`, passed, counts(2, 0, 0, 0), "1 tests passed with a warning"},
	"in-toto: its own list belies it": {"in-toto", `{"_type":"s","predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"PASSED","failedTests":["b"]}}`, failed, counts(1, 1, 0, 0), "failed: b"},
}

func TestEachFormatIsFoundOutAndRead(t *testing.T) {
	for name, c := range files {
		t.Run(name, func(t *testing.T) {
			for _, format := range []string{"", c.format} {
				r, read, err := Read(format, []byte(c.file))
				require.NoError(t, err)
				require.Equal(t, c.format, read)
				require.Equal(t, c.want, r.Outcome, r.Note)
				require.Equal(t, c.counts, r.Counts)
				if c.note == "" && c.want != failed {
					require.Empty(t, r.Note)
				}
				require.Contains(t, r.Note, c.note)
			}
		})
	}
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ format, file, want string }{
		"nothing":                         {"", " \n", "$: must be the file of a test tool; the body is empty"},
		"another file":                    {"", "hello\n", "$: looks like none of junit, in-toto, sarif"},
		"another JSON":                    {"", `{"hello":1}`, "$: looks like none of"},
		"an unknown format":               {"xunit", "<a/>", "format: unknown; use one of junit, in-toto"},
		"JUnit that was cut":              {"", `<testsuite><testcase name="a"/>`, "line 1: must be an XML document, whole"},
		"JUnit with a DTD":                {"", "<!DOCTYPE a [<!ENTITY b \"c\">]>\n<testsuite/>", "line 1: must not have a document type"},
		"XML of another kind":             {"", `<html><body/></html>`, "line 1: must be testsuites or a testsuite"},
		"two XML documents":               {"", `<testsuite/><testsuite/>`, "line 1: must be one XML document"},
		"XML that is nested":              {"", strings.Repeat("<testsuite>", 300), "must not be nested deeper than 200 levels"},
		"XML in an unknown character set": {"", `<?xml version="1.0" encoding="klingon"?><testsuite/>`, "must be an XML document"},
		"k6 that was cut":                 {"", `{"metrics":{"a":{"thresholds":{"x":{"ok":true}`, "$: must be a JSON document; it stops being one at byte"},
		"more behind":                     {"", `{"metrics":{}} {}`, "$: must be one JSON document"},
		"JSON that is nested":             {"k6", strings.Repeat("[", 300), "must not be nested deeper than 200 levels"},
		"counts that are none":            {"", `{"suites":[],"stats":{"expected":-1}}`, "$.stats.expected: must be a whole number"},
		"counts beyond all counts":        {"", `{"suites":[],"stats":{"expected":1e30}}`, "$.stats.expected: must be a whole number"},
		"a statement of another type":     {"", `{"_type":"s","predicateType":"https://slsa.dev/provenance/v1","predicate":{}}`, "$.predicateType: must be https://in-toto.io/attestation/test-result/v0.1"},
		"a result that is none":           {"", `{"_type":"s","predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"MAYBE"}}`, "$.predicate.result: must be PASSED, WARNED or FAILED"},
		"an envelope with anything":       {"", `{"payloadType":"p","payload":"%%%"}`, "$.payload: must be a statement in Base64"},
		"k6 said, and TAP sent":           {"k6", "1..1\nok 1\n", "$: must be"},
		"TAP said, and k6 sent":           {"tap", `{"metrics":{}}`, "$: must be lines of TAP"},
		"more than there may be":          {"", strings.Repeat(" ", MaxBody+1), "$: must not be larger than 10485760 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Read(c.format, []byte(c.file))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func request(query, body string) source.Request {
	return source.Request{Header: map[string][]string{source.HeaderQuery: {query}}, Body: []byte(body), ReceivedAt: sourcetest.ReceivedAt}
}

func TestTheQuerySaysWhatItIsAbout(t *testing.T) {
	const ok = "1..1\nok 1\n"
	for name, c := range map[string]struct {
		query, body string
		want        correlate.Check
		wrong       string
	}{
		"a change": {"name=smoke&change=a%2Fb", ok, correlate.Check{Name: "smoke", Change: "a/b", At: sourcetest.ReceivedAt}, ""},
		"service and version": {
			"name=smoke&service=s&version=v2&environment=staging&required=true&at=2026-03-01T11:00:00Z&id=run-1&url=https://ci.example.com/1", ok,
			correlate.Check{Name: "smoke", Service: "s", Version: "v2", Environment: "staging", Required: true, At: sourcetest.ReceivedAt.Add(-time.Hour), ID: "run-1", URL: "https://ci.example.com/1"}, "",
		},
		"a commit":               {"name=smoke&commit=4f2d9c1", ok, correlate.Check{Name: "smoke", Commit: "4f2d9c1", Environment: "production", At: sourcetest.ReceivedAt}, ""},
		"no name":                {"change=a", ok, correlate.Check{}, "name: required"},
		"nothing":                {"", ok, correlate.Check{}, "name: required"},
		"no change":              {"name=smoke", ok, correlate.Check{}, "change: required: the id of the change; or service and version; or commit"},
		"half of a place":        {"name=smoke&service=s", ok, correlate.Check{}, "version: required beside service"},
		"two changes":            {"name=smoke&change=a&commit=4f2d9c1", ok, correlate.Check{}, "change: names the change by itself"},
		"a commit too short":     {"name=smoke&commit=4f2d", ok, correlate.Check{}, "commit: must have at least 7 digits"},
		"a misspelled name":      {"nmae=smoke", ok, correlate.Check{}, "query: holds a parameter that there isn't; the known ones are at, change, commit"},
		"twice":                  {"name=a&name=b", ok, correlate.Check{}, "name: must be given once"},
		"no time":                {"name=a&change=b&at=soon", ok, correlate.Check{}, "at: must be an RFC 3339 time"},
		"neither true nor false": {"name=a&change=b&required=maybe", ok, correlate.Check{}, "required: must be true or false"},
		"no query":               {"%zz", ok, correlate.Check{}, "query: must be parameters"},
		"a result and a file":    {"name=a&change=b&result=passed", ok, correlate.Check{}, "result: is what the file says"},
		"a result that is none":  {"name=a&change=b&result=great", "", correlate.Check{}, `result: "great" is unknown; use one of [passed failed unknown]`},
		"neither of the two":     {"name=a&change=b", "", correlate.Check{}, "$: must be the file of a test tool; the body is empty"},
		"another format":         {"name=a&change=b&format=k6", ok, correlate.Check{}, "$: must be a JSON document"},
	} {
		t.Run(name, func(t *testing.T) {
			configured := sourcetest.New(t, Source(), nil)
			items, err := configured.Read(request(c.query, c.body))
			if c.wrong != "" {
				if err == nil {
					require.NotNil(t, items[0].Wrong, "%+v", items[0].Facts)
					err = items[0].Wrong
				}
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			c.want.Result, c.want.Counts, c.want.Format, c.want.Source = passed, counts(1, 0, 0, 0), "tap", sourcetest.Name
			require.Equal(t, c.want.WithDefaults(), *items[0].Facts[0].Check)
		})
	}
}

func TestTheSameFileIsAnotherRunUnlessItSaysWhen(t *testing.T) {
	c := sourcetest.New(t, Source(), nil)
	id := func(query, body string, later time.Duration) string {
		req := request(query, body)
		req.ReceivedAt = req.ReceivedAt.Add(later)
		items, err := c.Read(req)
		require.NoError(t, err)
		return items[0].ID
	}
	const one, at = "1..1\nok 1\n", "name=smoke&change=a&at=2026-03-01T11:00:00Z"
	require.Equal(t, id(at, one, 0), id(at, one, time.Minute), "sent again")
	require.NotEqual(t, id(at, one, 0), id(at+"&required=true", one, 0))
	require.NotEqual(t, id("name=smoke&change=a", one, 0), id("name=smoke&change=b", one, 0), "one file of two changes")
	require.NotEqual(t, id("name=smoke&change=a", one, 0), id("name=smoke&change=a", one, time.Minute), "run again")
	require.Equal(t, id("name=smoke&change=a&id=7", one, 0), id("name=smoke&change=a&id=7", one, time.Minute))
}

func TestALargeFileIsReadWhereItLies(t *testing.T) {
	body := []byte(`<testsuite>` + strings.Repeat(`<testcase classname="c" name="a"/>`, 250_000) + `</testsuite>`)
	require.Less(t, len(body), MaxBody)
	r, _, err := Read("", body)
	require.NoError(t, err)
	require.Equal(t, counts(250_000, 0, 0, 0), r.Counts)
}
