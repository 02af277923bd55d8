package mapping

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// encode is a value as JSON: parts of a document as they stood there, members in the order of their names, and without those
// that have no value.
func encode(v ref.Val) ([]byte, error) {
	v, ok := present(v)
	if !ok {
		return []byte("null"), nil
	}
	switch v := v.(type) {
	case *object:
		return v.json.Raw(), nil
	case types.String, types.Bool:
		return json.Marshal(v.Value())
	case types.Int, types.Double:
		return []byte(numberText(v)), nil
	case types.Timestamp:
		return json.Marshal(v.Time.UTC().Format(time.RFC3339Nano))
	case traits.Mapper:
		return encodeMap(v)
	case traits.Lister:
		return encodeList(v)
	}
	return nil, wantError(fmt.Sprintf("can't be a part of a message: a %s", v.Type().TypeName()))
}

func encodeMap(m traits.Mapper) ([]byte, error) {
	var members []string
	for it := m.Iterator(); it.HasNext() == types.True; {
		name, ok := it.Next().(types.String)
		if !ok {
			return nil, wantError("can't be a part of a message: a map whose keys aren't texts")
		}
		value, ok := present(m.Get(name))
		if !ok {
			continue
		}
		key, err := json.Marshal(string(name))
		if err != nil {
			return nil, err
		}
		text, err := encode(value)
		if err != nil {
			return nil, err
		}
		members = append(members, string(key)+":"+string(text))
	}
	slices.Sort(members)
	return []byte("{" + strings.Join(members, ",") + "}"), nil
}

func encodeList(l traits.Lister) ([]byte, error) {
	var elements []string
	for it := l.Iterator(); it.HasNext() == types.True; {
		text, err := encode(it.Next())
		if err != nil {
			return nil, err
		}
		elements = append(elements, string(text))
	}
	return []byte("[" + strings.Join(elements, ",") + "]"), nil
}
