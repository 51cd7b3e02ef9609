package openapi_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"

	"sluice/internal/integration/openapi"
	"sluice/internal/toolset"
)

// Kinds of operations at which converters of OpenAPI are known to fail, each with a call and the request that the document describes, or the words of the refusal.
func TestWhatConvertersFailAt(t *testing.T) {
	const (
		two   = "openapi: 3.0.3\ninfo: {title: T}\nservers: [{url: 'https://t.example'}]\n"
		three = "openapi: 3.1.0\ninfo: {title: T}\nservers: [{url: 'https://t.example'}]\n"
		old   = "swagger: '2.0'\ninfo: {title: T}\nhost: t.example\n"
	)
	post := func(schema string) string {
		return "paths: {/a: {post: {requestBody: {required: true, content: {application/json: {schema: " + schema + "}}}}}}\n"
	}
	get := func(path, parameters string) string {
		return "paths: {'" + path + "': {get: {parameters: [" + parameters + "], responses: {200: {content: {application/json: {schema: {type: object}}}}}}}}\n"
	}
	family := `components: {schemas: {
		Animal: {type: object, required: [kind], properties: {kind: {type: string}, friend: {$ref: '#/components/schemas/Animal'}}, discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Cat'}}},
		Cat: {allOf: [{$ref: '#/components/schemas/Animal'}, {type: object, properties: {claws: {type: integer}}}]},
		Dog: {allOf: [{$ref: '#/components/schemas/Animal'}, {type: object, required: [bark], properties: {bark: {type: string}}}]}}}` + "\n"
	for name, c := range map[string]struct{ document, arguments, want string }{
		"a list in a path":                       {two + get("/a/{codes}/b", "{name: codes, in: path, required: true, schema: {type: array, items: {type: string}}}"), `{"id":["x","y,z","p/q"]}`, "GET /a/x,y%2Cz,p%2Fq/b"},
		"a list in a path with pipes":            {old + "paths: {'/a/{codes}/b': {get: {parameters: [{name: codes, in: path, required: true, type: array, items: {type: integer}, collectionFormat: pipes}]}}}", `{"id":[1,2]}`, "GET /a/1%7C2/b"},
		"a list in a path with spaces":           {old + "paths: {'/a/{codes}/b': {get: {parameters: [{name: codes, in: path, required: true, type: array, items: {type: string}, collectionFormat: ssv}]}}}", `{"id":["x","y"]}`, "GET /a/x%20y/b"},
		"a label":                                {two + get("/a/{l}/b", "{name: l, in: path, required: true, style: label, explode: true, schema: {type: array, items: {type: string}}}"), `{"id":["x","y"]}`, "GET /a/.x.y/b"},
		"a matrix":                               {two + get("/a/{m}/b", "{name: m, in: path, required: true, style: matrix, schema: {type: array, items: {type: string}}}"), `{"id":["x","y"]}`, "GET /a/;m=x,y/b"},
		"a matrix that names each":               {two + get("/a/{m}/b", "{name: m, in: path, required: true, style: matrix, explode: true, schema: {type: array, items: {type: string}}}"), `{"id":["x","y"]}`, "GET /a/;m=x;m=y/b"},
		"a matrix of one word":                   {two + get("/a/{m}/b", "{name: m, in: path, required: true, style: matrix, explode: true, schema: {type: string}}"), `{"id":"x"}`, "GET /a/;m=x/b"},
		"an empty list in a path":                {two + get("/a/{codes}/b", "{name: codes, in: path, required: true, schema: {type: array, items: {type: string}}}"), `{"id":[]}`, "refused: id must hold more than nothing"},
		"dots in a list in a path":               {two + get("/a/{codes}/b", "{name: codes, in: path, required: true, schema: {type: array, items: {type: string}}}"), `{"id":[".."]}`, "refused: id must hold more than dots"},
		"one name in path, query, header, body":  {two + "paths: {'/a/{id}': {post: {parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: id, in: query, schema: {type: string}}, {name: id, in: header, schema: {type: string}}], requestBody: {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}}}", `{"id":"p","query_id":"q","header_id":"h","body_id":"b"}`, `POST /a/p?id=q [id h] application/json {"id":"b"}`},
		"an id before the last":                  {two + get("/a/{id}/b/{id2}", "{name: id, in: query, schema: {type: string}}"), `{"id":"1","id2":"2","query_id":"3"}`, "GET /a/1/b/2?id=3"},
		"a list in a header with pipes":          {old + "paths: {/a: {get: {parameters: [{name: X-L, in: header, type: array, items: {type: string}, collectionFormat: pipes}], responses: {200: {schema: {type: object}}}}}}", `{"X-L":["x","y"]}`, "GET /a [X-L x|y]"},
		"lists in a form":                        {old + "paths: {/a: {post: {consumes: [application/x-www-form-urlencoded], parameters: [{name: c, in: formData, type: array, items: {type: string}}, {name: s, in: formData, type: array, items: {type: string}, collectionFormat: ssv}, {name: m, in: formData, type: array, items: {type: string}, collectionFormat: multi}]}}}", `{"c":["1","2"],"s":["3","4"],"m":["5","6"]}`, "POST /a application/x-www-form-urlencoded c=1,2&s=3%204&m=5&m=6"},
		"a deep object with lists":               {two + get("/a", "{name: f, in: query, style: deepObject, explode: true, schema: {type: object, properties: {a: {type: object, properties: {b: {type: integer}}}, l: {type: array, items: {type: string}}, o: {type: array, items: {type: object, properties: {p: {type: string}}}}}}}"), `{"f":{"a":{"b":1},"l":["x","y"],"o":[{"p":"z"}]}}`, "GET /a?f%5Ba%5D%5Bb%5D=1&f%5Bl%5D=x&f%5Bl%5D=y&f%5Bo%5D%5B0%5D%5Bp%5D=z"},
		"a list in the style of deep objects":    {two + get("/a", "{name: expand, in: query, style: deepObject, explode: true, schema: {type: array, items: {type: string}}}"), `{"expand":["x","y"]}`, "GET /a?expand%5B0%5D=x&expand%5B1%5D=y"},
		"numbers with every digit":               {two + post("{type: object, properties: {a: {type: integer, format: int64}, b: {type: number}, c: {type: number}}}"), `{"a":9007199254740993,"b":3.0,"c":1e2}`, `POST /a application/json {"a":9007199254740993,"b":3.0,"c":1e2}`},
		"null is not absence":                    {two + post("{type: object, properties: {a: {type: string, nullable: true}, b: {type: string, nullable: true}}}"), `{"a":null}`, `POST /a application/json {"a":null}`},
		"a default is not sent":                  {two + get("/a", "{name: n, in: query, schema: {type: integer, default: 20}}"), `{}`, "GET /a"},
		"what is read only":                      {two + post("{type: object, required: [id, a], properties: {id: {type: string, readOnly: true}, a: {type: string}}}"), `{"a":"x"}`, `POST /a application/json {"a":"x"}`},
		"an exclusive bound of 3.0":              {two + post("{type: object, properties: {a: {type: integer, minimum: 1, exclusiveMinimum: true}}}"), `{"a":1}`, "refused: a must be more than 1"},
		"an exclusive bound of 3.1":              {three + post("{type: object, properties: {a: {type: integer, exclusiveMinimum: 1}}}"), `{"a":1}`, "refused: a must be more than 1"},
		"alternatives by a discriminator":        {two + post("{oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: kind}}") + family, `{"kind":"Dog"}`, "refused: bark is required"},
		"heirs of a discriminator":               {two + post("{$ref: '#/components/schemas/Animal'}") + family, `{"kind":"cat","claws":3}`, `POST /a application/json {"kind":"cat","claws":3}`},
		"an heir by its own name":                {two + post("{$ref: '#/components/schemas/Animal'}") + family, `{"kind":"Dog","bark":"loud","friend":{"kind":"cat"}}`, `POST /a application/json {"kind":"Dog","friend":{"kind":"cat"},"bark":"loud"}`},
		"an heir that lacks something":           {two + post("{$ref: '#/components/schemas/Animal'}") + family, `{"kind":"Dog"}`, "refused: bark is required"},
		"allOf with members of its own":          {two + post("{allOf: [{type: object, required: [a], properties: {a: {type: string}}}], properties: {b: {type: integer}}, required: [b]}"), `{"a":"x"}`, "refused: b is required"},
		"one of two members":                     {two + post("{type: object, properties: {a: {type: string}, b: {type: string}}, anyOf: [{required: [a]}, {required: [b]}]}"), `{}`, "refused: arguments must have a or b"},
		"a type list":                            {three + post("{type: object, properties: {a: {type: [string, integer, 'null']}}}"), `{"a":7}`, `POST /a application/json {"a":7}`},
		"codes that YAML would take for numbers": {two + get("/a", "{name: c, in: query, schema: {type: string, enum: [007, 1.10, 0x1F, True, no]}}"), `{"c":"007"}`, "GET /a?c=007"},
		"another of them":                        {two + get("/a", "{name: c, in: query, schema: {type: string, enum: [007, 1.10, 0x1F, True, no]}}"), `{"c":"True"}`, "GET /a?c=True"},
		"a body that is a scalar":                {two + post("{type: string, nullable: true}"), `{"body":"x"}`, `POST /a application/json "x"`},
		"a body of any kind":                     {two + post("{}"), `{"body":[1,null]}`, `POST /a application/json [1,null]`},
		"a body that is a map":                   {two + post("{type: object, additionalProperties: {type: integer}}"), `{"body":{"x":1}}`, `POST /a application/json {"x":1}`},
		"JSON:API's media type":                  {two + "paths: {/a: {post: {requestBody: {content: {application/vnd.api+json: {schema: {type: object, properties: {data: {type: object}}}}}}}}}", `{"data":{"type":"x"}}`, `POST /a application/vnd.api+json {"data":{"type":"x"}}`},
		"JSON before XML":                        {two + "paths: {/a: {post: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: string}}}}, application/json: {schema: {type: object, properties: {a: {type: string}}}}}}}}}", `{"a":"x"}`, `POST /a application/json {"a":"x"}`},
		"XML alone":                              {two + "paths: {/a: {post: {requestBody: {required: true, content: {application/xml: {schema: {type: object, properties: {a: {type: string}}}}}}}}}", `{"body":"<a>1</a>"}`, `POST /a application/xml <a>1</a>`},
		"DELETE with a body":                     {two + "paths: {/a: {delete: {requestBody: {content: {application/json: {schema: {type: object, properties: {ids: {type: array, items: {type: string}}}}}}}}}}", `{"ids":["x"]}`, `DELETE /a application/json {"ids":["x"]}`},
		"a path parameter nobody declared":       {two + get("/a/{thing_id}/b", ""), `{"id":"x y"}`, "GET /a/x%20y/b"},
		"a slash at the end":                     {two + get("/a/", ""), `{}`, "GET /a/"},
		"two variables in a segment":             {two + get("/a/{name}.{ext}/b", ""), `{"name":"x.y","ext":"pdf"}`, "GET /a/x.y.pdf/b"},
		"a reference to a path":                  {two + "paths: {'/a/{x}': {get: {parameters: [{name: x, in: path, required: true, schema: {type: integer}}, {$ref: '#/paths/~1b~1%7Bx%7D/get/parameters/0'}]}}, '/b/{x}': {head: {}, get: {parameters: [{name: q, in: query, schema: {type: string}}], servers: [{url: 'ftp://x'}]}}}", `{"id":3,"q":"z"}`, "GET /a/3?q=z"},
		"an object in a path":                    {two + get("/a/{o}/b", "{name: o, in: path, required: true, schema: {type: object}}"), `{"id":{"R":1,"G":"x/y"}}`, "GET /a/R,1,G,x%2Fy/b"},
		"an object in a path, spelled out":       {two + get("/a/{o}/b", "{name: o, in: path, required: true, explode: true, schema: {type: object}}"), `{"id":{"R":1,"G":"a,b"}}`, "GET /a/R=1,G=a%2Cb/b"},
		"an object as a label":                   {two + get("/a/{o}/b", "{name: o, in: path, required: true, style: label, schema: {type: object}}"), `{"id":{"R":1,"G":2}}`, "GET /a/.R,1,G,2/b"},
		"an object as a label, spelled out":      {two + get("/a/{o}/b", "{name: o, in: path, required: true, style: label, explode: true, schema: {type: object}}"), `{"id":{"R":1,"G":2}}`, "GET /a/.R=1.G=2/b"},
		"an object as a matrix":                  {two + get("/a/{o}/b", "{name: o, in: path, required: true, style: matrix, schema: {type: object}}"), `{"id":{"R":1,"G":2}}`, "GET /a/;o=R,1,G,2/b"},
		"an object as a matrix, spelled out":     {two + get("/a/{o}/b", "{name: o, in: path, required: true, style: matrix, explode: true, schema: {type: object}}"), `{"id":{"R":1,"G":2}}`, "GET /a/;R=1;G=2/b"},
		"an empty object in a path":              {two + get("/a/{o}/b", "{name: o, in: path, required: true, schema: {type: object}}"), `{"id":{}}`, "refused: id must hold more than nothing"},
		"null in a path":                         {old + "paths: {'/a/{o}/b': {get: {parameters: [{name: o, in: path, required: true, type: string, x-nullable: true}]}}}", `{"id":null}`, "refused: id must be a text, not null"},
		"an object in a header":                  {two + get("/a", "{name: X-O, in: header, schema: {type: object}}"), `{"X-O":{"R":1,"G":null,"B":2}}`, "GET /a [X-O R,1,B,2]"},
		"an object in a header, spelled out":     {two + get("/a", "{name: X-O, in: header, explode: true, schema: {type: object}}"), `{"X-O":{"R":1,"B":2}}`, "GET /a [X-O R=1,B=2]"},
		"JSON in a header":                       {two + get("/a", "{name: X-O, in: header, content: {application/json: {schema: {type: object}}}}"), `{"X-O":{"R":[1]}}`, `GET /a [X-O {"R":[1]}]`},
		"one header in two spellings":            {two + "paths: {/a: {parameters: [{name: x-trace, in: header, required: true, schema: {type: string}}], get: {parameters: [{name: X-Trace, in: header, schema: {type: integer}}]}}}", `{"X-Trace":7}`, "GET /a [X-Trace 7]"},
		"a list as cookies":                      {two + get("/a", "{name: c, in: cookie, schema: {type: array, items: {type: string}}}"), `{"c":["x","y;z"]}`, "GET /a [Cookie c=x; c=y%3Bz]"},
		"a list in a cookie":                     {two + get("/a", "{name: c, in: cookie, explode: false, schema: {type: array, items: {type: string}}}"), `{"c":["x","y,z"]}`, "GET /a [Cookie c=x,y%2Cz]"},
		"an object as cookies":                   {two + get("/a", "{name: c, in: cookie, schema: {type: object}}"), `{"c":{"R":1,"G":"x"}}`, "GET /a [Cookie R=1; G=x]"},
		"an object in a cookie":                  {two + get("/a", "{name: c, in: cookie, explode: false, schema: {type: object}}"), `{"c":{"R":1,"G":"x"}}`, "GET /a [Cookie c=R,1,G,x]"},
		"JSON in a cookie":                       {two + get("/a", "{name: c, in: cookie, content: {application/json: {schema: {type: object}}}}"), `{"c":{"R":1}}`, "GET /a [Cookie c={%22R%22:1}]"},
		"a token in a cookie":                    {two + get("/a", "{name: c, in: cookie, schema: {type: string}}"), `{"c":"aZ0/=="}`, "GET /a [Cookie c=aZ0/==]"},
		"a GET with a body":                      {two + "paths: {/a: {get: {requestBody: {required: true, content: {application/json: {schema: {type: object, required: [q], properties: {q: {type: string}}}}}}}}}", `{"q":"x"}`, `GET /a application/json {"q":"x"}`},
		"a GET whose body may be left out":       {two + "paths: {/a: {get: {requestBody: {content: {application/json: {schema: {type: object, properties: {q: {type: string}}}}}}}}}", `{}`, `GET /a`},
		"a media type with parameters":           {two + "paths: {/a: {post: {requestBody: {content: {'application/json;odata=verbose': {schema: {type: object, properties: {q: {type: string}}}}}}}}}", `{"q":"x"}`, `POST /a application/json;odata=verbose {"q":"x"}`},
		"a form with alternatives":               {two + "paths: {/a: {post: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {oneOf: [{type: object, required: [a], properties: {a: {type: object}}}, {type: object, required: [b], properties: {b: {type: string}}}]}}}}}}}", `{"a":{"x":1}}`, `POST /a application/x-www-form-urlencoded a=%7B%22x%22%3A1%7D`},
		"a form with any fields":                 {two + "paths: {/a: {post: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, additionalProperties: {type: string}}}}}}}}", `{"body":{"x y":"1&2","l":"z"}}`, `POST /a application/x-www-form-urlencoded x%20y=1%262&l=z`},
		"a form that nobody described":           {two + "paths: {/a: {post: {requestBody: {content: {application/x-www-form-urlencoded: {}}}}}}", `{"body":{"x":["1","2"],"o":{"p":1}}}`, `POST /a application/x-www-form-urlencoded x=1&x=2&o=%7B%22p%22%3A1%7D`},
		"a form as a text":                       {two + "paths: {/a: {post: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: string}}}}}}}", `{"body":"a=1&b=2"}`, `POST /a application/x-www-form-urlencoded a=1&b=2`},
		"the whole query as a form":              {"openapi: 3.2.0\ninfo: {title: T}\nservers: [{url: 'https://t.example'}]\n" + get("/a", "{name: q, in: querystring, content: {application/x-www-form-urlencoded: {schema: {type: object}}}}"), `{"q":{"a":"1","b":["2","3"]}}`, "GET /a?a=1&b=2&b=3"},
		"UTF-16":                                 {"\xff\xfe" + utf16le(two+get("/ä", "")), `{}`, "GET /%C3%A4"},
	} {
		t.Run(name, func(t *testing.T) {
			d, report, err := openapi.Import([]byte(c.document), openapi.Options{Check: compiles})
			if err != nil {
				t.Fatal(err)
			}
			set, err := toolset.Compile(d, toolset.Options{})
			if err != nil || len(set.Tools) != 1 {
				t.Fatalf("%d tools (%v), left out %v", len(set.Tools), err, report.LeftOut)
			}
			prepared, err := set.Tools[0].Prepare([]byte(c.arguments))
			got := ""
			if err != nil {
				got = "refused: " + err.Error()
			} else {
				got = strings.ToUpper(set.Tools[0].Method.HTTPMethod) + " " + prepared.Path
				if prepared.Query != "" {
					got += "?" + prepared.Query
				}
				for _, h := range prepared.Header {
					got += fmt.Sprint(" ", h)[0:1] + "[" + h[0] + " " + h[1] + "]"
				}
				if prepared.Body != nil {
					got += " " + prepared.ContentType + " " + string(prepared.Body)
				}
			}
			if strings.HasPrefix(c.want, "refused: ") && strings.HasPrefix(got, c.want) {
				return
			}
			if got != c.want {
				t.Errorf("became\n%s\nwanted\n%s\nfrom %s", got, c.want, set.Tools[0].InputSchema)
			}
		})
	}
}

