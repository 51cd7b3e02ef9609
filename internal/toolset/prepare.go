package toolset

import (
	"errors"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/internal/jsonscan"
)

// Prepare checks arguments, a JSON object (nothing and null are an empty one), and splits them into the parts of a request. What is
// wrong with them is an *ArgumentError; it returns no other error.
//
// Where the method completes its calls, what it completes may be missing: then Prepared.Partial is set, and it is Whole that can be sent.
//
// What it returns does not alias arguments.
func (t *Tool) Prepare(arguments []byte) (*Prepared, error) { return t.prepare(arguments, false) }

// prepare is Prepare; whole says that everything has to be there.
func (t *Tool) prepare(arguments []byte, whole bool) (*Prepared, error) {
	p := t.plan
	// On the stack, for all but the largest tools.
	var few [32][]byte
	values := few[:]
	if len(p.args) > len(few) {
		values = make([][]byte, len(p.args))
	}
	values = values[:len(p.args)]
	var f findings
	prepared := &Prepared{}
	more, readable := t.read(arguments, values, &f)
	if readable {
		prepared.Partial = !whole && t.lacks(values, more, &f)
		t.check(values, more, prepared, &f)
	}
	if f.none() {
		p.address(values, more, prepared, &f)
	}
	if f.none() {
		p.setBody(values, more, prepared, &f)
	}
	if !f.none() {
		wrong := &ArgumentError{Tool: t.Name, Faults: f.faults}
		if readable {
			p.record(values, more, prepared)
			wrong.Masked = prepared.Masked
		}
		return nil, wrong
	}
	p.record(values, more, prepared)
	return prepared, nil
}

// unplanned is an argument that the plan does not know, where that is allowed.
type unplanned struct {
	name  string
	value []byte
}

// read finds each argument's span, and reports whether arguments can be read at all.
func (t *Tool) read(arguments []byte, values [][]byte, f *findings) (more []unplanned, readable bool) {
	if len(arguments) == 0 {
		return nil, true
	}
	if err := jsonscan.Check(arguments, jsonscan.Strict); err != nil {
		switch {
		case errors.Is(err, jsonscan.ErrDuplicateName), errors.Is(err, jsonscan.ErrUTF8), errors.Is(err, jsonscan.ErrDepth):
			f.add("arguments", "cannot be used: %v", err)
		default:
			f.add("arguments", "must be a JSON object: %v", err)
		}
		return nil, false
	}
	switch kind := jsonscan.KindOf(arguments); kind {
	case jsonscan.Object:
	case jsonscan.Null:
		return nil, true
	default:
		f.add("arguments", "must be an object, not %v", kind)
		return nil, false
	}
	p := t.plan
	nul := jsonscan.ContainsNUL(arguments)
	for it := jsonscan.Members(arguments); it.Next(); {
		name, _ := jsonscan.Unquote(it.Name()) // Check has found it right
		if nul && (jsonscan.ContainsNUL(it.Value()) || jsonscan.ContainsNUL(it.Name())) {
			f.add(shorten(string(name)), "holds the character U+0000, which cannot be stored: leave it out")
			if i, known := p.byName[string(name)]; known {
				values[i] = it.Value() // so that it is not found missing as well
			}
			continue
		}
		i, known := p.byName[string(name)]
		switch {
		case known:
			values[i] = it.Value()
		case p.paging[string(name)]:
			f.add(string(name), "is not an argument: Sluice pages by itself, use limit and next_cursor")
		case p.isConstant(string(name)):
			f.add(shorten(string(name)), "is always the same and not an argument: leave it out")
		case p.free || p.extra:
			if i := p.argument(inBody, string(name)); i >= 0 {
				values[i] = it.Value() // the vendor's own name is understood too
				continue
			}
			more = append(more, unplanned{string(name), it.Value()})
		default:
			t.stranger(string(name), it.Value(), f)
		}
	}
	return more, true
}

// isConstant reports whether a member of the body is sent always.
func (p *plan) isConstant(name string) bool {
	for i := range p.bodyRest {
		if p.bodyRest[i].name == name {
			return true
		}
	}
	return false
}

// names are the arguments that a caller can give.
func (p *plan) names() []string {
	var names []string
	for i := range p.args {
		if p.args[i].fixed == nil {
			names = append(names, p.args[i].name)
		}
	}
	return names
}

// check checks each argument, and puts those in that are bound.
func (t *Tool) check(values [][]byte, more []unplanned, prepared *Prepared, f *findings) {
	p := t.plan
	for i := range p.args {
		arg := &p.args[i]
		value := values[i]
		if value == nil {
			switch {
			case arg.fixed != nil:
				values[i] = arg.fixed
			case arg.filled && prepared.Partial, arg.required && slices.Contains(f.meant, arg.name):
			case arg.required && arg.source != "":
				f.add(arg.name, "is required: get it from %s", arg.source)
			case arg.required:
				f.add(arg.name, "is required%s", arg.whatItIs())
			}
			continue
		}
		before := len(f.faults)
		value = arg.rule.checkBelow(value, arg.name, 0, f)
		values[i] = value
		switch {
		case len(f.faults) > before:
			if arg.source != "" {
				f.faults[before].Message += "; " + arg.source + " shows the values there are"
			}
		case arg.fixed != nil && !jsonscan.Equal(arg.fixed, value):
			f.add(arg.name, "is bound to %s on this MCP server: leave it out", describe(arg.fixed, arg.secret))
		case arg.in == inPath:
			arg.checkSegment(value, f)
		case arg.in == inLimit:
			prepared.Limit, _ = jsonscan.Int(value)
		case arg.in == inCursor:
			prepared.Cursor = text(value)
		case arg.in == inFields:
			for it := jsonscan.Elements(value); it.Next(); {
				prepared.Fields = append(prepared.Fields, text(it.Value()))
			}
		case arg.in == inDryRun:
			prepared.DryRun = jsonscan.KindOf(value) == jsonscan.True
		case arg.in == inConfirmation:
			prepared.Confirmation = text(value)
		}
	}
	p.checkFiles(values, f)
	for _, m := range more {
		if p.extraRule != nil {
			p.extraRule.checkBelow(m.value, m.name, 0, f)
		}
	}
	if p.outside != nil && f.none() {
		p.checkTogether(p.outside, values, nil, f, func(w where) bool { return w <= inCookie })
	}
	if p.body != nil && f.none() && !prepared.Partial {
		p.checkTogether(p.body, values, more, f, func(w where) bool { return w == inBody })
	}
}

