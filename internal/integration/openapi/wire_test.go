package openapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/internal/integration/openapi"
	"sluice/internal/toolset"
)

// For any operation and any arguments that pass, the request is the one that the document describes. The test draws an operation, writes it down as a
// document, imports it, draws a call, and compares what would be sent with what OpenAPI says of each parameter's style and of the body, decoded as a vendor
// decodes it.

// drawn is one parameter, or one member of a body, with how it travels.
type drawn struct {
	name, in string
	schema   string                               // as the document has it
	how      string                               // further keys of the document
	value    *rapid.Generator[string]             // JSON
	sent     func(name, value string) [][2]string // what the vendor finds in a query, a form or a header
}

var (
	words   = rapid.StringOfN(rapid.RuneFrom([]rune("abz09 -_.~/?#[]@!$&'()*+,;=%äß🚢\"\\")), 1, 8, -1)
	plain   = rapid.StringMatching(`[a-z0-9]{1,6}`)
	numbers = rapid.SampledFrom([]string{"0", "-1", "12345678901234567890123", "0.1", "1e3", "2.50", "-0.0"})
	wholes  = rapid.SampledFrom([]string{"0", "-7", "42", "12345678901234567890123"})
)

func quoted(g *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Map(g, func(s string) string { b, _ := json.Marshal(s); return string(b) })
}

func listOf(g *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(g, 1, 3), func(all []string) string { return "[" + strings.Join(all, ",") + "]" })
}

// text is a scalar as a word.
func text(value string) string {
	var s string
	if json.Unmarshal([]byte(value), &s) == nil {
		return s
	}
	return value
}

func elements(value string) []string {
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(value), &all); err != nil {
		panic(value)
	}
	var each []string
	for _, e := range all {
		each = append(each, text(string(e)))
	}
	return each
}

func members(value string) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(value), &all); err != nil {
		panic(value)
	}
	return all
}

// Ways for a value to travel in a query or a form.
func one(name, value string) [][2]string { return [][2]string{{name, text(value)}} }

func repeated(name, value string) (all [][2]string) {
	for _, e := range elements(value) {
		all = append(all, [2]string{name, e})
	}
	return all
}

func joined(separator string) func(string, string) [][2]string {
	return func(name, value string) [][2]string {
		return [][2]string{{name, strings.Join(elements(value), separator)}}
	}
}

func spread(name, value string) (all [][2]string) {
	for _, key := range []string{"min", "kind"} {
		all = append(all, [2]string{key, text(string(members(value)[key]))})
	}
	return all
}

func deep(name, value string) (all [][2]string) {
	for _, key := range []string{"min", "kind"} {
		all = append(all, [2]string{name + "[" + key + "]", text(string(members(value)[key]))})
	}
	return all
}

func whole(name, value string) [][2]string { return [][2]string{{name, "json:" + value}} }

const (
	stringList = `{type: array, items: {type: string}}`
	twoMembers = `{type: object, properties: {min: {type: integer}, kind: {type: string}}}`
)

func pair(t *rapid.T) string {
	return `{"min":` + wholes.Draw(t, "min") + `,"kind":` + quoted(words).Draw(t, "kind") + `}`
}

var pairs = rapid.Custom(pair)

// inQuery are the styles that a query can have.
var inQuery = []drawn{
	{schema: `{type: string}`, value: quoted(words), sent: one},
	{schema: `{type: integer}`, value: wholes, sent: one},
	{schema: `{type: number}`, value: numbers, sent: one},
	{schema: `{type: boolean}`, value: rapid.SampledFrom([]string{"true", "false"}), sent: one},
	{schema: `{type: string, enum: [no, 'on', 'a b']}`, value: rapid.SampledFrom([]string{`"no"`, `"on"`, `"a b"`}), sent: one},
	{schema: stringList, value: listOf(quoted(words)), sent: repeated},
	{schema: stringList, how: `explode: false`, value: listOf(quoted(plain)), sent: joined(",")},
	{schema: `{type: array, items: {type: integer}}`, how: `explode: false`, value: listOf(wholes), sent: joined(",")},
	{schema: stringList, how: `style: spaceDelimited`, value: listOf(quoted(plain)), sent: joined(" ")},
	{schema: stringList, how: `style: pipeDelimited`, value: listOf(quoted(plain)), sent: joined("|")},
	{schema: stringList, how: `style: pipeDelimited, explode: true`, value: listOf(quoted(words)), sent: repeated},
	{schema: twoMembers, value: pairs, sent: spread},
	{schema: twoMembers, how: `style: deepObject, explode: true`, value: pairs, sent: deep},
	{schema: twoMembers, how: `explode: false`, value: plainPairs, sent: flat(",", ",")},
	{schema: twoMembers, how: `style: spaceDelimited, explode: false`, value: plainPairs, sent: flat(" ", " ")},
	{schema: twoMembers, how: `style: pipeDelimited, explode: false`, value: plainPairs, sent: flat("|", "|")},
	{how: `content: {application/json: {schema: ` + twoMembers + `}}`, value: pairs, sent: whole},
}

