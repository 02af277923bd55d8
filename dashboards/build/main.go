// Command build answers: what is on each dashboard?
//
// It writes the dashboards of grafana/, one for each of the people who look: on call, in a team, leading, releasing, and
// operating Shipwake itself. They are made of Grafana's own typed builders, in a module apart from the product's.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	if err := write(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

// boards are the dashboards by the name of their file.
func boards() map[string]*dashboard.DashboardBuilder {
	return map[string]*dashboard.DashboardBuilder{
		"on-call": onCall(), "team": ofTeam(), "leaders": leaders(), "release-risk": releaseRisk(), "operating": operating(),
	}
}

// numbered gives panels the ids by which links and the screen know them.
func numbered(panels []dashboard.PanelOrRowPanel) {
	for i := range panels {
		id := uint32(i + 1)
		if panels[i].Panel != nil {
			panels[i].Panel.Id = &id
		}
		if panels[i].RowPanel != nil {
			panels[i].RowPanel.Id = id
		}
	}
}

// write writes the dashboards into a directory.
func write(args []string) error {
	if len(args) != 1 {
		return errors.New("want the directory to write the dashboards into")
	}
	for name, builder := range boards() {
		built, err := builder.Build()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		numbered(built.Panels)
		text, err := json.MarshalIndent(built, "", "  ")
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(args[0], name+".json"), append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}
