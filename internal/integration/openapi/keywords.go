package openapi

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/internal/integration"
	"sluice/internal/prose"
)

// numbers are the keywords that bound numbers, texts, lists and objects.
func (c *converter) numbers(v integration.Value, s *object) {
	for _, side := range [][2]string{{"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}} {
		bound, exclusive := number(v.Get(side[0])), v.Get(side[1])
		switch {
		case exclusive.IsTrue() && bound != "": // until 3.0 it says of the other whether the bound itself is out
			s.set(side[1], bound)
		case bound != "":
			s.set(side[0], bound)
		}
		if n := number(exclusive); n != "" {
			s.set(side[1], n)
		}
	}
	if n := number(v.Get("multipleOf")); n != "" {
		if r, ok := new(big.Rat).SetString(n.String()); ok && r.Sign() > 0 {
			s.set("multipleOf", n)
		}
	}
	for _, name := range []string{"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"} {
		if n := number(v.Get(name)); n != "" && isOf(n, "integer") && !strings.HasPrefix(n.String(), "-") {
			s.set(name, n)
		}
	}
	if v.Get("uniqueItems").IsTrue() {
		s.set("uniqueItems", true)
	}
}

// number is a number, also where it was put in quotes; "" is none.
func number(v integration.Value) json.Number {
	if v.IsNumber() || v.IsText() && numberForm.MatchString(v.Text()) {
		return json.Number(v.Scalar())
	}
	return ""
}

// repair takes out bounds that no value meets, which are slips of the pen.
func repair(s *object) {
	for _, pair := range [][2]string{{"minLength", "maxLength"}, {"minItems", "maxItems"}, {"minProperties", "maxProperties"}, {"minimum", "maximum"}} {
		low, lowOK := s.get(pair[0]).(json.Number)
		high, highOK := s.get(pair[1]).(json.Number)
		if lowOK && highOK && compare(low, high) > 0 {
			s.drop(pair[0], pair[1])
		}
	}
	agree(s)
}

// agree takes out what contradicts itself: a format that the schema's own values are not of, which the vendor then does not insist on, and a default that the schema
// refuses, which a caller would be refused for giving.
func agree(s *object) {
	given := append(slices.Clone(s.list("enum")), s.list("examples")...)
	if s.has("default") {
		given = append(given, s.get("default"))
	}
	if format := s.text("format"); format != "" && slices.ContainsFunc(given, func(v any) bool { return !isOfFormat(v, format) }) {
		s.drop("format")
	}
	if !s.has("default") {
		return
	}
	refused := false
	switch v := s.get("default").(type) {
	case json.Number:
		for word, wrong := range map[string]func(int) bool{
			"minimum": func(n int) bool { return n < 0 }, "maximum": func(n int) bool { return n > 0 },
			"exclusiveMinimum": func(n int) bool { return n <= 0 }, "exclusiveMaximum": func(n int) bool { return n >= 0 },
		} {
			bound, ok := s.get(word).(json.Number)
			refused = refused || ok && wrong(compare(v, bound))
		}
	case string:
		length := json.Number(strconv.Itoa(utf8.RuneCountInString(v)))
		low, hasLow := s.get("minLength").(json.Number)
		high, hasHigh := s.get("maxLength").(json.Number)
		matches := true
		if s.text("pattern") != "" {
			if expression, err := regexp.Compile(s.text("pattern")); err == nil {
				matches = expression.MatchString(v)
			}
		}
		refused = hasLow && compare(length, low) < 0 || hasHigh && compare(length, high) > 0 || !matches
	}
	if refused {
		s.drop("default")
	}
}

// isOfFormat reports whether a value is of a format, as far as formats are checked.
func isOfFormat(value any, format string) bool {
	_, isText := value.(string)
	return !isText || !formats[format] || checks()[format].Validate(value) == nil
}

var checks = sync.OnceValue(func() map[string]*jsonschema.Schema {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	all := map[string]*jsonschema.Schema{}
	for name := range formats {
		if err := compiler.AddResource(name, map[string]any{"format": name}); err != nil {
			panic(err)
		}
		all[name] = compiler.MustCompile(name)
	}
	return all
})

func compare(a, b json.Number) int {
	x, okX := new(big.Rat).SetString(a.String())
	y, okY := new(big.Rat).SetString(b.String())
	if !okX || !okY {
		return 0
	}
	return x.Cmp(y)
}

// formats are those that are checked, or that say something to whoever calls. How a number is stored helps nobody.
var formats = map[string]bool{"date": true, "date-time": true, "time": true, "duration": true, "email": true, "hostname": true, "ipv4": true, "ipv6": true, "uri": true, "uri-reference": true,
	"iri": true, "iri-reference": true, "uri-template": true, "uuid": true, "json-pointer": true, "relative-json-pointer": true, "regex": true, "byte": true, "binary": true, "password": true}

func (c *converter) textual(v integration.Value, s *object, at string) {
	if source := v.Get("pattern").Text(); source != "" {
		if mended, ok := pattern(source); ok {
			s.set("pattern", mended)
		} else {
			c.loose = true
			c.note(at, "has the pattern "+prose.Clip(source, 60)+", which "+whyNot(source)+": it is left to the vendor")
		}
	}
	if format := v.Get("format").Text(); formats[format] {
		s.set("format", format)
		if format == "password" && c.request {
			s.set("secret", true) // the log masks it
		}
	}
	for _, name := range []string{"contentEncoding", "contentMediaType"} {
		if word := v.Get(name).Text(); word != "" {
			s.set(name, word)
		}
	}
}

func whyNot(source string) string {
	switch {
	case strings.Contains(source, "(?=") || strings.Contains(source, "(?!"):
		return "looks ahead and cannot be checked here"
	case strings.Contains(source, "(?<=") || strings.Contains(source, "(?<!"):
		return "looks behind and cannot be checked here"
	}
	return "is no regular expression that can be checked here"
}

func (c *converter) arrays(v integration.Value, s *object, at string, depth int) {
	items := v.Get("items")
	switch {
	case items.IsList(): // how tuples were written before 2020-12
		c.schemas("prefixItems", items, s, at, depth)
	case items.Exists():
		if schema := c.schema(items, at+"[]", depth+1); schema != true {
			s.set("items", schema)
		}
	}
	if v.Get("prefixItems").IsList() {
		c.schemas("prefixItems", v.Get("prefixItems"), s, at, depth)
	}
	if contains := v.Get("contains"); contains.Exists() {
		was := c.loose
		c.loose = false
		s.set("contains", c.schema(contains, at+"[]", depth+1))
		for _, name := range []string{"minContains", "maxContains"} {
			if n := number(v.Get(name)); n != "" && isOf(n, "integer") && !strings.HasPrefix(n.String(), "-") && (name == "minContains" || !c.loose) {
				s.set(name, n)
			}
		}
		c.loose = c.loose || was
	}
}

func (c *converter) schemas(name string, list integration.Value, s *object, at string, depth int) {
	all := []any{}
	for item := range list.Items() {
		all = append(all, c.schema(item, at, depth+1))
	}
	if len(all) > 0 {
		s.set(name, all)
	}
}

func (c *converter) objects(v integration.Value, s *object, at string, depth int) {
	properties, wanted := newObject(), map[string]bool{}
	var hidden []string
	var required []any
	require := func(name string) {
		if !wanted[name] {
			wanted[name] = true
			required = append(required, name)
		}
	}
	for name, property := range v.Get("properties").Members() {
		target, err := c.resolve(property)
		if err != nil {
			c.err = err
			return
		}
		if c.hidden(property) || c.hidden(target) {
			hidden = append(hidden, name)
			continue
		}
		properties.set(name, c.schema(property, join(at, name), depth+1))
		if property.Get("required").IsTrue() { // as drafts before 4 had it
			require(name)
		}
	}
	for item := range v.Get("required").Items() {
		if name := item.Scalar(); name != "" {
			require(name)
		}
	}
	if len(required) > 0 {
		s.set("required", required)
	}
	if len(properties.names) > 0 || v.Get("properties").IsObject() {
		s.set("properties", properties)
	}
	s.hide(hidden)
	c.patternProperties(v, s, at, depth)
	if additional := v.Get("additionalProperties"); additional.Exists() && !s.has("additionalProperties") {
		s.set("additionalProperties", c.schema(additional, at+".*", depth+1))
	}
	for _, name := range []string{"propertyNames", "unevaluatedProperties", "unevaluatedItems"} {
		if schema := v.Get(name); schema.Exists() {
			s.set(name, c.schema(schema, at, depth+1))
		}
	}
	if together := v.Get("dependentRequired"); together.IsObject() {
		s.set("dependentRequired", plain(together))
	}
}

// hidden reports whether a property has no place on this side of the exchange.
func (c *converter) hidden(v integration.Value) bool {
	word := "writeOnly"
	if c.request {
		word = "readOnly"
	}
	for branch := range v.Get("allOf").Items() {
		if to, err := c.resolve(branch); branch.Get(word).IsTrue() || err == nil && to.Get(word).IsTrue() {
			return true
		}
	}
	return v.Get(word).IsTrue()
}

func (c *converter) patternProperties(v integration.Value, s *object, at string, depth int) {
	patterns := newObject()
	for source, schema := range v.Get("patternProperties").Members() {
		mended, ok := pattern(source)
		if !ok {
			c.loose = true
			c.note(at, "has names by the pattern "+prose.Clip(source, 60)+", which "+whyNot(source)+": they are left to the vendor")
			s.set("additionalProperties", true)
			continue
		}
		patterns.set(mended, c.schema(schema, at+".*", depth+1))
	}
	if len(patterns.names) > 0 {
		s.set("patternProperties", patterns)
	}
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
