package vendors

import (
	"io/fs"
	"path"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source/mapping"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
)

// shipped are the mappings by their folder.
func shipped(t testing.TB) map[string]mapping.File {
	t.Helper()
	paths, err := fs.Glob(files, "*/mapping.yaml")
	require.NoError(t, err)
	all := map[string]mapping.File{}
	for _, p := range paths {
		text, err := files.ReadFile(p)
		require.NoError(t, err)
		_, err = mapping.Load(text)
		require.NoError(t, err, p)
		f, err := mapping.Parse(text)
		require.NoError(t, err, p)
		all[path.Dir(p)] = f
	}
	return all
}

// TestEveryVendorKeepsTheContractOfSources runs the suite of all sources on each folder.
func TestEveryVendorKeepsTheContractOfSources(t *testing.T) {
	files := shipped(t)
	for i, s := range Sources() {
		if raced && i%9 != 0 {
			continue // they run the same code, and only concurrency is at stake
		}
		f := files[s.Name]
		t.Run(s.Name, func(t *testing.T) {
			require.NotEmpty(t, f.Example, "a mapping names the payload that shows it: example")
			t.Chdir(s.Name)
			sourcetest.Run(t, s, sourcetest.Suite{Valid: f.Example})
		})
	}
}

func FuzzEveryVendor(f *testing.F) { sourcetest.FuzzEach(f, Sources()) }

// TestEveryVendorSaysWhatItReads: what its page is made of is there, and every rule says which event it is for.
func TestEveryVendorSaysWhatItReads(t *testing.T) {
	for folder, f := range shipped(t) {
		t.Run(folder, func(t *testing.T) {
			require.Equal(t, folder, f.Name, "the folder is named as the source")
			for what, text := range map[string]string{"title": f.Title, "about": f.About, "docs": f.Docs, "read": f.Read} {
				require.NotEmpty(t, text, what)
			}
			for i, rule := range f.Rules {
				require.True(t, rule.Event != "" || rule.Ignored != "" || rule.Unmapped != "", "rules[%d] says which event it is for", i)
			}
			for name, parameter := range f.Parameters {
				require.NotEmpty(t, parameter.Help, "parameter %s", name)
			}
		})
	}
}
