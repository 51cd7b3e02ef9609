package e2e

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// goSDK is the official Go client, in this process.
type goSDK struct{ session *mcp.ClientSession }

func connectGoSDK(t *testing.T, url string) client {
	t.Helper()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "sluice-e2e-go", Version: "1.0.0"}, nil).
		Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: url}, nil)
	if err != nil {
		t.Fatalf("connect the Go SDK's client: %v", err)
	}
	t.Cleanup(func() { session.Close() })
	if got := session.InitializeResult().ProtocolVersion; got != "2026-07-28" {
		t.Fatalf("the Go SDK's client negotiated %q, want 2026-07-28", got)
	}
	return &goSDK{session}
}

func (c *goSDK) ListTools(ctx context.Context) ([]tool, error) {
	got, err := c.session.ListTools(ctx, nil)
	if err != nil {
		return nil, err
	}
	var out []tool
	return out, recode(got.Tools, &out)
}

func (c *goSDK) CallTool(ctx context.Context, name string, arguments map[string]any) (*answer, error) {
	got, err := c.session.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		return nil, err
	}
	var out answer
	return &out, recode(got, &out)
}

// recode turns the SDK's types into ours, by way of the JSON that both stand for.
func recode(from, into any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}
