package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/integration"
)

// conformanceVendor is the upstream of the integration in conformance/integration: a small REST API that knows nothing of MCP. Two of its calls have somebody
// change the MCP server, which is done over Sluice's own API, as an operator would.
type conformanceVendor struct {
	t       *testing.T
	house   *house
	account string
	server  *createdServer

	mu       sync.Mutex
	switched map[string]bool
}

// takes is what a call of /slow takes: long enough for several signs of life.
const takes = 600 * time.Millisecond

// startConformance stores the integration, and connects an MCP server to its vendor.
func startConformance(t *testing.T, h *house) *createdServer {
	t.Helper()
	v := &conformanceVendor{t: t, house: h, switched: map[string]bool{"more_tools": true, "more_prompts": true}}
	mux := http.NewServeMux()
	for path, body := range map[string]string{
		"/text":     `"This is a simple text response for testing."`,
		"/image":    picture,
		"/sound":    silence,
		"/document": `{"address":"test://embedded-resource","media_type":"text/plain","text":"This is an embedded resource content."}`,
		"/report": `{"title":"Multiple content types test:","picture":` + picture +
			`,"data":{"address":"test://mixed-content-resource","media_type":"application/json","text":"{\"test\":\"data\",\"value\":123}"}}`,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, http.StatusOK, body) })
	}
	mux.HandleFunc("GET /broken", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusUnprocessableEntity, `{"error":"This tool intentionally returns an error for testing"}`)
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(takes):
			answerJSON(w, http.StatusOK, `{"done":true}`)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		echo, _ := json.Marshal(map[string]string{"query": r.URL.RawQuery, "body": string(body)})
		answerJSON(w, http.StatusOK, string(echo))
	})
	mux.HandleFunc("POST /changes/tools", func(w http.ResponseWriter, _ *http.Request) { v.turn(w, "more_tools") })
	mux.HandleFunc("POST /changes/prompts", func(w http.ResponseWriter, _ *http.Request) { v.turn(w, "more_prompts") })
	mux.HandleFunc("POST /greetings", func(w http.ResponseWriter, r *http.Request) {
		told, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		answerJSON(w, http.StatusOK, `{"greeting":"Hello; state-ok.","told":`+string(told)+`}`)
	})
	upstream := httptest.NewServer(mux)
	t.Cleanup(upstream.Close)

	definition, err := integration.Load(os.DirFS("conformance/integration"), ".")
	if err != nil {
		t.Fatal(err)
	}
	h.api(t, "PUT", "/integration/conformance", string(definition.JSON())).want(t, 200)
	var account struct{ ID string }
	h.api(t, "POST", "/integrated-account", `{"integration":"conformance","name":"Conformance","credentials":{},"context":{"base_url":"`+upstream.URL+`"}}`).want(t, 200, 201).decode(t, &account)
	v.account = account.ID
	var made createdServer
	h.api(t, "POST", "/integrated-account/"+account.ID+"/mcp", `{"name":"Conformance"}`).want(t, 200, 201).decode(t, &made)
	v.server = &made
	return &made
}

// turn switches what a tag of the definition offers on or off, as an operator would, and answers once it is done.
func (v *conformanceVendor) turn(w http.ResponseWriter, tag string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.switched[tag] = !v.switched[tag]
	methods := []string{"simple_text", "image", "audio", "embedded", "mixed", "error", "progress", "log", "change_tools", "change_prompts", "full", "header",
		"name", "state", "tampered", "rounds", "streamed"}
	for name, on := range v.switched {
		if on {
			methods = append(methods, name)
		}
	}
	config, _ := json.Marshal(map[string]any{"config": map[string]any{"methods": methods}})
	request, err := http.NewRequest(http.MethodPatch, v.house.APIURL+"/integrated-account/"+v.account+"/mcp/"+v.server.ID, strings.NewReader(string(config)))
	if err != nil {
		v.t.Error(err)
		return
	}
	request.Header.Set("Authorization", "Bearer "+v.house.APIToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		answerJSON(w, http.StatusBadGateway, `{"error":"Sluice cannot be reached"}`)
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		answerJSON(w, http.StatusBadGateway, fmt.Sprintf(`{"error":"Sluice answered %d"}`, response.StatusCode))
		return
	}
	answerJSON(w, http.StatusOK, `{"changed":true}`)
}

func answerJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, body)
}

// picture is one red pixel, as a PNG.
const picture = `{"media_type":"image/png","base64":"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="}`

// silence is a WAV file without a sample.
const silence = `{"media_type":"audio/wav","base64":"UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="}`
