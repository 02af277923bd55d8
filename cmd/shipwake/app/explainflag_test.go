package app

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAMistakeOnTheCommandLineSaysWhatIsRight(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a flag that there isn't":   {[]string{"verdict", "x", "--timeout", "3"}, "unknown flag: --timeout; shipwake verdict --help lists the flags"},
		"a word for a count":        {[]string{"outbox", "list", "--limit", "many"}, "--limit many: want a whole number"},
		"a count beyond all bounds": {[]string{"outbox", "list", "--limit", "99999999999999999999"}, "--limit 99999999999999999999: want a whole number that isn't as large"},
		"a word for a truth value":  {[]string{"incidents", "--open=maybe"}, "--open maybe: want true or false"},
		"a word for a duration":     {[]string{"verdict", "x", "--wait", "one"}, `--wait: "one" is not a duration such as 30d, 2w, 1y or 36h`},
		"days for a patience":       {[]string{"check", "--name", "x", "--result", "passed", "--change", "c", "--timeout", "one"}, `--timeout: "one" is not a duration such as 30d, 2w, 1y or 36h`},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := shipwake(t, c.args...)
			require.NotZero(t, code)
			require.Equal(t, "shipwake: "+c.want+"\n", stderr)
		})
	}
}

// TestAWrongValueInTheConfigurationIsNamed: the Collector's own message ends where the value would be, which may be a secret.
func TestAWrongValueInTheConfigurationIsNamed(t *testing.T) {
	const duration = "must be a duration such as 30s, 15m or 36h; its units are h, m, s and ms"
	for name, c := range map[string]struct{ set, want string }{
		"a word for a duration":      {"extensions.correlate.lateness=one", "extensions::correlate::lateness: " + duration},
		"days":                       {"extensions.correlate.archive.keep=7d", "extensions::correlate::archive::keep: " + duration},
		"a unit":                     {"extensions.correlate.disk_reserve=1GB", "extensions::correlate::disk_reserve: must be a whole number, without quotes and without a unit"},
		"below what squashes others": {"receivers.change_webhook.max_connections=many", "receivers::change_webhook::max_connections: must be a whole number, without quotes and without a unit"},
		"of a sink":                  {"extensions.correlate.sinks.kafka.min_confidence=high", "min_confidence: must be a number"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := shipwake(t, "validate", "--set="+c.set)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, c.want)
		})
	}
}
