package octapipe_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"sluice/internal/octapipe"
)

func TestFiles(t *testing.T) {
	s := seeded(t)
	card := s.renewals().card["uuid"].(string)
	on := object{"entity": "pipeline_card", "record_uuid": card}
	made := s.upload("Angebot für Größe 5.txt", "text/plain; charset=utf-8", "hello", on).is(201).object()
	one := "/files/" + made["uuid"].(string)
	for member, want := range map[string]any{"name": "Angebot für Größe 5.txt", "mime": "text/plain", "size": 5.0, "entity": "pipeline_card", "record_uuid": card, "deleted_at": nil} {
		equal(t, member, want, made[member])
	}
	equal(t, "url", s.url+one+"/download", made["url"].(string))

	got := s.do("GET", one+"/download", nil).is(200)
	equal(t, "content", "hello", string(got.body))
	equal(t, "content type", "text/plain", got.header.Get("Content-Type"))
	_, parameters, err := mime.ParseMediaType(got.header.Get("Content-Disposition"))
	if err != nil || parameters["filename"] != "Angebot für Größe 5.txt" {
		t.Errorf("want the file's name, got %s", got.header.Get("Content-Disposition"))
	}
	s.as("").do("GET", one+"/download", nil).is(401)
	s.do("GET", one, nil).is(200)
	equal(t, "listed", 1, len(s.do("GET", "/files?entity=pipeline_card&record_uuid="+card, nil).is(200).list()))
	s.do("GET", "/files", nil).refuses("entity", "record_uuid")

	t.Run("a copy stands by itself", func(t *testing.T) {
		s := s.in(t)
		me := s.do("GET", "/me", nil).object()["uuid"].(string)
		copied := s.do("POST", "/files/copy", object{"record_uuid": me, "entity": "user", "name": "copy.txt", "url": made["url"], "mime": "text/x-copy", "size": 5}).is(201).object()
		s.do("DELETE", one, nil).is(204)
		s.do("GET", one, nil).is(404)
		s.do("GET", one+"/download", nil).is(404)
		got := s.do("GET", "/files/"+copied["uuid"].(string)+"/download", nil).is(200)
		equal(t, "content", "hello", string(got.body))
		equal(t, "mime", "text/x-copy", got.header.Get("Content-Type"))
		s.do("POST", "/files/copy", object{"record_uuid": me, "entity": "user", "name": "copy.txt", "url": made["url"], "mime": "a/b", "size": 5}).refuses("url")
		s.do("POST", "/files/copy", object{}).refuses("name", "url", "mime", "size")
	})
	t.Run("a copy from another address", func(t *testing.T) {
		s := s.in(t)
		vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				t.Error("want no credential sent elsewhere")
			}
			if r.URL.Path != "/there" {
				http.NotFound(w, r)
			}
			io.WriteString(w, "from elsewhere")
		}))
		defer vendor.Close()
		body := object{"record_uuid": card, "entity": "pipeline_card", "name": "../../x.txt", "url": vendor.URL + "/there", "mime": "text/plain", "size": 1}
		copied := s.do("POST", "/files/copy", body).is(201).object()
		equal(t, "size", 14, copied["size"].(float64))
		equal(t, "name", "x.txt", copied["name"].(string))
		for _, address := range []string{vendor.URL + "/gone", "file:///etc/passwd", "no address", "http://127.0.0.1:1/"} {
			body["url"] = address
			s.do("POST", "/files/copy", body).refuses("url")
		}
	})
	t.Run("what is wrong is refused", func(t *testing.T) {
		s := s.in(t)
		s.upload("a.txt", "", "x", object{"entity": "pipeline_card", "record_uuid": "none"}).refuses("record_uuid")
		s.upload("a.txt", "", "x", nil).refuses("entity", "record_uuid")
		s.upload("a.txt", "", "x", object{"entity": "pipeline_card", "record_uuid": "\x00"}).refuses("record_uuid")
		s.do("POST", "/files", object{"entity": "pipeline_card", "record_uuid": card}).refuses("file", "entity", "record_uuid")
	})
	t.Run("the type is looked up in the bytes where none is told", func(t *testing.T) {
		equal(t, "mime", "image/png", s.in(t).upload("a", "application/octet-stream", "\x89PNG\x0D\x0A\x1A\x0A", on).is(201).object()["mime"].(string))
	})
}

func TestSeededFilesAreOnDisk(t *testing.T) {
	s := seeded(t)
	found := 0
	for _, card := range s.do("GET", "/pipelines/"+s.named("/pipelines", "Enterprise Sales")+"/cards", nil).list() {
		for _, file := range s.do("GET", "/files?entity=pipeline_card&record_uuid="+card["uuid"].(string), nil).is(200).list() {
			got := s.do("GET", "/files/"+file["uuid"].(string)+"/download", nil).is(200)
			equal(t, "size", int(file["size"].(float64)), len(got.body))
			found++
		}
	}
	if found == 0 {
		t.Error("want files on the first cards")
	}
}

func TestAFileOverTheLimitIsRefused(t *testing.T) {
	s := start(t, octapipe.Config{MaxFile: 10})
	on := object{"entity": "user", "record_uuid": s.do("GET", "/me", nil).object()["uuid"]}
	s.upload("a.txt", "text/plain", strings.Repeat("x", 10), on).is(201)
	s.upload("a.txt", "text/plain", strings.Repeat("x", 11), on).is(413)
}

// TestLargeFilesStream sends and fetches 64 MiB and looks at what was allocated on the way.
func TestLargeFilesStream(t *testing.T) {
	const size = 64 << 20
	s := start(t, octapipe.Config{})
	me := s.do("GET", "/me", nil).object()["uuid"].(string)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)

	body, pipe := io.Pipe()
	form := multipart.NewWriter(pipe)
	go func() {
		form.WriteField("entity", "user")
		form.WriteField("record_uuid", me)
		part, err := form.CreateFormFile("file", "large.bin")
		block := bytes.Repeat([]byte{7}, 1<<20)
		for sent := 0; sent < size && err == nil; sent += len(block) {
			_, err = part.Write(block)
		}
		form.Close()
		pipe.CloseWithError(err)
	}()
	r, err := http.NewRequest("POST", s.url+"/files", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	made := s.send(r).is(201).object()
	equal(t, "size", fmt.Sprint(float64(size)), fmt.Sprint(made["size"]))

	r, err = http.NewRequest("GET", made["url"].(string), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil || n != size {
		t.Errorf("want %d bytes, got %d, %v", size, n, err)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 16<<20 {
		t.Errorf("want flat memory, %d MiB were allocated", allocated>>20)
	}
}
