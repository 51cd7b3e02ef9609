package gateway_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/internal/audit"
	"sluice/internal/await"
	"sluice/internal/gateway"
	"sluice/internal/mcpserver"
	"sluice/internal/node"
)

// served serves the world's node over HTTP.
func (w *world) served() *httptest.Server {
	s := httptest.NewServer(w.node.Handler())
	w.Cleanup(s.Close)
	return s
}

// me is what the tests hang files on.
func (w *world) me() string {
	w.Helper()
	var me struct{ UUID string }
	if err := json.Unmarshal(w.ok("octapipe_users_me", `{}`).Body, &me); err != nil {
		w.Fatal(err)
	}
	return me.UUID
}

type attached struct {
	UUID, Name, Mime string
	Size             int64
}

// attach attaches a file to oneself.
func (w *world) attach(arguments string, more ...any) attached {
	w.Helper()
	var f attached
	r := w.ok("create_a_octapipe_file", `{"entity":"user","record_uuid":%q,%s}`, w.me(), fmt.Sprintf(arguments, more...))
	if err := json.Unmarshal(r.Body, &f); err != nil {
		w.Fatal(err)
	}
	return f
}

// stored is a file's content as the sandbox has it.
func (w *world) stored(uuid string) []byte {
	return w.direct(http.MethodGet, "/files/"+uuid+"/download", nil)
}

func (w *world) download(uuid string) *gateway.File {
	w.Helper()
	f := w.ok("octapipe_files_download", `{"id":%q}`, uuid).File
	if f == nil {
		w.Fatal("the answer is no file")
	}
	return f
}

// fetch follows a link on a server.
func fetch(t *testing.T, s *httptest.Server, link string, header ...string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+strings.TrimPrefix(link, "http://127.0.0.1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, body
}

func binary(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return b
}

func TestUploadsEqualWhatIsStored(t *testing.T) {
	w := newWorld(t)
	large := binary(5 << 20)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/pdf")
		rw.Write(large)
	}))
	defer elsewhere.Close()
	for name, test := range map[string]struct {
		arguments string
		want      attached
		content   []byte
	}{
		"text":           {`"file_text":"a,b\r\nä,\u0001","file_name":"rows.csv"`, attached{Name: "rows.csv", Mime: "text/csv"}, []byte("a,b\r\nä,\x01")},
		"base64":         {`"file":"AP/+AA==","file_name":"x.bin"`, attached{Name: "x.bin", Mime: "application/octet-stream"}, []byte{0, 255, 254, 0}},
		"a data: URL":    {`"file":"data:image/png;name=p.png;base64,AAEC"`, attached{Name: "p.png", Mime: "image/png"}, []byte{0, 1, 2}},
		"a URL":          {fmt.Sprintf(`"file_url":%q`, elsewhere.URL+"/quarter%201.pdf?sig=x"), attached{Name: "quarter 1.pdf", Mime: "application/pdf"}, large},
		"a URL, renamed": {fmt.Sprintf(`"file_url":%q,"file_name":"mine.pdf"`, elsewhere.URL), attached{Name: "mine.pdf", Mime: "application/pdf"}, large},
	} {
		got := w.attach("%s", test.arguments)
		if got.Name != test.want.Name || got.Mime != test.want.Mime || got.Size != int64(len(test.content)) {
			t.Errorf("%s: %+v, want %+v with %d bytes", name, got, test.want, len(test.content))
		}
		if stored := w.stored(got.UUID); !bytes.Equal(stored, test.content) {
			t.Errorf("%s: the sandbox has %d bytes %.20q, want %d", name, len(stored), stored, len(test.content))
		}
	}
	var listed []attached
	if err := json.Unmarshal(w.ok("list_all_octapipe_files", `{"entity":"user","record_uuid":%q}`, w.me()).Body, &listed); err != nil || len(listed) != 5 {
		t.Errorf("%d files are listed (%v), want 5", len(listed), err)
	}
}