// segments are the styles that a path can have. What is sent is the segment itself, encoded.
var segments = []drawn{
	{schema: `{type: integer}`, value: wholes, sent: segment("", "", "")},
	{schema: `{type: string}`, how: `style: label`, value: quoted(solid), sent: segment(".", "", "")},
	{schema: `{type: string}`, how: `style: matrix`, value: quoted(solid), sent: segment(";tower=", "", "")},
	{schema: stringList, value: listOf(quoted(solid)), sent: segment("", ",", "")},
	{schema: stringList, how: `explode: true`, value: listOf(quoted(solid)), sent: segment("", ",", "")},
	{schema: stringList, how: `style: label`, value: listOf(quoted(solid)), sent: segment(".", ",", "")},
	{schema: stringList, how: `style: label, explode: true`, value: listOf(quoted(solid)), sent: segment(".", ".", "")},
	{schema: stringList, how: `style: matrix`, value: listOf(quoted(solid)), sent: segment(";tower=", ",", "")},
	{schema: stringList, how: `style: matrix, explode: true`, value: listOf(quoted(solid)), sent: segment(";tower=", ";tower=", "")},
	{schema: twoMembers, value: pairs, sent: segment("", ",", ",")},
	{schema: twoMembers, how: `explode: true`, value: pairs, sent: segment("", ",", "=")},
	{schema: twoMembers, how: `style: label`, value: pairs, sent: segment(".", ",", ",")},
	{schema: twoMembers, how: `style: label, explode: true`, value: pairs, sent: segment(".", ".", "=")},
	{schema: twoMembers, how: `style: matrix`, value: pairs, sent: segment(";tower=", ",", ",")},
	{schema: twoMembers, how: `style: matrix, explode: true`, value: pairs, sent: segment(";", ";", "=")},
}

var solid = words.Filter(func(s string) bool { return strings.Trim(s, ".") != "" })

// segment is the way of a value in a path: what stands before it, between its elements or members, and, of a member, between name and value.
func segment(before, between, within string) func(string, string) [][2]string {
	encode := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	return func(name, value string) [][2]string {
		var parts []string
		switch value[0] {
		case '[':
			for _, e := range elements(value) {
				parts = append(parts, encode(e))
			}
		case '{':
			for _, member := range spread(name, value) {
				parts = append(parts, encode(member[0])+within+encode(member[1]))
			}
		default:
			parts = []string{encode(text(value))}
		}
		return [][2]string{{"", before + strings.Join(parts, between)}}
	}
}

// plainPairs are objects whose values hold nothing that separates.
var plainPairs = rapid.Custom(func(t *rapid.T) string {
	return `{"min":` + wholes.Draw(t, "min") + `,"kind":` + quoted(plain).Draw(t, "kind") + `}`
})

// flat is an object in one value: names and values with something between.
func flat(between, within string) func(string, string) [][2]string {
	return func(name, value string) [][2]string {
		var parts []string
		for _, member := range spread(name, value) {
			parts = append(parts, member[0]+within+member[1])
		}
		return [][2]string{{name, strings.Join(parts, between)}}
	}
}

// asIs is JSON where nothing else tells that it is.
func asIs(name, value string) [][2]string { return [][2]string{{name, value}} }

