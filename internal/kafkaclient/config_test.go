package kafkaclient

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestThePasswordIsInNoError(t *testing.T) {
	c := &SASL{Mechanism: "GSSAPI", Username: "u", Password: "canary"}
	err := c.Validate()
	require.ErrorContains(t, err, "use one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512")
	require.NotContains(t, err.Error(), "canary")
}

func TestAPasswordWithoutQuotesIsInNoError(t *testing.T) {
	for name, password := range map[string]any{
		"a number": 81726354, "a fraction": 8.1726354, "a list": []any{"81726354"}, "a map": map[string]any{"value": "81726354"},
	} {
		t.Run(name, func(t *testing.T) {
			config := Default()
			err := confmap.NewFromStringMap(map[string]any{"sasl": map[string]any{"mechanism": "PLAIN", "username": "u", "password": password}}).
				Unmarshal(&config)
			require.ErrorContains(t, err, "password: must be text; put it in quotes")
			require.NotContains(t, err.Error(), "1726354")
		})
	}
	config := Default()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"sasl": map[string]any{"mechanism": "PLAIN", "username": "u", "password": "81726354"}}).Unmarshal(&config))
	require.Equal(t, &SASL{Mechanism: "PLAIN", Username: "u", Password: "81726354"}, config.SASL)
}
