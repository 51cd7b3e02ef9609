package openapi

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/prose"
)

// body is a request's body as the document has it.
type body struct {
	how    integration.Body
	schema any // true, or an *object
}

// body reads the operation's body; nil is none.
func (o *operation) body(all []*parameter, note func(at, what string)) (*body, error) {
	if o.swagger {
		return o.oldBody(all, note)
	}
	request, err := o.resolve(o.own.Get("requestBody"))
	if err != nil {
		return nil, fmt.Errorf("the body cannot be read: %w", err)
	}
	if !request.IsObject() {
		return nil, nil
	}
	content := request.Get("content")
	if content.Len() == 0 {
		return nil, nil
	}
	media, of := choose(content)
	if of, err = o.resolve(of); err != nil {
		return nil, fmt.Errorf("the body cannot be read: %w", err)
	}
	if content.Len() > 1 && baseType(media) != "application/json" {
		note("", "takes its body in several media types, of which "+media+" is sent")
	}
	b, err := o.bodyOf(media, of.Get("schema"), note)
	if err != nil {
		return nil, err
	}
	o.encode(b, of.Get("encoding"))
	return b.finish(request.Get("required").IsTrue(), o.brief(request.Get("description").Text(), 0)), nil
}

// choose takes the media type that says most: JSON, then a JSON of its own kind, then forms, then whatever comes first.
func choose(content integration.Value) (media string, of integration.Value) {
	best := -1
	for name, v := range content.Members() {
		rank := 1
		switch format, _ := bodyFormat(name); {
		case baseType(name) == "application/json":
			rank = 6
		case format == "json":
			rank = 5
		case format == "multipart":
			rank = 4
		case format == "form":
			rank = 3
		case strings.HasSuffix(baseType(name), "xml"):
			rank = 0
		}
		if rank > best {
			best, media, of = rank, name, v
		}
	}
	return media, of
}

func baseType(media string) string {
	media, _, _ = strings.Cut(strings.ToLower(media), ";")
	return strings.TrimSpace(media)
}

// bodyFormat is the definition's word for a media type, and the type to send, "" where the format says it.
func bodyFormat(media string) (format, contentType string) {
	parameters := strings.Contains(media, ";") // application/json;odata=verbose is another than application/json to its vendor
	switch base := baseType(media); {
	case base == "application/json" && !parameters || base == "*/*" || base == "application/*" || base == "":
		return "json", ""
	case isJSON(media):
		return "json", media
	case base == "application/x-www-form-urlencoded" && !parameters:
		return "form", ""
	case base == "application/x-www-form-urlencoded":
		return "form", media
	case base == "multipart/form-data":
		return "multipart", ""
	case strings.HasPrefix(base, "multipart/"):
		return "multipart", base
	case strings.Contains(base, "*") || base == "application/octet-stream":
		return "raw", ""
	}
	return "raw", media
}

func isTextual(media string) bool {
	base := baseType(media)
	if strings.HasPrefix(base, "text/") || strings.HasSuffix(base, "+xml") || strings.HasSuffix(base, "yaml") {
		return true
	}
	return slices.Contains([]string{"application/xml", "application/javascript", "application/x-ndjson", "application/jsonl", "application/graphql", "application/sql", "application/x-www-form-urlencoded"}, base)
}