// inHeaders are the styles that a header can have.
var inHeaders = []drawn{
	{schema: `{type: string}`, value: quoted(words), sent: one},
	{schema: `{type: number}`, value: numbers, sent: one},
	{schema: `{type: array, items: {type: integer}}`, value: listOf(wholes), sent: joined(",")},
	{schema: stringList, how: `explode: true`, value: listOf(quoted(plain)), sent: joined(",")},
	{schema: twoMembers, value: plainPairs, sent: flat(",", ",")},
	{schema: twoMembers, how: `explode: true`, value: plainPairs, sent: flat(",", "=")},
	{how: `content: {application/json: {schema: ` + twoMembers + `}}`, value: pairs, sent: asIs},
}

// inCookies are the styles that a cookie can have.
var inCookies = []drawn{
	{schema: `{type: string}`, value: quoted(words), sent: one},
	{schema: `{type: boolean}`, value: rapid.SampledFrom([]string{"true", "false"}), sent: one},
	{schema: stringList, value: listOf(quoted(words)), sent: repeated},
	{schema: stringList, how: `explode: false`, value: listOf(quoted(plain)), sent: joined(",")},
	{schema: twoMembers, value: pairs, sent: spread},
	{schema: twoMembers, how: `explode: false`, value: plainPairs, sent: flat(",", ",")},
	{how: `content: {application/json: {schema: ` + twoMembers + `}}`, value: pairs, sent: asIs},
}

// encoded are the ways of members of a form that the document names.
var encoded = []drawn{
	{schema: stringList, how: `style: form, explode: false`, value: listOf(quoted(plain)), sent: joined(",")},
	{schema: stringList, how: `style: pipeDelimited, explode: false`, value: listOf(quoted(plain)), sent: joined("|")},
	{schema: stringList, how: `style: form`, value: listOf(quoted(words)), sent: repeated},
	{schema: twoMembers, how: `style: deepObject, explode: true`, value: pairs, sent: deep},
	{schema: twoMembers, how: `contentType: application/json`, value: pairs, sent: whole},
}

// inForm are the ways of members of a form.
var inForm = []drawn{
	{schema: `{type: string}`, value: quoted(words), sent: one},
	{schema: `{type: integer}`, value: wholes, sent: one},
	{schema: `{type: number}`, value: numbers, sent: one},
	{schema: `{type: boolean}`, value: rapid.SampledFrom([]string{"true", "false"}), sent: one},
	{schema: stringList, value: listOf(quoted(words)), sent: repeated},
	{schema: twoMembers, value: pairs, sent: whole},
}

// call is what a vendor finds in a request.
type call struct {
	path    string // as it is sent
	query   [][2]string
	header  http.Header
	cookies [][2]string
	body    string // "" is none; JSON compact, forms as pairs
	media   string
}

