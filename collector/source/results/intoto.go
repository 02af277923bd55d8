package results

import (
	"encoding/base64"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// testResult is what the type of the predicate begins with, whatever its version.
const testResult = "https://in-toto.io/attestation/test-result/"

// readInToto reads a statement, or the one in a DSSE envelope.
func readInToto(body []byte, s *summary) error {
	r := inToto{summary: s}
	if err := walk(body, r.take); err != nil {
		return err
	}
	if r.envelope && r.predicate == "" {
		statement, err := base64.StdEncoding.DecodeString(r.payload)
		if err != nil {
			return wrong("$.payload", "must be a statement in Base64")
		}
		s.note("the signature of the envelope is not verified")
		r = inToto{summary: s}
		if err := walk(statement, r.take); err != nil {
			return err
		}
	}
	return r.end()
}

// inToto is how far a statement has been read.
type inToto struct {
	*summary
	envelope           bool
	payload, predicate string
	said               string
	passedTests        int
	warned, failures   int
}

func (r *inToto) take(at path, v any) error {
	switch {
	case at.is("payloadType"):
		r.envelope = true
	case at.is("payload"):
		r.payload = text(v)
	case at.is("predicateType"):
		r.predicate = text(v)
	case at.is("predicate", "result"):
		r.said = strings.ToUpper(text(v))
	case at.is("predicate", "passedTests", "[]") && !ends(v):
		r.passedTests++
	case at.is("predicate", "warnedTests", "[]") && !ends(v):
		r.warned++
	case at.is("predicate", "failedTests", "[]") && !ends(v):
		r.failures++
		r.name(text(v))
	}
	return nil
}

func (r *inToto) end() error {
	if !strings.HasPrefix(r.predicate, testResult) {
		return wrong("$.predicateType", "must be "+testResult+"v0.1")
	}
	r.counts = correlate.CheckCounts{Total: r.passedTests + r.warned + r.failures, Failed: r.failures}
	switch r.said {
	case "PASSED", "WARNED":
		r.found = true // the lists of tests may be left out
	case "FAILED":
		r.breaks("the result is FAILED")
	default:
		return wrong("$.predicate.result", "must be PASSED, WARNED or FAILED")
	}
	if r.said == "WARNED" {
		r.note("%d tests passed with a warning", r.warned)
	}
	return nil
}
