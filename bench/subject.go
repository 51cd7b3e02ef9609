package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	listTool   = "list_all_octapipe_pipeline_cards"
	updateTool = "update_a_octapipe_pipeline_card_by_id"
)

// update is the body of a write, as the upstream gets it whoever sends it.
const update = `{"name":"` + lastName + `","pipeline_stage_uuid":"` + stage + `","sla":48}`

// subject is one way from a caller to the upstream.
type subject struct {
	name    string
	process *process
	address string // host:port
	path    string // of the MCP endpoint; "" for plain REST
}

// job is one kind of call.
type job struct {
	name     string
	pipeline string
	write    bool
}

var jobs = []job{
	{"read, 4 KB page", smallPipeline, false},
	{"read, 16 KB page", largePipeline, false},
	{"write", smallPipeline, true},
}

// workload is the job as the subject takes it.
func (s *subject) workload(j job) workload {
	if s.path == "" {
		w := workload{Address: s.address, Method: http.MethodGet, Path: "/pipelines/" + j.pipeline + "/cards?page=1", Has: lastName}
		if j.write {
			w.Method, w.Path, w.Body = http.MethodPut, "/pipelines/"+j.pipeline+"/cards/"+card, update
			w.Header = map[string]string{"Content-Type": "application/json"}
		}
		return w
	}
	tool, arguments := listTool, `{"pipeline_uuid":"`+j.pipeline+`"}`
	if j.write {
		tool, arguments = updateTool, `{"pipeline_uuid":"`+j.pipeline+`","id":"`+card+`",`+update[1:]
	}
	return workload{
		Address: s.address, Method: http.MethodPost, Path: s.path, Has: lastName, Lacks: `"isError":true`,
		Header: map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
			"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool},
		Body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments +
			`,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1.0.0"},` +
			`"io.modelcontextprotocol/clientCapabilities":{}}}}`,
	}
}

// startPart starts a part of this program that serves on a port of its own.
func startPart(ctx context.Context, self, name string, args ...string) (*process, string, error) {
	p, err := start(ctx, self, append([]string{name}, args...)...)
	if err != nil {
		return nil, "", fmt.Errorf("start the %s: %w", name, err)
	}
	return p, "127.0.0.1:" + p.line, nil
}

// buildSluice builds the binary that is measured.
func buildSluice(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "sluice")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "sluice/cmd/sluice").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build sluice: %w\n%s", err, out)
	}
	return binary, nil
}

// startSluice starts Sluice with an MCP server on an account whose vendor is the upstream.
func startSluice(ctx context.Context, name, binary, upstream string, args ...string) (*subject, error) {
	p, err := start(ctx, binary, append([]string{"demo", "--json", "--listen", "127.0.0.1:0", "--octapipe-listen", "127.0.0.1:0"}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("start Sluice: %w", err)
	}
	url, err := connectSluice(ctx, p.line, upstream)
	if err != nil {
		p.stop()
		return nil, err
	}
	return &subject{name: name, process: p, address: url.Host, path: url.Path}, nil
}

// connectSluice makes an account on the upstream and an MCP server on the account, by the admin API, and returns the server's URL.
func connectSluice(ctx context.Context, announced, upstream string) (*url.URL, error) {
	var demo struct {
		API   string `json:"api_url"`
		Token string `json:"api_token"`
	}
	if err := json.Unmarshal([]byte(announced), &demo); err != nil {
		return nil, fmt.Errorf("read what Sluice printed, %q: %w", announced, err)
	}
	post := func(path, body string, into any) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(demo.API, "/")+path, bytes.NewReader([]byte(body)))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+demo.Token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		if res.StatusCode >= 300 {
			return fmt.Errorf("POST %s: %s: %s", path, res.Status, raw)
		}
		return json.Unmarshal(raw, into)
	}
	var account struct {
		ID string `json:"id"`
	}
	if err := post("/integrated-account", `{"integration":"octapipe","name":"bench","context":{"base_url":"`+upstream+`"},`+
		`"credentials":{"domain":"bench","email":"bench@example.com","password":"bench"}}`, &account); err != nil {
		return nil, fmt.Errorf("connect the upstream: %w", err)
	}
	var server struct {
		URL string `json:"url"`
	}
	if err := post("/integrated-account/"+account.ID+"/mcp", `{"name":"bench","config":{"methods":["read","write"]}}`, &server); err != nil {
		return nil, fmt.Errorf("make an MCP server: %w", err)
	}
	return url.Parse(server.URL)
}
