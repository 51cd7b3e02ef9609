package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"sluice/internal/audit"
	"sluice/internal/filetype"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// smallText is how long a text may be that a call answers itself. What is longer, and what is no text, is answered by a link, so that it never passes through
// a model's context.
const smallText = 64 << 10

// DefaultMaxFile is how large a file may be, and all files of one upload together, where an operator does not say.
const DefaultMaxFile = 1 << 30

// File is a file that a call found: a small text whole, any other as a link to it.
type File struct {
	Name      string
	MediaType string
	Size      int64  // -1: not known
	Text      []byte // all of it, nil where there is a link
	URL       string
	Expires   time.Time // of the URL
}

// AppendJSON appends the file as an object, for callers that want one.
func (f *File) AppendJSON(dst []byte) []byte {
	dst = jsonscan.AppendQuote(append(dst, `{"name":`...), f.Name)
	dst = jsonscan.AppendQuote(append(dst, `,"media_type":`...), f.MediaType)
	if f.Size >= 0 {
		dst = strconv.AppendInt(append(dst, `,"size":`...), f.Size, 10)
	}
	if f.URL == "" {
		return append(jsonscan.AppendQuotedJSON(append(dst, `,"text":`...), f.Text), '}')
	}
	dst = jsonscan.AppendQuote(append(dst, `,"url":`...), f.URL)
	return append(jsonscan.AppendQuote(append(dst, `,"expires_at":`...), f.Expires.UTC().Format(time.RFC3339)), '}')
}

// formatFile is the response format of a method whose answer is a file.
const formatFile = "file"

// IsFile reports whether a tool's answer is a file, to be streamed rather than read whole. A method that changes something is not called again for its bytes.
func IsFile(tool *toolset.Tool) bool {
	return tool.ReadOnly && tool.Method.Response.Format == formatFile
}

// file looks at what a file is, by as little of it as tells.
func (g *Gateway) file(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared) (*Result, error) {
	content, response, err := g.vendor.Open(ctx, c.Account, c.Tools.Definition, requestOf(c, tool, prepared))
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", tool.Name, err)
	}
	result := resultOf(tool, response)
	if content == nil {
		explain(result, c.Tools)
		g.lostParent(ctx, c, result, prepared.Arguments)
		return result, nil
	}
	defer content.Close()
	if content.Size > g.maxFile {
		return g.tooLarge(tool, content), nil
	}
	f := &File{Name: nameOf(tool, content), MediaType: content.MediaType, Size: content.Size}
	head, whole, err := peek(content)
	if err != nil {
		return lost(tool, err), nil
	}
	f.MediaType = filetype.Of(content.MediaType, f.Name, head)
	if whole && filetype.IsText(f.MediaType) && utf8.Valid(head) && bytes.IndexByte(head, 0) < 0 {
		f.Size, f.Text = int64(len(head)), head
	} else {
		if whole {
			f.Size = int64(len(head))
		}
		f.Expires = time.Now().Add(LinkLife).Truncate(time.Second)
		if f.URL, err = g.link(c, tool, prepared, f.Expires); err != nil {
			return nil, err
		}
	}
	result.File = f
	return result, nil
}

// peek reads a file that may be a small text, and of others what tells their type.
func peek(content *vendor.Content) (head []byte, whole bool, err error) {
	most := int64(smallText)
	if content.Size > smallText || !filetype.IsText(filetype.Of(content.MediaType, content.Name, nil)) {
		most = filetype.Enough
	}
	head, err = io.ReadAll(io.LimitReader(content, most+1))
	if err != nil {
		return nil, false, err
	}
	return head[:min(len(head), int(most))], int64(len(head)) <= most, nil
}

func nameOf(tool *toolset.Tool, content *vendor.Content) string {
	switch {
	case content.Name != "":
		return content.Name
	case tool.Resource.Singular != "":
		return tool.Resource.Singular
	}
	return tool.Resource.Name
}

func (g *Gateway) tooLarge(tool *toolset.Tool, content *vendor.Content) *Result {
	return &Result{Tool: tool, Outcome: vendor.Refused, Invalid: true, Total: -1, RateLimit: vendor.NoRateLimit,
		Message: fmt.Sprintf("The file has %s, and at most %s is passed on.", filetype.Size(content.Size), filetype.Size(g.maxFile))}
}

// lost is a file that broke off.
func lost(tool *toolset.Tool, err error) *Result {
	return &Result{Tool: tool, Outcome: vendor.Unsent, Total: -1, RateLimit: vendor.NoRateLimit,
		Message: fmt.Sprintf("The file broke off: %v. It can be asked for again.", err)}
}

