package strictyaml

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsNotMeantIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ text, wrong string }{
		"a file":                    {"name: shop\n", ""},
		"an empty one":              {"", "must be a mapping, with name; the file is empty"},
		"a key that isn't":          {"name: shop\nnmae: cart\n", "must be a mapping: yaml: unmarshal errors:\n  line 2: field nmae not found"},
		"a list":                    {"- name\n", "must be a mapping: yaml: unmarshal errors"},
		"something that is no YAML": {"{", "must be a mapping: yaml: "},
	} {
		t.Run(name, func(t *testing.T) {
			var into struct {
				Name string `yaml:"name"`
			}
			err := Decode([]byte(c.text), &into, "name")
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "shop", into.Name)
		})
	}
}

func TestANameMayBeAPartOfAPath(t *testing.T) {
	for name, ok := range map[string]bool{"argo-cd_2": true, "": false, "Argo": false, "a/b": false, "a b": false, "ä": false} {
		if err := CheckName(name); ok {
			require.NoError(t, err, name)
		} else {
			require.EqualError(t, err, "name: required: lower case letters, digits, dashes and underscores", name)
		}
	}
}
