package toolset

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

// setBody builds the request's body from the arguments that belong to it, in the plan's order.
func (p *plan) setBody(values [][]byte, more []unplanned, prepared *Prepared, f *findings) {
	if p.free && !p.carries {
		more = nil // they are in the query
	}
	for i := range p.args {
		if arg := &p.args[i]; arg.in == inWhole && (values[i] != nil || arg.file != nil && arg.file.given(values)) {
			if (p.bodyKind == "form" || p.bodyKind == "multipart") && jsonscan.KindOf(values[i]) == jsonscan.Object { // a form whose fields nobody has described
				for it := jsonscan.Members(values[i]); it.Next(); {
					more = append(more, unplanned{text(it.Name()), it.Value()})
				}
				break
			}
			p.setWhole(arg, values, i, prepared, f)
			return
		}
	}
	if p.free && len(more) == 1 && more[0].name == wholeName {
		prepared.Body, prepared.ContentType = bytes.Clone(more[0].value), p.media
		return
	}
	given := len(more) > 0
	for i := range p.args {
		given = given || p.args[i].in.inBody() && values[i] != nil
	}
	if !given && !p.hasBody {
		return
	}
	switch p.bodyKind {
	case "json":
		prepared.Body, prepared.ContentType = p.shaped(p.appendJSON(nil, values, more), f), p.media
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
		if arg := &p.args[i]; arg.in == inBody && !arg.names && (values[i] != nil || arg.file != nil && arg.file.given(values)) {
			do(p.nameAs(arg, values), values[i], arg.style, arg)
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

// shaped is the body as the definition's expression makes it.
func (p *plan) shaped(body []byte, f *findings) []byte {
	if p.shape == nil {
		return body
	}
	made, err := p.shape.Run(context.Background(), body) // which has a limit of its own
	if err != nil {
		f.add("arguments", "cannot be made into a request: %v", err)
	}
	return made
}

// naming finds the members whose names are made of other arguments.
func (p *plan) naming() error {
	for i := range p.args {
		arg := &p.args[i]
		if arg.in != inBody || !strings.Contains(arg.wire, "{{") {
			continue
		}
		var err error
		if arg.naming, err = integration.ParseTemplate(arg.wire); err != nil {
			return fmt.Errorf("the name of %s: %w", arg.property, err)
		}
		for _, ref := range arg.naming.References() {
			at := p.argument(inBody, ref.Name)
			if ref.Space != "body" || at < 0 {
				return fmt.Errorf("the name of %s refers to {{%s}}, which is no argument of the body", arg.property, ref)
			}
			p.args[at].names = true
		}
	}
	return nil
}

// nameAs is what the vendor calls a member of the body in this call.
func (p *plan) nameAs(arg *argument, values [][]byte) string {
	if arg.naming == nil {
		return arg.wire
	}
	name, _ := arg.naming.Expand(func(_, name string) (string, bool) {
		return string(scalar(values[p.argument(inBody, name)])), true
	})
	return name
}

func (p *plan) form(values [][]byte, more []unplanned, f *findings) []byte {
	var dst []byte
	p.members(values, more, func(name string, value []byte, style string, arg *argument) {
		if jsonscan.KindOf(value) == jsonscan.Null {
			f.add(nameOf(arg, name), "cannot be null, since the vendor takes a form: leave it out, or give an empty text")
			return
		}
		if arg == nil && style == "" && jsonscan.KindOf(value) == jsonscan.Object {
			style = "json" // as fields that are described travel
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
func (p *plan) setWhole(arg *argument, values [][]byte, at int, prepared *Prepared, f *findings) {
	prepared.ContentType = p.media
	switch value := values[at]; {
	case arg.file != nil && values[arg.file.url] != nil:
		prepared.Upload = []Piece{{File: p.elsewhere(arg.file, values, prepared, func(string, string) []byte { return nil })}}
	case arg.file != nil:
		var total int64
		prepared.Body = append([]byte{}, p.carried(arg.file, values, &total, prepared, f).bytes...)
	case p.bodyKind != "raw" || jsonscan.KindOf(value) != jsonscan.String:
		prepared.Body = bytes.Clone(value)
	default:
		prepared.Body = append([]byte{}, scalar(value)...)
	}
}
