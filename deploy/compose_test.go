package deploy_test

import (
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/dashboards"
)

// composition is as much of the Compose format as is used here; any other key is refused.
type composition struct {
	Name     string
	Services map[string]service
	Volumes  map[string]struct{}
}

type service struct {
	Build struct{ Context, Dockerfile string }
	Image string

	Command     []string
	Environment map[string]string
	Ports       []string
	Volumes     []string
	Tmpfs       []string
	DependsOn   []string `yaml:"depends_on"`
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Restart     string
}

func compose(t *testing.T) composition {
	t.Helper()
	var c composition
	load(t, "compose/compose.yaml", &c)
	return c
}

// mounts are what a service has mounted: where in the container, to what on the host or which volume.
func (s service) mounts() map[string]string {
	all := map[string]string{}
	for _, v := range s.Volumes {
		parts := strings.Split(v, ":")
		all[parts[1]] = parts[0]
	}
	return all
}

func TestComposeBuildsTheImageAndPublishesItsPortsLocally(t *testing.T) {
	s := compose(t).Services["shipwake"]
	require.FileExists(t, filepath.Join("compose", s.Build.Context, s.Build.Dockerfile))
	require.FileExists(t, filepath.Join("compose", s.Build.Context, "go.mod"))
	var published []string
	for _, p := range s.Ports {
		parts := strings.Split(p, ":")
		require.Equal(t, parts[1], parts[2], "the port that the documentation names")
		published = append(published, parts[2])
	}
	require.ElementsMatch(t, ports(t), published)
	image := stages(t)[1]
	require.Contains(t, s.mounts(), image.only(t, "VOLUME"))
	for variable := range s.Environment {
		require.Contains(t, read(t, "container.yaml"), variable, "a variable that the configuration reads")
	}
}

func TestComposeIsConsistent(t *testing.T) {
	c := compose(t)
	for name, s := range c.Services {
		require.NotEqual(t, s.Image == "", s.Build.Context == "", "%s is either built or got", name)
		require.Regexp(t, `^$|^[a-z/-]+:v?\d+\.\d+\.\d+$`, s.Image, "%s has a version", name)
		for _, p := range s.Ports {
			require.True(t, strings.HasPrefix(p, "127.0.0.1:"), "%s is published on the loopback interface only: %s", name, p)
		}
		for _, other := range s.DependsOn {
			require.Contains(t, c.Services, other)
		}
		for at, from := range s.mounts() {
			if strings.HasPrefix(from, ".") {
				require.True(t, exists(filepath.Join("compose", from)), "%s: %s is mounted at %s", name, from, at)
			} else {
				require.Contains(t, c.Volumes, from)
			}
		}
	}
}

// prometheusConfig is as much of Prometheus's configuration as is used here.
type prometheusConfig struct {
	Global struct {
		ScrapeInterval     string `yaml:"scrape_interval"`
		EvaluationInterval string `yaml:"evaluation_interval"`
	}
	RuleFiles     []string `yaml:"rule_files"`
	ScrapeConfigs []struct {
		JobName       string                       `yaml:"job_name"`
		StaticConfigs []struct{ Targets []string } `yaml:"static_configs"`
	} `yaml:"scrape_configs"`
}

func TestPrometheusScrapesTheDaemonAndHasTheRules(t *testing.T) {
	var config prometheusConfig
	load(t, "compose/prometheus/prometheus.yaml", &config)
	server := compose(t).Services["prometheus"]
	require.Len(t, config.ScrapeConfigs, 1)
	require.Len(t, config.ScrapeConfigs[0].StaticConfigs, 1)
	require.Equal(t, []string{"shipwake:" + webPort(t)}, config.ScrapeConfigs[0].StaticConfigs[0].Targets)
	file := strings.TrimPrefix(server.Command[0], "--config.file=")
	require.Equal(t, "./prometheus/prometheus.yaml", server.mounts()[file])
	var loaded []string
	for _, mounted := range config.RuleFiles {
		from, ok := server.mounts()[filepath.ToSlash(filepath.Dir(mounted))]
		require.True(t, ok, "%s is in a folder that is mounted", mounted)
		require.FileExists(t, filepath.Join("compose", from, filepath.Base(mounted)))
		loaded = append(loaded, filepath.Base(mounted))
	}
	shipped, err := dashboards.Files.ReadDir("prometheus")
	require.NoError(t, err)
	for _, rules := range shipped {
		require.True(t, slices.Contains(loaded, rules.Name()), "%s is not loaded", rules.Name())
	}
}

// webPort is where the container serves /metrics.
func webPort(t *testing.T) string {
	t.Helper()
	port := regexp.MustCompile(`web:\s+endpoint: 0\.0\.0\.0:(\d+)`).FindStringSubmatch(read(t, "container.yaml"))
	require.NotNil(t, port)
	return port[1]
}

// TestPrometheusTakesItsConfiguration asks Prometheus's own tool, when there is one on this machine.
func TestPrometheusTakesItsConfiguration(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("SKIP: no promtool; make prometheus gets it")
	}
	said, err := exec.Command(promtool, "check", "config", "--syntax-only", "compose/prometheus/prometheus.yaml").CombinedOutput()
	require.NoError(t, err, string(said))
}

func TestGrafanaFindsPrometheusAndTheDashboard(t *testing.T) {
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault                    bool `yaml:"isDefault"`
		}
	}
	load(t, "compose/grafana/provisioning/datasources/prometheus.yaml", &sources)
	require.Equal(t, 1, sources.APIVersion)
	require.Len(t, sources.Datasources, 1)
	source := sources.Datasources[0]
	require.True(t, source.IsDefault, "the dashboard chooses the default at first")
	require.Equal(t, "prometheus", source.Type)
	at, err := url.Parse(source.URL)
	require.NoError(t, err)
	server, ok := compose(t).Services[at.Hostname()]
	require.True(t, ok, "%s is a service", at.Hostname())
	require.Contains(t, server.Ports, "127.0.0.1:"+at.Port()+":"+at.Port())

	var boards struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Type     string
			AllowUIUpdates bool `yaml:"allowUiUpdates"`
			Options        struct{ Path string }
		}
	}
	load(t, "compose/grafana/provisioning/dashboards/shipwake.yaml", &boards)
	require.Equal(t, 1, boards.APIVersion)
	require.Len(t, boards.Providers, 1)
	grafana := compose(t).Services["grafana"]
	from, ok := grafana.mounts()[boards.Providers[0].Options.Path]
	require.True(t, ok, "%s is mounted", boards.Providers[0].Options.Path)
	paths, err := dashboards.Paths()
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		require.FileExists(t, filepath.Join("compose", from, filepath.Base(path)))
	}
	require.Equal(t, "./grafana/provisioning", grafana.mounts()["/etc/grafana/provisioning"])
}