func TestTheRequestIsTheOneThatTheDocumentDescribes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.Permutation([]string{"alpha", "$top", "filter[x]", "b.c", "über", "Sort-By", "no", "q q"}).Draw(t, "names")
		var all []drawn
		for i := range rapid.IntRange(0, 5).Draw(t, "query parameters") {
			p := rapid.SampledFrom(inQuery).Draw(t, "style")
			p.in, p.name = "query", names[i]
			if slices.ContainsFunc(all, func(have drawn) bool { return have.schema == twoMembers && have.how == "" }) && p.schema == twoMembers && p.how == "" {
				continue // their members would have the same names
			}
			all = append(all, p)
		}
		for _, place := range []struct {
			in, name string
			styles   []drawn
		}{{"header", "X-Depth", inHeaders}, {"cookie", "berth", inCookies}} {
			if rapid.Bool().Draw(t, place.in) {
				p := rapid.SampledFrom(place.styles).Draw(t, "style")
				p.in, p.name = place.in, place.name
				all = append(all, p)
			}
		}
		tower := rapid.SampledFrom(segments).Draw(t, "segment")
		tower.in, tower.name = "path", "tower"
		format := rapid.SampledFrom([]string{"none", "json", "patch", "list", "form", "multipart"}).Draw(t, "body")
		var fields []drawn
		if format == "form" || format == "multipart" || format == "json" || format == "patch" {
			for i := range rapid.IntRange(1, 3).Draw(t, "fields") {
				f := rapid.SampledFrom(inForm).Draw(t, "field")
				if format == "form" && rapid.Bool().Draw(t, "encoded") {
					f = rapid.SampledFrom(encoded).Draw(t, "field")
				}
				f.in, f.name = "body", []string{"alpha", "grüße", "x[0]"}[i]
				fields = append(fields, f)
			}
		}
		document := document(tower, all, fields, format)
		d, report, err := openapi.Import([]byte(document), openapi.Options{Check: compiles})
		if err != nil || len(report.LeftOut) > 0 {
			t.Fatalf("import: %v; left out: %v; of\n%s", err, report, document)
		}
		set, err := toolset.Compile(d, toolset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		tool := set.Tools[0]

		// A call: each argument under the name that the tool has for it.
		want := call{header: http.Header{}}
		arguments := map[string]string{"id": quoted(solid).Draw(t, "id"), "tower": tower.value.Draw(t, "tower")}
		want.path = "/towers/" + tower.sent("tower", arguments["tower"])[0][1] + "/lamps/" + segment("", "", "")("id", arguments["id"])[0][1]
		given := func(p drawn) (string, bool) {
			if !rapid.Bool().Draw(t, "given") {
				return "", false
			}
			value := p.value.Draw(t, p.name)
			arguments[argumentOf(t, tool, p, all)] = value
			return value, true
		}
		for _, p := range all {
			value, ok := given(p)
			if !ok {
				continue
			}
			for _, sent := range p.sent(p.name, value) {
				switch p.in {
				case "query":
					want.query = append(want.query, sent)
				case "header":
					want.header.Set(sent[0], sent[1])
				case "cookie":
					want.cookies = append(want.cookies, sent)
				}
			}
		}
		want.body, want.media = wantedBody(t, format, fields, given, arguments)
		prepared, err := tool.Prepare([]byte(objectText(arguments)))
		if err != nil {
			t.Fatalf("%s refuses %s: %v; of\n%s", tool.Name, objectText(arguments), err, document)
		}
		got := received(t, prepared, want)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s\nbecame %+v\nwanted %+v\nof\n%s", objectText(arguments), got, want, document)
		}
	})
}

func objectText(members map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		key, _ := json.Marshal(name)
		all = append(all, string(key)+":"+members[name])
	}
	return "{" + strings.Join(all, ",") + "}"
}

// document writes the operation down.
func document(tower drawn, all, fields []drawn, format string) string {
	key := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	parameters := []string{`{name: id, in: path, required: true, schema: {type: string}}`}
	for _, p := range append([]drawn{tower}, all...) {
		text := `name: ` + key(p.name) + `, in: ` + p.in
		if p.schema != "" {
			text += `, schema: ` + p.schema
		}
		if p.how != "" {
			text += `, ` + p.how
		}
		parameters = append(parameters, "{"+text+"}")
	}
	var properties, encoding []string
	for _, f := range fields {
		properties = append(properties, key(f.name)+": "+f.schema)
		if f.how != "" {
			encoding = append(encoding, key(f.name)+": {"+f.how+"}")
		}
	}
	object := `{type: object, properties: {` + strings.Join(properties, ", ") + `}}`
	media := map[string]string{"json": "application/json", "patch": "application/merge-patch+json", "list": "application/json-patch+json", "form": "application/x-www-form-urlencoded", "multipart": "multipart/form-data"}[format]
	body := ""
	switch format {
	case "none":
	case "list":
		body = `, requestBody: {required: true, content: {` + media + `: {schema: {type: array, items: ` + twoMembers + `}}}}`
	default:
		body = `, requestBody: {content: {` + media + `: {schema: ` + object + `, encoding: {` + strings.Join(encoding, ", ") + `}}}}`
	}
	return "openapi: 3.1.0\ninfo: {title: Harbour}\nservers: [{url: 'https://harbour.example'}]\npaths:\n  '/towers/{tower}/lamps/{id}': {put: {summary: Set a lamp, parameters: [" + strings.Join(parameters, ", ") + "]" + body + "}}\n"
}

