package mcp_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/internal/gateway"
	"sluice/internal/mcp"
	"sluice/internal/mcpserver"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// steady is a gateway that costs next to nothing, so that what is measured is the door.
type steady struct {
	tools  *toolset.Toolset
	result gateway.Result
}

func (s *steady) OpenReading(ctx context.Context, server *mcpserver.Server) (*gateway.Caller, error) {
	return s.Open(ctx, server)
}

func (s *steady) Open(context.Context, *mcpserver.Server) (*gateway.Caller, error) {
	return &gateway.Caller{Tools: s.tools}, nil
}

func (s *steady) Call(context.Context, *gateway.Caller, string, []byte) (*gateway.Result, error) {
	return &s.result, nil
}

// page is about size bytes of items with a quote every few bytes, as vendors send them.
func page(size int) ([]byte, int) {
	var b bytes.Buffer
	n := 0
	for b.Len() < size {
		fmt.Fprintf(&b, `,{"uuid":"018f3c5e-7a2b-7c3d-8e4f-%012d","name":"TechNova Upgrade","stage":"Contract Sent","amount":%d.50,"tags":["renewal","q3"],"updated_at":"2026-11-25T09:00:00Z"}`, n, n)
		n++
	}
	b.WriteByte(']')
	return append([]byte("["), b.Bytes()[1:]...), n
}

// sink is a ResponseWriter without a network.
type sink struct {
	header http.Header
	status int
	n      int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { s.n += len(p); return len(p), nil }

// oneCall returns a function that makes one call of a list tool.
func oneCall(tb testing.TB, size int) func() *sink {
	tb.Helper()
	tools, err := toolset.Compile(harbour(), toolset.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tool, _ := tools.Tool(listShips)
	body, items := page(size)
	handler := mcp.New(mcp.Options{Servers: newRegister(), Gateway: &steady{tools: tools, result: gateway.Result{
		Tool: tool, Outcome: vendor.OK, Status: 200, Body: body, Items: items, NextCursor: strings.Repeat("c", 120), Total: -1, RateLimit: unlimited,
	}}})
	if err != nil {
		tb.Fatal(err)
	}
	message := modernBody("tools/call", `"name":"`+listShips+`","arguments":{"limit":15}`)
	reader := strings.NewReader(message)
	r := httptest.NewRequest(http.MethodPost, "/mcp/"+openToken, io.NopCloser(reader))
	r.ContentLength = int64(len(message))
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "User-Agent": {"bench/1"},
		"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {listShips},
	}
	w := &sink{header: http.Header{}}
	return func() *sink {
		reader.Reset(message)
		w.n, w.status = 0, 0
		clear(w.header)
		handler.ServeHTTP(w, r)
		return w
	}
}

func BenchmarkCall(b *testing.B) {
	for _, size := range []int{4 << 10, 16 << 10} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			call := oneCall(b, size)
			b.ReportAllocs()
			for b.Loop() {
				if w := call(); w.status != 200 || w.n < size {
					b.Fatalf("status %d, %d bytes", w.status, w.n)
				}
			}
		})
	}
}

func TestACallAllocatesLittle(t *testing.T) {
	call := oneCall(t, 4<<10)
	if w := call(); w.status != 200 || w.n < 4<<10 {
		t.Fatalf("status %d, %d bytes", w.status, w.n)
	}
	const most = 10 // the value of Content-Length, a request id, the tool's and the client's name, the Caller
	if n := testing.AllocsPerRun(200, func() { call() }); n > most {
		t.Errorf("%v allocations a call, want at most %d", n, most)
	}
}
