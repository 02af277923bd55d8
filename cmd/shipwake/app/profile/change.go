package profile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// Use makes a profile the one that is meant when nobody names one.
func Use(file, name string) error {
	return change(file, func(p Profiles, document *yaml.Node) error {
		if _, known := p.Profiles[name]; !known {
			return p.unknown(name)
		}
		put(document, "current", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name})
		return nil
	})
}

// Set makes a profile, or another one of that name. The first one is the one that is meant from then on.
func Set(file, name string, one Profile) error {
	if err := errors.Join(CheckName(name), one.Check()); err != nil {
		return err
	}
	return change(file, func(p Profiles, document *yaml.Node) error {
		written, err := one.node()
		if err != nil {
			return err
		}
		all := get(document, "profiles")
		if all == nil || all.Kind != yaml.MappingNode {
			all = &yaml.Node{Kind: yaml.MappingNode}
			put(document, "profiles", all)
		}
		put(all, name, written)
		if p.Current == "" {
			put(document, "current", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name})
		}
		return nil
	})
}

// Remove takes a profile out.
func Remove(file, name string) error {
	return change(file, func(p Profiles, document *yaml.Node) error {
		if _, known := p.Profiles[name]; !known {
			return p.unknown(name)
		}
		remove(get(document, "profiles"), name)
		if p.Current == name {
			remove(document, "current")
		}
		return nil
	})
}

// change writes a file anew, whole or not at all, so that only its owner can read it.
func change(file string, do func(Profiles, *yaml.Node) error) error {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the profiles: %w", err)
	}
	var document yaml.Node
	p, err := parse(text)
	if err == nil {
		err = p.check()
	}
	if err == nil {
		err = yaml.Unmarshal(text, &document)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(document.Content) == 0 {
		document = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	if err := do(p, document.Content[0]); err != nil {
		return err
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(&document), encoder.Close()); err != nil {
		return err
	}
	return replace(file, b.Bytes())
}

func replace(file string, text []byte) error {
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, ".config-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = draft.Write(text)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		err = os.Rename(draft.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(draft.Name()))
	}
	return nil
}

// get is the value of a key of a mapping; nil without it.
func get(mapping *yaml.Node, key string) *yaml.Node {
	if at := find(mapping, key); at >= 0 {
		return mapping.Content[at+1]
	}
	return nil
}

func find(mapping *yaml.Node, key string) int {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return i
		}
	}
	return -1
}

func put(mapping *yaml.Node, key string, value *yaml.Node) {
	if at := find(mapping, key); at >= 0 {
		mapping.Content[at+1] = value
		return
	}
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
}

func remove(mapping *yaml.Node, key string) {
	if at := find(mapping, key); at >= 0 {
		mapping.Content = append(mapping.Content[:at], mapping.Content[at+2:]...)
	}
}
