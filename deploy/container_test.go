package deploy_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// stage is one FROM of a Dockerfile with what follows it.
type stage struct {
	from  string
	steps []step
}

type step struct{ instruction, args string }

func stages(t *testing.T) []stage {
	t.Helper()
	var all []stage
	for line := range strings.Lines(read(t, "Dockerfile")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		require.False(t, strings.HasSuffix(line, `\`), "this test reads one line an instruction")
		instruction, args, _ := strings.Cut(line, " ")
		if instruction == "FROM" {
			all = append(all, stage{from: args})
			continue
		}
		last := &all[len(all)-1]
		last.steps = append(last.steps, step{instruction, args})
	}
	require.Len(t, all, 2, "one to build, one to ship")
	return all
}

// of are the arguments of an instruction, in order.
func (s stage) of(instruction string) []string {
	var all []string
	for _, step := range s.steps {
		if step.instruction == instruction {
			all = append(all, step.args)
		}
	}
	return all
}

func (s stage) only(t *testing.T, instruction string) string {
	t.Helper()
	all := s.of(instruction)
	require.Len(t, all, 1, instruction)
	return all[0]
}

func (s stage) list(t *testing.T, instruction string) []string {
	t.Helper()
	var words []string
	require.NoError(t, json.Unmarshal([]byte(s.only(t, instruction)), &words), instruction)
	return words
}

func TestTheBinaryIsBuiltAsByMake(t *testing.T) {
	build := stages(t)[0]
	language := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))
	require.Regexp(t, `^golang:`+regexp.QuoteMeta(language[1])+`@sha256:[0-9a-f]{64} AS build$`, build.from)
	run := build.of("RUN")
	i := slices.IndexFunc(run, func(s string) bool { return strings.Contains(s, "go build") })
	require.GreaterOrEqual(t, i, 0)
	flags := regexp.MustCompile(`^(CGO_ENABLED=0 go build -trimpath -ldflags )"(.+)" -o \S+ (\./\S+)$`).FindStringSubmatch(run[i])
	require.NotNil(t, flags, run[i])
	made := regexp.MustCompile(`(?m)^LDFLAGS\s*:= (.+)$`).FindStringSubmatch(read(t, "../Makefile"))
	require.Equal(t, strings.ReplaceAll(made[1], "$(VERSION)", "${VERSION}"), flags[2])
	require.Contains(t, read(t, "../Makefile"), strings.ReplaceAll(flags[1], " go ", " $(GO) "))
	require.FileExists(t, filepath.Join("..", flags[3], "main.go"))
	require.Len(t, build.of("ARG"), 1)
	require.True(t, strings.HasPrefix(build.only(t, "ARG"), "VERSION="))
}

// TestTheVersionIsSetInAVariableThatExists: the linker ignores a name that it doesn't know.
func TestTheVersionIsSetInAVariableThatExists(t *testing.T) {
	for _, file := range []string{"Dockerfile", "../Makefile"} {
		set := regexp.MustCompile(`-X github\.com/shipwake/shipwake/(\S+)\.(\w+)=`).FindStringSubmatch(read(t, file))
		require.NotNil(t, set, file)
		require.True(t, isStringVariable(t, filepath.Join("..", set[1]), set[2]), "%s: %s has no such variable", file, set[0])
	}
}

// isStringVariable says whether a package declares a string variable that has no value of its own.
func isStringVariable(t *testing.T, dir, name string) bool {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	found := false
	for _, source := range sources {
		parsed, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		require.NoError(t, err)
		for _, declaration := range parsed.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok || general.Tok != token.VAR {
				continue
			}
			for _, spec := range general.Specs {
				variable := spec.(*ast.ValueSpec)
				kind, named := variable.Type.(*ast.Ident)
				found = found || (variable.Names[0].Name == name && named && kind.Name == "string" && len(variable.Values) == 0)
			}
		}
	}
	return found
}

func TestTheImageHoldsNothingButTheBinary(t *testing.T) {
	build, image := stages(t)[0], stages(t)[1]
	require.Equal(t, "scratch", image.from)
	require.Empty(t, image.of("RUN"), "there is no shell")
	require.Equal(t, "65532:65532", image.only(t, "USER"), "by number, so that Kubernetes can tell that it isn't root")
	data := image.only(t, "VOLUME")
	require.Equal(t, "SHIPWAKE_DATA_DIR="+data, image.only(t, "ENV"))
	require.Contains(t, build.of("RUN"), "mkdir "+data+" && mkdir -m 1777 /scratch")
	require.Contains(t, image.of("COPY"), "--from=build --chown="+image.only(t, "USER")+" "+data+" "+data)
	require.Equal(t, []string{"/shipwake"}, image.list(t, "ENTRYPOINT"))
	require.Contains(t, image.of("COPY"), "--from=build /shipwake /shipwake")
}

// TestTheContainerAsksItselfWhetherItIsReady: it has no other program for that. The check gives up before it is given up.
func TestTheContainerAsksItselfWhetherItIsReady(t *testing.T) {
	probe := regexp.MustCompile(`^--interval=\S+ --timeout=(\S+) --start-period=\S+ CMD (.+)$`).FindStringSubmatch(stages(t)[1].only(t, "HEALTHCHECK"))
	require.NotNil(t, probe)
	var words []string
	require.NoError(t, json.Unmarshal([]byte(probe[2]), &words))
	require.Equal(t, stages(t)[1].list(t, "ENTRYPOINT"), words[:1])
	code, stdout, _ := shipwake(t, append(words[1:], "--help")...)
	require.Zero(t, code)
	limit, err := time.ParseDuration(probe[1])
	require.NoError(t, err)
	own := regexp.MustCompile(`--timeout duration .*\(default (\S+)\)`).FindStringSubmatch(stdout)
	require.NotNil(t, own)
	within, err := time.ParseDuration(own[1])
	require.NoError(t, err)
	require.Less(t, within, limit)
}

// command is the container's command line, with files where they are here.
func command(t *testing.T) []string {
	t.Helper()
	args := stages(t)[1].list(t, "CMD")
	for _, copied := range stages(t)[1].of("COPY") {
		words := strings.Fields(copied)
		from, to := words[len(words)-2], words[len(words)-1]
		if shipped, ok := strings.CutPrefix(from, "/src/"); ok {
			require.FileExists(t, filepath.Join("..", shipped))
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], to, path.Join("..", shipped))
			}
		}
	}
	return args
}

func TestTheContainersConfigurationIsValid(t *testing.T) {
	all := []string{"GENERIC", "CDEVENTS", "GITHUB", "ALERTMANAGER"}
	for name, c := range map[string]struct {
		environment map[string]string
		refused     string
	}{
		"with a secret for one source": {map[string]string{"SHIPWAKE_GITHUB_SECRET": "c", "SHIPWAKE_READ_TOKENS": "e"}, ""},
		"with a secret for every source": {map[string]string{
			"SHIPWAKE_GENERIC_SECRET": "a", "SHIPWAKE_CDEVENTS_SECRET": "b", "SHIPWAKE_GITHUB_SECRET": "c", "SHIPWAKE_ALERTMANAGER_SECRET": "d",
			"SHIPWAKE_READ_TOKENS": "e",
		}, ""},
		"without secrets, when that is wanted": {map[string]string{"SHIPWAKE_ALLOW_UNAUTHENTICATED": "true", "SHIPWAKE_ALLOW_ANONYMOUS": "true"}, ""},
		"without secrets it is refused":        {map[string]string{"SHIPWAKE_ALLOW_ANONYMOUS": "true"}, "sources: the endpoint 0.0.0.0:8787 can be reached from other machines, and no source has a secret"},
		"without readers it is refused":        {map[string]string{"SHIPWAKE_ALLOW_UNAUTHENTICATED": "true"}, "web::endpoint: 0.0.0.0:8788 can be reached from other machines"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range c.environment {
				t.Setenv(key, value)
			}
			code, _, stderr := shipwake(t, append([]string{"validate"}, command(t)...)...)
			require.Equal(t, c.refused == "", code == 0, stderr)
			require.Contains(t, stderr, c.refused)
		})
	}
	for _, source := range all {
		require.Contains(t, read(t, "container.yaml"), "SHIPWAKE_"+source+"_SECRET")
	}
}

// endpoints are the values of every key "endpoint" in a configuration.
func endpoints(t *testing.T, text string) []string {
	t.Helper()
	var root yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &root))
	var all []string
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == "endpoint" {
				all = append(all, child.Value)
			}
			walk(child)
		}
	}
	walk(&root)
	return all
}

// ports are the ports of the container, sorted.
func ports(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, endpoint := range endpoints(t, read(t, "container.yaml")) {
		host, port, err := net.SplitHostPort(endpoint)
		require.NoError(t, err)
		require.Equal(t, "0.0.0.0", host)
		all = append(all, port)
	}
	slices.Sort(all)
	return all
}

func TestTheContainerListensOnTheSamePortsAsTheDefault(t *testing.T) {
	_, builtin, _ := shipwake(t, "config")
	var byDefault []string
	for _, endpoint := range endpoints(t, builtin) {
		_, port, err := net.SplitHostPort(endpoint)
		require.NoError(t, err)
		byDefault = append(byDefault, port)
	}
	require.ElementsMatch(t, byDefault, ports(t))
	require.Equal(t, strings.Join(ports(t), " "), stages(t)[1].only(t, "EXPOSE"))
}

func TestTheBuildContextLeavesOutOnlyWhatIsNotBuilt(t *testing.T) {
	for line := range strings.Lines(read(t, "Dockerfile.dockerignore")) {
		if folder := strings.TrimSpace(line); folder != "" && !strings.HasPrefix(folder, "#") {
			require.Contains(t, []string{".git", "bin", "shipwake-data", "bench", "deploy/compose/.env"}, folder)
		}
	}
}
