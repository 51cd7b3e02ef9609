package openapi

import (
	"slices"
	"strings"

	"sluice/internal/integration"
)

// answer is what is known of what an operation answers when all is well.
type answer struct {
	format  string  // the definition's word: "" is JSON
	schema  *object // of the whole answer; nil where nothing is said
	headers []string

	isList  bool
	items   string // dotted path to the list in the answer; "" is the answer itself
	item    any    // schema of one item; nil where nothing is said
	guessed bool   // that it is a list: the document does not say what is answered
}

// success finds the response that says most.
func (o *operation) success() integration.Value {
	var best integration.Value
	rank := 0
	for code, v := range o.own.Get("responses").Members() {
		r := 0
		switch code = strings.ToUpper(code); {
		case code == "200":
			r = 6
		case code == "201":
			r = 5
		case code == "2XX":
			r = 4
		case len(code) == 3 && code[0] == '2' && code != "204":
			r = 3
		case code == "DEFAULT":
			r = 1
		}
		if r <= rank {
			continue
		}
		if resolved, err := o.resolve(v); err == nil && resolved.IsObject() {
			best, rank = resolved, r
		}
	}
	return best
}

// answered reads what the operation answers. A reference that leads nowhere costs only what it names.
func (o *operation) answered() *answer {
	a := &answer{}
	response := o.success()
	for name := range response.Get("headers").Members() {
		a.headers = append(a.headers, name)
	}
	var schema integration.Value
	if o.swagger {
		schema = response.Get("schema")
		var produces []string
		for v := range o.inherited("produces").Items() {
			produces = append(produces, v.Text())
		}
		if resolved, err := o.resolve(schema); err == nil && resolved.Get("type").Text() == "file" {
			a.format, schema = "file", integration.Value{}
		} else if len(produces) > 0 && !slices.ContainsFunc(produces, isJSON) {
			a.format, schema = formatOf(produces), integration.Value{}
		}
	} else {
		var medias []string
		for media, v := range response.Get("content").Members() {
			medias = append(medias, media)
			if isJSON(media) && !schema.Exists() {
				if v, err := o.resolve(v); err == nil {
					schema = v.Get("schema")
				}
			}
		}
		if len(medias) > 0 && !slices.ContainsFunc(medias, func(m string) bool { return isJSON(m) || strings.Contains(m, "*/*") }) {
			a.format = formatOf(medias)
		}
	}
	if schema.Exists() {
		if converted, err := o.convert(schema, false, "", func(string, string) {}); err == nil {
			a.schema, _ = converted.(*object)
		}
	}
	return a
}

// formatOf is how an answer is handed on that is no JSON.
func formatOf(medias []string) string {
	if slices.ContainsFunc(medias, func(m string) bool { return !isTextual(m) }) {
		return "file"
	}
	return "text"
}

// envelopes are the names under which lists are answered.
var envelopes = []string{"data", "items", "results", "result", "values", "value", "entries", "records", "list", "rows", "objects", "elements", "content", "collection", "resources", "hits", "edges", "nodes", "children"}

// findList finds out whether the operation answers a list, and where in the answer it stands. pages says that its arguments turn pages.
func (c *call) findList(pages bool) {
	a := c.answer
	if c.method != "get" || a.format != "" {
		return
	}
	last := c.steps[len(c.steps)-1]
	listing := len(splitWords(c.operation.id())) > 0 && slices.Contains([]string{"list", "search", "find", "query", "browse"}, splitWords(c.operation.id())[0])
	plural := last.token == "" && isPlural(last.words[len(last.words)-1])
	if a.schema == nil || len(a.schema.names) == 0 || len(a.schema.names) == 1 && a.schema.has("description") {
		if last.token == "" && (listing || plural || pages) {
			a.isList, a.guessed = true, true
		}
		return
	}
	if isOnly(a.schema, "array") {
		a.isList, a.item = true, a.schema.get("items")
		return
	}
	if last.token != "" && !pages {
		return // one thing, with lists in it
	}
	if path, item, ok := c.listIn(a.schema, pages || listing || plural, 0); ok {
		a.isList, a.items, a.item = true, path, item
	}
}

// listIn finds the list in an answer that is an object: the member of a usual name, of the resource's own, or, where it is likely that there is one, the only
// list there is.
func (c *call) listIn(s *object, likely bool, depth int) (path string, item any, ok bool) {
	properties := s.object("properties")
	var lists []string
	for _, name := range properties.keys() {
		if isOnly(properties.values[name], "array") && !strings.Contains(name, ".") && name != "" {
			lists = append(lists, name)
		}
	}
	own := map[string]bool{}
	if last := c.steps[len(c.steps)-1]; last.token == "" {
		own[strings.Join(last.words, "")], own[last.words[len(last.words)-1]] = true, true
	}
	found := ""
	for _, name := range lists {
		if plain := strings.Join(splitWords(name), ""); own[plain] && isPlural(plain) {
			found = name
			break
		}
	}
	for _, name := range envelopes {
		if found == "" && slices.Contains(lists, name) {
			found = name
		}
	}
	if found == "" && likely && len(lists) == 1 {
		found = lists[0]
	}
	if found != "" {
		list := properties.object(found)
		return found, list.get("items"), true
	}
	if depth > 0 {
		return "", nil, false
	}
	for _, name := range append([]string{"_embedded", "response", "result", "data", "body", "payload"}, envelopes...) {
		inner := properties.object(name)
		if inner == nil || inner.object("properties") == nil {
			continue
		}
		if path, item, ok := c.listIn(inner, likely, depth+1); ok {
			return name + "." + path, item, true
		}
	}
	return "", nil, false
}
