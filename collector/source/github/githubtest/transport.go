package githubtest

import (
	"net/http"
	"net/http/httptest"
)

// Transport answers requests by the handler, without a network.
type Transport struct{ http.Handler }

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	t.ServeHTTP(recorder, request)
	response := recorder.Result()
	response.Request = request
	return response, request.Context().Err()
}
