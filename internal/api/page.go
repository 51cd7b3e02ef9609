package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
)

//go:embed page.html
var pageSource string

// page serves what a person sees who opens Sluice's address in a browser. It is the same for everybody, runs no script and loads nothing.
func (a *api) page() {
	var body bytes.Buffer
	err := template.Must(template.New("page").Parse(pageSource)).Execute(&body, struct{ Version, URL, MCPURL string }{
		a.Version, strings.TrimSuffix(a.MCPURL(""), "/mcp/"), a.MCPURL("TOKEN"),
	})
	if err != nil {
		panic(err) // a template that is part of the program, on texts
	}
	_, rest, _ := bytes.Cut(body.Bytes(), []byte("<style>"))
	style, _, _ := bytes.Cut(rest, []byte("</style>"))
	hash := sha256.Sum256(style)
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	a.handle("GET /{$}", everybody, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		send(w, "text/html; charset=utf-8", body.Bytes())
	})
}
