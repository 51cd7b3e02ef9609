package vendor_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/vendor"
)

// storage hands out files under names that say what is wrong with them.
func storage(t *testing.T) (base string, asked *atomic.Int32) {
	asked = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("Authorization") != "" {
			t.Error("a credential went to where a file lies")
		}
		switch r.URL.Path {
		case "/rows.csv":
			w.Header().Set("Content-Type", "text/csv")
			io.WriteString(w, "a,b\n1,2\n")
		case "/named":
			w.Header().Set("Content-Disposition", `attachment; filename="../Größe.pdf"`)
			io.WriteString(w, "%PDF-1.7\n")
		case "/chunks":
			for range 4 {
				io.WriteString(w, strings.Repeat("x", 1<<10))
				w.(http.Flusher).Flush()
			}
		case "/hour.bin":
			w.Header().Set("Content-Length", "1000")
		case "/cut":
			w.Header().Set("Content-Length", "100000")
			io.WriteString(w, strings.Repeat("x", 50000))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/inside":
			http.Redirect(w, r, "http://169.254.169.254/latest/", http.StatusFound)
		case "/moved":
			http.Redirect(w, r, "/rows.csv", http.StatusFound)
		case "/private":
			w.WriteHeader(http.StatusForbidden)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// upload is a request whose body is one file between two texts.
func upload(address string) *vendor.Request {
	head := func(name, mediaType string) []byte { return fmt.Appendf(nil, "<%s|%s>", name, mediaType) }
	return &vendor.Request{
		Method: &integration.Method{Name: "create", HTTPMethod: "POST"}, Path: "/files", ContentType: "text/x-envelope",
		Upload: &vendor.Upload{MaxBytes: 1 << 20, Pieces: []vendor.Piece{{Bytes: []byte("[")}, {File: &vendor.File{Argument: "file_url", URL: address, Head: head}}, {Bytes: []byte("]")}}},
	}
}

func TestAFileIsFetchedWhileTheBodyIsSent(t *testing.T) {
	base, _ := storage(t)
	w := newWorld(t, nil, answer(201, typeJSON, `{"uuid":"f"}`))
	for path, want := range map[string]string{
		"/rows.csv?sig=1": "[<rows.csv|text/csv>a,b\n1,2\n]",
		"/named":          "[<Größe.pdf|application/pdf>%PDF-1.7\n]",
		"/chunks":         "[<chunks|text/plain; charset=utf-8>" + strings.Repeat("x", 4<<10) + "]",
		"/moved":          "[<rows.csv|text/csv>a,b\n1,2\n]",
	} {
		w.forget()
		r := w.do(t, upload(base+path))
		if r.Outcome != vendor.OK || string(r.Body) != `{"uuid":"f"}` {
			t.Errorf("%s: got %+v, %+v", path, r, r.Problem)
		}
		got := w.requests()[0]
		if got.Body != want {
			t.Errorf("%s: want %.80q, got %.80q", path, want, got.Body)
		}
		if length := got.Header.Get("Content-Type"); length != "text/x-envelope" {
			t.Errorf("%s: sent as %s", path, length)
		}
	}
	w.forget()
	named := upload(base + "/rows.csv")
	named.Upload.Pieces[1].File.Name = "mine.txt"
	w.do(t, named)
	if got := w.requests()[0].Body; got != "[<mine.txt|text/csv>a,b\n1,2\n]" {
		t.Errorf("with a name of its own: got %q", got)
	}
}

func TestAFileThatCannotBeHadIsSaidBeforeAnythingIsSent(t *testing.T) {
	base, _ := storage(t)
	w := newWorld(t, nil, answer(201, typeJSON, `{}`))
	for path, want := range map[string]string{
		"/nowhere":  "answered 404",
		"/private":  "answered 403; what is fetched must be public",
		"/inside":   "169.254.169.254 is not allowed",
		"/hour.bin": "file_url cannot be fetched: the connection to",
	} {
		w.forget()
		r := w.do(t, upload(base+path))
		if r.Outcome != vendor.Unsent || r.Problem.Argument != "file_url" || !strings.HasPrefix(r.Problem.Message, "Nothing was sent: file_url cannot be fetched: ") || !strings.Contains(r.Problem.Message, want) {
			t.Errorf("%s: want %q, got %+v", path, want, r.Problem)
		}
		if got := w.requests(); len(got) != 0 {
			t.Errorf("%s: the vendor got %v", path, got)
		}
	}
	for name, change := range map[string]func(*vendor.Upload){
		"file_url is a file of 8 bytes, and may have at most 7 bytes":       func(u *vendor.Upload) { u.MaxBytes = 7 },
		"file_url is a file of 8 bytes, and may have at most 6 bytes":       func(u *vendor.Upload) { u.Pieces[1].File.MaxSize = 6 },
		"file_url is of the type text/csv, and image/*, text/html is taken": func(u *vendor.Upload) { u.Pieces[1].File.Types = []string{"image/*", "text/html"} },
		"file_url is a file of 8 bytes, and may have at most 4 bytes": func(u *vendor.Upload) { // the second
			u.MaxBytes = 12
			u.Pieces = append(u.Pieces, u.Pieces[1])
		},
	} {
		req := upload(base + "/rows.csv")
		change(req.Upload)
		if r := w.do(t, req); r.Outcome != vendor.Unsent || r.Problem.Message != "Nothing was sent: "+name+"." || len(w.requests()) != 0 {
			t.Errorf("want %q, got %+v, and %d requests", name, r.Problem, len(w.requests()))
		}
	}
}

func TestAnUploadThatBreaksOffIsNotSaidToBeDone(t *testing.T) {
	base, _ := storage(t)
	whole := make(chan error, 1)
	w := newWorld(t, nil, answer(200, typeJSON, `{}`))
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		whole <- err
	})
	for path, want := range map[string]string{"/cut": "file_url broke off after ", "/chunks": "file_url is a file of more than 3 KiB"} {
		req := upload(base + path)
		if path == "/chunks" {
			req.Upload.MaxBytes = 3 << 10
		}
		r := w.do(t, req)
		if r.Outcome != vendor.Unsent || r.Problem.Argument != "file_url" || !strings.Contains(r.Problem.Message, want) || !strings.Contains(r.Problem.Message, "no whole request") {
			t.Errorf("%s: got %+v, %+v", path, r, r.Problem)
		}
		if err := <-whole; err == nil {
			t.Errorf("%s: the vendor took it for a whole request", path)
		}
	}
}