func TestACopyIsAFileOfItsOwn(t *testing.T) {
	w := newWorld(t)
	first := w.attach(`"file_text":"hello","file_name":"a.md"`)
	var copied attached
	r := w.ok("octapipe_files_copy", `{"entity":"user","record_uuid":%q,"name":"b.md","url":"%s/files/%s/download","mime":"text/markdown","size":5}`, w.me(), w.vendor, first.UUID)
	if err := json.Unmarshal(r.Body, &copied); err != nil || copied.UUID == first.UUID || string(w.stored(copied.UUID)) != "hello" {
		t.Errorf("%s (%v), want a copy", r.Body, err)
	}
}

func TestASmallTextComesAsTextAndAnythingElseAsALink(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	for name, test := range map[string]struct {
		arguments, text string
	}{
		"a text":                     {`"file_text":"höher\n","file_name":"a.md"`, "höher\n"},
		"JSON":                       {`"file_text":"{\"a\": 1.00}","file_name":"a.json"`, `{"a": 1.00}`},
		"a text of unknown type":     {`"file":"aGVsbG8="`, "hello"},
		"an empty file":              {`"file_text":"","file_name":"a.txt"`, ""},
		"text that is no UTF-8":      {`"file":"data:text/plain;base64,/+l4"`, "link"},
		"text with a NUL":            {`"file":"data:text/plain;base64,YQBi"`, "link"},
		"a text that is not small":   {fmt.Sprintf(`"file_text":%q,"file_name":"a.txt"`, strings.Repeat("x", 64<<10+1)), "link"},
		"bytes":                      {`"file":"data:image/png;base64,AAEC"`, "link"},
		"bytes that say they're PDF": {`"file":"data:application/pdf;base64,aGVsbG8="`, "link"},
	} {
		made := w.attach("%s", test.arguments)
		f := w.download(made.UUID)
		if f.Name != made.Name || f.Size != made.Size {
			t.Errorf("%s: %+v, want the name and size of %+v", name, f, made)
		}
		if test.text != "link" {
			if f.Text == nil || string(f.Text) != test.text || f.URL != "" {
				t.Errorf("%s: %+v, want the text %q", name, f, test.text)
			}
			continue
		}
		if f.Text != nil || !strings.HasPrefix(f.URL, "http://127.0.0.1/file/") || time.Until(f.Expires) > gateway.LinkLife || time.Until(f.Expires) < gateway.LinkLife-time.Minute {
			t.Fatalf("%s: %+v, want a link for %v", name, f, gateway.LinkLife)
		}
		answer, body := fetch(t, s, f.URL)
		if answer.StatusCode != 200 || !bytes.Equal(body, w.stored(made.UUID)) || answer.ContentLength != made.Size {
			t.Errorf("%s: the link answers %s with %d bytes, want the stored ones", name, answer.Status, len(body))
		}
	}
}

func TestALinkAnswersAFileAndNoPage(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	f := w.download(w.attach(`"file":"data:text/html;name=Gr%%C3%%B6%%C3%%9Fe.html;base64,PHNjcmlwdD4A"`).UUID)
	answer, _ := fetch(t, s, f.URL)
	for name, want := range map[string]string{
		"Content-Type": "text/html", "Content-Disposition": "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.html", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "Set-Cookie": "",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	answer, body := fetch(t, s, f.URL, "Range", "bytes=1-3")
	if answer.StatusCode != 206 || string(body) != "scr" || answer.Header.Get("Content-Range") != "bytes 1-3/9" {
		t.Errorf("a part: %s with %q, %v", answer.Status, body, answer.Header)
	}
	if answer, _ = fetch(t, s, f.URL, "Range", "bytes=100-"); answer.StatusCode != 416 {
		t.Errorf("a part that is not there: %s", answer.Status)
	}
	head, err := http.Head(s.URL + strings.TrimPrefix(f.URL, "http://127.0.0.1"))
	if err != nil || head.StatusCode != 200 || head.ContentLength != 9 {
		t.Errorf("the header alone: %+v, %v", head, err)
	}
	post, err := http.Post(s.URL+strings.TrimPrefix(f.URL, "http://127.0.0.1"), "text/plain", nil)
	if err != nil || post.StatusCode != 405 || post.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("a POST: %+v, %v", post, err)
	}
}

