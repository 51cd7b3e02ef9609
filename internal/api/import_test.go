package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// lighthouse is a vendor that keeps what it was asked, and its OpenAPI document.
type lighthouse struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newLighthouse(t *testing.T) *lighthouse {
	l := &lighthouse{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/openapi.json":
			fmt.Fprint(w, l.document())
			return
		case "/large.json": // larger than any other file that is fetched, and not than a document may be
			io.WriteString(w, strings.Repeat(" ", 12<<20))
			fmt.Fprint(w, l.document())
			return
		case "/too-large.json":
			io.WriteString(w, strings.Repeat(" ", 33<<20))
			return
		}
		body, _ := io.ReadAll(r.Body)
		line := r.Method + " " + r.URL.RequestURI() + " key=" + r.Header.Get("X-Key")
		if len(body) > 0 {
			line += " " + r.Header.Get("Content-Type") + " " + string(body)
		}
		l.mu.Lock()
		l.asked = append(l.asked, line)
		l.mu.Unlock()
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		fmt.Fprint(w, `{"lamps":[{"id":1}],"id":1}`)
	}))
	t.Cleanup(l.Close)
	return l
}

// document has an operation of each kind, in the order of the calls of TestEveryToolOfAnImportReachesItsOperation.
func (l *lighthouse) document() string {
	return `{"openapi":"3.0.3","info":{"title":"Lighthouse API","version":"1"},"servers":[{"url":"` + l.URL + `/v1"}],
"security":[{"key":[]}],"components":{"securitySchemes":{"key":{"type":"apiKey","in":"header","name":"X-Key"}}},
"paths":{
"/lamps":{
 "get":{"summary":"List lamps","parameters":[{"name":"state","in":"query","explode":false,"schema":{"type":"array","items":{"type":"string"}}}],
  "responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"type":"object","properties":{"lamps":{"type":"array","items":{"type":"object"}}}}}}}}},
 "post":{"summary":"Add a lamp","requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["height"],"properties":{"height":{"type":"number"}}}}}},"responses":{"201":{"description":"ok"}}}},
"/lamps/{lamp_id}":{
 "get":{"summary":"Get a lamp","parameters":[{"name":"lamp_id","in":"path","required":true,"schema":{"type":"string"}}],"responses":{"200":{"description":"ok"}}},
 "patch":{"summary":"Change a lamp","parameters":[{"name":"lamp_id","in":"path","required":true,"schema":{"type":"string"}}],"requestBody":{"content":{"application/merge-patch+json":{"schema":{"type":"object","properties":{"height":{"type":"number","nullable":true}}}}}},"responses":{"200":{"description":"ok"}}},
 "delete":{"summary":"Take a lamp down","parameters":[{"name":"lamp_id","in":"path","required":true,"schema":{"type":"string"}}],"responses":{"204":{"description":"ok"}}}},
"/lamps/{lamp_id}/light":{"post":{"summary":"Light a lamp","parameters":[{"name":"lamp_id","in":"path","required":true,"schema":{"type":"string"}}],"requestBody":{"content":{"application/x-www-form-urlencoded":{"schema":{"type":"object","properties":{"colours":{"type":"array","items":{"type":"string"}}}}}}},"responses":{"200":{"description":"ok"}}}},
"/ping":{"get":{"summary":"Ask whether somebody is there","security":[],"responses":{"200":{"description":"ok"}}}},
"/watch":{"get":{"summary":"Watch","security":[{"nothing":[]}],"responses":{"200":{"description":"ok"}}}}}}`
}

func (n *tenant) imports(t *testing.T, query, body, contentType string) *response {
	t.Helper()
	return n.house.send(t, "POST", "/integration/import"+query, body, "Authorization", "Bearer "+n.token, "Content-Type", contentType)
}

func TestEveryToolOfAnImportReachesItsOperation(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		l, n := newLighthouse(t), h.here
		var made struct {
			Name, Label string
			Version     int
			Report      struct {
				Tools   []struct{ Method, Path, Tool string }
				LeftOut []struct{ Method, Path, Reason string } `json:"left_out"`
				Guessed []string
			}
		}
		n.imports(t, "", l.document(), "application/json").want(201).into(&made)
		if made.Name != "lighthouse" || made.Version != 1 || len(made.Report.Tools) != 7 || len(made.Report.LeftOut) != 1 || made.Report.LeftOut[0].Path != "/watch" || len(made.Report.Guessed) == 0 {
			t.Fatalf("the import made %+v", made)
		}
		account := fmt.Sprint(n.do(t, "POST", "/integrated-account", map[string]any{"integration": "lighthouse", "credentials": map[string]string{"key": "k31"}}).want(201).object()["id"])
		calls := map[string]struct{ arguments, asked string }{
			"GET /lamps":                  {`{"state":["lit","a,b"],"limit":5}`, "GET /v1/lamps?state=lit,a%2Cb key=k31"},
			"POST /lamps":                 {`{"height":2.50}`, `POST /v1/lamps key=k31 application/json {"height":2.50}`},
			"GET /lamps/{lamp_id}":        {`{"id":"a/b"}`, "GET /v1/lamps/a%2Fb key=k31"},
			"PATCH /lamps/{lamp_id}":      {`{"id":"1","height":null}`, `PATCH /v1/lamps/1 key=k31 application/merge-patch+json {"height":null}`},
			"DELETE /lamps/{lamp_id}":     {`{"id":"1"}`, "DELETE /v1/lamps/1 key=k31"},
			"POST /lamps/{lamp_id}/light": {`{"id":"1","colours":["red","blue & white"]}`, "POST /v1/lamps/1/light key=k31 application/x-www-form-urlencoded colours=red&colours=blue%20%26%20white"},
			"GET /ping":                   {`{}`, "GET /v1/ping key="},
		}
		for _, tool := range made.Report.Tools {
			call, known := calls[tool.Method+" "+tool.Path]
			if !known {
				t.Errorf("%s %s became %s, and is no operation of the document", tool.Method, tool.Path, tool.Tool)
				continue
			}
			l.asked = nil
			r := n.do(t, "POST", "/integrated-account/"+account+"/tools/"+tool.Tool, call.arguments)
			if r.status >= 300 || len(l.asked) != 1 || l.asked[0] != call.asked {
				t.Errorf("%s answered %d, and the vendor was asked %q; want %q", tool.Tool, r.status, l.asked, call.asked)
			}
		}
	})
}

