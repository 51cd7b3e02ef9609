package vendor

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"

	"sluice/internal/filetype"
	"sluice/internal/outbound"
)

// Upload is a body with files in it that lie elsewhere: they are fetched while it is sent, and never held whole.
type Upload struct {
	Pieces   []Piece
	MaxBytes int64 // of all its files together
}

// Piece is a part of a body: bytes, or a file.
type Piece struct {
	Bytes []byte
	File  *File
}

// File is a file that lies at a public URL. It is fetched without any credential, by the policy that holds for vendors' addresses.
type File struct {
	Argument string // that says where, for words
	URL      string
	Name     string   // "": as it is called there
	Types    []string // media types that are taken, image/* for all of a kind; none: any
	MaxSize  int64    // 0: no limit of its own
	// Head is what stands in the body before the content.
	Head func(name, mediaType string) []byte
}

// fileError is a file that cannot be had, or is not to be sent. Its text is a clause that goes on from the argument's name.
type fileError struct {
	argument string
	err      error
}

func (e *fileError) Error() string { return e.argument + " " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// maxAnswer bounds the answers that are read whole where bodies are streamed.
const maxAnswer = 10 << 20

// sendUpload sends a request whose body is an upload. Each time it does, the files are fetched anew.
func (k *call) sendUpload(ctx context.Context, request *outbound.Request) (*outbound.Response, error) {
	body, err := k.open(ctx, k.req.Upload)
	if err != nil {
		return nil, err
	}
	stream, err := k.outbound.Stream(ctx, &outbound.StreamRequest{Request: *request, Source: body, Length: body.length})
	if err != nil {
		return nil, err
	}
	return stream.Whole(maxAnswer)
}

// body is an upload on its way: its pieces one after the other.
type body struct {
	io.Reader
	files  []*outbound.Stream
	length int64 // -1: not known
}

func (b *body) Close() error {
	var errs []error
	for _, f := range b.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// open fetches the files of an upload, as far as their first bytes, so that what is wrong with them is known before the vendor hears of anything.
func (k *call) open(ctx context.Context, u *Upload) (*body, error) {
	b := &body{}
	left, known := u.MaxBytes, u.MaxBytes // left while they are read, and by what is known before
	var readers []io.Reader
	for _, piece := range u.Pieces {
		readers = append(readers, bytes.NewReader(piece.Bytes))
		b.add(int64(len(piece.Bytes)))
		if piece.File == nil {
			continue
		}
		stream, err := k.fetch(ctx, piece.File)
		if err != nil {
			b.Close()
			return nil, err
		}
		b.files = append(b.files, stream)
		f := &fetched{file: piece.File, stream: stream, in: bufio.NewReaderSize(stream, filetype.Enough), left: &left, most: known}
		head, err := f.check()
		if err != nil {
			b.Close()
			return nil, &fileError{piece.File.Argument, err}
		}
		known -= max(stream.Length, 0)
		readers = append(readers, bytes.NewReader(head), f)
		b.add(int64(len(head)))
		b.add(stream.Length)
	}
	b.Reader = io.MultiReader(readers...)
	return b, nil
}

func (b *body) add(n int64) {
	if n < 0 || b.length < 0 {
		b.length = -1
	} else {
		b.length += n
	}
}

// fetch asks for a file.
func (k *call) fetch(ctx context.Context, f *File) (*outbound.Stream, error) {
	request := outbound.Request{Method: http.MethodGet, URL: f.URL, Header: [][2]string{{"Accept", "*/*"}}}
	stream, err := k.Client.files.Stream(ctx, &outbound.StreamRequest{Request: request, Elsewhere: true})
	if err != nil {
		return nil, &fileError{f.Argument, fmt.Errorf("cannot be fetched: %w", err)}
	}
	if stream.Status == http.StatusOK {
		return stream, nil
	}
	defer stream.Close()
	host := f.URL
	if u, err := url.Parse(f.URL); err == nil {
		host = u.Host
	}
	why := ""
	switch stream.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		why = "; what is fetched must be public"
	}
	return nil, &fileError{f.Argument, fmt.Errorf("cannot be fetched: %s answered %d%s", host, stream.Status, why)}
}

// fetched is a file on its way through.
type fetched struct {
	file   *File
	stream *outbound.Stream
	in     *bufio.Reader
	read   int64
	left   *int64 // of what all files of the body may have together
	most   int64  // that this one may have
}

// check looks at what is known before the file is read, and answers its part's head.
func (f *fetched) check() ([]byte, error) {
	if f.file.MaxSize > 0 {
		f.most = min(f.most, f.file.MaxSize)
	}
	if f.stream.Length > f.most {
		return nil, fmt.Errorf("is a file of %s, and may have at most %s", filetype.Size(f.stream.Length), filetype.Size(f.most))
	}
	head, err := f.in.Peek(filetype.Enough)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("cannot be fetched: %w", err)
	}
	name := f.file.Name
	if name == "" {
		name = filetype.Named(f.stream.Header.Get("Content-Disposition"))
	}
	if name == "" {
		name = lastSegment(f.stream.Address)
	}
	declared := f.stream.Header.Get("Content-Type")
	if err := filetype.Check(f.file.Types, declared, name, head); err != nil {
		return nil, err
	}
	return f.file.Head(name, filetype.Of(declared, name, head)), nil
}

// lastSegment is what a file is called by its address alone.
func lastSegment(address string) string {
	if u, err := url.Parse(address); err == nil {
		if name := filetype.Name(path.Base(u.Path)); name != "" {
			return name
		}
	}
	return "file"
}

func (f *fetched) Read(p []byte) (int, error) {
	n, err := f.in.Read(p)
	f.read += int64(n)
	*f.left -= int64(n)
	switch {
	case f.read > f.most || *f.left < 0:
		return 0, &fileError{f.file.Argument, fmt.Errorf("is a file of more than %s, the most that it may have", filetype.Size(min(f.most, f.read+*f.left)))}
	case err != nil && err != io.EOF:
		return n, &fileError{f.file.Argument, fmt.Errorf("broke off after %s: %w", filetype.Size(f.read), err)}
	}
	return n, err
}
