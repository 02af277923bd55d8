// Package vendors answers: which systems are read by a mapping that is shipped?
//
// A system is one folder: mapping.yaml, payloads in testdata/*.http with what is read from them beside, and setup.md, which
// says how the system is made to send. Nothing else needs to be written; see package mapping.
package vendors

import (
	"embed"
	"slices"
	"sync"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/mapping"
)

//go:embed */mapping.yaml
var files embed.FS

// Sources lists the shipped mappings by name.
func Sources() []source.Source { return slices.Clone(read()) }

// read is made once: every receiver wants them.
var read = sync.OnceValue(func() []source.Source {
	folders, err := files.ReadDir(".")
	if err != nil {
		return []source.Source{broken("vendors", err)}
	}
	all := make([]source.Source, len(folders))
	for i, folder := range folders {
		all[i] = load(folder.Name())
	}
	return all
})

// Text is the shipped mapping of a name; false when there is none.
func Text(name string) ([]byte, bool) {
	text, err := files.ReadFile(name + "/mapping.yaml")
	return text, err == nil
}

func load(folder string) source.Source {
	text, err := files.ReadFile(folder + "/mapping.yaml")
	if err != nil {
		return broken(folder, err)
	}
	s, err := mapping.Shipped(text)
	if err != nil {
		return broken(folder, err)
	}
	return s
}

// broken is a source whose mapping can't be read: whoever configures it is told so.
func broken(name string, err error) source.Source {
	return source.Source{Name: name, Config: func() source.Config { return &unreadable{err} }}
}

type unreadable struct{ err error }

func (u *unreadable) Validate() error                { return u.err }
func (u *unreadable) Configure(*source.Source) error { return u.err }
