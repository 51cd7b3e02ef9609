package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"sluice/internal/stdio"
)

// callServer calls a tool of an MCP server. SLUICE_TOKEN is for Sluice's own API and does not go to whatever URL is given here.
func callServer(cmd *cobra.Command, p *person, serverURL, tool string, arguments map[string]json.RawMessage) ([]byte, error) {
	token, err := cmd.Flags().GetString("token")
	if err != nil {
		return nil, err
	}
	c, err := newMCPClient(serverURL, token)
	if err != nil {
		return nil, err
	}
	c.person = p
	return c.call(cmd.Context(), tool, arguments)
}

// mcpClient calls the tools of one MCP server at its URL, as any MCP client would. It speaks the revision that needs no session: one request, one answer.
type mcpClient struct {
	url, token string // token: an API token, for servers that ask for one
	http       http.Client
	mirrors    stdio.Mirrors
	person     *person // whom a question is put to
}

const mcpRevision = "2026-07-28"

func newMCPClient(serverURL, token string) (*mcpClient, error) {
	u, err := url.Parse(serverURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("--mcp wants an MCP server's whole URL: https://…/mcp/…") // it is a secret, so it is not repeated
	}
	return &mcpClient{url: serverURL, token: token, http: http.Client{Timeout: callPatience}}, nil
}

// request sends one JSON-RPC request; name is that of the tool, if it is about one.
func (c *mcpClient) request(ctx context.Context, method, name string, params map[string]any) (json.RawMessage, error) {
	capabilities := map[string]any{}
	if c.person.present() {
		capabilities["elicitation"] = map[string]any{"form": struct{}{}}
	}
	params["_meta"] = map[string]any{
		"io.modelcontextprotocol/protocolVersion":    mcpRevision,
		"io.modelcontextprotocol/clientInfo":         map[string]string{"name": "sluice-cli", "version": version()},
		"io.modelcontextprotocol/clientCapabilities": capabilities,
	}
	sent, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(sent))
	if err != nil {
		return nil, errors.New("--mcp is not a URL that can be asked")
	}
	for header, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "sluice-cli",
		"MCP-Protocol-Version": mcpRevision, "Mcp-Method": method, "Mcp-Name": name,
	} {
		if value != "" {
			r.Header.Set(header, value)
		}
	}
	if arguments, ok := params["arguments"]; ok {
		span, err := json.Marshal(arguments)
		if err != nil {
			return nil, err
		}
		c.mirrors.Set(r.Header, name, span)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return nil, fmt.Errorf("the MCP server at %s does not answer: %w", r.URL.Host, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("read the MCP server's answer: %w", err)
	}
	var reply struct {
		Result json.RawMessage
		Error  *rpcError
	}
	if json.Unmarshal(body, &reply) != nil || reply.Result == nil && reply.Error == nil {
		return nil, fmt.Errorf("the MCP server at %s answered %s, and no JSON-RPC", r.URL.Host, answer.Status)
	}
	if reply.Error != nil {
		return nil, reply.Error
	}
	return reply.Result, nil
}

// rpcError is a refusal in the protocol's words.
type rpcError struct {
	Code    int
	Message string
}

func (e *rpcError) Error() string { return e.Message }

// learnTools finds out which arguments the server wants repeated in headers.
func (c *mcpClient) learnTools(ctx context.Context) error {
	for cursor := ""; ; {
		params := map[string]any{}
		if cursor != "" {
			params["cursor"] = cursor
		}
		result, err := c.request(ctx, "tools/list", "", params)
		if err != nil {
			return err
		}
		c.mirrors.Learn(result)
		var page struct{ NextCursor string }
		if err := json.Unmarshal(result, &page); err != nil || page.NextCursor == "" || page.NextCursor == cursor {
			return err
		}
		cursor = page.NextCursor
	}
}

const codeHeaderMismatch = -32020

// call calls a tool and answers the text that it gave, which is JSON for every tool of Sluice's but those that answer a file.
func (c *mcpClient) call(ctx context.Context, tool string, arguments map[string]json.RawMessage) ([]byte, error) {
	params := map[string]any{"name": tool, "arguments": arguments}
	result, err := c.request(ctx, "tools/call", tool, params)
	if refused, ok := errors.AsType[*rpcError](err); ok && refused.Code == codeHeaderMismatch {
		// Nothing was done yet. Most tools want no such headers, so the list is asked for only where it is needed.
		if err := c.learnTools(ctx); err != nil {
			return nil, err
		}
		result, err = c.request(ctx, "tools/call", tool, params)
	}
	var answer struct {
		Content []struct{ Text, URI string }
		IsError bool
		questions
	}
	for asked := 0; ; asked++ {
		if err != nil {
			return nil, err
		}
		answer.questions = questions{}
		if err := json.Unmarshal(result, &answer); err != nil {
			return nil, fmt.Errorf("read the MCP server's answer: %w", err)
		}
		if answer.ResultType != "input_required" {
			break
		}
		if asked == mostQuestions {
			return nil, errChangesAllTheTime
		}
		if params["inputResponses"], err = c.person.answers(&answer.questions); err != nil {
			return nil, err
		}
		delete(params, "requestState")
		if answer.RequestState != nil {
			params["requestState"] = *answer.RequestState
		}
		result, err = c.request(ctx, "tools/call", tool, params)
	}
	var text strings.Builder
	for _, part := range answer.Content {
		text.WriteString(part.Text)
		if part.URI != "" { // a link to a file
			text.WriteString("\n" + part.URI)
		}
	}
	if answer.IsError {
		return nil, errors.New(strings.TrimSpace(text.String()))
	}
	return []byte(text.String()), nil
}