func (o *operation) bodyOf(media string, schema integration.Value, note func(at, what string)) (*body, error) {
	format, contentType := bodyFormat(media)
	if strings.ContainsAny(contentType, "\r\n") {
		return nil, fmt.Errorf("the body's media type %q cannot be sent", prose.Clip(media, 40))
	}
	if kind, err := o.resolve(schema); format == "form" && err == nil && kind.Get("type").Text() == "string" {
		format, contentType = "raw", media // the caller writes the form
	}
	b := &body{how: integration.Body{Format: format, ContentType: contentType}}
	if format == "json" {
		b.how.Format = ""
	}
	if format == "raw" {
		s := newObject("type", "string")
		if !isTextual(media) {
			s.set("format", "binary")
		}
		words := ""
		if resolved, err := o.resolve(schema); err == nil {
			words = o.brief(resolved.Get("description").Text(), 0)
		}
		if words == "" {
			words = "The body, as " + media
			if contentType == "" {
				words = "The bytes of the body"
			}
		}
		s.set("description", words)
		b.schema = s
		return b, nil
	}
	converted, err := o.convert(schema, true, "", note)
	if err != nil {
		return nil, fmt.Errorf("the body cannot be read: %w", err)
	}
	b.schema = converted
	if format == "json" {
		return b, nil
	}
	s, ok := converted.(*object)
	if !ok {
		s = newObject()
		b.schema = s
	}
	if types := typesOf(s); len(types) > 0 && !slices.Contains(types, "object") {
		return nil, fmt.Errorf("the body is %s, and is described as %s, which has no fields", media, strings.Join(types, ", "))
	}
	if b.parts(s, 0) == 0 {
		s.set("type", "object") // whatever fields there are
		s.set("description", strings.TrimSpace(stop(s.text("description"))+" The form's fields, by their names"))
	}
	return b, nil
}

// parts says how the fields of a form travel, those of its alternatives too, and how many there are.
func (b *body) parts(s *object, depth int) int {
	properties := s.object("properties")
	count := len(properties.keys())
	for _, name := range properties.keys() {
		b.part(name, properties)
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		for _, branch := range s.list(word) {
			if one, ok := branch.(*object); ok && depth < mostLevels {
				count += b.parts(one, depth+1)
			}
		}
	}
	return count
}

// part says how one field of a form travels where nothing in the document does: an object as JSON (OpenAPI 3.1.1, "Encoding Object"), bytes as a file.
func (b *body) part(name string, properties *object) {
	s, ok := properties.values[name].(*object)
	if !ok {
		return
	}
	if isOnly(s, "object") {
		b.style(name, "json")
	}
	if b.how.Format != "multipart" {
		return
	}
	file := s
	if items := s.object("items"); isOnly(s, "array") && items != nil {
		file = items
	}
	switch {
	case file.text("contentEncoding") != "" && file.text("format") != "binary":
		file.drop("contentEncoding") // it is sent as the text that it is
	case file.text("contentMediaType") != "" && !file.has("contentEncoding") && !isTextual(file.text("contentMediaType")) && !isJSON(file.text("contentMediaType")):
		if len(typesOf(file)) == 0 || isOnly(file, "string") { // how 3.1 says bytes
			file.set("type", "string")
			file.set("format", "binary")
		}
	}
}

func (b *body) style(name, style string) {
	if b.how.Properties == nil {
		b.how.Properties = map[string]integration.Parameter{}
	}
	p := b.how.Properties[name]
	p.Style = style
	b.how.Properties[name] = p
}

// encode reads how the document says that single fields travel.
func (o *operation) encode(b *body, encoding integration.Value) {
	s, _ := b.schema.(*object)
	for name, how := range encoding.Members() {
		property, ok := s.object("properties").get(name).(*object)
		if !ok || b.how.Format != "form" && b.how.Format != "multipart" {
			continue
		}
		media := how.Get("contentType").Text()
		style, explode := how.Get("style").Text(), how.Get("explode")
		exploded := explode.IsTrue() || !explode.Exists() && (style == "form" || style == "")
		switch {
		case b.how.Format == "form" && (style != "" || explode.Exists()):
			switch {
			case style == "deepObject":
				b.style(name, "deep")
			case style == "spaceDelimited" && !exploded:
				b.style(name, "space")
			case style == "pipeDelimited" && !exploded:
				b.style(name, "pipe")
			case !exploded:
				b.style(name, "comma")
			default:
				b.style(name, "form")
			}
		case isJSON(media) && !isOnly(property, "string"):
			b.style(name, "json")
		case b.how.Format == "multipart" && media != "" && len(typesOf(property)) == 0 && !isJSON(media) && !isTextual(media):
			property.set("type", "string")
			property.set("format", "binary")
		}
		if b.how.Format == "multipart" && media != "" && !strings.Contains(media, "octet-stream") && !isOnly(property, "object") && !isOnly(property, "array") {
			b.types(name, media)
		}
	}
}

