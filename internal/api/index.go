package api

import (
	"encoding/json"
	"net/http"
	"strings"
)

// index answers at Sluice's address itself, for programs and for people with curl: what is where. Browsers are led to the dashboard before they come here. It is
// the same for everybody.
func (a *api) index() {
	base := strings.TrimSuffix(a.MCPURL(""), "/mcp/")
	body, err := json.Marshal(map[string]string{
		"name": "Sluice", "version": a.Version, "dashboard": base + "/dashboard", "openapi": base + "/openapi.json", "health": base + "/health", "mcp": a.MCPURL("TOKEN"),
	})
	if err != nil {
		panic(err) // texts
	}
	a.handle("GET /{$}", everybody, func(w http.ResponseWriter, _ *http.Request) {
		send(w, "application/json", append(body, '\n'))
	})
}
