package listen

import "go.opentelemetry.io/collector/config/confighttp"

// Plain: a configuration asks for nothing of what the Collector puts between a server and its handler. What is left of that is
// a span and metrics of each request, which take longer than all that is done with a small one, and a limit of its size. A
// receiver that counts its requests itself, and limits them, can do without.
func Plain(server *confighttp.ServerConfig) bool {
	return !server.Auth.HasValue() && !server.CORS.HasValue() && server.ResponseHeaders == nil && len(server.Middlewares) == 0
}
