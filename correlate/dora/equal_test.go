package dora_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/dora"
)

func TestNumbersAreEqualWhenEachOfThemIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawData(t)
		n := dora.Compute(month, d, asOf).Total
		require.True(t, n.Equal(dora.Compute(month, d, asOf).Total))

		one := n
		field := reflect.ValueOf(&one).Elem().Field(rapid.IntRange(0, reflect.TypeFor[dora.Numbers]().NumField()-1).Draw(t, "field"))
		alter(field)
		require.False(t, n.Equal(one), "%+v and %+v", n, one)
		require.False(t, one.Equal(n))
	})
}

// alter gives a field another value; what a pointer leads to is another then.
func alter(field reflect.Value) {
	switch field.Kind() {
	case reflect.Int:
		field.SetInt(field.Int() + 1)
	case reflect.String:
		field.SetString(field.String() + "x")
	case reflect.Float64:
		field.SetFloat(field.Float() + 1)
	case reflect.Pointer:
		other := reflect.New(field.Type().Elem())
		if !field.IsNil() {
			other.Elem().Set(field.Elem())
		}
		if other.Elem().Kind() == reflect.Struct {
			alter(other.Elem().Field(0))
		} else {
			alter(other.Elem())
		}
		field.Set(other)
	}
}
