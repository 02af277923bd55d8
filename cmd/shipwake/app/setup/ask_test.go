package setup

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func asked(t *testing.T, given Answers, hidden string, lines ...string) (Answers, string, error) {
	t.Helper()
	var out bytes.Buffer
	d := &Dialogue{In: bufio.NewReader(strings.NewReader(strings.Join(lines, "\n") + "\n")), Out: &out, Hidden: func() (string, error) { return hidden, nil }}
	a, err := d.Ask(given)
	return a, out.String(), err
}

func TestEmptyLinesTakeWhatIsOffered(t *testing.T) {
	a, _, err := asked(t, Defaults(), "", "", "", "", "", "")
	require.NoError(t, err)
	require.Equal(t, Defaults(), a)
}

func TestEveryQuestionIsAnswered(t *testing.T) {
	a, out, err := asked(t, Defaults(), "https://hooks.slack.com/services/T0/B0/hush",
		"github, argocd", "?", "alertmanager", "prometheus", "http://prometheus:9090", "https://wake.example.org", "slack")
	require.NoError(t, err)
	require.NoError(t, a.Check())
	require.Equal(t, Answers{
		Changes: []string{"github", "argocd"}, Incidents: []string{"alertmanager"}, Telemetry: Prometheus, PrometheusURL: "http://prometheus:9090",
		URL: "https://wake.example.org", Messages: "slack", MessagesURL: "https://hooks.slack.com/services/T0/B0/hush",
	}, a)
	require.Contains(t, out, strings.Join(Incidents(), ", "), "? lists them")
	require.NotContains(t, out, "hush")
}

func TestAWrongAnswerIsExplainedAndAskedAgain(t *testing.T) {
	a, out, err := asked(t, Defaults(), "", "githob", "none", "github", "", "smoke", "otlp", "wake.example.org", "http://wake.example.org", "none")
	require.NoError(t, err)
	require.Equal(t, []string{"github"}, a.Changes)
	require.Equal(t, "http://wake.example.org", a.URL)
	require.Contains(t, out, `there is no source "githob"; want some of argo-rollouts`)
	require.Contains(t, out, "at least one must tell of changes")
	require.Contains(t, out, "want one of otlp, collector, prometheus, remote-write")
	require.Contains(t, out, "want where others reach the daemon")
}

func TestAnInputThatEndsIsAnError(t *testing.T) {
	_, _, err := asked(t, Defaults(), "", "github")
	require.ErrorContains(t, err, "the input ended before every question was answered; nothing is written")
}
