package mapping

import (
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/shipwake/shipwake/collector/source"
)

var (
	objectType  = types.NewObjectType("json.object", traits.IndexerType, traits.FieldTesterType, traits.IterableType, traits.SizerType, traits.ContainerType)
	headersType = types.NewObjectType("json.headers", traits.IndexerType, traits.FieldTesterType)
)

// reader reads the values of one delivery, and remembers the one that was looked at last: an error is about that.
type reader struct {
	last source.JSON
	// header is the name of the header that was looked at after last; "" when none was.
	header string
}

// value is a JSON value for CEL: a scalar as CEL's own, an object or array where it lies. Nil is absent or null.
func (r *reader) value(v source.JSON) ref.Val {
	r.last, r.header = v, ""
	switch {
	case !v.Exists():
		return nil
	case v.IsObject():
		return &object{json: v, reader: r}
	case v.IsArray():
		return r.array(v)
	case v.IsString():
		return types.String(v.Document())
	}
	return scalar(string(v.Raw()))
}

func scalar(text string) ref.Val {
	if text == "true" || text == "false" {
		return types.Bool(text == "true")
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return types.Int(n)
	}
	f, _ := strconv.ParseFloat(text, 64) // valid JSON; what is too large is infinite
	return types.Double(f)
}

// array has each element that is null as CEL's null.
func (r *reader) array(v source.JSON) ref.Val {
	var elements []ref.Val
	for _, element := range v.Items() {
		value := r.value(element)
		if value == nil {
			value = types.NullValue
		}
		elements = append(elements, value)
	}
	r.last = v
	if err := v.Err(); err != nil {
		return types.WrapErr(err)
	}
	return types.NewRefValList(types.DefaultTypeAdapter, elements)
}

// path is the place of what was looked at last.
func (r *reader) path() string {
	if r.header != "" {
		return "header " + r.header
	}
	return r.last.Path()
}

// object is a JSON object. A member that is missing or null is an error with its path, unless it is asked for as optional.
type object struct {
	json    source.JSON
	reader  *reader
	members map[string]source.JSON
	values  map[string]ref.Val
}

// member is one of the object; the object is read once.
func (o *object) member(key string) source.JSON {
	if o.members == nil {
		o.members = map[string]source.JSON{}
		for name, v := range o.json.Members() {
			o.members[name] = v
		}
	}
	if v, ok := o.members[key]; ok {
		return v
	}
	return o.json.Get(key)
}

func (o *object) Get(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	if !ok {
		return types.NewErr("a member of an object has a name")
	}
	v := o.member(string(name))
	if known, ok := o.values[string(name)]; ok {
		o.reader.last, o.reader.header = v, ""
		return known
	}
	value := o.reader.value(v)
	if value == nil {
		return types.WrapErr(&source.ParseError{Path: v.Path(), Want: "required"})
	}
	if o.values == nil {
		o.values = map[string]ref.Val{}
	}
	o.values[string(name)] = value
	return value
}

// IsSet tells whether a member is there and not null.
func (o *object) IsSet(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	if !ok {
		return types.False
	}
	v := o.member(string(name))
	o.reader.last, o.reader.header = v, ""
	return types.Bool(v.Exists())
}

// Contains is IsSet, for the operator in.
func (o *object) Contains(key ref.Val) ref.Val { return o.IsSet(key) }

// Size is the number of members, those that are null among them.
func (o *object) Size() ref.Val {
	o.member("")
	return types.Int(len(o.members))
}

// Iterator goes over the names of the members in the order of the body, each once.
func (o *object) Iterator() traits.Iterator {
	var names []ref.Val
	seen := map[string]bool{}
	for name := range o.json.Members() {
		if !seen[name] {
			seen[name] = true
			names = append(names, types.String(name))
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, names).Iterator()
}

// ConvertToNative is not needed by anything that a mapping can say.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("an object can't become %s", t)
}

// ConvertToType is for type(); an object becomes nothing else.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return objectType
	}
	return types.NewErr("an object can't become %s", t.TypeName())
}

// Equal holds for the same object at the same place.
func (o *object) Equal(other ref.Val) ref.Val {
	that, ok := other.(*object)
	return types.Bool(ok && string(that.json.Raw()) == string(o.json.Raw()))
}

// Type is described at Value.
func (o *object) Type() ref.Type { return objectType }

// Value is the object as source reads it.
func (o *object) Value() any { return o.json }

// headers are those of a delivery that its source names. One that is missing is an error, unless it is asked for as
// optional.
type headers struct {
	values map[string]string
	reader *reader
}

func (h *headers) Get(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	if !ok {
		return types.NewErr("a header has a name")
	}
	h.reader.header = http.CanonicalHeaderKey(string(name))
	text, ok := h.values[h.reader.header]
	if !ok {
		return types.WrapErr(&source.ParseError{Path: h.reader.path(), Want: "required"})
	}
	return types.String(text)
}

// IsSet tells whether the header is there.
func (h *headers) IsSet(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	_, there := h.values[http.CanonicalHeaderKey(string(name))]
	return types.Bool(ok && there)
}

// ConvertToNative is described at object.
func (h *headers) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("headers can't become %s", t)
}

// ConvertToType is described at object.
func (h *headers) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("headers can't become %s", t.TypeName())
}

// Equal never holds.
func (h *headers) Equal(ref.Val) ref.Val { return types.False }

// Type is described at Value.
func (h *headers) Type() ref.Type { return headersType }

// Value is the headers by canonical name.
func (h *headers) Value() any { return h.values }
