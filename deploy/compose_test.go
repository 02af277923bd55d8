package deploy_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/dashboards"
)

// composition is as much of the Compose format as is used here; any other key is refused. compose/check asks the format itself.
type composition struct {
	Name      string
	Contained yaml.Node `yaml:"x-contained"`
	Services  map[string]service
	Secrets   map[string]struct{ Environment string }
	Volumes   map[string]struct{}
}

type service struct {
	Build struct{ Context, Dockerfile string }
	Image string

	Command []string
	EnvFile []struct {
		Path     string
		Required bool
	} `yaml:"env_file"`
	Environment map[string]string
	Ports       []string
	Secrets     []string
	Volumes     []string
	Tmpfs       []string
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	ReadOnly    bool                                  `yaml:"read_only"`
	CapDrop     []string                              `yaml:"cap_drop"`
	SecurityOpt []string                              `yaml:"security_opt"`
	MemLimit    string                                `yaml:"mem_limit"`
	Restart     string
	Healthcheck struct {
		Test              []string
		Interval, Timeout string
		StartPeriod       string `yaml:"start_period"`
		StartInterval     string `yaml:"start_interval"`
		Retries           int
	}
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
	_, builtin, _ := shipwake(t, "config")
	for variable := range s.Environment {
		require.Contains(t, builtin, "${env:"+variable+":-", "a variable that the configuration reads")
	}
	require.Equal(t, image.list(t, "ENTRYPOINT"), s.Healthcheck.Test[1:2], "the health is asked of the same program")
	require.Equal(t, []string{"healthcheck"}, s.Healthcheck.Test[2:])
	_, help, _ := shipwake(t, "healthcheck", "--help")
	require.Contains(t, help, "shipwake healthcheck", "a command that exists")
}

func TestComposeIsConsistent(t *testing.T) {
	c := compose(t)
	for name, s := range c.Services {
		require.NotEqual(t, s.Image == "", s.Build.Context == "", "%s is either built or got", name)
		require.Regexp(t, `^$|^[a-z/-]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$`, s.Image, "%s has a version and a digest", name)
		for _, p := range s.Ports {
			require.True(t, strings.HasPrefix(p, "127.0.0.1:"), "%s is published on the loopback interface only: %s", name, p)
		}
		for other := range s.DependsOn {
			require.Contains(t, c.Services, other)
			require.NotEmpty(t, c.Services[other].Healthcheck.Test, "%s waits until %s is healthy", name, other)
		}
		for _, secret := range s.Secrets {
			require.Contains(t, c.Secrets, secret)
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

// staticConfigs are targets that are written down.
type staticConfigs []struct{ Targets []string }

// prometheusConfig is as much of Prometheus's configuration as is used here.
type prometheusConfig struct {
	Global struct {
		ScrapeInterval     string `yaml:"scrape_interval"`
		EvaluationInterval string `yaml:"evaluation_interval"`
	}
	RuleFiles []string `yaml:"rule_files"`
	Alerting  struct {
		Alertmanagers []struct {
			StaticConfigs staticConfigs `yaml:"static_configs"`
		}
	}
	ScrapeConfigs []struct {
		JobName       string `yaml:"job_name"`
		Authorization struct {
			CredentialsFile string `yaml:"credentials_file"`
		}
		StaticConfigs staticConfigs `yaml:"static_configs"`
	} `yaml:"scrape_configs"`
}

func TestPrometheusScrapesTheDaemonAndHasTheRules(t *testing.T) {
	var config prometheusConfig
	load(t, "compose/prometheus/prometheus.yaml", &config)
	c := compose(t)
	server := c.Services["prometheus"]
	require.Len(t, config.ScrapeConfigs, 1)
	require.Len(t, config.ScrapeConfigs[0].StaticConfigs, 1)
	require.Equal(t, []string{"shipwake:" + webPort(t)}, config.ScrapeConfigs[0].StaticConfigs[0].Targets)
	require.Equal(t, []string{"alertmanager:9093"}, config.Alerting.Alertmanagers[0].StaticConfigs[0].Targets)
	require.Contains(t, c.Services["alertmanager"].Ports, "127.0.0.1:9093:9093")
	require.Equal(t, "/run/secrets/"+server.Secrets[0], config.ScrapeConfigs[0].Authorization.CredentialsFile)
	require.Contains(t, c.Services["shipwake"].Environment["SHIPWAKE_READ_TOKENS"], "${"+c.Secrets[server.Secrets[0]].Environment+":?", "the token that the daemon wants")
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
	said, err := exec.Command(promtool, "check", "config", place(t).file(t, "compose/prometheus/prometheus.yaml")).CombinedOutput()
	require.NoError(t, err, string(said))
}

// TestAlertmanagerTakesItsConfiguration asks Alertmanager's own tool, also where each alert goes.
func TestAlertmanagerTakesItsConfiguration(t *testing.T) {
	amtool, err := exec.LookPath("amtool")
	if err != nil {
		t.Skip("SKIP: no amtool; make prometheus gets it")
	}
	file := place(t).file(t, "compose/alertmanager/alertmanager.yaml")
	said, err := exec.Command(amtool, "check-config", file).CombinedOutput()
	require.NoError(t, err, string(said))
	for alert, receivers := range map[string]string{
		"PostDeployRegression": "shipwake,people", // and whoever is paged
		"HighErrorRatio":       "shipwake,people",
		"ShipwakeAbsent":       "people", // it can't be told
	} {
		said, err := exec.Command(amtool, "config", "routes", "test", "--config.file="+file, "alertname="+alert, "severity=critical").Output()
		require.NoError(t, err)
		require.Equal(t, receivers, strings.TrimSpace(string(said)), alert)
	}
}

// secretFiles is a folder with the files that Compose makes in /run/secrets.
func secretFiles(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name := range compose(t).Secrets {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("the-"+name), 0o600))
	}
	return dir
}

func TestGrafanaFindsPrometheusAndTheDashboard(t *testing.T) {
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault                    bool `yaml:"isDefault"`
			JSONData                     struct {
				TimeInterval string `yaml:"timeInterval"`
			} `yaml:"jsonData"`
		}
	}
	load(t, "compose/grafana/provisioning/datasources/prometheus.yaml", &sources)
	require.Equal(t, 1, sources.APIVersion)
	require.Len(t, sources.Datasources, 1)
	source := sources.Datasources[0]
	require.True(t, source.IsDefault, "the dashboard chooses the default at first")
	require.Equal(t, "prometheus", source.Type)
	require.Contains(t, read(t, "compose/prometheus/prometheus.yaml"), "scrape_interval: "+source.JSONData.TimeInterval+"\n")
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
