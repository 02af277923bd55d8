package kafka

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

func TestConfig(t *testing.T) {
	deploys := []any{map[string]any{"topic": "deploys", "source": "lines"}}
	cases := map[string]struct {
		config map[string]any
		wrong  string // "": nothing
	}{
		"a topic is all it takes":                  {config: map[string]any{"topics": deploys}},
		"no topic":                                 {map[string]any{}, "topics: at least one is required"},
		"no broker":                                {map[string]any{"topics": deploys, "brokers": []any{}}, "brokers: at least one"},
		"a topic without a name":                   {map[string]any{"topics": []any{map[string]any{"source": "lines"}}}, "topics[0].topic: must not be empty"},
		"a topic twice":                            {map[string]any{"topics": append(deploys, deploys...)}, `topics[1].topic: "deploys" is listed twice`},
		"a source that nobody knows":               {map[string]any{"topics": []any{map[string]any{"topic": "a", "source": "xml"}}}, `"xml" is unknown; use one of lines`},
		"the default source is checked, too":       {map[string]any{"topics": []any{map[string]any{"topic": "a"}}}, `"cdevents" is unknown`},
		"heartbeats too rare for the session":      {map[string]any{"topics": deploys, "heartbeat_interval": "5s"}, "at most a third of session_timeout (10s)"},
		"no group":                                 {map[string]any{"topics": deploys, "group_id": ""}, "group_id: must not be empty"},
		"an unknown key":                           {map[string]any{"topics": deploys, "broker": "a"}, "broker"},
		"an unknown mechanism":                     {map[string]any{"topics": deploys, "sasl": map[string]any{"mechanism": "GSSAPI"}}, "use one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"},
		"a mechanism without a password":           {map[string]any{"topics": deploys, "sasl": map[string]any{"mechanism": "PLAIN", "username": "u"}}, "username and password"},
		"a mechanism in small letters, with login": {config: map[string]any{"topics": deploys, "sasl": map[string]any{"mechanism": "scram-sha-256", "username": "u", "password": "p"}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			config := NewFactory([]source.Source{lines()}, &correlate.Tally{}).CreateDefaultConfig()
			err := confmap.NewFromStringMap(c.config).Unmarshal(config)
			if err == nil {
				err = confmap.Validate(config)
			}
			if c.wrong == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.wrong)
			}
		})
	}
}

func TestFactory(t *testing.T) {
	f := NewFactory([]source.Source{lines()}, &correlate.Tally{})
	require.NoError(t, componenttest.CheckConfigStruct(f.CreateDefaultConfig()))
	config := f.CreateDefaultConfig().(*Config)
	require.Equal(t, 10*time.Second, config.SessionTimeout)
	config.Topics = []TopicConfig{{Topic: "deploys", Source: "lines"}}
	r, err := f.CreateLogs(t.Context(), receivertest.NewNopSettings(Type), config, consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, r.Shutdown(t.Context()), "a receiver that never started can be shut down")
	config.Topics[0].Source = "xml"
	_, err = f.CreateLogs(t.Context(), receivertest.NewNopSettings(Type), config, consumertest.NewNop())
	require.ErrorContains(t, err, `topic "deploys": source "xml" is unknown`)
}