// Range is which part of a file is asked for, by the fields of a request (RFC 9110, 14); "" for all of it.
type Range struct{ Range, IfRange string }

// Download is a file on its way from the vendor. Close ends the vendor's call and records what became of it.
type Download struct {
	Name      string
	MediaType string
	Size      int64       // of what is read; -1: not known
	Status    int         // 200, or 206 for a part
	Header    [][2]string // which part it is, and how to ask for others

	content *vendor.Content
	caller  *Caller
	ctx     context.Context // of the request that asks for it, whose end tells why the file was not read to its own
	gateway *Gateway
	record  audit.Record
	read    int64
	err     error
}

// Download opens a file as a method of a resource answers it, of any type and length. Where it cannot be had there is a Result that says why, and no Download.
func (g *Gateway) Download(ctx context.Context, c *Caller, resource, method string, arguments []byte, part Range) (*Download, *Result, error) {
	tool, ok := c.Tools.Operation(resource, method)
	if !ok {
		return nil, nil, unknownOperation(c.Tools.Definition, resource, method)
	}
	return g.download(ctx, c, tool, arguments, part)
}

func (g *Gateway) download(ctx context.Context, c *Caller, tool *toolset.Tool, arguments []byte, part Range) (*Download, *Result, error) {
	d := &Download{ctx: ctx, caller: c, gateway: g, record: recordOf(c, tool)}
	if full := g.underWay.enter(c, tool); full != nil {
		g.finish(ctx, &d.record, full, nil)
		return nil, full, nil
	}
	result, err := d.open(c, tool, arguments, part)
	if err != nil || result != nil {
		g.underWay.leave(c)
		g.finish(ctx, &d.record, result, err)
		return nil, result, err
	}
	return d, nil, nil
}

// open opens the file. A result is a call that ends here.
func (d *Download) open(c *Caller, tool *toolset.Tool, arguments []byte, part Range) (*Result, error) {
	prepared, err := tool.Prepare(arguments)
	if wrong, ok := errors.AsType[*toolset.ArgumentError](err); ok {
		return invalid(tool, wrong), nil
	}
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", tool.Name, err)
	}
	d.record.Arguments = d.gateway.accounts.Mask(d.ctx, c.Account, prepared.Masked)
	if tool.Asks {
		if ended, err := d.gateway.confirm(d.ctx, c, tool, prepared, prepared, nil); err != nil || ended != nil {
			return ended, err
		}
	}
	request := requestOf(c, tool, prepared)
	if part.Range != "" {
		request.Header = append(request.Header, [2]string{"Range", part.Range})
		if part.IfRange != "" {
			request.Header = append(request.Header, [2]string{"If-Range", part.IfRange})
		}
	}
	content, response, err := d.gateway.vendor.Open(d.ctx, c.Account, c.Tools.Definition, request)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", tool.Name, err)
	}
	if content == nil {
		result := resultOf(tool, response)
		explain(result, c.Tools)
		return result, nil
	}
	if content.Size > d.gateway.maxFile {
		content.Close()
		return d.gateway.tooLarge(tool, content), nil
	}
	d.content, d.Status, d.Size, d.Header = content, content.Status, content.Size, content.Header
	d.Name = nameOf(tool, content)
	if d.MediaType = content.MediaType; d.MediaType == "" {
		d.MediaType = filetype.Of("application/octet-stream", d.Name, nil)
	}
	return nil, nil
}

func (d *Download) Read(p []byte) (int, error) {
	n, err := d.content.Read(p)
	d.read += int64(n)
	if d.read > d.gateway.maxFile {
		n, err = 0, fmt.Errorf("the file has more than %s, which is the most that is passed on", filetype.Size(d.gateway.maxFile))
	}
	if err != nil {
		d.err = err
	}
	return n, err
}

// Close ends the call. What was read of the file tells how it is recorded.
func (d *Download) Close() error {
	err := d.content.Close()
	d.gateway.underWay.leave(d.caller)
	result := &Result{Outcome: vendor.OK, Status: d.Status}
	whole := d.err == io.EOF || d.read == d.Size
	switch {
	case !whole && d.ctx.Err() == nil && d.err != nil:
		result.Outcome, result.Message = vendor.Unsent, fmt.Sprintf("The file broke off after %s: %v.", filetype.Size(d.read), d.err)
	case !whole && (d.read > 0 || d.ctx.Err() != nil): // where nothing was read, only the header was wanted
		result.Outcome, result.Message = vendor.Unsent, fmt.Sprintf("The caller went away after %s.", filetype.Size(d.read))
		d.gateway.finishAs(&d.record, "cancelled", result)
		return err
	}
	d.gateway.finish(d.ctx, &d.record, result, nil)
	return err
}
