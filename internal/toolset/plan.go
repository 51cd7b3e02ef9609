package toolset

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/internal/expression"
	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

// plan is how a tool's arguments are checked and split. It is made once and never changes.
type plan struct {
	list   bool
	create bool
	free   bool // nothing is documented, so that arguments need not be known
	args   []argument
	// byName finds an argument by the name that callers use.
	byName map[string]int
	paging map[string]bool // query parameters by which Sluice itself pages

	path     []segment
	literal  string // the whole path, where nothing of it is an argument
	query    string // what is sent always, encoded
	headers  [][2]string
	cookies  string
	bodyKind string                 // json, form, multipart, raw, none
	media    string                 // the body's content type
	bodyRest []constant             // members of the body that are sent always
	carries  bool                   // the HTTP method is one that usually has a body
	hasBody  bool                   // a body is sent even if no argument of it is given
	shape    *expression.Expression // makes the body of its arguments; nil: they are its members

	outside, body *jsonschema.Schema
	extra         bool
	extraRule     *rule
	secrets       jsonscan.Set // names of members that are masked in the audit wherever they stand, beside what schemas mark
	masks         bool         // some argument, or something in one, is marked by its schema
}

// segment is a piece of a path: encoded text, or the argument that stands there.
type segment struct {
	literal  string
	argument int
}

type constant struct {
	name  string
	value []byte
	style string
}

// planOf compiles a method's plan; asks says that its calls ask a person first.
func planOf(def *integration.Definition, m *integration.Method, asks bool) (*plan, error) {
	template, err := integration.ParseTemplate(m.Path)
	if err != nil {
		return nil, err
	}
	var references []string
	for _, part := range template.References() {
		if part.Space != "" && part.Space != "query" || part.Space == "" && part.Name != "id" {
			return nil, fmt.Errorf("the path %s refers to %s: only {{id}} and {{query.NAME}} are arguments", m.Path, part)
		}
		references = append(references, part.Name)
	}
	a, err := gather(def, m, references, asks)
	if err != nil {
		return nil, err
	}
	p := &plan{
		list: a.list, create: m.Name == "create", free: m.Doc == nil, args: a.all, byName: make(map[string]int, len(a.all)), paging: a.paging,
		outside: a.outside, body: a.body, extra: a.extra, extraRule: a.extraRule,
	}
	for i := range p.args {
		p.byName[p.args[i].name] = i
	}
	p.split(template)
	if err := p.constants(m); err != nil {
		return nil, err
	}
	p.bodies(m)
	if err := p.naming(); err != nil {
		return nil, err
	}
	if m.Body.Expression != "" {
		if p.shape, err = expression.Compile(m.Body.Expression); err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
	}
	p.mask(sortedKeys(a.secrets))
	return p, nil
}

// split makes the path's pieces. What follows a question mark in it belongs to the query.
func (p *plan) split(template *integration.Template) {
	for _, part := range template.Parts() {
		if part.IsReference() {
			p.path = append(p.path, segment{argument: p.argument(inPath, part.Name)})
			continue
		}
		literal, query, found := strings.Cut(part.Literal, "?")
		if found {
			p.query = query
		}
		p.path = append(p.path, segment{literal: encodeLiteral(literal), argument: -1})
	}
	if len(p.path) == 1 && p.path[0].argument < 0 {
		p.literal = p.path[0].literal
	}
}

// argument finds the argument that is a property of a place.
func (p *plan) argument(in where, property string) int {
	for i := range p.args {
		if p.args[i].in == in && p.args[i].property == property {
			return i
		}
	}
	return -1
}

// encodeLiteral encodes what of a definition's path no URL can carry: characters outside ASCII, and spaces. What is encoded already stays.
func encodeLiteral(literal string) string {
	var dst []byte
	for i := range len(literal) {
		if c := literal[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\' || c == '^' || c == '`' || c == '{' || c == '|' || c == '}' {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return string(dst)
}

// constants encodes what a method sends always.
func (p *plan) constants(m *integration.Method) error {
	for _, name := range sortedKeys(m.Parameters) {
		parameter := m.Parameters[name]
		if parameter.Const == nil {
			continue
		}
		value, err := json.Marshal(parameter.Const)
		if err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
		if parameter.Name != "" {
			name = parameter.Name
		}
		switch whereNames[parameter.In] {
		case inHeader:
			p.headers = append(p.headers, [2]string{name, headerValue(value, parameter.Style)})
		case inCookie:
			p.cookies = string(appendCookie([]byte(p.cookies), name, value, parameter.Style))
		default:
			p.query = string(appendPairs([]byte(p.query), name, value, parameter.Style))
		}
	}
	for _, name := range sortedKeys(m.Body.Properties) {
		parameter := m.Body.Properties[name]
		if parameter.Const == nil {
			continue
		}
		value, err := json.Marshal(parameter.Const)
		if err != nil {
			return fmt.Errorf("body property %s: %w", name, err)
		}
		if parameter.Name != "" {
			name = parameter.Name
		}
		p.bodyRest = append(p.bodyRest, constant{name, value, parameter.Style})
	}
	return nil
}

// bodies decides what the body is and is called.
func (p *plan) bodies(m *integration.Method) {
	p.bodyKind = m.Body.Format
	if p.bodyKind == "" {
		p.bodyKind = "json"
	}
	p.media = m.Body.ContentType
	if p.media == "" {
		switch p.bodyKind {
		case "json":
			p.media = "application/json"
		case "form":
			p.media = "application/x-www-form-urlencoded"
		case "raw":
			p.media = "application/octet-stream"
		}
	}
	members := len(p.bodyRest) > 0
	for i := range p.args {
		members = members || p.args[i].in == inBody
	}
	p.carries = carriesBody(m.HTTPMethod)
	p.hasBody = members && p.carries || len(p.bodyRest) > 0
}

func carriesBody(httpMethod string) bool {
	switch strings.ToUpper(httpMethod) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// mask notes what the audit does not show.
func (p *plan) mask(secrets []string) {
	p.secrets = jsonscan.NewSet(secrets...)
	for i := range p.args {
		arg := &p.args[i]
		p.masks = p.masks || arg.secret || arg.rule != nil && arg.rule.masks
	}
}
