package main

import (
	"os"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/require"
)

func TestTheImageIsWhatTheDockerfileSays(t *testing.T) {
	text, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	config, files, err := imageConfig(string(text))
	require.NoError(t, err)
	require.Equal(t, v1.Config{
		User: "65532:65532", Entrypoint: []string{"/shipwake"}, Cmd: []string{"--config", "builtin:default", "--config", "/etc/shipwake/container.yaml"},
		Env: []string{"SHIPWAKE_DATA_DIR=/data"}, Volumes: map[string]struct{}{"/data": {}},
		ExposedPorts: map[string]struct{}{"4317/tcp": {}, "4318/tcp": {}, "8787/tcp": {}, "8788/tcp": {}},
		Healthcheck: &v1.HealthConfig{
			Test: []string{"CMD", "/shipwake", "healthcheck"}, Interval: 10 * time.Second, Timeout: 6 * time.Second, StartPeriod: time.Minute,
		},
	}, config)
	require.Equal(t, []copied{{"deploy/container.yaml", "/etc/shipwake/container.yaml"}}, files)
}

func TestADockerfileThatIsNotUnderstoodIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"a base":                 {"FROM a\nFROM debian\n", "FROM debian, and not from scratch"},
		"an unknown instruction": {"FROM a\nFROM scratch\nRUN true\n", `"RUN true": an instruction that the release doesn't know`},
		"a check as a string":    {"FROM a\nFROM scratch\nHEALTHCHECK CMD /shipwake\n", "in this order"},
		"no list":                {"FROM a\nFROM scratch\nENTRYPOINT /shipwake\n", "ENTRYPOINT /shipwake"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := imageConfig(c.text)
			require.ErrorContains(t, err, c.says)
		})
	}
}
