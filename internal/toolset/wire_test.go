package toolset_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

func TestQueryStyles(t *testing.T) {
	tool := only(t, define("ships", "ship", &integration.Method{Name: "list", Path: "/ships", Parameters: map[string]integration.Parameter{
		"ids": {Style: "comma"}, "berths": {Style: "pipe"}, "moods": {Style: "space"}, "tabs": {Style: "tab"}, "box": {Style: "deep"}, "near": {Style: "json"}, "pair": {Style: "comma"},
		"after": {Name: "after[gte]"}, "version": {Const: json.Number("2")}, "kinds": {Const: []any{"a", "b&c"}},
	}, Doc: documented(`{"type":"object","properties":{
		"ids":{"type":"array","items":{"type":"integer"}},"flag":{"type":"array","items":{"type":"string"}},"berths":{"type":"array"},"moods":{"type":"array"},"tabs":{"type":"array"},
		"box":{"type":"object","properties":{"min":{"type":"integer"},"kind":{"type":"string"},"deep":{"type":"object"}}},"near":{"type":"object"},"pair":{"type":"object"},"open":{"type":"object"},
		"after":{"type":"string","format":"date-time"},"afloat":{"type":"boolean"},"page_kind":{"type":["string","null"],"default":"all"}}}`, "")}))
	const always = "kinds=a&kinds=b%26c&version=2"
	for _, test := range []struct{ name, arguments, want string }{
		{"nothing but what is sent always", `{}`, always},
		{"commas", `{"ids":[4,8,15]}`, always + "&ids=4,8,15"},
		{"repeated, in order, with a comma in a value", `{"flag":["a,b","c&d=e","å⚓"]}`, always + "&flag=a%2Cb&flag=c%26d%3De&flag=%C3%A5%E2%9A%93"},
		{"pipes", `{"berths":["A1","B|2"]}`, always + "&berths=A1%7CB%7C2"},
		{"spaces", `{"moods":["calm","odd"]}`, always + "&moods=calm%20odd"},
		{"tabs", `{"tabs":["x","y"]}`, always + "&tabs=x%09y"},
		{"a plus stays a plus, false is sent", `{"after":"2026-03-01T08:00:00+02:00","afloat":false}`, always + "&after%5Bgte%5D=2026-03-01T08%3A00%3A00%2B02%3A00&afloat=false"},
		{"an empty list is not sent", `{"ids":[],"flag":[]}`, always},
		{"null is not sent", `{"page_kind":null}`, always},
		{"an empty text is", `{"page_kind":""}`, always + "&page_kind="},
		{"deep", `{"box":{"min":3,"kind":"tug & tow","deep":{"a":[1,2]}}}`, always + "&box%5Bmin%5D=3&box%5Bkind%5D=tug%20%26%20tow&box%5Bdeep%5D%5Ba%5D=1&box%5Bdeep%5D%5Ba%5D=2"},
		{"as JSON, every digit", `{"near":{"lat": 60.170, "lon":-0.5}}`, always + "&near=%7B%22lat%22%3A60.170%2C%22lon%22%3A-0.5%7D"},
		{"an object with commas", `{"pair":{"R":100,"G":200}}`, always + "&pair=R,100,G,200"},
		{"an object spread out", `{"open":{"R":100,"G":"x"}}`, always + "&R=100&G=x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := tool.Prepare([]byte(test.arguments))
			if err != nil || p.Query != test.want || p.Path != "/ships" || p.Body != nil {
				t.Errorf("got  %+v (%v)\nwant %s", p, err, test.want)
			}
		})
	}
}

