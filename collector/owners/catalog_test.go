package owners

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// component is a document of a catalog.
func component(name, owner string) string {
	return "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: " + name + "\nspec:\n  type: service\n  owner: " + owner + "\n"
}

// catalogued are the owners of one file.
func catalogued(t *testing.T, content string) (*Owners, string) {
	t.Helper()
	file := written(t, t.TempDir(), "catalog-info.yaml", content)
	o, err := New(Config{Catalogs: []string{file}}, asTold)
	require.NoError(t, err)
	return o, file
}

func TestOwnersOfACatalog(t *testing.T) {
	o, _ := catalogued(t, `
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: store}
spec: {owner: group:default/shop}
---
# only the system has an owner
kind: Component
metadata: {name: cart}
spec: {type: service, system: store}
---
kind: Component
metadata: {name: pay}
spec: {owner: "Group:money", system: system:default/store}
---
kind: Component
metadata: {name: search, namespace: labs}
spec: {owner: finders, system: engine}
---
kind: Component
metadata: {name: mail}
spec: {owner: user:default/ada}
---
kind: Component
metadata: {name: old}
spec: {owner: group:other/legacy, system: null}
---
---
kind: Group
metadata: {name: shop}
spec: {type: team, children: []}
`)
	require.Empty(t, o.Problems())
	for service, want := range map[string]Owner{
		"cart":   {"shop", "store"},
		"pay":    {"money", "store"},
		"search": {"labs/finders", "labs/engine"},
		"mail":   {Team: "user:ada"},
		"old":    {Team: "other/legacy"},
		"store":  {}, // a system is no service
	} {
		require.Equal(t, want, o.Of(service), service)
	}
}

func TestComponentsGoByTheNamesOfServices(t *testing.T) {
	file := written(t, t.TempDir(), "catalog-info.yaml", component("cart-service", "shop"))
	o, err := New(Config{Catalogs: []string{file}}, func(told string) string { return strings.TrimSuffix(told, "-service") })
	require.NoError(t, err)
	require.Equal(t, "shop", o.Of("cart").Team)
}

func TestMistakesInACatalogNameFileDocumentAndLine(t *testing.T) {
	good := component("good", "shop") // 8 lines
	for name, c := range map[string]struct {
		content, want string
	}{
		"no name":                   {good + "---\nkind: Component\nspec: {owner: a}\n", ": document 2: line 10: metadata.name: required: the name of the component"},
		"an owner that is a list":   {good + "---\nkind: Component\nmetadata: {name: a}\nspec:\n  owner: [a, b]\n", ": document 2: line 13: must be a text"},
		"no reference":              {good + "---\nkind: Component\nmetadata: {name: a}\nspec:\n  owner: a/b/c\n", ": document 2: line 13: spec.owner: \"a/b/c\" is no reference to an entity"},
		"no reference to a system":  {good + "---\nkind: Component\nmetadata: {name: a}\nspec:\n  system: 'system:'\n", ": document 2: line 13: spec.system: \"system:\" is no reference"},
		"no YAML":                   {good + "---\nkind: [\n", ": document 2: line "},
		"two owners of one service": {good + component("good", "basket"), ": document 2: line 13: the service good has another owner in "},
		"a system twice":            {good + strings.Repeat("---\nkind: System\nmetadata:\n  name: store\n", 2), ": document 3: line 16: the system store is described in "},
		"metadata that is a text":   {good + "---\nkind: Component\nmetadata: a\n", ": document 2: line 11: cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			o, file := catalogued(t, c.content)
			require.Len(t, o.Problems(), 1)
			require.ErrorContains(t, o.Problems()[0], file+c.want)
			require.Equal(t, "shop", o.Of("good").Team, "the others hold")
		})
	}
}

func TestFilesOfACatalogAreFoundByPatterns(t *testing.T) {
	dir := t.TempDir()
	for _, at := range []string{"a", "b/deep/er", "b/.git", "b/node_modules/x", ""} {
		written(t, dir, filepath.Join(at, "catalog-info.yaml"), component("of-"+strings.ReplaceAll(at, "/", "-"), "shop"))
	}
	written(t, dir, "a/other.yaml", component("other", "shop"))
	for pattern, want := range map[string][]string{
		"**/catalog-info.yaml":   {"of-", "of-a", "of-b-deep-er"},
		"b/**/catalog-info.yaml": {"of-b-deep-er"},
		"**/er/*.yaml":           {"of-b-deep-er"},
		"*/*.yaml":               {"of-a", "other"},
		"a/**":                   {"of-a", "other"},
	} {
		o, err := New(Config{Catalogs: []string{filepath.Join(dir, pattern), filepath.Join(dir, pattern)}}, asTold)
		require.NoError(t, err)
		require.Empty(t, o.Problems(), pattern)
		found := []string{}
		for name := range o.catalog {
			found = append(found, name)
		}
		require.ElementsMatch(t, want, found, pattern)
	}
}

func TestAFileThatIsNotThereIsAProblem(t *testing.T) {
	dir := t.TempDir()
	big := written(t, dir, "big.yaml", strings.Repeat("#", mostBytes+1))
	for path, want := range map[string]string{
		filepath.Join(dir, "none.yaml"):    "none.yaml: there is no such file",
		filepath.Join(dir, "x/**/no.yaml"): "no such file or directory",
		filepath.Join(dir, "**/no.yaml"):   "**/no.yaml: there is no such file",
		big:                                "big.yaml: must not be longer than 4194304 bytes",
	} {
		o, err := New(Config{Catalogs: []string{path}}, asTold)
		require.NoError(t, err)
		require.Len(t, o.Problems(), 1, path)
		require.ErrorContains(t, o.Problems()[0], want)
	}
}
