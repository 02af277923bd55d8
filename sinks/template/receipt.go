package template

import (
	"encoding/json"
	"maps"

	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// receipt is what is remembered of a conversation.
type receipt struct {
	Said route.Kind        `json:"said"`
	Kept map[string]string `json:"kept,omitempty"`
}

// remembered is the receipt of the last message; one that can't be read, which another version wrote, is as good as none.
func (f File) remembered(r sinks.Receipt) receipt {
	var was receipt
	if json.Unmarshal(r, &was) != nil {
		was = receipt{}
	}
	kept := f.names()
	for name := range kept {
		kept[name] = was.Kept[name]
	}
	was.Kept = kept
	return was
}

func (r receipt) encode() (sinks.Receipt, error) {
	r.Kept = maps.Clone(r.Kept)
	maps.DeleteFunc(r.Kept, func(_, value string) bool { return value == "" })
	return json.Marshal(r)
}

// empty: nothing was kept.
func (r receipt) empty() bool {
	for _, value := range r.Kept {
		if value != "" {
			return false
		}
	}
	return true
}
