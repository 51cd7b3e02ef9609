package toolset_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/toolset"
)

// attach takes a file of a type and a size, and what it hangs on.
func attach(t *testing.T, file integration.Parameter, schema string) *toolset.Tool {
	t.Helper()
	body := integration.Body{Format: "multipart", Properties: map[string]integration.Parameter{"file": file}}
	return only(t, define("orders", "order", &integration.Method{Name: "attach", HTTPMethod: "POST", Path: "/files", Body: body, Doc: documented("", schema)}))
}

const attachSchema = `{"type":"object","required":["file","order"],"properties":{"file":{"type":"string","contentEncoding":"base64","description":"The proof"},"order":{"type":"string"}}}`

// sent reads a multipart body, with what fetched files would be in their places.
func sent(t *testing.T, p *toolset.Prepared, fetch func(*toolset.File) (name, mediaType, content string)) string {
	t.Helper()
	body := p.Body
	for _, piece := range p.Upload {
		body = append(body, piece.Bytes...)
		if piece.File != nil {
			name, mediaType, content := fetch(piece.File)
			body = append(append(body, piece.File.Head(name, mediaType)...), content...)
		}
	}
	_, parameters, err := mime.ParseMediaType(p.ContentType)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for r := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			return strings.Join(parts, "\n")
		}
		if err != nil {
			t.Fatalf("%v in %q", err, body)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, strings.Join([]string{part.FormName(), part.FileName(), part.Header.Get("Content-Type"), string(content)}, "|"))
	}
}

func TestAFileIsGivenInOneOfThreeWays(t *testing.T) {
	tool := attach(t, integration.Parameter{}, attachSchema)
	for _, c := range []struct{ when, arguments, want string }{
		{"in base64", `{"file":"aGVsbG8=","order":"o"}`, "file|file|text/plain; charset=utf-8|hello\norder|||o"},
		{"as a data: URL", `{"file":"data:image/png;base64,aGVsbG8","file_name":"a.png","order":"o"}`, "file|a.png|image/png|hello\norder|||o"},
		{"as text", `{"file_text":"a,b\n1,2\n","file_name":"rows.csv","order":"o"}`, "file|rows.csv|text/csv|a,b\n1,2\n\norder|||o"},
		{"as text, the others said to be nothing", `{"file":null,"file_url":"","file_name":"","file_text":"x","order":"o"}`, "file|file|text/plain; charset=utf-8|x\norder|||o"},
		{"as an empty text", `{"file_text":"","order":"o"}`, "file|file|text/plain|\norder|||o"},
		{"by a URL", `{"order":"o","file_url":"https://files.example/x","file_name":"../x\r\n.bin"}`, "file|x.bin|application/pdf|fetched\norder|||o"},
		{"by a URL, the text said to be nothing", `{"order":"o","file_text":"","file_url":"https://files.example/x"}`, "file|seen|application/pdf|fetched\norder|||o"},
	} {
		p, err := tool.Prepare([]byte(c.arguments))
		if err != nil {
			t.Errorf("%s: %v", c.when, err)
			continue
		}
		got := sent(t, p, func(f *toolset.File) (string, string, string) {
			if f.URL != "https://files.example/x" || f.Argument != "file_url" {
				t.Errorf("%s: the file is %+v", c.when, f)
			}
			name := f.Name
			if name == "" {
				name = "seen"
			}
			return name, "application/pdf", "fetched"
		})
		if got != c.want {
			t.Errorf("%s: want %q, got %q", c.when, c.want, got)
		}
		if again, err := tool.Prepare(p.Arguments); err != nil || (again.Upload == nil) != (p.Upload == nil) {
			t.Errorf("%s: prepared again from %s: %v", c.when, p.Arguments, err)
		}
	}
	for arguments, want := range map[string]string{
		`{"order":"o"}`: "file is required: give exactly one of file, file_text and file_url.",
		`{"order":"o","file":"aGk=","file_url":"https://x.example"}`:   "file_url is given beside file",
		`{"order":"o","file_text":"a","file_url":"https://x.example"}`: "file_url is given beside file_text",
		`{"order":"o","file_url":"file:///etc/passwd"}`:                "file_url must be an absolute URL",
		`{"order":"o","file_url":"/a"}`:                                "file_url must be an absolute URL",
		`{"order":"o","file_url":"https://u:p@x.example/"}`:            "file_url must be without a user name",
		`{"order":"o","file":"not base64!"}`:                           "file must be the bytes in base64",
		`{"order":"o","file":7}`:                                       "file must be a text",
	} {
		if got := refusal(t, tool, arguments).Error(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: want %q, got %q", arguments, want, got)
		}
	}
}

