package gate

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// webhookStage is what Spinnaker reads of a Webhook stage that waits for completion.
type webhookStage struct {
	Type                string `json:"type"`
	Name                string `json:"name"`
	Method              string `json:"method"`
	URL                 string `json:"url"`
	WaitForCompletion   bool   `json:"waitForCompletion"`
	StatusURLResolution string `json:"statusUrlResolution"`
	StatusJSONPath      string `json:"statusJsonPath"`
	SuccessStatuses     string `json:"successStatuses"`
	TerminalStatuses    string `json:"terminalStatuses"`
	RetryStatusCodes    []int  `json:"retryStatusCodes"`
}

// would is how Spinnaker (Orca's MonitorWebhookTask) takes an answer: a status code to be tried again, and a status in neither
// list, go on asking; statuses are compared whatever their case; any other code but a 2xx ends the stage.
func (s webhookStage) would(t *testing.T, w *httptest.ResponseRecorder) string {
	if slices.Contains(s.RetryStatusCodes, w.Code) {
		return "RUNNING"
	}
	var body map[string]any
	if w.Code > 299 || json.Unmarshal(w.Body.Bytes(), &body) != nil {
		return "TERMINAL"
	}
	field, simple := strings.CutPrefix(s.StatusJSONPath, "$.")
	require.True(t, simple)
	status, isText := body[field].(string)
	require.True(t, isText)
	in := func(list string) bool {
		return slices.ContainsFunc(strings.Split(list, ","), func(one string) bool { return strings.EqualFold(strings.TrimSpace(one), status) })
	}
	switch {
	case in(s.SuccessStatuses):
		return "SUCCEEDED"
	case in(s.TerminalStatuses):
		return "TERMINAL"
	}
	return "RUNNING"
}

// TestSpinnaker follows the stage in docs/gate.md.
func TestSpinnaker(t *testing.T) {
	page, err := os.ReadFile("../../docs/gate.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "\n## Spinnaker\n")
	require.True(t, found)
	text := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(section)
	require.NotNil(t, text)
	var stage webhookStage
	decoder := json.NewDecoder(strings.NewReader(text[1]))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&stage))
	require.True(t, stage.WaitForCompletion)
	require.Equal(t, "getMethod", stage.StatusURLResolution, "the address that is called is the one that is asked again")
	asks := func(service, version string) string {
		address, err := url.Parse(strings.NewReplacer("checkout", service, "${trigger['tag']}", version).Replace(stage.URL))
		require.NoError(t, err)
		d := open(t, nil)
		return stage.would(t, d.request(stage.Method, address.RequestURI(), ""))
	}
	require.Equal(t, "SUCCEEDED", asks("cart", "v7"))
	require.Equal(t, "TERMINAL", asks("payments", "v31"))
	require.Equal(t, "RUNNING", asks("cart", "v9"))
	require.Equal(t, "TERMINAL", asks("cart", ""), "a wrong question")
	away := httptest.NewRecorder()
	unable(away, "away")
	require.Equal(t, "RUNNING", stage.would(t, away))
	require.Equal(t, http.StatusServiceUnavailable, away.Code)
}