func TestALinkThatLeadsNowhereSaysWhy(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	made := w.attach(`"file":"data:image/png;base64,AAEC"`)
	link := w.download(made.UUID).URL
	cursor := w.ok("list_all_octapipe_tasks", `{}`).NextCursor
	if cursor == "" {
		t.Fatal("there is no cursor to try")
	}
	refused := func(when, link string, status int, words string) {
		t.Helper()
		answer, body := fetch(t, s, link)
		if answer.StatusCode != status || !strings.Contains(string(body), words) || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s %q, want %d with %q", when, answer.Status, body, status, words)
		}
	}
	refused("one that was changed", link[:len(link)-3]+"AAA", 404, "ask for the file again")
	refused("one that was cut", link[:len(link)-1], 404, "no link")
	refused("a cursor", "/file/"+cursor, 404, "no link")
	refused("nothing", "/file/", 404, "no link")
	if r := w.call("list_all_octapipe_tasks", `{"next_cursor":%q}`, link[strings.LastIndexByte(link, '/')+1:]); !r.Invalid {
		t.Errorf("a link as a cursor: %+v", r)
	}
	w.ok("delete_a_octapipe_file_by_id", `{"id":%q}`, made.UUID)
	refused("a file that was deleted", link, 404, "Octapipe")

	link = w.download(w.attach(`"file":"data:image/png;base64,AAEC"`).UUID).URL
	if _, err := w.node.Servers.Update(t.Context(), w.account.Environment, w.account.ID, w.caller.ServerID, mcpserver.Patch{Config: []byte(`{"tags":["tasks"]}`)}); err != nil {
		t.Fatal(err)
	}
	refused("of a server that no longer offers files", link, 403, "no longer offers")
	w.caller = w.server(mcpserver.Draft{})
	link = w.download(w.attach(`"file":"data:image/png;base64,AAEC"`).UUID).URL
	if err := w.node.Servers.Delete(t.Context(), w.account.Environment, w.account.ID, w.caller.ServerID); err != nil {
		t.Fatal(err)
	}
	refused("of a server that was revoked", link, 403, "gone")
}

// What a link holds is sealed; here it is sealed with the node's own keys, to say what no link says.
func TestALinkEndsAndStaysInItsEnvironment(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	made := w.attach(`"file":"data:image/png;base64,AAEC"`)
	other, err := w.node.Environments.Create(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		environment, method string
		life                time.Duration
		status              int
		words               string
	}{
		"as it is given out":      {w.account.Environment, "download", time.Minute, 200, "\x00\x01\x02"},
		"one that has ended":      {w.account.Environment, "download", -time.Second, 403, "15 minutes, which are over"},
		"of another environment":  {other.ID, "download", time.Minute, 403, "gone"},
		"to what is no file":      {w.account.Environment, "get", time.Minute, 403, "no longer offers"},
		"to what changes a thing": {w.account.Environment, "delete", time.Minute, 403, "no longer offers"},
	} {
		plain := fmt.Appendf(nil, `{"e":%q,"a":%q,"r":"files","m":%q,"p":{"id":%q},"x":%d}`, test.environment, w.account.ID, test.method, made.UUID, time.Now().Add(test.life).Unix())
		token, err := w.node.Keys.SealCursor(plain, []byte("link to a file"))
		if err != nil {
			t.Fatal(err)
		}
		if answer, body := fetch(t, s, "/file/"+token); answer.StatusCode != test.status || !strings.Contains(string(body), test.words) {
			t.Errorf("%s: %s %q, want %d with %q", name, answer.Status, body, test.status, test.words)
		}
	}
}

