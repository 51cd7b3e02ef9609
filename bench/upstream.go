package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// The one pipeline that the upstream has, by its size.
const (
	smallPipeline = "019abf00-0000-7000-8000-000000000004" // a page of 15 cards is 4 KB
	largePipeline = "019abf00-0000-7000-8000-000000000016" // … 16 KB
	card          = "019abf00-0000-7000-8000-0000000000c0"
	stage         = "019abf00-0000-7000-8000-0000000000d0"
	pageItems     = 15
)

// lastName is in the last item of a page, and nowhere else: an answer that has it has the whole page.
const lastName = "Renewal of the last contract on this page"

// counts is how many calls of each kind reached the upstream.
type counts struct {
	Reads  int64 `json:"reads"`
	Writes int64 `json:"writes"`
}

// serveUpstream is a vendor whose answers are ready: what is measured is everything in front of it. It has as much of Octapipe's API
// as an account and two tools need.
func serveUpstream(ctx context.Context) error {
	small, large := page(pageItems, 4<<10), page(pageItems, 16<<10)
	one := page(1, 270)
	one = one[1 : len(one)-1] // the object without the list around it
	var reads, writes atomic.Int64

	handle := func(c *fasthttp.RequestCtx) {
		path, method := string(c.Path()), string(c.Method())
		c.SetContentType("application/json")
		switch {
		case path == "/_counts":
			fmt.Fprintf(c, `{"reads":%d,"writes":%d}`, reads.Load(), writes.Load())
			return
		case path == "/login" && method == "POST":
			c.SetBodyString(`{"authorization":{"token":"bench","type":"bearer","expires_in":86400}}`)
			return
		case string(c.Request.Header.Peek("Authorization")) != "Bearer bench":
			c.SetStatusCode(401)
			c.SetBodyString(`{"message":"Unauthenticated."}`)
			return
		}
		c.Response.Header.Set("X-RateLimit-Limit", "1000000000")
		c.Response.Header.Set("X-RateLimit-Remaining", "999999999")
		switch {
		case method == "GET" && strings.HasPrefix(path, "/pipelines/"+smallPipeline+"/cards"):
			reads.Add(1)
			c.SetBody(small)
		case method == "GET" && strings.HasPrefix(path, "/pipelines/"+largePipeline+"/cards"):
			reads.Add(1)
			c.SetBody(large)
		case method == "PUT" && path == "/pipelines/"+smallPipeline+"/cards/"+card:
			writes.Add(1)
			c.SetBody(one)
		case method == "GET" && path == "/pipelines/"+smallPipeline+"/stages": // looked at before a card is put into one
			c.SetBodyString(`[{"uuid":"` + stage + `","name":"Contract Sent"}]`)
		case method == "GET" && path == "/me":
			c.SetBodyString(`{"uuid":"019abf00-0000-7000-8000-0000000000e0","first_name":"Bench"}`)
		case method == "GET" && path == "/pipelines/"+smallPipeline:
			c.SetBodyString(`{"uuid":"` + smallPipeline + `","name":"Bench","custom_fields":[]}`)
		default:
			c.SetStatusCode(404)
			c.SetBodyString(`{"message":"Not Found."}`)
		}
	}
	return announce(ctx, func(l net.Listener) error {
		return (&fasthttp.Server{Handler: handle, NoDefaultServerHeader: true, DisablePreParseMultipartForm: true}).Serve(l)
	})
}

// page is a JSON array of n cards that comes to about size bytes.
func page(n, size int) []byte {
	item := func(i int, padding string) map[string]any {
		name := fmt.Sprintf("Renewal %02d: “Süd” & Söhne", i)
		if i == n {
			name = lastName
		}
		return map[string]any{"uuid": fmt.Sprintf("019abf00-0000-7000-8000-%012d", i), "code": fmt.Sprintf("BE-%d", i), "name": name, "sla": 24 * i,
			"custom_fields_values": map[string]any{"cf_amount": 12345.67, "cf_note": padding},
			"pipeline_stage":       map[string]any{"uuid": stage, "name": "Contract Sent"}}
	}
	render := func(padding string) []byte {
		var items []any
		for i := range n {
			items = append(items, item(i+1, padding))
		}
		raw, err := json.Marshal(items)
		if err != nil {
			panic(err) // literals above
		}
		return raw
	}
	const prose = `As agreed on the phone: "net 30", the 5% discount stays. `
	padding := ""
	for len(render(padding)) < size {
		padding += prose[len(padding)%len(prose) : len(padding)%len(prose)+1]
	}
	return render(padding)
}

// announce serves on a free port of the loopback, prints its number as the first line, and ends with ctx.
func announce(ctx context.Context, serve func(net.Listener) error) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	failed := make(chan error, 1)
	go func() { failed <- serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		l.Close()
		select { // what is under way may end
		case <-failed:
		case <-time.After(time.Second):
		}
		return nil
	}
}
