package deploy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// manifest is what is read of a document of watch.yaml.
type manifest struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Rules    []struct {
		APIGroups []string `yaml:"apiGroups"`
		Resources []string
		Verbs     []string
	}
	RoleRef  struct{ Kind, Name string } `yaml:"roleRef"`
	Subjects []struct{ Kind, Name, Namespace string }
}

// TestTheRoleForWatchingIsBoundAndReadsOnly: `make test-kubernetes` watches with it.
func TestTheRoleForWatchingIsBoundAndReadsOnly(t *testing.T) {
	found := map[string]manifest{}
	documents := yaml.NewDecoder(strings.NewReader(read(t, "kubernetes/watch.yaml")))
	for {
		var m manifest
		if documents.Decode(&m) != nil {
			break
		}
		found[m.Kind] = m
	}
	require.Len(t, found, 4)
	role, binding, account := found["ClusterRole"], found["ClusterRoleBinding"], found["ServiceAccount"]
	require.Equal(t, role.Metadata.Name, binding.RoleRef.Name)
	require.Equal(t, account.Metadata.Name, binding.Subjects[0].Name)
	require.Equal(t, account.Metadata.Namespace, binding.Subjects[0].Namespace)
	require.Equal(t, found["Namespace"].Metadata.Name, account.Metadata.Namespace)
	require.NotEmpty(t, role.Rules)
	for _, rule := range role.Rules {
		require.Subset(t, []string{"get", "list", "watch"}, rule.Verbs)
		require.NotContains(t, rule.Resources, "secrets")
		require.NotContains(t, rule.Resources, "*")
	}
}