func TestFilesHaveALimitBothWays(t *testing.T) {
	w := newWorld(t, func(s *node.Settings) { s.MaxFile = 1000 })
	s := w.served()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chunks" { // of which nobody knows how many follow
			rw.Write(make([]byte, 500))
			rw.(http.Flusher).Flush()
		}
		rw.Write(make([]byte, 501))
	}))
	defer elsewhere.Close()
	w.attach(`"file_url":"%s/"`, elsewhere.URL)
	r := w.call("create_a_octapipe_file", `{"entity":"user","record_uuid":%q,"file_url":"%s/chunks"}`, w.me(), elsewhere.URL)
	if !r.Invalid || r.Field != "file_url" || !strings.Contains(r.Message, "more than 1000 bytes") {
		t.Errorf("an upload that is too large: %+v", r)
	}
	if listed := w.ok("list_all_octapipe_files", `{"entity":"user","record_uuid":%q}`, w.me()); listed.Items != 1 {
		t.Errorf("%d files are there after one upload of two was refused", listed.Items)
	}
	allowed, large := w.attach(`"file":%q`, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(make([]byte, 1000))), w.attach(`"file":%q`, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(make([]byte, 1001)))
	if answer, body := fetch(t, s, w.download(allowed.UUID).URL); answer.StatusCode != 200 || len(body) != 1000 {
		t.Errorf("a download at the limit: %s with %d bytes", answer.Status, len(body))
	}
	if r := w.call("octapipe_files_download", `{"id":%q}`, large.UUID); !r.Failed() || !strings.Contains(r.Message, "at most 1000 bytes") {
		t.Errorf("a download over the limit: %+v", r)
	}
}

func TestOnlyPublicAddressesAreFetched(t *testing.T) {
	w := newWorld(t)
	for _, address := range []string{"http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://10.0.0.1/"} {
		r := w.call("create_a_octapipe_file", `{"entity":"user","record_uuid":%q,"file_url":%q}`, w.me(), address)
		if !r.Invalid || r.Field != "file_url" || !strings.Contains(r.Message, "is not allowed") {
			t.Errorf("%s: %+v", address, r)
		}
	}
	if sent := w.writes(); len(sent) != 0 {
		t.Errorf("the vendor got %v", sent)
	}
}

func TestAnImportOfATableInTheCallAndByURL(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Vendor Compliance")
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			io.WriteString(rw, "<!DOCTYPE html><p>Sign in")
		default:
			io.WriteString(rw, "Firma;Stufe\r\nUhu Ltd;Low\r\n")
		}
	}))
	defer elsewhere.Close()
	for name, file := range map[string]string{"Otter Ltd": `"file_text":"Firma,Stufe\nOtter Ltd,High\n"`, "Uhu Ltd": fmt.Sprintf(`"file_url":"%s/export"`, elsewhere.URL)} {
		var job struct{ UUID, Status string }
		r := w.ok("octapipe_database_records_import", `{"database_uuid":%q,"mapping":{"Firma":"name","Stufe":"Risk Level"},%s}`, database, file)
		if err := json.Unmarshal(r.Body, &job); err != nil {
			t.Fatal(err)
		}
		await.True(t, "the import to end", func() bool {
			if err := json.Unmarshal(w.ok("octapipe_database_records_import_status", `{"database_uuid":%q,"import_uuid":%q}`, database, job.UUID).Body, &job); err != nil {
				t.Fatal(err)
			}
			return job.Status != "processing"
		})
		found := w.ok("list_all_octapipe_database_records", `{"database_uuid":%q,"filters":[{"field":"name","operator":"eq","value":%q}]}`, database, name)
		if job.Status != "completed" || found.Items != 1 || !bytes.Contains(found.Body, []byte("cf_risk_level")) {
			t.Errorf("%s: the import is %+v, and there are %d such records: %s", name, job, found.Items, found.Body)
		}
	}
	r := w.call("octapipe_database_records_import", `{"database_uuid":%q,"mapping":{"Firma":"name"},"file_url":"%s/page"}`, database, elsewhere.URL)
	if !r.Invalid || r.Field != "file_url" || !strings.Contains(r.Message, "text/html") {
		t.Errorf("a page for a table: %+v", r)
	}
}

func TestALinkOfOneInstallationIsNoneOfAnother(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	link := w.download(w.attach(`"file":"data:image/png;base64,AAEC"`).UUID).URL
	if answer, body := fetch(t, other.served(), link); answer.StatusCode != 404 {
		t.Errorf("got %s %q", answer.Status, body)
	}
}

