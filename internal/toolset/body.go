package toolset

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"

	"sluice/internal/jsonscan"
)

// setBody builds the request's body from the arguments that belong to it, in the plan's order.
func (p *plan) setBody(values [][]byte, more []unplanned, prepared *Prepared, f *findings) {
	if p.free && !p.carries {
		more = nil // they are in the query
	}
	for i := range p.args {
		if p.args[i].in == inWhole && values[i] != nil {
			p.setWhole(&p.args[i], values[i], prepared, f)
			return
		}
	}
	if p.free && len(more) == 1 && more[0].name == wholeName {
		prepared.Body, prepared.ContentType = bytes.Clone(more[0].value), p.media
		return
	}
	given := len(more) > 0
	for i := range p.args {
		given = given || p.args[i].in == inBody && values[i] != nil
	}
	if !given && !p.hasBody {
		return
	}
	switch p.bodyKind {
	case "json":
		prepared.Body, prepared.ContentType = p.appendJSON(nil, values, more), p.media
	case "form":
		prepared.Body, prepared.ContentType = p.form(values, more, f), p.media
	case "multipart":
		p.setMultipart(values, more, prepared, f)
	}
}

// members calls do for each member of the body, in order.
func (p *plan) members(values [][]byte, more []unplanned, do func(name string, value []byte, style string, arg *argument)) {
	for i := range p.bodyRest {
		do(p.bodyRest[i].name, p.bodyRest[i].value, p.bodyRest[i].style, nil)
	}
	for i := range p.args {
		if arg := &p.args[i]; arg.in == inBody && values[i] != nil {
			do(arg.wire, values[i], arg.style, arg)
		}
	}
	for _, m := range more {
		do(m.name, m.value, "", nil)
	}
}

// appendJSON puts the raw spans together again: numbers keep every digit, null stays null.
func (p *plan) appendJSON(dst []byte, values [][]byte, more []unplanned) []byte {
	size := 2
	p.members(values, more, func(name string, value []byte, _ string, _ *argument) { size += len(name) + len(value) + 4 })
	w := object{dst: append(make([]byte, 0, size), '{')}
	p.members(values, more, func(name string, value []byte, _ string, _ *argument) {
		w.dst = append(w.key(name), value...)
	})
	return append(w.dst, '}')
}

func (p *plan) form(values [][]byte, more []unplanned, f *findings) []byte {
	var dst []byte
	p.members(values, more, func(name string, value []byte, style string, arg *argument) {
		if jsonscan.KindOf(value) == jsonscan.Null {
			f.add(nameOf(arg, name), "cannot be null, since the vendor takes a form: leave it out, or give an empty text")
			return
		}
		dst = appendPairs(dst, name, value, style)
	})
	return dst
}

func nameOf(arg *argument, name string) string {
	if arg != nil {
		return arg.name
	}
	return name
}

// setWhole sends the one argument that is the body: as JSON, or its text or bytes as they are.
func (p *plan) setWhole(arg *argument, value []byte, prepared *Prepared, f *findings) {
	prepared.ContentType = p.media
	if p.bodyKind != "raw" || jsonscan.KindOf(value) != jsonscan.String {
		prepared.Body = bytes.Clone(value)
		return
	}
	content := scalar(value)
	if arg.rule != nil && arg.rule.binary {
		file, err := decodeFile(content)
		if err != nil {
			f.add(arg.name, "%v", err)
			return
		}
		content = file.content
	}
	prepared.Body = append([]byte{}, content...)
}

// file is binary content that came as text.
type file struct {
	content []byte
	media   string
	name    string
}

// decodeFile reads base64, in either alphabet, with or without padding, or a data: URL (RFC 2397), which can also tell the media type and a name.
func decodeFile(content []byte) (file, error) {
	f := file{media: "application/octet-stream"}
	if rest, ok := bytes.CutPrefix(content, []byte("data:")); ok {
		head, data, found := bytes.Cut(rest, []byte(","))
		head, isBase64 := bytes.CutSuffix(head, []byte(";base64"))
		if !found || !isBase64 {
			return f, fmt.Errorf("must be base64, or a data: URL in base64 as data:text/plain;base64,aGVsbG8=")
		}
		if media, parameters, err := mime.ParseMediaType(string(head)); err == nil {
			if name, err := url.PathUnescape(parameters["name"]); err == nil {
				f.name = name
			}
			delete(parameters, "name")
			f.media = mime.FormatMediaType(media, parameters)
		}
		content = data
	}
	plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "", " ", "").Replace(string(content)), "=")
	decoded, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return f, fmt.Errorf("must be the bytes in base64: %v", err)
	}
	f.content = decoded
	return f, nil
}

// setMultipart sends each member as a part (RFC 7578): texts as they are, objects as JSON, bytes as a file, each element of a list as a part of its own.
func (p *plan) setMultipart(values [][]byte, more []unplanned, prepared *Prepared, f *findings) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	p.members(values, more, func(name string, value []byte, style string, arg *argument) {
		var r *rule
		if arg != nil {
			r = arg.rule
		}
		if jsonscan.KindOf(value) == jsonscan.Array && style != "json" {
			var items *rule
			if r != nil {
				items = r.items
			}
			for it := jsonscan.Elements(value); it.Next(); {
				writePart(w, name, it.Value(), items, nameOf(arg, name), f)
			}
			return
		}
		if style == "json" {
			r = nil
		}
		writePart(w, name, value, r, nameOf(arg, name), f)
	})
	w.Close() // a bytes.Buffer does not fail
	prepared.Body, prepared.ContentType = body.Bytes(), w.FormDataContentType()
	if p.media != "" && !strings.HasPrefix(p.media, "multipart/form-data") {
		prepared.ContentType = p.media + "; boundary=" + w.Boundary()
	}
}

func writePart(w *multipart.Writer, name string, value []byte, r *rule, argument string, f *findings) {
	header := textproto.MIMEHeader{}
	content := scalar(value)
	switch kind := jsonscan.KindOf(value); {
	case kind == jsonscan.Null:
		f.add(argument, "cannot be null, since the vendor takes a form: leave it out, or give an empty text")
		return
	case kind == jsonscan.String && r != nil && r.binary:
		file, err := decodeFile(content)
		if err != nil {
			f.add(argument, "%v", err)
			return
		}
		if file.name == "" {
			file.name = name
		}
		header.Set("Content-Disposition", multipart.FileContentDisposition(name, file.name))
		header.Set("Content-Type", file.media)
		content = file.content
	case kind == jsonscan.Object, kind == jsonscan.Array:
		header.Set("Content-Disposition", multipart.FileContentDisposition(name, ""))
		header.Set("Content-Disposition", strings.TrimSuffix(header.Get("Content-Disposition"), `; filename=""`))
		header.Set("Content-Type", "application/json")
	default:
		header.Set("Content-Disposition", strings.TrimSuffix(multipart.FileContentDisposition(name, ""), `; filename=""`))
	}
	part, err := w.CreatePart(header)
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil {
		f.add(argument, "cannot be sent: %v", err)
	}
}
