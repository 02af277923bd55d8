package kubernetes

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/shipwake/shipwake/collector/source"
)

// Config is the configuration of the receiver; the package comment shows it as YAML.
type Config struct {
	// Name is that of its deliveries, which must be another for each cluster. "" is made of the receiver's own.
	Name string `mapstructure:"name"`
	// Kubeconfig is the file that says how to reach the cluster, and Context which of its contexts to use. Empty: the service
	// account of the pod that this runs in, and the file's current context.
	Kubeconfig string `mapstructure:"kubeconfig"`
	Context    string `mapstructure:"context"`
	// Namespaces to watch; none is all of them, by one watch for each kind, which takes a ClusterRole.
	Namespaces []string `mapstructure:"namespaces"`
	// LabelSelector leaves out the workloads whose labels don't match it, in the notation of kubectl.
	LabelSelector string `mapstructure:"label_selector"`
	// Keys are those of the source: how things are called.
	Keys map[string]any `mapstructure:",remain"`

	source source.Source
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Validate returns every mistake, each with the key and what would be right.
func (c *Config) Validate() error {
	var problems []error
	if c.Name != "" && !plainName.MatchString(c.Name) {
		problems = append(problems, errors.New("name: use letters, digits, dot, dash and underscore"))
	}
	if c.Context != "" && c.Kubeconfig == "" {
		problems = append(problems, errors.New("context: can't be set without kubeconfig"))
	}
	for i, namespace := range c.Namespaces {
		if len(content.IsDNS1123Label(namespace)) > 0 || slices.Contains(c.Namespaces[:i], namespace) {
			problems = append(problems, fmt.Errorf("namespaces[%d]: must be the name of a namespace, each only once", i))
		}
	}
	if _, err := labels.Parse(c.LabelSelector); err != nil {
		problems = append(problems, errors.New("label_selector: must be a selector such as team=shop,tier in (web, api)"))
	}
	_, err := c.source.Configure("kubernetes", c.Keys)
	return errors.Join(append(problems, err)...)
}

// scopes are the namespaces to watch; "" stands for all.
func (c *Config) scopes() []string {
	if len(c.Namespaces) == 0 {
		return []string{""}
	}
	return c.Namespaces
}

// asksNamespaces: names depend on the labels of namespaces.
func (c *Config) asksNamespaces() bool {
	label, _ := c.Keys["environment_label"].(string)
	return label != ""
}
