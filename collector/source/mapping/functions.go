package mapping

import (
	"regexp"
	"strings"
	"time"
	"unicode"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/shipwake/shipwake/collector/source"
)

// functions are what expressions have beyond CEL's own; see the package comment.
func functions() []cel.EnvOption {
	text, texts := cel.StringType, cel.MapType(cel.StringType, cel.StringType)
	return []cel.EnvOption{
		unary("time", cel.DynType, cel.TimestampType, timeOf),
		unary("commit", text, cel.OptionalType(text), commitIn),
		unary("image", text, texts, imageOf),
		unary("slug", text, text, slugOf),
		unary("environment", text, cel.OptionalType(text), environmentIn),
		unary("json", text, cel.OptionalType(cel.DynType), jsonIn),
		unary("present", cel.ListType(cel.DynType), cel.ListType(cel.DynType), presentOf),
		unary("first", cel.ListType(cel.DynType), cel.OptionalType(cel.DynType), firstOf),
		cel.Function("release", cel.Overload("mapping_release", []*cel.Type{text, text}, text, cel.BinaryBinding(releaseOf))),
	}
}

func unary(name string, takes, returns *cel.Type, f func(ref.Val) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.Overload("mapping_"+name, []*cel.Type{takes}, returns, cel.UnaryBinding(f)))
}

// timeOf reads a time; one that means "none" is an error, since a timestamp can't be none.
func timeOf(v ref.Val) ref.Val {
	t, err := readTime(v)
	switch {
	case err != nil:
		return types.WrapErr(err)
	case t.IsZero():
		return types.WrapErr(wantError("must be a time; it says that there is none"))
	}
	return types.Timestamp{Time: t}
}

// wantError says what would be right of the value that was looked at last.
type wantError string

func (e wantError) Error() string { return string(e) }

// readTime is a time of a text, a number or a timestamp; zero for what means "none", false among it.
func readTime(v ref.Val) (time.Time, error) {
	var text string
	switch v := v.(type) {
	case types.Timestamp:
		return v.Time.UTC(), nil
	case types.String:
		text = string(v)
	case types.Int, types.Double:
		text = numberText(v)
	case types.Bool:
		if v == types.False {
			return time.Time{}, nil
		}
	}
	if text == "" && v.Type() != types.StringType {
		return time.Time{}, wantError("must be a time: a text such as 2026-03-01T10:00:00Z, or Unix time")
	}
	t, err := source.ParseTime(text)
	if err != nil {
		return time.Time{}, wantError(err.Error())
	}
	return t, nil
}

var fullCommit = regexp.MustCompile(`(?:^|[^0-9A-Fa-f])([0-9a-f]{40}|[0-9a-f]{64})(?:$|[^0-9A-Fa-f])`)

// commitIn is the last full commit hash in a text.
func commitIn(v ref.Val) ref.Val {
	found := fullCommit.FindAllStringSubmatch(string(v.(types.String)), -1)
	if len(found) == 0 {
		return types.OptionalNone
	}
	return types.OptionalOf(types.String(found[len(found)-1][1]))
}

// imageOf takes a container image's name apart, as https://github.com/distribution/reference has it:
// [host[:port]/]path[:tag][@digest].
func imageOf(v ref.Val) ref.Val {
	parts := map[string]string{}
	rest, digest, _ := strings.Cut(string(v.(types.String)), "@")
	slash := strings.LastIndexByte(rest, '/')
	repository, tag, _ := strings.Cut(rest[slash+1:], ":")
	for name, part := range map[string]string{"repository": rest[:slash+1] + repository, "name": repository, "tag": tag, "digest": digest} {
		if part != "" {
			parts[name] = part
		}
	}
	return types.NewStringStringMap(types.DefaultTypeAdapter, parts)
}

// slugOf is a name in the spelling of services.
func slugOf(v ref.Val) ref.Val {
	slug := strings.FieldsFunc(strings.ToLower(string(v.(types.String))), func(c rune) bool {
		return c != '.' && c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c)
	})
	return types.String(strings.Join(slug, "-"))
}

var environmentWord = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])(production|prod|preprod|staging|stage|development|dev|testing|test|qa|uat)(?:$|[^a-z0-9])`)

// environmentIn is the first word in a name that environments are called, in lower case.
func environmentIn(v ref.Val) ref.Val {
	found := environmentWord.FindStringSubmatch(string(v.(types.String)))
	if found == nil {
		return types.OptionalNone
	}
	return types.OptionalOf(types.String(strings.ToLower(found[1])))
}

// jsonIn is what a JSON document within a text says; none when there is no such document. The path of what is missing in it
// begins with json.
func jsonIn(v ref.Val) ref.Val {
	doc, err := source.ParseJSON([]byte(v.(types.String)), "json")
	if err != nil {
		return types.OptionalNone
	}
	value := (&reader{}).value(doc)
	if value == nil {
		return types.OptionalNone
	}
	return types.OptionalOf(value)
}

// firstOf is the first of some values that is there, and isn't an empty text.
func firstOf(v ref.Val) ref.Val {
	list, ok := v.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	for it := list.Iterator(); it.HasNext() == types.True; {
		if value, ok := present(it.Next()); ok && value != types.String("") {
			return types.OptionalOf(value)
		}
	}
	return types.OptionalNone
}

// presentOf are those of some values that are there, and aren't an empty text.
func presentOf(v ref.Val) ref.Val {
	list, ok := v.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	var there []ref.Val
	for it := list.Iterator(); it.HasNext() == types.True; {
		if value, ok := present(it.Next()); ok && value != types.String("") {
			there = append(there, value)
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, there)
}

// releaseOf is the version that a ref and a commit bring; see source.ReleaseOf.
func releaseOf(gitRef, sha ref.Val) ref.Val {
	return types.String(source.ReleaseOf(string(gitRef.(types.String)), string(sha.(types.String))))
}