// checkSegment refuses what cannot be one segment of a path.
func (arg *argument) checkSegment(value []byte, f *findings) {
	switch kind := jsonscan.KindOf(value); kind {
	case jsonscan.Array, jsonscan.Object:
		if arg.style == "" {
			f.add(arg.name, "must be a text or a number, not %v, as it is a part of the address%s", kind, arg.seeSource())
		} else if joined := appendSegment(nil, arg.wire, value, arg.style); !isSegment(joined) {
			f.add(arg.name, "must hold more than %s, as it is a part of the address%s", either(len(joined) == 0, "nothing", "dots"), arg.seeSource())
		}
	case jsonscan.String, jsonscan.Number, jsonscan.True, jsonscan.False:
		if !isSegment(scalar(value)) {
			f.add(arg.name, "must be more than %s, as it is a part of the address%s", either(len(scalar(value)) == 0, "an empty text", "dots"), arg.seeSource())
		}
	default:
		f.add(arg.name, "must be a text or a number, not %v, as it is a part of the address%s", kind, arg.seeSource())
	}
}

// whatItIs repeats what the argument's description says, which a model may have read many calls ago; nothing of a long one.
func (arg *argument) whatItIs() string {
	const most = 120
	what := text(jsonscan.Member(arg.shown, "description"))
	if what == "" || len(what) > most {
		return ""
	}
	return " (" + strings.TrimSuffix(what, ".") + ")"
}

func (arg *argument) seeSource() string {
	if arg.source == "" {
		return ""
	}
	return ": get it from " + arg.source
}

// checkTogether checks what a schema says of all arguments of a place, where it says more than of each.
func (p *plan) checkTogether(s *jsonschema.Schema, values [][]byte, more []unplanned, f *findings, in func(where) bool) {
	w := object{dst: []byte{'{'}}
	names := map[string]string{}
	for i := range p.args {
		switch arg := &p.args[i]; {
		case !in(arg.in):
		case values[i] != nil:
			w.dst = append(w.key(arg.property), values[i]...)
		case arg.file != nil && arg.file.given(values):
			w.dst = append(w.key(arg.property), `""`...) // it is there, said by another argument
		}
		if in(p.args[i].in) {
			names[p.args[i].property] = p.args[i].name
		}
	}
	for _, m := range more {
		w.dst = append(w.key(m.name), m.value...)
	}
	for _, fault := range validate(s, append(w.dst, '}')) {
		// The first step is into the object made above: a property, which may have another name as an argument.
		at := strings.TrimPrefix(fault.Argument, ".")
		end := strings.IndexAny(at, ".[")
		if end < 0 {
			end = len(at)
		}
		if name, ok := names[at[:end]]; ok {
			at = name + at[end:]
		}
		if at == "" {
			at = "arguments"
		}
		f.add(at, "%s", fault.Message)
	}
}

// address builds the path, the query and the headers.
func (p *plan) address(values [][]byte, more []unplanned, prepared *Prepared, f *findings) {
	var room [512]byte
	path, query := room[:0], []byte(p.query)
	if p.literal == "" {
		for i := range p.path {
			if s := &p.path[i]; s.argument < 0 {
				path = append(path, s.literal...)
			} else {
				arg := &p.args[s.argument]
				path = appendSegment(path, arg.wire, values[s.argument], arg.style)
			}
		}
	}
	prepared.Header = append(prepared.Header, p.headers...)
	cookies := p.cookies
	for i := range p.args {
		arg, value := &p.args[i], values[i]
		if value == nil || arg.in != inQuery && arg.in != inHeader && arg.in != inCookie || jsonscan.KindOf(value) == jsonscan.Null {
			continue
		}
		switch arg.in {
		case inQuery:
			if query == nil {
				query = make([]byte, 0, 128)
			}
			query = appendPairs(query, arg.wire, value, arg.style)
		case inHeader:
			content := headerValue(value, arg.style)
			if !isHeaderSafe(content) {
				f.add(arg.name, "must be without line breaks and other control characters, as it is sent in a header")
			}
			prepared.Header = append(prepared.Header, [2]string{arg.wire, content})
		case inCookie:
			cookies = string(appendCookie([]byte(cookies), arg.wire, value, arg.style))
		}
	}
	if cookies != "" {
		prepared.Header = append(prepared.Header, [2]string{"Cookie", cookies})
	}
	if p.free && !p.carries {
		for _, m := range more {
			query = appendPairs(query, m.name, m.value, "")
		}
	}
	switch {
	case p.literal != "":
		prepared.Path, prepared.Query = p.literal, string(query)
	default:
		both := string(append(path, query...))
		prepared.Path, prepared.Query = both[:len(path)], both[len(path):]
	}
}
