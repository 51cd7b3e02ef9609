package vendor

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"sluice/internal/account"
	"sluice/internal/filetype"
	"sluice/internal/integration"
	"sluice/internal/outbound"
)

// Content is an answer that is a file. It is read as it comes: whoever opened it closes it, which ends the vendor's call too.
type Content struct {
	Status    int    // 200, or 206 for a part
	MediaType string // as the vendor says; "" where it does not
	Name      string // as the vendor calls the file, harmless; "" where it does not
	Size      int64  // of what is read; -1: not known
	Header    [][2]string

	stream *outbound.Stream
}

// passedOn are the fields of a file's answer that mean the same to whoever is given it: which part it is, and how to ask for another (RFC 9110, 14).
var passedOn = []string{"Accept-Ranges", "Content-Range", "ETag", "Last-Modified"}

func (c *Content) Read(p []byte) (int, error) { return c.stream.Read(p) }

// Close ends the call.
func (c *Content) Close() error { return c.stream.Close() }

// Open makes a call whose answer is a file. It is Do, but that the bytes are not read yet where all is well: then there is a Content, to be closed. They are the file's and
// stay as they are; whatever else a vendor answers is read, cleaned and classified as ever.
func (c *Client) Open(ctx context.Context, acct *account.Account, def *integration.Definition, req *Request) (*Content, *Response, error) {
	var content *Content
	response, err := c.do(ctx, acct, def, req, &content)
	if content != nil && (err != nil || response.Outcome != OK) {
		content.Close()
		content = nil
	}
	return content, response, err
}

// openContent sends a request, and reads its answer unless that is a file.
func (k *call) openContent(ctx context.Context, request *outbound.Request) (*outbound.Response, error) {
	r := &outbound.StreamRequest{Request: *request, Elsewhere: true}
	if len(request.Body) > 0 {
		r.Source, r.Length = io.NopCloser(bytes.NewReader(request.Body)), int64(len(request.Body))
	}
	stream, err := k.outbound.Stream(ctx, r)
	if err != nil {
		return nil, err
	}
	if stream.Status != http.StatusOK && stream.Status != http.StatusPartialContent {
		return stream.Whole(maxAnswer)
	}
	content := &Content{
		Status: stream.Status, MediaType: stream.Header.Get("Content-Type"), Name: filetype.Named(stream.Header.Get("Content-Disposition")), Size: stream.Length, stream: stream,
	}
	for _, name := range passedOn {
		if value := stream.Header.Get(name); value != "" {
			content.Header = append(content.Header, [2]string{name, value})
		}
	}
	*k.content = content
	return &outbound.Response{Status: stream.Status, Header: stream.Header}, nil
}