func TestALinkIsAFileForAnotherTool(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	content := binary(1 << 20)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { rw.Write(content) }))
	defer elsewhere.Close()
	f := w.download(w.attach(`"file_url":"%s/a.bin"`, elsewhere.URL).UUID)
	moved := w.attach(`"file_url":%q`, s.URL+strings.TrimPrefix(f.URL, "http://127.0.0.1"))
	if moved.Name != "a.bin" || !bytes.Equal(w.stored(moved.UUID), content) {
		t.Errorf("got %+v, want the same file under its name", moved)
	}
}

func TestFilesAreRecorded(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, "x") }))
	defer elsewhere.Close()
	made := w.attach(`"file_url":"%s/a.bin?signature=secret-of-theirs"`, elsewhere.URL)
	w.attach(`"file_text":"what nobody else may read"`)
	w.call("create_a_octapipe_file", `{"entity":"user","record_uuid":%q,"file_url":"%s/gone"}`, w.me(), "http://127.0.0.1:1")
	png := w.attach(`"file":"data:image/png;base64,AAEC"`)
	fetch(t, s, w.download(png.UUID).URL, "User-Agent", "curl/8.5")
	page, _, err := w.node.Audit.List(t.Context(), audit.Filter{Environment: w.account.Environment}, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, r := range page {
		seen[fmt.Sprintf("%s %s %s %t", r.Door, r.Tool, r.Outcome, r.Write)]++
		if strings.Contains(string(r.Arguments), "secret-of-theirs") || strings.Contains(string(r.Arguments), "nobody else") {
			t.Errorf("the record shows %s", r.Arguments)
		}
		if r.Door == "file" && (r.ClientName != "curl/8.5" || r.ServerID != w.caller.ServerID || r.Status != 200) {
			t.Errorf("the link's use is recorded as %+v", r)
		}
	}
	for want, n := range map[string]int{
		"mcp create_a_octapipe_file ok true": 3, "mcp create_a_octapipe_file invalid true": 1, "mcp octapipe_files_download ok false": 1, "file octapipe_files_download ok false": 1,
	} {
		if seen[want] != n {
			t.Errorf("%d records of %q, want %d: %v", seen[want], want, n, seen)
		}
	}
	if made.Size != 1 {
		t.Errorf("got %+v", made)
	}
}

func TestAClientThatHangsUpEndsTheVendorsCallAndIsRecorded(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { rw.Write(binary(32 << 20)) }))
	defer elsewhere.Close()
	f := w.download(w.attach(`"file_url":%q`, elsewhere.URL).UUID)
	answer, err := http.Get(s.URL + strings.TrimPrefix(f.URL, "http://127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	io.CopyN(io.Discard, answer.Body, 1<<10)
	answer.Body.Close()
	await.True(t, "the record of the call that was given up", func() bool {
		page, _, err := w.node.Audit.List(t.Context(), audit.Filter{Environment: w.account.Environment, Outcome: "cancelled"}, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(page) == 1 && page[0].Door == "file" && strings.Contains(page[0].Error, "went away after")
	})
}

func TestAWriteWhoseCallerIsGoneBeforeItIsMadeIsRecordedAsCancelled(t *testing.T) {
	w := newWorld(t)
	gone, leave := context.WithCancel(t.Context())
	leave()
	arguments := `{"entity":"pipeline_card","record_uuid":"00000000-0000-4000-8000-000000000000","note":"x"}`
	if _, err := w.node.Gateway.Call(gone, w.caller, "create_a_octapipe_note", []byte(arguments)); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want that the caller is gone", err)
	}
	await.True(t, "the record of the call", func() bool {
		page, _, err := w.node.Audit.List(t.Context(), audit.Filter{Environment: w.account.Environment, Outcome: "cancelled"}, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(page) == 1 && page[0].Tool == "create_a_octapipe_note"
	})
	if sent := w.writes(); len(sent) != 0 {
		t.Errorf("the vendor got %v, want nothing", sent)
	}
}
