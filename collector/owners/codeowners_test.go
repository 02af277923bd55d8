package owners

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// ofFile are the owners of a CODEOWNERS file.
func ofFile(t *testing.T, form Format, content string) *Owners {
	t.Helper()
	o, err := New(Config{Codeowners: []Codeowners{{
		File: written(t, t.TempDir(), "CODEOWNERS", content), Format: form,
		Folders: []string{"services/{service}"}, Services: map[string]string{"site": "web", "deep": "/apps/deep/er/"},
	}}}, asTold)
	require.NoError(t, err)
	return o
}

func TestOwnersOfFolders(t *testing.T) {
	for name, c := range map[string]struct {
		form          Format
		content       string
		service, want string
	}{
		"the last pattern that fits decides":              {GitHub, "/services/ @acme/all\n/services/cart/ @acme/shop\n", "cart", "shop"},
		"also when it is the wider one":                   {GitHub, "/services/cart/ @acme/shop\n/services/ @acme/all\n", "cart", "all"},
		"nobody's, said later":                            {GitHub, "/services/ @acme/all\n/services/cart/\n", "cart", ""},
		"a folder without slashes":                        {GitHub, "services/cart @acme/shop", "cart", "shop"},
		"files of the folder itself":                      {GitHub, "services/cart/* @acme/shop", "cart", "shop"},
		"not those of folders below":                      {GitHub, "services/* @acme/shop", "cart", ""},
		"all below":                                       {GitHub, "services/** @acme/shop", "cart", "shop"},
		"any folders between":                             {GitHub, "**/cart/ @acme/shop", "cart", "shop"},
		"any folder of a name":                            {GitHub, "cart/ @acme/shop", "cart", "shop"},
		"a part of a name":                                {GitHub, "/services/c?r* @acme/shop", "cart", "shop"},
		"some files own no folder":                        {GitHub, "/services/ @acme/shop\n*.go @acme/gophers\n/services/cart/docs/ @acme/writers\n", "cart", "shop"},
		"a team before people":                            {GitHub, "/services/ @ada @acme/shop ada@example.com", "cart", "shop"},
		"else who comes first":                            {GitHub, "/services/ @ada eve@example.com", "cart", "ada"},
		"a remark at the end":                             {GitHub, "/services/ @acme/shop # and not @acme/others", "cart", "shop"},
		"a space in a folder":                             {GitHub, `/serv\ ices/ @acme/other` + "\n" + `\#x @acme/x` + "\n/services/ @acme/shop", "cart", "shop"},
		"all files tell of no service":                    {GitHub, "* @acme/all", "cart", ""},
		"but of one whose folder is named":                {GitHub, "* @acme/all", "site", "all"},
		"folders of other names":                          {GitHub, "/apps/deep @acme/diver", "deep", "diver"},
		"GitHub: a slash within begins at the root":       {GitHub, "services/cart/ @acme/shop\nother/services/ @acme/x\n", "cart", "shop"},
		"GitHub: not so further down":                     {GitHub, "deep/er/ @acme/x", "deep", ""},
		"GitLab: only one before does":                    {GitLab, "deep/er/ @acme/x", "deep", "x"},
		"GitLab: the last part of a subgroup":             {GitLab, "/services/ @acme/web/shop", "cart", "shop"},
		"GitLab: a group alone":                           {GitLab, "/services/ @shop", "cart", "shop"},
		"GitLab: roles own nothing":                       {GitLab, "/services/ @@maintainer @acme/shop", "cart", "shop"},
		"GitLab: owners of a section":                     {GitLab, "[Shop] @acme/shop\n/services/\n/web/ @acme/web\n", "cart", "shop"},
		"GitLab: a rule's own come first":                 {GitLab, "[Shop][2] @acme/shop\n/services/\n/web/ @acme/web\n", "site", "web"},
		"GitLab: the first section that has an owner":     {GitLab, "^[Docs] @acme/docs\n*.md\n[Shop]\n/services/ @acme/shop\n[Sec]\n/services/ @acme/sec\n", "cart", "shop"},
		"GitLab: sections of one name are one":            {GitLab, "[A]\n/services/ @acme/a\n[B]\n/services/ @acme/b\n[a]\n/services/cart/ @acme/last\n", "cart", "last"},
		"GitLab: an exclusion":                            {GitLab, "[A]\n/services/ @acme/a\n!/services/cart/\n[B]\n/services/ @acme/b\n", "cart", "b"},
		"GitLab: before any section comes the first part": {GitLab, "/services/ @acme/a\n[B]\n/services/ @acme/b\n", "cart", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			o := ofFile(t, c.form, c.content)
			require.Empty(t, o.Problems())
			require.Equal(t, c.want, o.Of(c.service).Team)
		})
	}
}

func TestMistakesInCodeownersNameTheLine(t *testing.T) {
	for name, c := range map[string]struct {
		line, want string
	}{
		"a negation":     {"!/docs/ @acme/x", `: line 3: "!/docs/": GitHub knows no negation`},
		"a set":          {"/[ab]/ @acme/x", `: line 3: "/[ab]/": GitHub knows no sets of characters`},
		"not an owner":   {"/docs/ acme/x", `: line 3: "acme/x": an owner is @user`},
		"bytes, no text": {"/docs\xff/ \xff", `: line 3: `},
	} {
		t.Run(name, func(t *testing.T) {
			o := ofFile(t, GitHub, "# first\n/services/ @acme/shop\n"+c.line+"\n")
			require.Len(t, o.Problems(), 1)
			require.ErrorContains(t, o.Problems()[0], "CODEOWNERS"+c.want)
			require.Equal(t, "shop", o.Of("cart").Team, "the others hold")
		})
	}
	o, err := New(Config{Codeowners: []Codeowners{{File: filepath.Join(t.TempDir(), "none"), Folders: []string{here}}}}, asTold)
	require.NoError(t, err)
	require.ErrorContains(t, o.Problems()[0], "no such file")
}

func FuzzCodeowners(f *testing.F) {
	f.Add("/services/ @acme/shop # x\n[A][2] @b\n!x\\ y @@z\n")
	f.Fuzz(func(t *testing.T, content string) {
		for _, form := range []Format{GitHub, GitLab} {
			ofFile(t, form, content).Of("cart")
		}
	})
}
