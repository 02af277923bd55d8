package main

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The test binary itself is a Go binary.
func TestTheSameBinaryGivesTheSameDocument(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := write(&first, self); err != nil {
		t.Fatal(err)
	}
	if err := write(&second, self); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two documents of one binary differ")
	}
	var d document
	if err := json.Unmarshal(first.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.BOMFormat != "CycloneDX" || d.SpecVersion != "1.6" || len(d.Metadata.Component.Hashes) != 1 {
		t.Errorf("not a CycloneDX document: %s", first.String())
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(d.SerialNumber) {
		t.Errorf("the schema wants a UUID: %s", d.SerialNumber)
	}
	seen := map[string]bool{}
	for _, c := range d.Components {
		if seen[c.Ref] || c.Version == "" || !strings.HasPrefix(c.PURL, "pkg:golang/") {
			t.Errorf("a component that nobody can look up: %+v", c)
		}
		seen[c.Ref] = true
	}
	if len(d.Dependencies) != 1 || len(d.Dependencies[0].DependsOn) != len(d.Components) {
		t.Errorf("the binary depends on each of its %d components: %+v", len(d.Components), d.Dependencies)
	}
}

func TestWhatIsNoBinaryIsRefused(t *testing.T) {
	if err := write(&bytes.Buffer{}, "main.go"); err == nil {
		t.Error("a source file has no build information")
	}
}