func TestAFilesToolShowsTheWaysToGiveIt(t *testing.T) {
	tool := attach(t, integration.Parameter{MaxSize: 20 << 20}, attachSchema)
	var schema struct {
		Required   []string
		Properties map[string]struct{ Type, Description string }
	}
	if err := json.Unmarshal(tool.InputSchema, &schema); err != nil {
		t.Fatal(err)
	}
	if strings.Join(schema.Required, " ") != "order" || len(schema.Properties) != 5 {
		t.Errorf("got %s", tool.InputSchema)
	}
	for name, want := range map[string]string{"file": "The proof (bytes in base64). Give exactly one of file, file_text and file_url", "file_url": "20 MiB", "file_text": "plain text", "file_name": "report.pdf"} {
		if got := schema.Properties[name]; got.Type != "string" || !strings.Contains(got.Description, want) {
			t.Errorf("%s is %+v, want %q in it", name, got, want)
		}
	}
	query, body := tool.Schemas()
	if bytes.Contains(query, []byte("file")) || !bytes.Contains(body, []byte("file_url")) {
		t.Errorf("the halves are %s and %s", query, body)
	}
}

func TestAFileMayBeLeftOutWhereTheVendorDoesWithout(t *testing.T) {
	tool := attach(t, integration.Parameter{}, `{"type":"object","properties":{"file":{"type":"string","format":"binary"},"order":{"type":"string"}}}`)
	p, err := tool.Prepare([]byte(`{"order":"o"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := sent(t, p, nil); got != "order|||o" {
		t.Errorf("got %q", got)
	}
}

func TestNamesThatAVendorHasItself(t *testing.T) {
	tool := attach(t, integration.Parameter{Filename: "title"}, `{"type":"object","required":["file"],"properties":{"file":{"type":"string","format":"binary"},"file_url":{"type":"string"},"title":{"type":"string"}}}`)
	p, err := tool.Prepare([]byte(`{"file_text":"x","title":"a.md","file_url":"theirs"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := sent(t, p, nil); got != "file|a.md|text/markdown|x\nfile_url|||theirs\ntitle|||a.md" {
		t.Errorf("got %q", got)
	}
	if p, err = tool.Prepare([]byte(`{"file_url_2":"https://x.example/y"}`)); err != nil || len(p.Upload) == 0 {
		t.Errorf("the URL beside the vendor's own argument: %+v, %v", p, err)
	}
}

func TestFilesInACallHaveLimits(t *testing.T) {
	large := base64.StdEncoding.EncodeToString(make([]byte, toolset.MaxContent+1))
	tool := attach(t, integration.Parameter{Types: []string{"text/csv"}, MaxSize: 100}, attachSchema)
	for arguments, want := range map[string]string{
		`{"order":"o","file":"` + large + `"}`:                                              "file is too large: the files of one call may have 2.9 MiB together; give what is larger by file_url",
		`{"order":"o","file_name":"a.csv","file_text":"` + strings.Repeat("a,b", 40) + `"}`: "file_text has 120 bytes, and may have at most 100 bytes",
		`{"order":"o","file":"data:image/png;base64,aGk="}`:                                 "file is of the type image/png, and text/csv is taken",
	} {
		if got := refusal(t, tool, arguments).Error(); !strings.Contains(got, want) {
			t.Errorf("want %q, got %.300q", want, got)
		}
	}
	if _, err := tool.Prepare([]byte(`{"order":"o","file_name":"a.csv","file_text":"a,b"}`)); err != nil {
		t.Error(err)
	}
}

func TestTheAuditKeepsNoContentAndNoSignature(t *testing.T) {
	tool := attach(t, integration.Parameter{}, attachSchema)
	for arguments, want := range map[string]string{
		`{"order":"o","file":"aGVsbG8="}`:                          `{"file":"(8 characters of base64)","order":"o"}`,
		`{"order":"o","file_text":"höher\n"}`:                      `{"file_text":"(7 bytes of text)","order":"o"}`,
		`{"order":"o","file_url":"https://x.example/a/b?sig=abc"}`: `{"file_url":"https://x.example/a/b?…","order":"o"}`,
	} {
		p, err := tool.Prepare([]byte(arguments))
		if err != nil {
			t.Fatal(err)
		}
		var got, wanted any
		if json.Unmarshal(p.Masked, &got) != nil || json.Unmarshal([]byte(want), &wanted) != nil {
			t.Fatalf("not JSON: %s", p.Masked)
		}
		if a, b := mustJSON(got), mustJSON(wanted); a != b {
			t.Errorf("want %s, got %s", b, a)
		}
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestARawBodyIsGivenAsAFileIs(t *testing.T) {
	tool := only(t, define("orders", "order", &integration.Method{Name: "put", HTTPMethod: "PUT", Path: "/proof", Body: integration.Body{Format: "raw", ContentType: "image/png"}, Doc: documented("", `{"type":"string","format":"binary"}`)}))
	p, err := tool.Prepare([]byte(`{"body_url":"https://x.example/a.png"}`))
	if err != nil || len(p.Upload) != 1 || p.Upload[0].File == nil || p.Upload[0].File.Head("a", "b") != nil || p.ContentType != "image/png" {
		t.Errorf("by a URL: %+v, %v", p, err)
	}
	if p, err = tool.Prepare([]byte(`{"body_text":"<svg/>"}`)); err != nil || string(p.Body) != "<svg/>" {
		t.Errorf("as text: %+v, %v", p, err)
	}
	if got := refusal(t, tool, `{}`).Error(); !strings.HasPrefix(got, "body is required: give exactly one of body, body_text and body_url") {
		t.Errorf("got %s", got)
	}
}
