package rows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// writeJSON writes what the API said, indented, with whatever a newer daemon says that this program doesn't know.
func writeJSON(out io.Writer, said json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(said), "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(out)
	return err
}

// writeYAML writes the same in YAML, in the same order.
func writeYAML(out io.Writer, said json.RawMessage) error {
	var document yaml.Node
	if err := yaml.Unmarshal(said, &document); err != nil { // JSON is YAML
		return fmt.Errorf("the daemon answered what can't be written as YAML: %w", err)
	}
	inBlocks(&document)
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return err
	}
	return encoder.Close()
}

// inBlocks gives a document the style of YAML in the place of that of JSON. A text that would be read as something else is
// quoted by the encoder.
func inBlocks(n *yaml.Node) {
	if len(n.Content) > 0 || n.Kind == yaml.ScalarNode {
		n.Style = 0
	}
	for _, below := range n.Content {
		inBlocks(below)
	}
}
