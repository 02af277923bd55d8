package listen

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
)

func TestAServerIsPlainUnlessItIsAskedForMore(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*confighttp.ServerConfig)
		want bool
	}{
		"as it comes": {func(*confighttp.ServerConfig) {}, true},
		"authentication": {func(c *confighttp.ServerConfig) {
			c.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{}})
		}, false},
		"other origins": {func(c *confighttp.ServerConfig) { c.CORS = configoptional.Some(confighttp.NewDefaultCORSConfig()) }, false},
		"answers' header": {func(c *confighttp.ServerConfig) {
			c.ResponseHeaders = configopaque.MapList{{Name: "X-Served-By", Value: "a"}}
		}, false},
		"middleware": {func(c *confighttp.ServerConfig) {
			c.Middlewares = []configmiddleware.Config{{ID: component.MustNewID("m")}}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			config := confighttp.NewDefaultServerConfig()
			c.edit(&config)
			require.Equal(t, c.want, Plain(&config))
		})
	}
}
