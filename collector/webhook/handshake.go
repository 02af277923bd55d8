package webhook

import "net/http"

// handshake answers the CloudEvents abuse protection: before its first delivery a sender asks whether it is welcome.
// Welcome only means that deliveries will be looked at; their signatures decide.
func handshake(r *http.Request) answer {
	origin := r.Header.Get("WebHook-Request-Origin")
	if origin == "" {
		return notAllowed()
	}
	a := answer{status: http.StatusOK, header: map[string]string{"Allow": allowed, "WebHook-Allowed-Origin": origin}}
	if r.Header.Get("WebHook-Request-Rate") != "" {
		a.header["WebHook-Allowed-Rate"] = "*"
	}
	return a
}

const allowed = "POST, OPTIONS"

func notAllowed() answer {
	a := refuse(http.StatusMethodNotAllowed, "", "send a POST")
	a.header = map[string]string{"Allow": allowed}
	return a
}
