package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// TestWhatIsShippedIsWhatIsBuilt: the files are those that would be written, none more and none less.
func TestWhatIsShippedIsWhatIsBuilt(t *testing.T) {
	dir := t.TempDir()
	if err := write([]string{dir}); err != nil {
		t.Fatal(err)
	}
	shipped, err := filepath.Glob("../grafana/*.json")
	if err != nil || len(shipped) != len(boards()) {
		t.Fatalf("%d dashboards are shipped and %d are built (%v)", len(shipped), len(boards()), err)
	}
	for _, path := range shipped {
		want, werr := os.ReadFile(filepath.Join(dir, filepath.Base(path)))
		got, gerr := os.ReadFile(path)
		if werr != nil || gerr != nil || string(want) != string(got) {
			t.Errorf("%s is not what is built; go generate ./dashboards writes it (%v, %v)", path, werr, gerr)
		}
	}
}

// TestTheOfficialTypesTakeWhatIsShipped reads every file by Grafana's own types and has them check it.
func TestTheOfficialTypesTakeWhatIsShipped(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	for name := range boards() {
		text, err := os.ReadFile(filepath.Join("../grafana", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard.Dashboard
		if err := json.Unmarshal(text, &d); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
