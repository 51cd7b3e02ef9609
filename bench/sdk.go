package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// listArguments and updateArguments are what the hand-written tools take; the SDK makes their schemas from these and checks calls by them.
type listArguments struct {
	Pipeline string `json:"pipeline_uuid" jsonschema:"the pipeline's uuid"`
	Limit    int    `json:"limit,omitempty" jsonschema:"items wanted"`
	Cursor   string `json:"next_cursor,omitempty" jsonschema:"next_cursor of the page before"`
}

type updateArguments struct {
	Pipeline string `json:"pipeline_uuid" jsonschema:"the pipeline's uuid"`
	ID       string `json:"id" jsonschema:"the card's uuid"`
	cardBody
}

// cardBody is what an update sends.
type cardBody struct {
	Name  string `json:"name"`
	Stage string `json:"pipeline_stage_uuid"`
	SLA   int    `json:"sla"`
}

// serveSDK is what one writes by hand for one vendor on the official SDK: two tools, stateless, answering in JSON, the vendor's bytes passed on as
// text. It has no token check, no audit and no limits.
func serveSDK(ctx context.Context, upstream string) error {
	vendor := &http.Client{Transport: transport()}
	call := func(ctx context.Context, method, path string, body any) ([]byte, error) {
		var in io.Reader
		if body != nil {
			raw, err := json.Marshal(body)
			if err != nil {
				return nil, err
			}
			in = bytes.NewReader(raw)
		}
		req, err := http.NewRequestWithContext(ctx, method, upstream+path, in)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer bench")
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		res, err := vendor.Do(req)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err == nil && res.StatusCode != http.StatusOK {
			err = fmt.Errorf("the vendor answered %s: %s", res.Status, raw)
		}
		return raw, err
	}

	server := mcp.NewServer(&mcp.Implementation{Name: "bench-sdk", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: listTool, Description: "Lists the cards of a pipeline."},
		func(ctx context.Context, _ *mcp.CallToolRequest, in listArguments) (*mcp.CallToolResult, any, error) {
			raw, err := call(ctx, http.MethodGet, "/pipelines/"+url.PathEscape(in.Pipeline)+"/cards?page=1", nil)
			if err != nil {
				return nil, nil, err
			}
			return text(`{"result":` + string(raw) + `,"next_cursor":"2"}`), nil, nil
		})
	mcp.AddTool(server, &mcp.Tool{Name: updateTool, Description: "Updates one card of a pipeline."},
		func(ctx context.Context, _ *mcp.CallToolRequest, in updateArguments) (*mcp.CallToolResult, any, error) {
			raw, err := call(ctx, http.MethodPut, "/pipelines/"+url.PathEscape(in.Pipeline)+"/cards/"+url.PathEscape(in.ID), in.cardBody)
			if err != nil {
				return nil, nil, err
			}
			return text(string(raw)), nil, nil
		})
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true})
	return announce(ctx, func(l net.Listener) error { return http.Serve(l, handler) })
}

func text(s string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: s}}}
}
