package correlate_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

var timeType = reflect.TypeFor[time.Time]()

// eachTime calls do for every time in a value, however deep, with the path to it. An empty list gets an element first,
// so that no field is passed over.
func eachTime(v reflect.Value, path string, do func(at reflect.Value, path string)) {
	switch {
	case v.Type() == timeType:
		do(v, path)
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		eachTime(v.Elem(), path, do)
	case v.Kind() == reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		eachTime(v.Index(0), path+"[0]", do)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			eachTime(v.Field(i), path+"."+v.Type().Field(i).Name, do)
		}
	}
}

func TestEveryTimeOfAFactIsBroughtToUTC(t *testing.T) {
	east := time.FixedZone("east", 2*3600)
	at := time.Date(2026, 3, 1, 14, 0, 0, 123_456_789, east)
	var given correlate.Fact
	eachTime(reflect.ValueOf(&given).Elem(), "fact", func(field reflect.Value, _ string) { field.Set(reflect.ValueOf(at)) })

	found := 0
	utc := given.UTC()
	eachTime(reflect.ValueOf(&utc).Elem(), "fact", func(field reflect.Value, path string) {
		found++
		require.Equal(t, at.UTC(), field.Interface(), path)
	})
	require.GreaterOrEqual(t, found, 9, "three of a change, one of a commit, one of a zone, four of an incident")
	eachTime(reflect.ValueOf(&given).Elem(), "fact", func(field reflect.Value, path string) {
		require.Equal(t, at, field.Interface(), "%s of what was given is left alone", path)
	})
}

func TestListsThatAreEmptyStayAsTheyAre(t *testing.T) {
	require.Equal(t, correlate.Change{ID: "a"}, correlate.Change{ID: "a"}.UTC())
	require.Equal(t, correlate.Fact{}, correlate.Fact{}.UTC())
}
