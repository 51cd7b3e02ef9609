package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
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
	legacy  bool   // called on 2025-11-25

	admin, token string // the MCP server in the admin API, and an API token for that
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
	w := workload{Address: s.address, Method: http.MethodPost, Path: s.path, Has: lastName, Lacks: `"isError":true`}
	w.Header = map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
	meta := ""
	if !s.legacy {
		w.Header["MCP-Protocol-Version"], w.Header["Mcp-Method"], w.Header["Mcp-Name"] = "2026-07-28", "tools/call", tool
		w.Header["Mcp-Param-Pipeline-Uuid"] = j.pipeline // which the tool's schema marks with x-mcp-header
		meta = `,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1.0.0"},` +
			`"io.modelcontextprotocol/clientCapabilities":{}}`
	}
	w.Body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments + meta + `}}`
	return w
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

// startSluice starts Sluice on a database, with an MCP server on an account whose vendor is the upstream.
func startSluice(ctx context.Context, name, binary, dir, database, upstream string) (*subject, error) {
	env := append(os.Environ(), "SLUICE_DATABASE="+database, "SLUICE_MASTER_KEY_FILE="+filepath.Join(dir, "master.key"), "SLUICE_LOG_LEVEL=warn")
	create := exec.CommandContext(ctx, binary, "token", "create", "--json", "--database", database)
	create.Env = env
	out, err := create.Output()
	if err != nil {
		return nil, fmt.Errorf("make an API token: %w", err)
	}
	var token struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(out, &token); err != nil {
		return nil, fmt.Errorf("read the API token: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &subject{name: name, address: "127.0.0.1:" + port, process: &process{cmd: exec.Command(binary, "serve", "--listen", "127.0.0.1:"+port, "--allow-address", "loopback")}}
	s.process.cmd.Env, s.process.cmd.Stderr = env, os.Stderr
	if err := s.process.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start Sluice: %w", err)
	}
	if err := s.connect(ctx, token.Token, upstream); err != nil {
		s.process.stop()
		return nil, err
	}
	return s, nil
}

// connect makes an account on the upstream and an MCP server on the account, by the admin API.
func (s *subject) connect(ctx context.Context, token, upstream string) error {
	if err := waitForListener(ctx, s.address); err != nil {
		return fmt.Errorf("wait for Sluice: %w", err)
	}
	post := func(path, body string, into any) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
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
		return fmt.Errorf("connect the upstream: %w", err)
	}
	var server struct {
		ID  string `json:"id"`
		URL string `json:"url"`
	}
	if err := post("/integrated-account/"+account.ID+"/mcp", `{"name":"bench","config":{"methods":["read","write"]}}`, &server); err != nil {
		return fmt.Errorf("make an MCP server: %w", err)
	}
	at, err := url.Parse(server.URL)
	if err != nil {
		return err
	}
	s.path, s.admin, s.token = at.Path, "/integrated-account/"+account.ID+"/mcp/"+server.ID, token
	return nil
}

// waitForListener waits until something accepts connections there.
func waitForListener(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
