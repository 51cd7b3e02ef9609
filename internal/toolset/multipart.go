package toolset

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"

	"sluice/internal/jsonscan"
)

// form is a multipart body (RFC 7578) in the making: what is known of it as bytes, and the files that are fetched when it is sent.
type form struct {
	*multipart.Writer
	bytes  bytes.Buffer
	pieces []Piece
}

func newForm() *form {
	f := &form{}
	f.Writer = multipart.NewWriter(&f.bytes) // a bytes.Buffer does not fail
	return f
}

// file adds a file that lies elsewhere. Its part's header is written when its name and type are known.
func (f *form) file(part string, file *File) {
	before := f.bytes.Len()
	f.CreatePart(textproto.MIMEHeader{})
	boundary := bytes.TrimSuffix(bytes.Clone(f.bytes.Bytes()[before:]), []byte("\r\n")) // without the empty line that ends a header
	f.bytes.Truncate(before)
	file.Head = func(name, mediaType string) []byte {
		if !isHeaderSafe(mediaType) || mediaType == "" {
			mediaType = "application/octet-stream"
		}
		head := append(bytes.Clone(boundary), "Content-Disposition: "+multipart.FileContentDisposition(part, name)+"\r\n"...)
		return append(head, "Content-Type: "+mediaType+"\r\n\r\n"...)
	}
	f.flush()
	f.pieces = append(f.pieces, Piece{File: file})
}

func (f *form) flush() {
	if f.bytes.Len() > 0 {
		f.pieces = append(f.pieces, Piece{Bytes: bytes.Clone(f.bytes.Bytes())})
		f.bytes.Reset()
	}
}

// setMultipart sends each member as a part: texts as they are, objects as JSON, bytes as a file, each element of a list as a part of its own.
func (p *plan) setMultipart(values [][]byte, more []unplanned, prepared *Prepared, f *findings) {
	w := newForm()
	var total int64
	p.members(values, more, func(name string, value []byte, style string, arg *argument) {
		var r *rule
		media := ""
		if arg != nil {
			r, media = arg.rule, arg.media
		}
		switch {
		case arg != nil && arg.file != nil && values[arg.file.url] != nil:
			w.file(name, p.elsewhere(arg.file, values, prepared, nil))
		case arg != nil && arg.file != nil:
			w.content(name, p.carried(arg.file, values, &total, prepared, f))
		case jsonscan.KindOf(value) == jsonscan.Array && inParts[style] != "":
			w.value(name, joinedList(value, inParts[style]), nil, media, nameOf(arg, name), f)
		case jsonscan.KindOf(value) == jsonscan.Array && style != "json":
			var items *rule
			if r != nil {
				items = r.items
			}
			for it := jsonscan.Elements(value); it.Next(); {
				w.value(name, it.Value(), items, media, nameOf(arg, name), f)
			}
		default:
			if style == "json" {
				r = nil
			}
			w.value(name, value, r, media, nameOf(arg, name), f)
		}
	})
	w.Close()
	prepared.ContentType = w.FormDataContentType()
	if p.media != "" && !strings.HasPrefix(p.media, "multipart/form-data") {
		prepared.ContentType = p.media + "; boundary=" + w.Boundary()
	}
	if w.pieces == nil {
		prepared.Body = w.bytes.Bytes()
		return
	}
	w.flush()
	prepared.Upload = w.pieces
}

// inParts are separators as a part has them, where nothing is encoded.
var inParts = map[string]string{"comma": ",", "space": " ", "pipe": "|", "tab": "\t"}

// joinedList is a list as one text.
func joinedList(array []byte, separator string) []byte {
	var joined []byte
	for i, it := 0, jsonscan.Elements(array); it.Next(); i++ {
		if i > 0 {
			joined = append(joined, separator...)
		}
		joined = append(joined, scalar(it.Value())...)
	}
	return jsonscan.AppendQuote(nil, string(joined))
}

// content adds a file that came in the call.
func (f *form) content(part string, c content) {
	if c.name == "" {
		c.name = part
	}
	if c.mediaType == "" || !isHeaderSafe(c.mediaType) {
		c.mediaType = "application/octet-stream"
	}
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", multipart.FileContentDisposition(part, c.name))
	header.Set("Content-Type", c.mediaType)
	f.part(header, c.bytes)
}

func (f *form) part(header textproto.MIMEHeader, content []byte) {
	if w, err := f.CreatePart(header); err == nil { // it fails only after Close
		io.Copy(w, bytes.NewReader(content))
	}
}

// value adds a part that is no file of its own, or one of a list of files. media is what it is sent as, where that is said.
func (f *form) value(name string, value []byte, r *rule, media, argument string, faults *findings) {
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", strings.TrimSuffix(multipart.FileContentDisposition(name, ""), `; filename=""`))
	switch kind := jsonscan.KindOf(value); {
	case kind == jsonscan.Null:
		faults.add(argument, "cannot be null, since the vendor takes a form: leave it out, or give an empty text")
		return
	case kind == jsonscan.String && r != nil && r.binary:
		c, err := decodeFile(scalar(value))
		if err != nil {
			faults.add(argument, "%v", err)
			return
		}
		f.content(name, c)
		return
	case media != "":
		header.Set("Content-Type", media)
	case kind == jsonscan.Object, kind == jsonscan.Array:
		header.Set("Content-Type", "application/json")
	}
	f.part(header, scalar(value))
}
