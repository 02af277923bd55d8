package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// recordedServer answers as a Prometheus does that scrapes two services.
func recordedServer(t *testing.T, series map[string]string) *httptest.Server {
	t.Helper()
	now := float64(time.Now().UnixMilli()) / 1000
	named := regexp.MustCompile(`__name__=~("(?:[^"\\]|\\.)*")`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.FormValue("query")
		switch {
		case r.Header.Get("Authorization") != "Bearer s3cret" || r.Header.Get("X-Scope-OrgID") != "shop":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/api/v1/status/buildinfo":
			fmt.Fprint(w, `{"status":"success","data":{"version":"3.5.0"}}`)
		case query == "time()":
			fmt.Fprintf(w, `{"status":"success","data":{"resultType":"scalar","result":[%f,"%f"]}}`, now, now)
		default:
			var found []string
			pattern, err := strconv.Unquote(named.FindStringSubmatch(query)[1])
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			for name, labels := range series {
				if regexp.MustCompile("^(?:" + pattern + ")$").MatchString(name) {
					found = append(found, fmt.Sprintf(`{"metric":{"__name__":%q,%s},"values":[[%.3f,"1"],[%.3f,"1"]]}`, name, labels, now-30, now-15))
				}
			}
			fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[%s]}}`, strings.Join(found, ","))
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestACheckShowsWhoseRequestsAServerCanTell(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("s3cret\n"), 0o600))
	with := []string{"--bearer-token-file", token, "--header", "X-Scope-OrgID=shop", "--environment", "production"}
	server := recordedServer(t, map[string]string{
		"up":                         `"job":"cart","instance":"a:80"`,
		"process_start_time_seconds": `"job":"cart","instance":"a:80"`,
		"http_requests_total":        `"job":"cart","instance":"a:80","code":"200"`,
		"istio_requests_total":       `"job":"mesh","instance":"b:80","destination_canonical_service":"pay","destination_version":"v7","response_code":"200","reporter":"destination"`,
	})
	code, stdout, stderr := shipwake(t, append([]string{"prometheus", "check", server.URL}, with...)...)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "Prometheus 3.5.0; targets that answer: 1, scraped every 15s at most\nfive minutes are 8 samples of 4 series, by 6 queries in ")
	require.Regexp(t, `\ncart +production +http +1 +1 +none; its processes tell when they began\npay +production +istio +1 +1 +v7\n`, stdout)

	code, _, stderr = shipwake(t, "prometheus", "check", server.URL)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "the server answered 401 Unauthorized")
	require.NotContains(t, stderr, "s3cret")

	code, _, stderr = shipwake(t, append([]string{"prometheus", "check", recordedServer(t, nil).URL}, with...)...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "there are no metrics of requests that are understood; docs/prometheus.md lists them")

	code, _, stderr = shipwake(t, "prometheus", "check", "prometheus:9090")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "endpoint: must be a URL such as http://prometheus:9090")
}
