package source

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/shipwake/shipwake/correlate"
)

// Split says that a message is several deliveries, so that one that can't be read doesn't hold back the others: one for each
// element of a list, in the form of a message with that element alone, and one of how many the sender left out.
type Split struct {
	// List is the member of the body that is the list.
	List string `yaml:"list"`
	// Keep are the other members that each delivery has.
	Keep []string `yaml:"keep"`
	// Left is the member that says how many elements the sender left out; "" when none does. The delivery of it has no elements,
	// and beside Left the members LeftKeep, or those of Keep when there are none.
	Left     string   `yaml:"left"`
	LeftKeep []string `yaml:"left_keep"`
}

// Deliveries are those of a body. What has no list, or only one element, is one delivery, as it came.
func (s Split) Deliveries(body []byte) ([]correlate.Raw, error) {
	doc, err := ParseJSON(body, "$")
	if err != nil {
		return nil, err
	}
	if !doc.IsObject() || !doc.Get(s.List).IsArray() {
		return []correlate.Raw{{Body: body}}, nil
	}
	var elements [][]byte
	for _, element := range doc.Get(s.List).Items() {
		elements = append(elements, element.Raw())
	}
	left, _ := strconv.Atoi(string(doc.Get(s.Left).Raw())) // what is no number leaves nothing out
	if len(elements) < 2 && left <= 0 {
		return []correlate.Raw{{Body: body}}, doc.Err()
	}
	var raws []correlate.Raw
	head := membersAsTheyCame(doc, s.Keep)
	for _, element := range elements {
		raws = append(raws, correlate.Raw{Body: fmt.Appendf(nil, `{%s%q:[%s]}`, head, s.List, element)})
	}
	if left > 0 {
		keep := s.LeftKeep
		if len(keep) == 0 {
			keep = s.Keep
		}
		head := membersAsTheyCame(doc, append(slices.Clone(keep), s.Left))
		raws = append(raws, correlate.Raw{Body: fmt.Appendf(nil, `{%s%q:[]}`, head, s.List)})
	}
	return raws, doc.Err()
}

// membersAsTheyCame are some members as they came, each with a comma after it.
func membersAsTheyCame(doc JSON, keys []string) []byte {
	var b []byte
	for _, key := range keys {
		if value := doc.Get(key).Raw(); value != nil {
			b = fmt.Appendf(b, "%q:%s,", key, value)
		}
	}
	return b
}
