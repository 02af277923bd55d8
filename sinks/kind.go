package sinks

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/internal/keys"
)

// Factory makes a sink from its part of the configuration, nil when it has none. Use Kind to make one.
type Factory struct {
	Name string
	New  func(Reader, map[string]any) (Sink, error)
	// Check names what is wrong with a configuration without making the sink.
	Check func(map[string]any) error
	// Settings is a pointer to the settings with their defaults, whose fields say what they are for; documentation is made of it.
	Settings func() any
}

// Kind describes a sink whose settings are read into a C.
type Kind[C any] struct {
	Name     string
	Defaults func() C // nil: the zero C
	// Prepare returns the settings with what may be secret checked and mended, without a secret in its errors; nil when
	// there is nothing secret. Reading the settings afterwards may repeat a value of the wrong type in its error.
	Prepare func(map[string]any) (map[string]any, error)
	// Open makes the sink. C has been checked: its method Validate was called, if it has one.
	Open func(Reader, C) (Sink, error)
}

// validator is a configuration that can be wrong though every key is known.
type validator interface{ Validate() error }

// Factory makes sinks of the kind. A key that C doesn't have is refused, and the error lists those that it has.
func (k Kind[C]) Factory() Factory {
	return Factory{
		Name: k.Name,
		New: func(r Reader, raw map[string]any) (Sink, error) {
			c, err := k.read(raw)
			if err != nil {
				return nil, err
			}
			return k.Open(r, c)
		},
		Check: func(raw map[string]any) error {
			_, err := k.read(raw)
			return err
		},
		Settings: func() any {
			c := k.defaults()
			return &c
		},
	}
}

func (k Kind[C]) defaults() (c C) {
	if k.Defaults != nil {
		c = k.Defaults()
	}
	return c
}

func (k Kind[C]) read(raw map[string]any) (C, error) {
	var c C
	if err := k.unknown(raw); err != nil {
		return c, err
	}
	if k.Prepare != nil {
		var err error
		if raw, err = k.Prepare(raw); err != nil {
			return c, err
		}
	}
	c = k.defaults()
	if err := confmap.NewFromStringMap(raw).Unmarshal(&c); err != nil {
		for _, unfit := range keys.Unfit(raw, reflect.TypeFor[C](), nil) {
			return c, unfit
		}
		return c, err
	}
	if v, ok := any(c).(validator); ok {
		return c, v.Validate()
	}
	return c, nil
}

// unknown names the first key that C doesn't have.
func (k Kind[C]) unknown(raw map[string]any) error {
	t := reflect.TypeFor[C]()
	if len(keys.Of(t)) == 0 {
		for _, key := range slices.Sorted(maps.Keys(raw)) {
			return fmt.Errorf("%s: unknown setting; the %s sink has none", key, k.Name)
		}
	}
	for _, err := range keys.Unknown(raw, t, nil) {
		return err
	}
	return nil
}