func TestAPathValueIsOneSegment(t *testing.T) {
	tool := only(t, define("maps", "map", &integration.Method{Name: "get", Path: "/värdar/{{query.shelf}}/maps/{{query.name}}/", Doc: documented(`{"type":"object","properties":{"fold":{"type":"integer"}}}`, "")}))
	for _, test := range []struct{ name, shelf, file, want string }{
		{"a slash, a percent sign, ? and #", "north/east", "50% of Zürich?#1.pdf", "/v%C3%A4rdar/north%2Feast/maps/50%25%20of%20Z%C3%BCrich%3F%231.pdf/"},
		{"climbing", "a", "../../admin", "/v%C3%A4rdar/a/maps/..%2F..%2Fadmin/"},
		{"what looks encoded", "a%2Fb", "x", "/v%C3%A4rdar/a%252Fb/maps/x/"},
		{"line breaks", "a\r\nX-Evil: 1", "x", "/v%C3%A4rdar/a%0D%0AX-Evil%3A%201/maps/x/"},
		{"dots within", "a.b", "..x", "/v%C3%A4rdar/a.b/maps/..x/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			arguments, _ := json.Marshal(map[string]any{"shelf": test.shelf, "name": test.file, "fold": 3})
			p, err := tool.Prepare(arguments)
			if err != nil || p.Path != test.want || p.Query != "fold=3" {
				t.Errorf("got  %+v (%v)\nwant %s", p, err, test.want)
			}
		})
	}
	for _, shelf := range []string{"", ".", "..", "..."} {
		arguments, _ := json.Marshal(map[string]any{"shelf": shelf, "name": "x"})
		if got := refusal(t, tool, string(arguments)).Faults[0].Argument; got != "shelf" {
			t.Errorf("%q: the fault is of %s", shelf, got)
		}
	}
	refusal(t, tool, `{"shelf":["a"],"name":"x"}`)
}

func TestHeadersAndCookies(t *testing.T) {
	tool := only(t, define("things", "thing", &integration.Method{Name: "list", Path: "/things", Parameters: map[string]integration.Parameter{
		"trace": {In: "header", Name: "X-Trace"}, "langs": {In: "header", Name: "Accept-Language"}, "sid": {In: "cookie"}, "theme": {In: "cookie", Const: "dark"}, "api": {In: "header", Name: "X-Version", Const: "7"},
	}, Doc: documented(`{"type":"object","properties":{"trace":{"type":"string"},"langs":{"type":"array"},"sid":{"type":"string"}}}`, "")}))
	p, err := tool.Prepare([]byte(`{"trace":"a b","langs":["de","en"],"sid":"x;y"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := [][2]string{{"X-Version", "7"}, {"Accept-Language", "de,en"}, {"X-Trace", "a b"}, {"Cookie", "theme=dark; sid=x%3By"}}
	if len(p.Header) != len(want) {
		t.Fatalf("got %q", p.Header)
	}
	for _, h := range want {
		found := false
		for _, got := range p.Header {
			found = found || got == h
		}
		if !found {
			t.Errorf("got %q, want %q among them", p.Header, h)
		}
	}
	for _, evil := range []string{"a\r\nX-Evil: 1", "a\nb"} {
		arguments, _ := json.Marshal(map[string]string{"trace": evil})
		if got := refusal(t, tool, string(arguments)).Error(); !strings.HasPrefix(got, "trace must be without line breaks") {
			t.Errorf("got %s", got)
		}
	}
}

const bytesInBase64 = "AP/+IHByb29mIMMoDQo="

func TestBodies(t *testing.T) {
	order := `{"type":"object","required":["title"],"properties":{"title":{"type":"string"},"copies":{"type":"integer"},"papers":{"type":"array","items":{"type":"string"}},"express":{"type":"boolean"}}}`
	parcel := `{"type":"object","required":["weight","to"],"properties":{"weight":{"type":"integer","format":"int32"},"to":{"type":"object","required":["city"],"properties":{"city":{"type":"string"},"door":{"type":"string","x-nullable":true}}}}}`
	for _, test := range []struct {
		name               string
		verb               string
		body               integration.Body
		schema, arguments  string
		wantBody, wantType string
	}{
		{"a form", "POST", integration.Body{Format: "form"}, order, `{"title":"A & B = ü","copies":2,"papers":["a4","a5"],"express":true}`,
			"title=A%20%26%20B%20%3D%20%C3%BC&copies=2&papers=a4&papers=a5&express=true", "application/x-www-form-urlencoded"},
		{"a form with its own names and styles", "POST", integration.Body{Format: "form", Properties: map[string]integration.Parameter{"papers": {Name: "paper", Style: "comma"}, "copies": {Const: json.Number("1")}}}, order, `{"title":"x","papers":["a4","a5"]}`,
			"copies=1&title=x&paper=a4,a5", "application/x-www-form-urlencoded"},
		{"JSON as it came", "POST", integration.Body{}, parcel, `{"to":{"city":"Oulu","door":null},"weight":2}`, `{"weight":2,"to":{"city":"Oulu","door":null}}`, "application/json"},
		{"JSON under its own names with a constant", "POST", integration.Body{Properties: map[string]integration.Parameter{"title": {Name: "Title <1>"}, "express": {Const: true}}}, order, `{"title":"x","copies":3.0}`, `{"express":true,"Title <1>":"x","copies":3}`, "application/json"},
		{"a JSON patch", "PATCH", integration.Body{ContentType: "application/json-patch+json"}, `{"type":"array","items":{"type":"object","required":["op","path"],"properties":{"op":{"type":"string"},"path":{"type":"string"},"value":{}}}}`,
			`{"body":[{"op":"replace","path":"/title","value":null}]}`, `[{"op":"replace","path":"/title","value":null}]`, "application/json-patch+json"},
		{"bytes", "PUT", integration.Body{Format: "raw"}, `{"type":"string","format":"binary"}`, `{"body":"` + bytesInBase64 + `"}`, "\x00\xff\xfe proof \xc3(\r\n", "application/octet-stream"},
		{"bytes in a data URL", "PUT", integration.Body{Format: "raw"}, `{"type":"string","contentEncoding":"base64"}`, `{"body":"data:text/plain;base64,aGVsbG8"}`, "hello", "application/octet-stream"},
		{"plain text", "PUT", integration.Body{Format: "raw", ContentType: "text/plain"}, `{"type":"string"}`, `{"body":"a\nb"}`, "a\nb", "text/plain"},
		{"anything at all", "PUT", integration.Body{}, `{}`, `{"body":{"any":{"thing":[1,null]}}}`, `{"any":{"thing":[1,null]}}`, "application/json"},
		{"a free object", "PUT", integration.Body{}, `{"type":"object"}`, `{"body":{"any":1.0}}`, `{"any":1.0}`, "application/json"},
		{"DELETE with a body", "DELETE", integration.Body{}, `{"type":"array","items":{"type":"string"}}`, `{"body":["o-1","o-2"]}`, `["o-1","o-2"]`, "application/json"},
		{"an object of which nothing is given", "POST", integration.Body{}, `{"type":"object","properties":{"a":{"type":"string"}}}`, `{}`, `{}`, "application/json"},
		{"nothing given to DELETE", "DELETE", integration.Body{}, `{"type":"object","properties":{"a":{"type":"string"}}}`, `{}`, ``, ""},
		{"a default is not sent", "PUT", integration.Body{}, `{"type":"object","properties":{"code":{"type":"string"},"born":{"type":"string","format":"date","default":"2020-02-29"}}}`, `{"code":"abc"}`, `{"code":"abc"}`, "application/json"},
		{"an open object takes other members", "POST", integration.Body{}, `{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":{"type":"integer"}}`, `{"a":"x","other":1.50e1}`, `{"a":"x","other":1.50e1}`, "application/json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tool := only(t, define("orders", "order", &integration.Method{Name: "do", HTTPMethod: test.verb, Path: "/orders", Body: test.body, Doc: documented("", test.schema)}))
			p, err := tool.Prepare([]byte(test.arguments))
			if err != nil || string(p.Body) != test.wantBody || p.ContentType != test.wantType || p.Query != "" {
				t.Errorf("got  %q as %s (%v)\nwant %q as %s", p.Body, p.ContentType, err, test.wantBody, test.wantType)
			}
		})
	}
}