func TestADocumentIsImportedHoweverItComes(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		l, n := newLighthouse(t), h.here
		yaml := "openapi: 3.0.3\ninfo: {title: Harbour, version: '1'}\nservers: [{url: 'https://harbour.example'}]\npaths: {/ships: {get: {summary: List ships, responses: {200: {description: ok}}}}}\n"
		named := func(r *response) string { return fmt.Sprint(r.want(201).object()["name"]) }
		equal(t, "YAML", "harbour", named(n.imports(t, "", yaml, "application/yaml")))
		equal(t, "YAML by another name", "port_of_call", named(n.imports(t, "?name=port_of_call", yaml, "application/yaml")))
		equal(t, "a URL", "lighthouse", named(n.imports(t, "", `{"url":"`+l.URL+`/openapi.json"}`, "application/json")))
		equal(t, "a large one by URL", "large", named(n.imports(t, "?name=large", `{"url":"`+l.URL+`/large.json"}`, "application/json")))
		equal(t, "a large one as the body", "larger", named(n.imports(t, "?name=larger", strings.Repeat(" ", 12<<20)+l.document(), "application/json")))
		n.imports(t, "?name=huge", `{"url":"`+l.URL+`/too-large.json"}`, "application/json").refuses(422, "url", "32 MiB")
		n.imports(t, "?name=huge", strings.Repeat(" ", 33<<20), "application/json").refuses(413, "", "32 MiB")
		n.imports(t, "?name=Big+Name", yaml, "application/yaml").refuses(422, "name", "big_name")
		n.imports(t, "", `{"url":"file:///etc/passwd"}`, "application/json").refuses(422, "url", "http")
		n.imports(t, "", `{"url":"http://169.254.169.254/latest"}`, "application/json").refuses(422, "url", "link-local")
		n.imports(t, "", strings.Replace(yaml, "https://harbour.example", "http://169.254.169.254/latest", 1), "application/yaml").refuses(422, "", "link-local")
		n.imports(t, "", `{"swagger":"1.2","paths":{"/a":{"get":{}}}}`, "application/json").refuses(422, "", "version 1.2")
		n.imports(t, "?name=octopus", "openapi: 3.0.3\npaths: {/a: {head: {}}}", "application/yaml").refuses(422, "", "HEAD /a")
		n.do(t, "PUT", "/integration/depot", depot("https://a.example.com")).want(200)
		n.imports(t, "?name=depot", yaml, "application/yaml").refuses(409, "name", "not imported")
	})
}

func TestAnImportKeepsWhatWasChangedByHand(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		l, n := newLighthouse(t), h.here
		n.imports(t, "", l.document(), "application/json").want(201)
		var read struct{ Definition map[string]any }
		n.do(t, "GET", "/integration/lighthouse", nil).want(200).into(&read)
		docs := read.Definition["docs"].(map[string]any)["lamps"].(map[string]any)
		docs["list"].(map[string]any)["description"] = "List the lamps that we look after"
		n.do(t, "PUT", "/integration/lighthouse", read.Definition).want(200)

		next := strings.Replace(l.document(), `"summary":"Get a lamp"`, `"summary":"Look at one lamp"`, 1)
		var made struct{ Version int }
		n.imports(t, "?name=lighthouse", next, "application/json").want(201).into(&made)
		var now struct {
			Definition struct {
				Docs map[string]map[string]struct{ Description string }
			}
		}
		n.do(t, "GET", "/integration/lighthouse", nil).want(200).into(&now)
		lamps := now.Definition.Docs["lamps"]
		if lamps["list"].Description != "List the lamps that we look after" || !strings.HasPrefix(lamps["get"].Description, "Look at one lamp") {
			t.Errorf("after the second import list says %q and get %q", lamps["list"].Description, lamps["get"].Description)
		}
		before, _ := json.Marshal(made)
		n.imports(t, "?name=lighthouse", next, "application/json").want(201).into(&made)
		if again, _ := json.Marshal(made); string(again) != string(before) {
			t.Errorf("the same document again made %s of %s", again, before)
		}
	})
}
