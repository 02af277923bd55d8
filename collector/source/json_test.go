package source

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestReadingJSON(t *testing.T) {
	doc, err := ParseJSON([]byte(` {"a":{"b":[1,"two",null,{"c":"é\n"}]},"esc\u0061ped":"yes","twice":1,"twice":2,
		"at":"2026-03-01T10:00:00+02:00","never":"0001-01-01T00:00:00Z","yes":true,"labels":{"x":"y"}} `), "$")
	require.NoError(t, err)

	var items []string
	for _, item := range doc.Get("a").Get("b").Items() {
		items = append(items, item.Path()+"="+string(item.Raw()))
	}
	require.Equal(t, []string{`$.a.b[0]=1`, `$.a.b[1]="two"`, `$.a.b[2]=null`, `$.a.b[3]={"c":"é\n"}`}, items)
	require.Equal(t, "yes", doc.Get("escaped").Text())
	require.Equal(t, "2", doc.Get("twice").Number())
	require.Equal(t, time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), doc.Get("at").Time())
	require.True(t, doc.Get("never").Time().IsZero())
	require.True(t, doc.Get("yes").True())
	require.False(t, doc.Get("no").True())
	require.Equal(t, map[string]string{"x": "y"}, doc.Get("labels").Labels())
	require.Empty(t, doc.Get("absent").Get("deeper").Text())
	require.False(t, doc.Get("absent").Exists())
	require.True(t, doc.Has("absent", "yes"))
	require.NoError(t, doc.Err())
}

func TestTheFirstWrongTypeIsNamedByItsPath(t *testing.T) {
	for name, c := range map[string]struct {
		read func(JSON)
		want string
	}{
		"text":              {func(v JSON) { v.Get("list").Text() }, "$.list: must be a string"},
		"a member of text":  {func(v JSON) { v.Get("text").Get("x") }, "$.text: must be an object"},
		"items of text":     {func(v JSON) { drain(v.Get("text")) }, "$.text: must be an array"},
		"a number":          {func(v JSON) { v.Get("half").Number() }, "$.half: must be an integer or a string"},
		"a truth":           {func(v JSON) { v.Get("half").True() }, "$.half: must be true or false"},
		"a time":            {func(v JSON) { v.Get("text").Time() }, "$.text: must be an RFC 3339 time such as 2026-03-01T10:00:00Z, or Unix time in seconds, ms, µs or ns"},
		"an empty time":     {func(v JSON) { v.Get("empty").Time() }, "$.empty: must be an RFC 3339 time such as 2026-03-01T10:00:00Z, or Unix time in seconds, ms, µs or ns"},
		"a distant time":    {func(v JSON) { v.Get("far").Time() }, "$.far: must lie between the years 1970 and 2261"},
		"texts":             {func(v JSON) { v.Get("list").Texts() }, "$.list[1]: must be a string"},
		"labels of a list":  {func(v JSON) { v.Get("list").Labels() }, "$.list: must be an object of strings"},
		"a label":           {func(v JSON) { v.Get("object").Labels() }, `$.object["odd key"]: must be a string`},
		"an unknown key":    {func(v JSON) { v.Get("object").Only("even", "odd") }, `$.object["odd key"]: unknown key; the known ones are even, odd`},
		"prose":             {func(v JSON) { v.Get("half").Prose() }, "$.half: must be a string"},
		"a text too long":   {func(v JSON) { v.Get("long").Text() }, "$.long: must not be longer than 4096 bytes"},
		"only the first is": {func(v JSON) { v.Get("half").Text(); v.Get("list").Text() }, "$.half: must be a string"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := ParseJSON([]byte(`{"list":["a",1],"text":"x","empty":"","half":0.5,"far":"2300-01-01T00:00:00Z",
				"object":{"odd key":1},"long":"`+strings.Repeat("x", 5000)+`"}`), "$")
			require.NoError(t, err)
			c.read(doc)
			require.EqualError(t, doc.Err(), c.want)
		})
	}
}

func TestWhatIsNotJSONIsRefusedWithThePlace(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"nothing":    {" \n", "$: must be a JSON document; the body is empty"},
		"cut short":  {`{"a":`, "$: must be a JSON document; the body ends early, after 5 bytes"},
		"a stray":    {`{"a":secret}`, "$: must be a JSON document; byte 6 can't follow what is before it"},
		"two values": {`{} {}`, "$: must be a JSON document; byte 4 can't follow what is before it"},
		"deep lists": {strings.Repeat("[", 100_000), "$: must not be nested deeper than 64 levels (byte 64)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseJSON([]byte(c.body), "$")
			require.EqualError(t, err, c.want)
		})
	}
}

func TestBracketsInStringsAreNotNesting(t *testing.T) {
	doc, err := ParseJSON([]byte(`{"a":"`+strings.Repeat(`[\"`, 100)+`","b":1}`), "$")
	require.NoError(t, err)
	require.Equal(t, "1", doc.Get("b").Number())
}

func TestAnyDocumentReadsAsEncodingJSONReadsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := []byte(anyJSON(3).Draw(t, "json"))
		var want any
		require.NoError(t, json.Unmarshal(body, &want))
		doc, err := ParseJSON(body, "$")
		require.NoError(t, err)
		require.Equal(t, want, rebuild(doc))
	})
}

func TestEveryValueKnowsItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc, err := ParseJSON([]byte(anyJSON(3).Draw(t, "json")), "line 7: $")
		require.NoError(t, err)
		requirePlaces(t, doc, "line 7: $")
	})
}

func requirePlaces(t *rapid.T, v JSON, path string) {
	require.Equal(t, path, v.Path())
	require.Equal(t, path+".absent[\"of all\"]", v.absent("absent").Get("of all").Path())
	for i, item := range v.itemsIfAny() {
		requirePlaces(t, item, fmt.Sprintf("%s[%d]", path, i))
	}
	if v.IsObject() {
		for k, raw := range members(v.Raw()) {
			requirePlaces(t, JSON{doc: v.doc, raw: raw}, joinPath(path, unquote(k)))
		}
	}
}

func (v JSON) itemsIfAny() iter.Seq2[int, JSON] {
	if !v.IsArray() {
		return func(func(int, JSON) bool) {}
	}
	return v.Items()
}

func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"b\u0061",{}],"a":null}`, `[[[`, ` "x" `, "{\"\xff\":1}", `[1 , 2]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := ParseJSON(body, "$")
		if err != nil {
			return
		}
		var want any
		if utf8.Valid(body) && json.Unmarshal(body, &want) == nil {
			require.Equal(t, want, rebuild(doc))
		}
	})
}

// rebuild reads a document through the readers only.
func rebuild(v JSON) any {
	switch {
	case !v.Exists():
		return nil
	case v.IsObject():
		all := map[string]any{}
		for k := range members(v.Raw()) {
			all[unquote(k)] = rebuild(v.Get(unquote(k)))
		}
		return all
	case v.IsArray():
		all := []any{}
		for _, item := range v.Items() {
			all = append(all, rebuild(item))
		}
		return all
	case v.IsString():
		return unquote(v.Raw())
	}
	var scalar any
	if json.Unmarshal(v.Raw(), &scalar) != nil {
		return "not a scalar: " + string(v.Raw())
	}
	return scalar
}

func anyJSON(depth int) *rapid.Generator[string] {
	space := rapid.SampledFrom([]string{"", "", " ", "\n\t"})
	text := rapid.Custom(func(t *rapid.T) string {
		b, err := json.Marshal(rapid.String().Draw(t, "text"))
		require.NoError(t, err)
		return string(b)
	})
	scalar := rapid.OneOf(text, rapid.SampledFrom([]string{"null", "true", "false", "0", "-1.5e3", "12"}))
	if depth == 0 {
		return scalar
	}
	return rapid.Custom(func(t *rapid.T) string {
		var parts []string
		object := rapid.Bool().Draw(t, "object")
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			part := space.Draw(t, "before") + rapid.OneOf(scalar, anyJSON(depth-1)).Draw(t, "value") + space.Draw(t, "after")
			if object {
				part = space.Draw(t, "before key") + text.Draw(t, "key") + space.Draw(t, "after key") + ":" + part
			}
			parts = append(parts, part)
		}
		open, shut := "[", "]"
		if object {
			open, shut = "{", "}"
		}
		return space.Draw(t, "lead") + open + space.Draw(t, "inner") + strings.Join(parts, ",") + shut
	})
}

func drain(v JSON) {
	for range v.Items() {
		continue
	}
}

func TestABodyInAnotherEncodingIsToldSo(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"a byte order mark":           {"\xef\xbb\xbf{}", "$: must not begin with a byte order mark; send UTF-8 without one"},
		"UTF-16 with a mark, little":  {"\xff\xfe{\x00}\x00", "$: must be UTF-8; the body is UTF-16"},
		"UTF-16 with a mark, big":     {"\xfe\xff\x00{\x00}", "$: must be UTF-8; the body is UTF-16"},
		"UTF-16 without one, little":  {"{\x00}\x00", "$: must be UTF-8; the body is UTF-16"},
		"UTF-16 without one, big":     {"\x00{\x00}", "$: must be UTF-8; the body is UTF-16"},
		"a zero that isn't of UTF-16": {"{ \x00}", "$: must be a JSON document; byte 3 can't follow what is before it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseJSON([]byte(c.body), "$")
			require.EqualError(t, err, c.want)
		})
	}
}

func TestWhatIsRequiredIsAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		read func(JSON)
		want string
	}{
		"an object": {func(v JSON) { v.Get("absent").Required() }, "$.absent: required: an object"},
		"a text":    {func(v JSON) { v.Get("absent").RequiredText() }, "$.absent: required: a string or an integer"},
		"a time":    {func(v JSON) { v.Get("never").RequiredTime() }, "$.never: required: a time such as 2026-03-01T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := ParseJSON([]byte(`{"a":{},"n":7,"t":"","at":1772359200,"never":false}`), "$")
			require.NoError(t, err)
			doc.Get("a").Required()
			require.Equal(t, "7", doc.Get("n").RequiredText())
			require.Equal(t, time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), doc.Get("at").RequiredTime())
			require.Empty(t, doc.FirstText("absent", "n", "t"))
			require.NoError(t, doc.Err())
			c.read(doc)
			require.EqualError(t, doc.Err(), c.want)
		})
	}
}
