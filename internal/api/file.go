package api

import (
	"net/http"

	"sluice/internal/download"
	"sluice/internal/gateway"
)

// stream answers a method whose answer is a file with the file itself, of any length. A tool called by its name answers what MCP clients get: a small text, or a link.
func (a *api) stream(w http.ResponseWriter, r *http.Request, c *gateway.Caller, resource, method string, arguments []byte) {
	file, result, err := a.Gateway.Download(r.Context(), c, resource, method, arguments, download.Part(r))
	switch {
	case err != nil:
		write(w, a.fail(r.Context(), err))
	case result != nil:
		limits(w.Header(), result.RateLimit)
		write(w, refused(result, c.Account.Status))
	default:
		download.Send(w, r, file)
	}
}
