package names

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const (
	digest = "sha256:b7f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1"
	commit = "9fceb02d0ae598e95dc970b74767f19372d61af8"
)

func TestVersion(t *testing.T) {
	cases := map[string]struct{ told, want string }{
		"a version":                                {"1.4.2", "1.4.2"},
		"a version with a v keeps it":              {"v1.4.2", "v1.4.2"},
		"a commit":                                 {commit, commit},
		"nothing":                                  {"", ""},
		"space around it":                          {" v2\n", "v2"},
		"a tag of Git":                             {"refs/tags/v2.1.0", "v2.1.0"},
		"a branch is no version, and stays":        {"refs/heads/main", "refs/heads/main"},
		"a branch with a version":                  {"release/1.4", "release/1.4"},
		"an image with a registry":                 {"registry.example.com/shop/checkout:v2", "v2"},
		"an image with a port":                     {"localhost:5000/checkout:v2", "v2"},
		"an image with a port and no tag":          {"localhost:5000/checkout", "localhost:5000/checkout"},
		"an image by tag and digest":               {"shop/checkout:v2@" + digest, "v2"},
		"an image by digest":                       {"shop/checkout@" + digest, digest},
		"an image by digest without a path":        {"checkout@" + digest, digest},
		"a chart":                                  {"oci://registry.example.com/charts/shop:1.4.0", "1.4.0"},
		"an image as Kubernetes shows one":         {"docker-pullable://shop/checkout@" + digest, digest},
		"a word and a number are no image":         {"release:42", "release:42"},
		"a digest is no image":                     {digest, digest},
		"a URL is no image":                        {"https://example.com/v2:3", "https://example.com/v2:3"},
		"capital letters are in no image's path":   {"Shop/Checkout/x:v2", "Shop/Checkout/x:v2"},
		"a package's tag goes before its digest":   {"pkg:oci/checkout@sha256%3Ab7f1?repository_url=r.example.com&tag=v2", "v2"},
		"a package's digest":                       {"pkg:oci/checkout@sha256%3Ab7f1", "sha256:b7f1"},
		"a package's version":                      {"pkg:golang/example.com/checkout@v2.1.0", "v2.1.0"},
		"a package with a subpath":                 {"pkg:golang/example.com/checkout@v2.1.0#cmd/x", "v2.1.0"},
		"a scope is no version":                    {"pkg:npm/%40acme/checkout", ""},
		"an @ before the name is none either":      {"pkg:npm/@acme/checkout", ""},
		"a package's version with bad escapes":     {"pkg:npm/checkout@1%zz", "1%zz"},
		"a package whose qualifiers can't be read": {"pkg:npm/checkout@1.2?a=%zz", "1.2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, Version(c.told)) })
	}
}

func TestSameVersion(t *testing.T) {
	cases := map[string]struct {
		a, b string
		want bool
	}{
		"equal":                                    {"1.4", "1.4", true},
		"different":                                {"1.4", "1.5", false},
		"nothing is no version":                    {"", "", false},
		"with and without a v":                     {"v1.4", "1.4", true},
		"a capital V":                              {"V1.4", "1.4", true},
		"a v that begins a word":                   {"vega", "ega", false},
		"an abbreviated commit":                    {commit[:7], commit, true},
		"a commit in capital letters":              {strings.ToUpper(commit[:9]), commit, true},
		"an abbreviation that is too short":        {commit[:6], commit, false},
		"another commit":                           {"1234567", commit, false},
		"two abbreviations of different length":    {commit[:7], commit[:9], true},
		"dates and build numbers are no commits":   {"20260301", "202603011200", false},
		"an abbreviated commit of digits alone":    {"1234567", "1234567890123456789012345678901234567890", true},
		"a longer version is another one":          {"2026.03.01", "2026.03.01-rc.1", false},
		"an image and its tag":                     {"shop/checkout:v2", "2", true},
		"an image and its digest":                  {"shop/checkout:v2@" + digest, digest, true},
		"an image by digest and by tag and digest": {"shop/checkout@" + digest, "other/checkout:v3@" + digest, true},
		"an abbreviated digest":                    {digest[:19], digest, true},
		"a digest without its algorithm":           {strings.TrimPrefix(digest, "sha256:"), digest, true},
		"an image builder's tag of a commit":       {"shop/checkout:sha-" + commit[:7], commit, true},
		"sha- before anything else":                {"sha-la", "la", false},
		"a tag of Git and an image's":              {"refs/tags/v2.1.0", "shop/checkout:2.1.0", true},
		"a tag that was moved":                     {"shop/checkout:latest@" + digest, "shop/checkout:latest@sha256:" + strings.Repeat("0", 64), false},
		"a package's tag that was moved":           {"pkg:oci/a@" + digest + "?tag=v2", "pkg:oci/a@sha256:" + strings.Repeat("0", 64) + "?tag=v2", false},
		"a package and its tag":                    {"pkg:oci/checkout@" + digest + "?tag=v2", "v2", true},
		"a package and its digest":                 {"pkg:oci/checkout@" + digest + "?tag=v2", digest, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, SameVersion(c.a, c.b))
			require.Equal(t, c.want, SameVersion(c.b, c.a), "symmetric")
		})
	}
}

func TestSameVersionIsReflexiveAndSymmetric(t *testing.T) {
	text := rapid.OneOf(rapid.String(),
		rapid.StringMatching(`(refs/tags/|pkg:npm/a@|a/b:|v|sha-|sha256:)?[0-9a-f]{1,12}(@sha256:[0-9a-f]{32})?`))
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		require.Equal(t, SameVersion(a, b), SameVersion(b, a))
		require.Equal(t, Version(a) != "", SameVersion(a, a))
		require.Equal(t, Version(a) != "", SameVersion(a, Version(a)), "what was read of it is the same version")
	})
}

