// Package vendors answers: which receivers are told by a template that is shipped?
//
// A receiver is one folder: sink.yaml; testdata/receiver.yaml, which plays the receiver; and testdata/*.txt, the exact requests
// for each kind of message. Nothing else needs to be written; package template says how.
package vendors

import (
	"embed"
	"sync"

	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/template"
)

//go:embed */sink.yaml
var files embed.FS

// Factories lists the shipped templates by name. A template is read when somebody configures it.
func Factories() []sinks.Factory {
	folders, err := files.ReadDir(".")
	if err != nil {
		return []sinks.Factory{broken("vendors", err)}
	}
	all := make([]sinks.Factory, len(folders))
	for i, folder := range folders {
		all[i] = unread(folder.Name())
	}
	return all
}

// Text is the shipped template of a name; false when there is none.
func Text(name string) ([]byte, bool) {
	text, err := files.ReadFile(name + "/sink.yaml")
	return text, err == nil
}

// unread is the sink of a folder that is read at its first use.
func unread(folder string) sinks.Factory {
	read := sync.OnceValue(func() sinks.Factory { return load(folder) })
	return sinks.Factory{
		Name:  folder,
		New:   func(r sinks.Reader, raw map[string]any) (sinks.Sink, error) { return read().New(r, raw) },
		Check: func(raw map[string]any) error { return read().Check(raw) },
	}
}

func load(folder string) sinks.Factory {
	text, err := files.ReadFile(folder + "/sink.yaml")
	if err != nil {
		return broken(folder, err)
	}
	f, err := template.Parse(text)
	if err != nil {
		return broken(folder, err)
	}
	return template.Shipped(f)
}

// broken is a sink whose template can't be read: whoever configures it is told so.
func broken(name string, err error) sinks.Factory {
	return sinks.Factory{
		Name:  name,
		New:   func(sinks.Reader, map[string]any) (sinks.Sink, error) { return nil, err },
		Check: func(map[string]any) error { return err },
	}
}
