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
	// Members are the changes of a group that were told of, and News the digest of what was said of them.
	Members []member `json:"members,omitempty"`
	News    string   `json:"news,omitempty"`
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
	for {
		text, err := json.Marshal(r)
		if err != nil || len(text) <= sinks.LongestReceipt || len(r.Members) == 0 {
			return text, err
		}
		r.Members = r.Members[1:]
	}
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
