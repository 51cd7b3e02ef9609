package mcp_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"sluice/internal/await"
	"sluice/internal/mcpserver"
	"sluice/internal/stdio"
)

// The official Go client is the referee: what it reads is what the protocol says.
func TestTheOfficialGoClientConnectsAndCallsInEachRevision(t *testing.T) {
	e := newEndpoint(t)
	for _, version := range []string{"", "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"} {
		t.Run("Streamable HTTP "+version, func(t *testing.T) {
			workWith(t, e, &sdk.StreamableClientTransport{Endpoint: e.URL + "/mcp/" + shapedToken}, version)
			workWith(t, e, &sdk.StreamableClientTransport{Endpoint: e.URL + "/mcp/" + openToken}, version)
		})
	}
	t.Run("HTTP+SSE", func(t *testing.T) {
		workWith(t, e, &sdk.SSEClientTransport{Endpoint: e.URL + "/mcp/" + openToken}, "2024-11-05")
	})
}

func TestTheOfficialGoClientWorksThroughTheBridge(t *testing.T) {
	e := newEndpoint(t)
	for _, version := range []string{"", "2026-07-28", "2025-11-25", "2025-03-26"} {
		t.Run(version, func(t *testing.T) {
			in, toBridge := io.Pipe()
			fromBridge, out := io.Pipe()
			ended := make(chan error, 1)
			go func() {
				ended <- stdio.Run(context.Background(), e.URL+"/mcp/"+openToken, in, out, io.Discard, stdio.Options{})
				out.Close()
			}()
			workWith(t, e, &sdk.IOTransport{Reader: fromBridge, Writer: toBridge}, version)
			toBridge.Close()
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(await.Limit):
				t.Error("the bridge did not end with its client")
			}
		})
	}
}

func workWith(t *testing.T, e *endpoint, transport sdk.Transport, version string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	changed := make(chan string, 10)
	client := sdk.NewClient(&sdk.Implementation{Name: "referee", Version: "1"}, &sdk.ClientOptions{
		ToolListChangedHandler: func(context.Context, *sdk.ToolListChangedRequest) { changed <- "" },
	})
	session, err := client.Connect(ctx, transport, &sdk.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if got, want := session.InitializeResult().ProtocolVersion, version; got != want && want != "" {
		t.Errorf("agreed on %s, want %s", got, want)
	}
	if got := session.InitializeResult().Instructions; !strings.Contains(got, "next_cursor") {
		t.Errorf("instructions %q", got)
	}
	tools, err := session.ListTools(ctx, nil)
	if err != nil || len(tools.Tools) != 3 {
		t.Fatalf("tools %v, %v", tools, err)
	}
	result, err := session.CallTool(ctx, &sdk.CallToolParams{Name: getShip, Arguments: map[string]any{"id": "7"}})
	if err != nil || result.IsError || len(result.Content) != 1 {
		t.Fatalf("call %v, %v", result, err)
	}
	_, err = session.CallTool(ctx, &sdk.CallToolParams{Name: "no_such_tool"})
	if err == nil || !strings.Contains(err.Error(), listShips) {
		t.Errorf("an unknown tool: %v", err)
	}
	if prompts, err := session.ListPrompts(ctx, nil); err != nil || len(prompts.Prompts) != 0 {
		t.Errorf("prompts %v, %v", prompts, err)
	}

	await.True(t, "the client to listen", func() bool { return e.register.watching() > 0 })
	// The list changes and changes back, so that the next client finds it as it was.
	for _, token := range []string{openToken, shapedToken} {
		e.register.mu.Lock()
		config := e.register.servers[token].Config
		e.register.mu.Unlock()
		narrowed := config
		narrowed.Methods = []string{"read"}
		e.register.change(token, &narrowed)
		defer e.register.change(token, &config)
	}
	await.From(t, "the news of a change", changed)
}

func TestTheOfficialGoClientIsRefusedInWords(t *testing.T) {
	e := newEndpoint(t)
	client := sdk.NewClient(&sdk.Implementation{Name: "referee", Version: "1"}, nil)
	_, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: e.URL + "/mcp/unknown"}, nil)
	if err == nil {
		t.Fatal("connected to a server that is not there")
	}
	e.register.change(openToken, &mcpserver.Config{RequireAPITokenAuth: true})
	withToken := &http.Client{Transport: bearer(apiToken)}
	session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: e.URL + "/mcp/" + openToken, HTTPClient: withToken}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: listShips}); err != nil {
		t.Error(err)
	}
}

type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}
