package owners

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// asTold is a naming rule that changes nothing.
func asTold(name string) string { return name }

// written writes a file below a folder and returns its path.
func written(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestAMappingSaysWhoseAServiceIs(t *testing.T) {
	o, err := New(Config{Services: []Rule{
		{Is: []string{"checkout", "cart"}, Team: "shop", System: "store"},
		{Matches: "(?P<team>[a-z]+)-(api|web)", Team: "{team}"},
		{Matches: ".*-api", Team: "platform", System: "apis"},
	}}, asTold)
	require.NoError(t, err)
	for service, want := range map[string]Owner{
		"checkout": {"shop", "store"},
		"pay-web":  {Team: "pay"},
		"pay-api":  {"pay", "apis"}, // the first rule that knows a team, and the first that knows a system
		"search":   {},
		"":         {},
	} {
		require.Equal(t, want, o.Of(service), service)
		require.Equal(t, want, o.Of(service), "a second time")
	}
}

func TestTheFirstKindOfOwnershipThatNamesAServiceDecides(t *testing.T) {
	dir := t.TempDir()
	catalog := written(t, dir, "catalog-info.yaml", component("checkout", "group:default/basket")+component("search", "finders"))
	file := written(t, dir, "CODEOWNERS", "/services/ @acme/everybody\n/services/search/ @acme/others\n")
	o, err := New(Config{
		Services:   []Rule{{Is: []string{"checkout"}, System: "store"}},
		Catalogs:   []string{catalog},
		Codeowners: []Codeowners{{File: file, Folders: []string{"services/{service}"}}},
	}, asTold)
	require.NoError(t, err)
	require.Empty(t, o.Problems())
	require.Equal(t, Owner{"basket", "store"}, o.Of("checkout"))
	require.Equal(t, Owner{Team: "finders"}, o.Of("search"))
	require.Equal(t, Owner{Team: "everybody"}, o.Of("pay"))
}

func TestOwnersOfChanges(t *testing.T) {
	o, err := New(Config{Services: []Rule{{Is: []string{"cart"}, Team: "shop", System: "store"}, {Is: []string{"pay"}, System: "money"}}}, asTold)
	require.NoError(t, err)
	labels := map[string]string{"class": "hotfix"}
	told := []correlate.Fact{
		{Change: &correlate.Change{Service: "cart", Team: "old", Labels: labels}},
		{Change: &correlate.Change{Service: "pay", Team: "told"}},
		{Change: &correlate.Change{Service: "search", Team: "told", Labels: map[string]string{"system": "told"}}},
		{Incident: &correlate.Incident{Service: "cart"}},
	}
	got := o.Apply(told)
	require.Equal(t, "shop", got[0].Change.Team, "the file is right")
	require.Equal(t, map[string]string{"class": "hotfix", "system": "store"}, got[0].Change.Labels)
	require.Equal(t, "told", got[1].Change.Team)
	require.Equal(t, map[string]string{"system": "money"}, got[1].Change.Labels)
	require.Equal(t, told[2:], got[2:], "what nobody owns stays as it was told")
	require.Equal(t, map[string]string{"class": "hotfix"}, labels, "the facts are left as they are")
	require.Equal(t, "old", told[0].Change.Team)
}

func TestWithoutOwnersNothingIsDifferent(t *testing.T) {
	var none *Owners
	told := []correlate.Fact{{Change: &correlate.Change{Service: "cart", Team: "told"}}}
	empty, err := New(Config{}, asTold)
	require.NoError(t, err)
	for _, o := range []*Owners{none, empty} {
		require.Empty(t, o.Digest())
		require.Empty(t, o.Problems())
		require.Equal(t, told, o.Apply(told))
		require.Equal(t, *told[0].Change, o.Owned(*told[0].Change))
	}
}

func TestTheDigestIsOfWhatTheFilesSay(t *testing.T) {
	dir := t.TempDir()
	digest := func(catalog, codeowners string) string {
		o, err := New(Config{
			Catalogs:   []string{written(t, dir, "catalog-info.yaml", catalog)},
			Codeowners: []Codeowners{{File: written(t, dir, "CODEOWNERS", codeowners), Folders: []string{"{service}"}}},
		}, asTold)
		require.NoError(t, err)
		return o.Digest()
	}
	cart, rules := component("cart", "shop"), "/cart/ @acme/shop\n"
	same := digest(cart, rules)
	require.NotEmpty(t, same)
	require.Equal(t, same, digest("# a remark\n"+cart, "# another\n\n"+rules))
	require.Equal(t, same, digest(cart+"---\nkind: API\nmetadata: {name: orders}\n", rules))
	require.NotEqual(t, same, digest(component("cart", "basket"), rules))
	require.NotEqual(t, same, digest(cart, "/cart/ @acme/basket\n"))
	require.NotEqual(t, same, digest(cart, "/cart/* @acme/shop\n"))
}

func TestManyNamesTakeBoundedMemory(t *testing.T) {
	o, err := New(Config{Services: []Rule{{Matches: "s.*", Team: "shop"}}}, asTold)
	require.NoError(t, err)
	for i := range 3 * mostKnown {
		require.Equal(t, "shop", o.Of(fmt.Sprint("s", i)).Team)
	}
	require.LessOrEqual(t, len(o.known), mostKnown)
}

func TestMistakesInTheConfiguration(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"a rule without an owner": {Config{Services: []Rule{{Is: []string{"cart"}}}}, "services[0]: one of team and system is required"},
		"a rule for nothing":      {Config{Services: []Rule{{Team: "shop"}}}, "services[0]: one of is (a list of names) and matches"},
		"no expression":           {Config{Services: []Rule{{Matches: "(", Team: "shop"}}}, `services[0]: matches: "(" is no regular expression of RE2`},
		"no such group":           {Config{Services: []Rule{{Matches: "a", Team: "{1}"}}}, "services[0]: team: {1}: matches has no such group"},
		"an empty path":           {Config{Catalogs: []string{""}}, "catalogs[0]: must be the path of a catalog-info.yaml"},
		"a part of **":            {Config{Catalogs: []string{"a/b**/c"}}, "catalogs[0]: \"a/b**/c\": ** must stand alone"},
		"an open [":               {Config{Catalogs: []string{"a/[b"}}, "catalogs[0]: \"a/[b\": a [ must be closed"},
		"no file":                 {Config{Codeowners: []Codeowners{{Folders: []string{"{service}"}}}}, "codeowners[0]: file: required"},
		"another form":            {Config{Codeowners: []Codeowners{{File: "f", Format: "gerrit"}}}, `codeowners[0]: format: "gerrit" is unknown; use github or gitlab`},
		"no services":             {Config{Codeowners: []Codeowners{{File: "f"}}}, "codeowners[0]: one of folders"},
		"a folder of all":         {Config{Codeowners: []Codeowners{{File: "f", Folders: []string{"services"}}}}, "codeowners[0]: folders[0]: \"services\": must hold {service} once"},
		"a name in a folder": {Config{Codeowners: []Codeowners{{File: "f", Services: map[string]string{"a": "{service}"}}}},
			"codeowners[0]: services::a: \"{service}\": {service} belongs into folders"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, c.config.Validate(), c.want)
			_, err := New(c.config, asTold)
			require.ErrorContains(t, err, c.want)
		})
	}
}