func TestMultipart(t *testing.T) {
	tool := only(t, define("orders", "order", &integration.Method{Name: "attach", HTTPMethod: "POST", Path: "/orders/{{id}}/files", Body: integration.Body{Format: "multipart"}, Doc: documented("",
		`{"type":"object","properties":{"note":{"type":"string"},"size":{"type":"object"},"tags":{"type":"array","items":{"type":"string"}},"file":{"type":"string","format":"binary"},"copies":{"type":"integer"}}}`)}))
	p, err := tool.Prepare([]byte(`{"id":"o-1","note":"front","size":{"w":2,"h":3.0},"tags":["a","b"],"file":"data:image/png;name=a%20b.png;base64,` + bytesInBase64 + `","copies":2}`))
	if err != nil {
		t.Fatal(err)
	}
	media, parameters, err := mime.ParseMediaType(p.ContentType)
	if err != nil || media != "multipart/form-data" {
		t.Fatalf("content type %s (%v)", p.ContentType, err)
	}
	var got []string
	r := multipart.NewReader(bytes.NewReader(p.Body), parameters["boundary"])
	for {
		part, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(part)
		got = append(got, strings.Join([]string{part.FormName(), part.FileName(), part.Header.Get("Content-Type"), string(content)}, "|"))
	}
	want := []string{"note|||front", `size||application/json|{"w":2,"h":3.0}`, "tags|||a", "tags|||b", "file|a b.png|image/png|\x00\xff\xfe proof \xc3(\r\n", "copies|||2"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	p, err = tool.Prepare([]byte(`{"id":"o-1","file":"` + bytesInBase64 + `"}`))
	if err != nil || !bytes.Contains(p.Body, []byte(`filename="file"`)) || !bytes.Contains(p.Body, []byte("\x00\xff\xfe proof \xc3(\r\n")) {
		t.Errorf("bytes without a name: %q (%v)", p.Body, err)
	}
	if got := refusal(t, tool, `{"id":"o-1","file":"not base64!"}`).Error(); !strings.HasPrefix(got, "file must be the bytes in base64") {
		t.Errorf("got %s", got)
	}
}

func TestSameNamesInSeveralPlaces(t *testing.T) {
	tool := only(t, define("docs", "doc", &integration.Method{Name: "list", HTTPMethod: "POST", Path: "/docs/{{id}}", Parameters: map[string]integration.Parameter{"rev": {In: "query", Name: "id"}},
		Doc: documented(`{"type":"object","properties":{"id":{"type":"string"},"revision":{"type":"string"},"limit":{"type":"integer"},"rev":{"type":"string"}}}`,
			`{"type":"object","properties":{"id":{"type":"string"},"revision":{"type":"integer"},"name":{"type":"string"}},"required":["revision"]}`)}))
	p, err := tool.Prepare([]byte(`{"id":"p","revision":"q","query_limit":3,"rev":"r","body_id":"b","body_revision":4,"name":"n","limit":2}`))
	if err != nil || p.Path != "/docs/p" || p.Query != "revision=q&limit=3&id=r" || string(p.Body) != `{"id":"b","revision":4,"name":"n"}` || p.Limit != 2 {
		t.Errorf("got %+v, body %s (%v)", p, p.Body, err)
	}
	if got := refusal(t, tool, `{"id":"p","revision":"q"}`).Error(); got != "body_revision is required." {
		t.Errorf("got %s", got)
	}
}

func TestNamesThatClientsRefuseAreRenamedAndGoBackOnTheWire(t *testing.T) {
	tool := only(t, define("words", "word", &integration.Method{Name: "find", HTTPMethod: "POST", Path: "/words",
		Doc: documented(`{"type":"object","properties":{"filter[lang]":{"type":"string","enum":["en","no","sv"]},"$top":{"type":"integer"},"filter_lang":{"type":"string"}}}`,
			`{"type":"object","properties":{"主机":{"type":"string"},"where":{"type":"object","properties":{"@type":{"type":"string"},"x y":{"type":"integer"}},"required":["@type"],"additionalProperties":false}}}`)}))
	p, err := tool.Prepare([]byte(`{"filter_lang_2":"sv","top":"5","filter_lang":"x","argument":"h","where":{"x_y":"1","type":"t"}}`))
	if err != nil || p.Query != "filter%5Blang%5D=sv&%24top=5&filter_lang=x" || string(p.Body) != `{"主机":"h","where":{"x y":1,"@type":"t"}}` {
		t.Errorf("got %+v, body %s (%v); schema %s", p, p.Body, err, tool.InputSchema)
	}
	if got := refusal(t, tool, `{"where":{"x_y":1}}`).Error(); got != "where.type is required." {
		t.Errorf("got %s", got)
	}
}

func TestWhatSchemasSayOfArgumentsTogetherIsChecked(t *testing.T) {
	tool := only(t, define("notes", "note", &integration.Method{Name: "create", HTTPMethod: "POST", Path: "/notes", Doc: documented(
		`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"dependentRequired":{"a":["b"]}}`,
		`{"oneOf":[{"type":"object","properties":{"kind":{"const":"text"},"text":{"type":"string"}},"required":["kind","text"],"additionalProperties":false},
			{"type":"object","properties":{"kind":{"const":"link"},"url":{"type":"string","format":"uri"}},"required":["kind","url"],"additionalProperties":false}]}`)}))
	for _, bad := range []string{"oneOf", "anyOf", "allOf", "$ref", "const"} {
		if strings.Contains(string(tool.InputSchema), bad) {
			t.Errorf("clients see %s in %s", bad, tool.InputSchema)
		}
	}
	if want := `"kind":{"enum":["text","link"]}`; !strings.Contains(string(tool.InputSchema), want) {
		t.Errorf("got %s, want %s in it", tool.InputSchema, want)
	}
	if p, err := tool.Prepare([]byte(`{"kind":"link","url":"https://example.com"}`)); err != nil || string(p.Body) != `{"kind":"link","url":"https://example.com"}` {
		t.Errorf("got %+v (%v)", p, err)
	}
	for arguments, want := range map[string]string{
		`{"kind":"link"}`: "url is required.",
		`{"kind":"text","text":"x","url":"https://example.com"}`: "url is not known there.",
		`{"kind":"link","url":"nonsense"}`:                       `url must be a URI as https://example.com/page, not the text "nonsense".`,
		`{"kind":"text","text":"x","a":"1"}`:                     "b is required where a is given.",
		`{"kind":"image"}`:                                       `kind must be one of "text", "link", not the text "image".`,
	} {
		if got := refusal(t, tool, arguments).Error(); got != want {
			t.Errorf("%s: got %s, want %s", arguments, got, want)
		}
	}
}

// For any arguments that pass, the request says what they said: each path value decodes to one segment, each query value to one pair.
func TestAnyTextSurvivesTheURL(t *testing.T) {
	tool := only(t, define("things", "thing", &integration.Method{Name: "get", Path: "/a/{{query.one}}/b/{{id}}", Parameters: map[string]integration.Parameter{"box": {Style: "deep"}},
		Doc: documented(`{"type":"object","properties":{"one":{"type":"string"},"id":{"type":"string"},"q":{"type":"string"},"list":{"type":"array","items":{"type":"string"}},"box":{"type":"object"}}}`, "")}))
	anyText := rapid.StringOfN(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune(`/\.%?#&=+; []{}"'<>`+"\r\n\t"))), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		one, id, q, name := anyText.Draw(t, "one"), anyText.Draw(t, "id"), anyText.Draw(t, "q"), anyText.Draw(t, "name")
		list := rapid.SliceOfN(anyText, 1, 3).Draw(t, "list")
		if strings.ContainsRune(one+id+q+name+strings.Join(list, ""), 0) {
			t.Skip("NUL is refused")
		}
		arguments, _ := json.Marshal(map[string]any{"one": one, "id": id, "q": q, "list": list, "box": map[string]string{name: q}})
		p, err := tool.Prepare(arguments)
		if strings.Trim(one, ".") == "" || strings.Trim(id, ".") == "" {
			if err == nil {
				t.Fatalf("%q and %q were sent as %s", one, id, p.Path)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse("https://vendor.example" + p.Path + "?" + p.Query)
		if err != nil {
			t.Fatal(err)
		}
		segments := strings.Split(u.EscapedPath(), "/")
		if len(segments) != 5 {
			t.Fatalf("%d segments in %s", len(segments), p.Path)
		}
		if got, _ := url.PathUnescape(segments[2]); got != one {
			t.Fatalf("got %q, want %q", got, one)
		}
		if got, _ := url.PathUnescape(segments[4]); got != id {
			t.Fatalf("got %q, want %q", got, id)
		}
		query, err := url.ParseQuery(p.Query)
		if err != nil || query.Get("q") != q || strings.Join(query["list"], "\x00") != strings.Join(list, "\x00") || query.Get("box["+name+"]") != q {
			t.Fatalf("got %q (%v) for %s", query, err, arguments)
		}
	})
}

// For any JSON that passes, the body is the same JSON, digit for digit.
func TestAnyBodySurvives(t *testing.T) {
	tool := only(t, define("things", "thing", &integration.Method{Name: "put", HTTPMethod: "PUT", Path: "/things", Doc: documented("", `{"type":"object","properties":{"a":{},"b":{},"c":{"type":"object"}}}`)}))
	value := rapid.SampledFrom([]string{"null", "true", "1.0", "-0", "1e400", "900719925474099312345", `"x"`, `""`, `"\ud83d\ude00\n"`, "[]", "{}", `[1, {"a":null}]`, `{"x":[1.10,2]}`})
	rapid.Check(t, func(t *rapid.T) {
		a, b := value.Draw(t, "a"), value.Draw(t, "b")
		p, err := tool.Prepare([]byte(`{"b":` + b + `,"a":` + a + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if want := `{"a":` + a + `,"b":` + b + `}`; string(p.Body) != want || !jsonscan.Valid(p.Arguments, jsonscan.Strict) {
			t.Fatalf("got %s, want %s", p.Body, want)
		}
	})
}