// types are the media types that a file may be of, or that a part is sent as.
func (b *body) types(name, media string) {
	var all []string
	for one := range strings.SplitSeq(media, ",") {
		one = baseType(one)
		kind, sub, ok := strings.Cut(one, "/")
		if !ok || kind == "*" || kind == "" || sub == "" {
			return
		}
		all = append(all, one)
	}
	if b.how.Properties == nil {
		b.how.Properties = map[string]integration.Parameter{}
	}
	p := b.how.Properties[name]
	p.Types = all
	b.how.Properties[name] = p
}

// finish settles what the body is to a caller: named members, or one value.
func (b *body) finish(required bool, words string) *body {
	s, ok := b.schema.(*object)
	if !ok {
		s = newObject()
		b.schema = s
	}
	if !s.has("description") && words != "" {
		s.set("description", words)
	}
	if properties := s.object("properties"); properties != nil && !s.has("anyOf") && !s.has("oneOf") && !s.has("allOf") {
		required := slices.DeleteFunc(slices.Clone(s.list("required")), func(name any) bool { return !properties.has(name.(string)) })
		if s.set("required", required); len(required) == 0 { // a name that nothing describes is a slip of the pen
			s.drop("required")
		}
	}
	if len(s.names) == 0 || len(s.names) == 1 && s.has("description") {
		s.set("description", strings.TrimSpace(stop(s.text("description"))+" Any JSON value"))
	}
	b.how.Optional = !required && !s.has("properties") && !s.has("anyOf") && !s.has("oneOf")
	return b
}

// oldBody is the body of Swagger 2.0: a parameter in the body, or those of a form.
func (o *operation) oldBody(all []*parameter, note func(at, what string)) (*body, error) {
	var consumes []string
	for v := range o.inherited("consumes").Items() {
		consumes = append(consumes, v.Text())
	}
	fields, required := newObject(), []any{}
	files := false
	styles := map[string]string{}
	for _, p := range all {
		switch p.in {
		case "body":
			media := "application/json"
			if i := slices.IndexFunc(consumes, isJSON); i >= 0 {
				media = consumes[i]
			} else if len(consumes) > 0 {
				media = consumes[0]
			}
			if media == "application/x-www-form-urlencoded" || strings.HasPrefix(media, "multipart/") {
				media = "application/json"
			}
			b, err := o.bodyOf(media, p.schema, note)
			if err != nil {
				return nil, err
			}
			return b.finish(p.required, o.brief(p.own.Get("description").Text(), 0)), nil
		case "formdata":
			schema, err := o.convert(p.schema, true, p.name, note)
			if err != nil {
				return nil, fmt.Errorf("the parameter %s cannot be read: %w", p.name, err)
			}
			s, ok := schema.(*object)
			if !ok {
				s = newObject()
			}
			files = files || p.own.Get("type").Text() == "file"
			fields.set(p.name, s)
			if p.style != "" && p.style != "form" {
				styles[p.name] = p.style
			}
			if p.required {
				required = append(required, p.name)
			}
		}
	}
	if len(fields.names) == 0 {
		return nil, nil
	}
	b := &body{how: integration.Body{Format: "form"}}
	multipart := slices.ContainsFunc(consumes, func(m string) bool { return baseType(m) == "multipart/form-data" })
	form := slices.ContainsFunc(consumes, func(m string) bool { return baseType(m) == "application/x-www-form-urlencoded" })
	if files || multipart && !form {
		b.how.Format = "multipart"
	}
	s := newObject("type", "object")
	if len(required) > 0 {
		s.set("required", required)
	}
	s.set("properties", fields)
	b.schema = s
	for _, name := range fields.names {
		b.part(name, fields)
	}
	for name, style := range styles {
		b.style(name, style)
	}
	return b.finish(len(required) > 0, ""), nil
}