func TestWhichDeploymentsBringTheSame(t *testing.T) {
	const a, b = "aaaaaaa1c0ffee1c0ffee1c0ffee1c0ffee1c0ff", "bbbbbbb1c0ffee1c0ffee1c0ffee1c0ffee1c0ff"
	other := "sha256:" + strings.Repeat("0a", 32)
	for name, c := range map[string]struct {
		x, y Release
		want bool
	}{
		"a label that moved":                      {Release{"latest", a, ""}, Release{"latest", b, ""}, false},
		"a branch that is named like a version":   {Release{"2.0", a, ""}, Release{"2.0", b, ""}, false},
		"the same label and commit":               {Release{"latest", a, ""}, Release{"latest", a[:7], ""}, true},
		"the same label, one without a commit":    {Release{"v2", a, ""}, Release{"2", "", ""}, true},
		"a commit in full and abbreviated":        {Release{a, a, ""}, Release{a[:7], a[:7], ""}, true},
		"a label and the commit it is":            {Release{"v2", a, ""}, Release{a, a, ""}, true},
		"a label without a commit, and a commit":  {Release{"v2", "", ""}, Release{a, a, ""}, false},
		"an image builder's tag of the commit":    {Release{"main-" + a[:7], "", ""}, Release{"v2", a, ""}, true},
		"git describe":                            {Release{"v1.4-3-g" + a[:7], "", ""}, Release{a, "", ""}, false},
		"git describe, and the commit":            {Release{"v1.4-3-g" + a[:7], "", ""}, Release{a, a, ""}, true},
		"a tag of another commit":                 {Release{"main-" + b[:7], "", ""}, Release{"v2", a, ""}, false},
		"two builds of one commit":                {Release{"build.41", a, ""}, Release{"build.42", a, ""}, false},
		"commits alone":                           {Release{"", a, ""}, Release{"", a[:9], ""}, true},
		"a label with its commit, and that alone": {Release{"v2", a, ""}, Release{"", a[:9], ""}, true},
		"other commits alone":                     {Release{"", a, ""}, Release{"", b, ""}, false},
		"nothing":                                 {Release{}, Release{}, false},
		"a version and nothing":                   {Release{"v2", "", ""}, Release{}, false},
		"a tag that was moved":                    {Release{"v2", "", digest}, Release{"v2", "", other}, false},
		"a tag of another image of one commit":    {Release{"v2", a, digest}, Release{"v2", a, other}, false},
		"the same image under another tag":        {Release{"v2", "", digest}, Release{"stable", "", digest}, true},
		"a tag, one without a digest":             {Release{"v2", "", digest}, Release{"v2", "", ""}, true},
		"a tag and the digest that it is":         {Release{"v2", "", digest}, Release{digest[:19], "", ""}, true},
		"a tag and another digest":                {Release{"v2", "", digest}, Release{other, "", ""}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, SameRelease(c.x, c.y))
			require.Equal(t, c.want, SameRelease(c.y, c.x), "symmetric")
		})
	}
}

func TestWhichReleasesAreANameAndACommit(t *testing.T) {
	const a, digits = "aaaaaaa1c0ffee1c0ffee1c0ffee1c0ffee1c0ff", "20260301"
	for name, c := range map[string]struct {
		x, y Release
		want bool
	}{
		"a name and a commit":               {Release{"v2", "", ""}, Release{a, a, ""}, true},
		"a commit that only the version is": {Release{"v2", "", ""}, Release{a[:7], "", ""}, true},
		"a commit without a version":        {Release{"latest", "", ""}, Release{"", a, ""}, true},
		"a date is a name":                  {Release{digits, "", ""}, Release{a, a, ""}, true},
		"two names":                         {Release{"v2", "", ""}, Release{"v3", "", ""}, false},
		"two commits":                       {Release{a, a, ""}, Release{a[:7], "", ""}, false},
		"a name whose commit is told":       {Release{"v2", "bbbbbbb", ""}, Release{a, a, ""}, false},
		"a name that holds a commit":        {Release{"main-bbbbbbb", "", ""}, Release{a, a, ""}, false},
		"a name beside a commit":            {Release{"v3", a, ""}, Release{"v2", "", ""}, false},
		"an image with a digest":            {Release{"shop/checkout:v2@" + digest, "", ""}, Release{a, a, ""}, false},
		"nothing":                           {Release{}, Release{a, a, ""}, false},
		"a commit and nothing":              {Release{a, a, ""}, Release{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, NameAndCommit(c.x, c.y))
			require.Equal(t, c.want, NameAndCommit(c.y, c.x), "symmetric")
		})
	}
}

func TestSameReleaseIsSymmetricAndCommitsDecideAgainstIt(t *testing.T) {
	text := rapid.StringMatching(`(|(v|main-|1\.2-g)?[0-9a-f]{7,9})`)
	image := rapid.StringMatching(`(|sha256:[ab]{7,8})`)
	rapid.Check(t, func(t *rapid.T) {
		x := Release{text.Draw(t, "version"), text.Draw(t, "commit"), image.Draw(t, "digest")}
		y := Release{text.Draw(t, "other version"), text.Draw(t, "other commit"), image.Draw(t, "other digest")}
		require.Equal(t, SameRelease(x, y), SameRelease(y, x))
		switch {
		case x.Digest != "" && y.Digest != "":
			require.Equal(t, SameVersion(x.Digest, y.Digest), SameRelease(x, y))
		case x.Commit != "" && y.Commit != "" && !SameVersion(x.Commit, y.Commit):
			require.False(t, SameRelease(x, y))
		}
		require.Equal(t, x != Release{}, SameRelease(x, x))
	})
}