// argumentOf finds the argument that a parameter became: its own name, cleaned; one that stands in two places has its place before it in the second.
func argumentOf(t *rapid.T, tool *toolset.Tool, p drawn, all []drawn) string {
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(tool.InputSchema, &schema); err != nil {
		t.Fatal(err)
	}
	clean := func(s string) string {
		return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') }), "")
	}
	if p.in == "body" && slices.ContainsFunc(all, func(other drawn) bool { return other.name == p.name }) {
		return "body_" + p.name
	}
	for name := range schema.Properties {
		if clean(name) == clean(p.name) {
			return name
		}
	}
	t.Fatalf("no argument of %s is %s", tool.InputSchema, p.name)
	return ""
}

// wantedBody is the body that the document describes for what is given.
func wantedBody(t *rapid.T, format string, fields []drawn, given func(drawn) (string, bool), arguments map[string]string) (body, media string) {
	switch format {
	case "none":
		return "", ""
	case "list":
		value := listOf(pairs).Draw(t, "body")
		arguments["body"] = value
		return value, "application/json-patch+json"
	}
	var parts []string
	for _, f := range fields {
		value, ok := given(f)
		if !ok {
			continue
		}
		if format == "json" || format == "patch" {
			key, _ := json.Marshal(f.name)
			parts = append(parts, string(key)+":"+value)
			continue
		}
		for _, sent := range f.sent(f.name, value) {
			parts = append(parts, fmt.Sprintf("%q=%q", sent[0], sent[1]))
		}
	}
	switch format {
	case "json", "patch":
		return "{" + strings.Join(parts, ",") + "}", map[string]string{"json": "application/json", "patch": "application/merge-patch+json"}[format]
	case "form":
		if len(parts) == 0 {
			return "", "application/x-www-form-urlencoded"
		}
		return strings.Join(parts, "&"), "application/x-www-form-urlencoded"
	}
	return strings.Join(parts, "&"), "multipart/form-data"
}

// received reads a request as a vendor would.
func received(t *rapid.T, p *toolset.Prepared, want call) call {
	got := call{header: http.Header{}, path: p.Path}
	got.query = decodePairs(t, p.Query, want.query)
	for _, h := range p.Header {
		if h[0] != "Cookie" {
			got.header.Set(h[0], h[1])
			continue
		}
		for part := range strings.SplitSeq(h[1], "; ") {
			name, value, _ := strings.Cut(part, "=")
			decoded, err := url.PathUnescape(value)
			if err != nil {
				t.Fatalf("the cookie %s: %v", h[1], err)
			}
			got.cookies = append(got.cookies, [2]string{name, decoded})
		}
	}
	media, parameters, err := mime.ParseMediaType(p.ContentType)
	if p.ContentType != "" && err != nil {
		t.Fatal(err)
	}
	got.media = media
	switch media {
	case "application/x-www-form-urlencoded":
		var parts []string
		for _, pair := range decodePairs(t, string(p.Body), nil) {
			parts = append(parts, fmt.Sprintf("%q=%q", pair[0], pair[1]))
		}
		got.body = withJSON(strings.Join(parts, "&"), want.body)
	case "multipart/form-data":
		var parts []string
		r := multipart.NewReader(bytes.NewReader(p.Body), parameters["boundary"])
		for {
			part, err := r.NextRawPart()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			content, _ := io.ReadAll(part)
			prefix := ""
			if part.Header.Get("Content-Type") == "application/json" {
				prefix = "json:"
			}
			parts = append(parts, fmt.Sprintf("%q=%q", part.FormName(), prefix+string(content)))
		}
		got.body = strings.Join(parts, "&")
	default:
		got.body = string(p.Body)
	}
	return got
}

// decodePairs decodes a query. A value that is wanted as JSON is marked as such.
func decodePairs(t *rapid.T, query string, want [][2]string) (all [][2]string) {
	for i, part := range strings.Split(query, "&") {
		if part == "" {
			continue
		}
		if strings.ContainsAny(part, " +") {
			t.Fatalf("the query %s has a plus or a space that is not encoded", query)
		}
		name, value, _ := strings.Cut(part, "=")
		n, err := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil {
			t.Fatalf("the query %s: %v %v", query, err, err2)
		}
		if i < len(want) && want[i][1] == "json:"+v {
			v = "json:" + v
		}
		all = append(all, [2]string{n, v})
	}
	return all
}

// withJSON marks those values of a form as JSON that are wanted so.
func withJSON(got, want string) string {
	if strings.ReplaceAll(want, `"json:`, `"`) == got {
		return want
	}
	return got
}
