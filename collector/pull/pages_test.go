package pull

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/correlate"
)

var (
	block       = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	environment = regexp.MustCompile(`\$\{env:[A-Z_]+\}`)
)

// TestTheConfigurationOnEachPageIsRight: what a page of a source says of change_pull is taken as it stands there.
func TestTheConfigurationOnEachPageIsRight(t *testing.T) {
	pages, err := filepath.Glob("../../docs/sources/*.md")
	require.NoError(t, err)
	asked := map[string]bool{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, found := range block.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(found[1], "change_pull:") {
				continue
			}
			var whole struct {
				Receivers map[string]map[string]any `yaml:"receivers"`
			}
			require.NoError(t, yaml.Unmarshal([]byte(environment.ReplaceAllString(found[1], "user:secret")), &whole), page)
			config := NewFactory(all.Types(), &correlate.Tally{}).CreateDefaultConfig().(*Config)
			require.NoError(t, confmap.NewFromStringMap(whole.Receivers["change_pull"]).Unmarshal(config), page)
			require.NoError(t, confmap.Validate(config), page)
			for name := range config.Sources {
				asked[name] = true
			}
		}
	}
	for _, s := range all.Sources() {
		require.Equal(t, s.Pull != nil, asked[s.Name], "%s: its page says how it is asked", s.Name)
	}
}