// utf16le is an ASCII or Latin-1 text in UTF-16.
func utf16le(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

func TestListsInPartsAreJoinedAsTheDocumentSays(t *testing.T) {
	d, _ := take(t, "swagger: '2.0'\ninfo: {title: T}\nhost: t.example\npaths: {/a: {post: {consumes: [multipart/form-data], parameters: [{name: c, in: formData, type: array, items: {type: string}}, {name: s, in: formData, type: array, items: {type: integer}, collectionFormat: ssv}, {name: p, in: formData, type: array, items: {type: string}, collectionFormat: pipes}, {name: m, in: formData, type: array, items: {type: string}, collectionFormat: multi}]}}}")
	set, err := toolset.Compile(d, toolset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := set.Tools[0].Prepare([]byte(`{"c":["x","y"],"s":[1,2],"p":["u","v"],"m":["k","l"]}`))
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, part := range strings.Split(string(prepared.Body), "\r\n\r\n")[1:] {
		content, _, _ := strings.Cut(part, "\r\n")
		parts = append(parts, content)
	}
	if got := strings.Join(parts, ";"); got != "x,y;1 2;u|v;k;l" {
		t.Errorf("the parts are %s, want x,y;1 2;u|v;k;l", got)
	}
}

func TestPartsAreSentAsTheDocumentSays(t *testing.T) {
	for name, c := range map[string]struct{ media, arguments, want string }{
		"a text of a type of its own": {"{schema: {type: object, properties: {a: {type: string}, b: {type: integer}}}, encoding: {a: {contentType: application/xml}, b: {contentType: 'text/plain, text/csv'}}}", `{"a":"<x/>","b":3}`, "a application/xml <x/>;b text/plain 3"},
		"any fields":                  {"{schema: {type: object}}", `{"body":{"a":"x","b":{"c":1}}}`, `a  x;b application/json {"c":1}`},
		"alternatives":                {"{schema: {anyOf: [{type: object, properties: {a: {type: string}}}, {type: object, properties: {b: {type: array, items: {type: integer}}}}]}}", `{"b":[1,2]}`, "b  1;b  2"},
	} {
		t.Run(name, func(t *testing.T) {
			d, report := take(t, "openapi: 3.0.3\ninfo: {title: T}\nservers: [{url: 'https://t.example'}]\npaths: {/a: {post: {requestBody: {content: {multipart/form-data: "+c.media+"}}}}}")
			set, err := toolset.Compile(d, toolset.Options{})
			if err != nil || len(set.Tools) != 1 {
				t.Fatal(err, report.LeftOut)
			}
			prepared, err := set.Tools[0].Prepare([]byte(c.arguments))
			if err != nil {
				t.Fatal(err)
			}
			_, parameters, err := mime.ParseMediaType(prepared.ContentType)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for r := multipart.NewReader(bytes.NewReader(prepared.Body), parameters["boundary"]); ; {
				part, err := r.NextRawPart()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				content, err := io.ReadAll(part)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, part.FormName()+" "+part.Header.Get("Content-Type")+" "+string(content))
			}
			if all := strings.Join(got, ";"); all != c.want {
				t.Errorf("the parts are %s, want %s", all, c.want)
			}
		})
	}
}

func TestAVendorThatSaysInASuccessThatItIsNone(t *testing.T) {
	for answer, when := range map[string]string{
		"{type: object, properties: {ok: {type: boolean}, error: {type: string}}}":                                `.ok == false`,
		"{type: object, properties: {success: {type: boolean}, message: {type: string}}}":                         `.success == false`,
		"{type: object, properties: {data: {type: object}, errors: {type: array, items: {type: object}}}}":        `.data == null`,
		"{type: object, properties: {ok: {type: boolean}}}":                                                       "",
		"{type: object, properties: {ok: {type: string}, error: {type: string}, data: {type: array, items: {}}}}": "",
	} {
		d, report := take(t, "openapi: 3.0.3\ninfo: {title: T}\nservers: [{url: 'https://t.example'}]\npaths: {/a: {post: {responses: {200: {description: ok, content: {application/json: {schema: "+answer+"}}}}}}}")
		if !strings.HasSuffix(d.Errors.When, when) || (when == "") != (d.Errors.When == "") {
			t.Errorf("%s: errors.when is %q, want …%s", answer, d.Errors.When, when)
		}
		if told := strings.Contains(strings.Join(report.Guessed, "\n"), "taken for a refusal"); told != (when != "") {
			t.Errorf("%s: guessed %v", answer, report.Guessed)
		}
	}
}

func TestACredentialThatCallsDoWithoutMayBeLeftOut(t *testing.T) {
	d, _ := take(t, "openapi: 3.0.3\ninfo: {title: T}\nservers: [{url: 'https://t.example'}]\nsecurity: [{}, {key: []}]\npaths: {/a: {post: {}}}\ncomponents: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}")
	if fields := d.Credentials.Fields; len(fields) != 1 || !fields[0].Optional {
		t.Errorf("the form is %+v, want one field that may be left out", fields)
	}
}
