package sourcetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// requireUTC looks at every time in a value, however deep: equal facts must be equal bytes.
func requireUTC(t testing.TB, v any) {
	t.Helper()
	eachTime(reflect.ValueOf(v), func(at time.Time) {
		require.Equal(t, time.UTC, at.Location(), "every time in a fact must be in UTC: %s", at)
	})
}

// eachTime visits every time.Time in a value.
func eachTime(v reflect.Value, visit func(time.Time)) {
	if at, ok := v.Interface().(time.Time); ok {
		visit(at)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachTime(v.Elem(), visit)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			eachTime(field, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachTime(v.Index(i), visit)
		}
	}
}