func TestAnUploadWithATokenThatEndedIsSentAgainWhole(t *testing.T) {
	base, asked := storage(t)
	d, w := newDock(t)
	d.set(func() { d.valid = "another" })
	r := w.do(t, upload(base+"/rows.csv"))
	if r.Outcome != vendor.OK || asked.Load() != 2 || d.writes.Load() != 1 {
		t.Fatalf("got %+v after %d fetches and %d writes", r.Problem, asked.Load(), d.writes.Load())
	}
	requests := w.requests()
	if got := requests[len(requests)-1].Body; got != "[<rows.csv|text/csv>a,b\n1,2\n]" {
		t.Errorf("got %q", got)
	}
}

func (w *world) open(t *testing.T, ctx context.Context, req *vendor.Request) (*vendor.Content, *vendor.Response) {
	t.Helper()
	content, r, err := w.Open(ctx, w.account, w.def, req)
	if err != nil {
		t.Fatal(err)
	}
	if (content == nil) != (r.Outcome != vendor.OK) || (r.Problem == nil) != (r.Outcome == vendor.OK) {
		t.Fatalf("want a file or a problem, got %+v and %+v", content, r)
	}
	return content, r
}

func download(path string) *vendor.Request {
	return &vendor.Request{Method: &integration.Method{Name: "download", HTTPMethod: "GET", Safe: true, Response: integration.Response{Format: "file"}}, Path: path}
}

func TestAFileIsReadAsItComes(t *testing.T) {
	w := newWorld(t, func(d *integration.Definition) { d.SecretFields = []string{"pin"} }, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "*/*" {
			t.Errorf("asked for %v", r.Header)
		}
		switch r.URL.Path {
		case "/v1/gone":
			answer(404, typeJSON, `{"message":"No such file.","pin":"1234"}`)(w, r)
		case "/v1/part":
			answer(206, "Content-Range: bytes 2-3/8\nAccept-Ranges: bytes\nETag: \"e\"\nSet-Cookie: a=b", "cd")(w, r)
		default:
			answer(200, "Content-Type: text/json; charset=utf-8\nContent-Disposition: attachment; filename=\"a b.json\"\nContent-Length: 15", `{"pin": "1234"}`)(w, r)
		}
	})
	content, _ := w.open(t, t.Context(), download("/file"))
	body, err := io.ReadAll(content)
	content.Close()
	if err != nil || string(body) != `{"pin": "1234"}` || content.MediaType != "text/json; charset=utf-8" || content.Name != "a b.json" || content.Size != 15 {
		t.Errorf("got %+v with %q, %v", content, body, err)
	}
	content, _ = w.open(t, t.Context(), download("/part"))
	body, _ = io.ReadAll(content)
	content.Close()
	if content.Status != 206 || string(body) != "cd" || fmt.Sprint(content.Header) != `[[Accept-Ranges bytes] [Content-Range bytes 2-3/8] [ETag "e"]]` {
		t.Errorf("a part: got %+v with %q", content, body)
	}
	_, r := w.open(t, t.Context(), download("/gone"))
	if r.Outcome != vendor.Refused || r.Status != 404 || !strings.Contains(r.Problem.Message, "No such file") || string(r.Problem.Details) != `{"message":"No such file."}` {
		t.Errorf("a refusal: got %+v, %+v", r, r.Problem)
	}
}

func TestATokenIsRenewedBeforeAFileBegins(t *testing.T) {
	d, w := newDock(t)
	d.set(func() { d.valid = "another" })
	content, _ := w.open(t, t.Context(), download("/file"))
	body, err := io.ReadAll(content)
	content.Close()
	if err != nil || string(body) != `{"ok":true}` || d.logins.Load() != 2 {
		t.Errorf("got %q, %v after %d logins", body, err, d.logins.Load())
	}
	if _, r := w.open(t, t.Context(), download("/never")); r.Status != 401 || r.Problem.NeedsReauth {
		t.Errorf("got %+v, %+v", r, r.Problem)
	}
}

func TestWhoHangsUpEndsTheVendorsCall(t *testing.T) {
	ended := make(chan struct{})
	w := newWorld(t, nil, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				break
			}
		}
		close(ended)
	})
	content, _ := w.open(t, t.Context(), download("/endless"))
	if _, err := io.CopyN(io.Discard, content, 1<<20); err != nil {
		t.Fatal(err)
	}
	content.Close()
	<-ended
}
