package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// hugeFile is 1 GiB that nobody holds: it is made while it is read, and checked while it is written.
const hugeFile = 1 << 30

// pattern is what a huge file repeats. Its length is no power of two, so that a piece that is lost or said twice shows.
var pattern = func() []byte {
	b := make([]byte, 1<<20+7)
	x := uint32(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}()

// huge reads a huge file.
type huge struct{ at int64 }

func (h *huge) Read(p []byte) (int, error) {
	if h.at == hugeFile {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), hugeFile-h.at)], pattern[h.at%int64(len(pattern)):])
	h.at += int64(n)
	return n, nil
}

// isHuge reads r to its end, and reports what differs from a huge file.
func isHuge(r io.Reader) error {
	buffer := make([]byte, 256<<10)
	for at := int64(0); ; {
		n, err := r.Read(buffer)
		for piece := buffer[:n]; len(piece) > 0; {
			want := pattern[at%int64(len(pattern)):]
			want = want[:min(len(want), len(piece))]
			if at += int64(len(want)); at > hugeFile || !bytes.Equal(piece[:len(want)], want) {
				return fmt.Errorf("the bytes before %d are wrong", at)
			}
			piece = piece[len(want):]
		}
		switch {
		case err == io.EOF && at == hugeFile:
			return nil
		case err != nil:
			return fmt.Errorf("it ends after %d bytes: %w", at, err)
		}
	}
}

// hugeVendor plays as much of Octapipe as a file needs, with nothing on disk, and beside it the place where somebody else's file lies.
func hugeVendor(t *testing.T) (address string, uploaded <-chan error) {
	done := make(chan error, 1)
	mux := http.NewServeMux()
	send := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="huge.bin"`)
		w.Header().Set("Content-Length", strconv.Itoa(hugeFile))
		io.CopyBuffer(struct{ io.Writer }{w}, &huge{}, make([]byte, 256<<10))
	}
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"authorization":{"token":"t","type":"bearer","expires_in":3600}}`)
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{}`) })
	mux.HandleFunc("GET /elsewhere/huge.bin", func(w http.ResponseWriter, r *http.Request) { send(w) })
	mux.HandleFunc("GET /files/f/download", func(w http.ResponseWriter, r *http.Request) { send(w) })
	mux.HandleFunc("POST /files", func(w http.ResponseWriter, r *http.Request) {
		done <- func() error {
			form, err := r.MultipartReader()
			if err != nil {
				return err
			}
			for {
				part, err := form.NextPart()
				if err != nil {
					return fmt.Errorf("the form has no file: %w", err)
				}
				if part.FormName() == "file" {
					if name := part.FileName(); name != "huge.bin" {
						return fmt.Errorf("the file is called %q", name)
					}
					return isHuge(part)
				}
			}
		}()
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"uuid":"f"}`)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL, done
}

// peakMemory is the most memory that a process had at any time, in bytes.
func peakMemory(t *testing.T, p *process) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no peak in %s", status)
	}
	n, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

func TestEveryClientGetsAFileByItsLink(t *testing.T) {
	eachClient(t, func(t *testing.T, h *house, connect func(url string) client) {
		a := agent{t, connect(h.MCPURL)}
		content := pattern[:10<<10]
		var me, file object
		a.call(&me, "octapipe_users_me", nil)
		a.call(&file, "create_a_octapipe_file", map[string]any{"entity": "user", "record_uuid": me.text("uuid"), "file_name": "a.bin", "file": base64.StdEncoding.EncodeToString(content)})
		got, err := a.CallTool(t.Context(), "octapipe_files_download", map[string]any{"id": file.text("uuid")})
		if err != nil || got.IsError || len(got.Content) != 2 || got.Content[1].Type != "resource_link" {
			t.Fatalf("the download is %+v (%v), want a link", got, err)
		}
		if fetched := send(t, "GET", got.Content[1].URI, "").want(t, 200); !bytes.Equal(fetched.body, content) {
			t.Errorf("the link leads to %d bytes, want the %d that were attached", len(fetched.body), len(content))
		}
		if a.call(&file, "create_a_octapipe_file", map[string]any{"entity": "user", "record_uuid": me.text("uuid"), "file_url": got.Content[1].URI}); file["size"] != float64(len(content)) {
			t.Errorf("the file that was made of the link is %v", file)
		}
	})
}

func TestAHugeFilePassesThroughASmallProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("2 GiB take seconds")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the peak of a process's memory is read from /proc")
	}
	vendor, uploaded := hugeVendor(t)
	database := filepath.Join(t.TempDir(), "sluice.db")
	var token struct{ Token string }
	decode(t, runCommand(t, nil, "token", "create", "--json", "--database", database), &token)
	p, address := startProcess(t, regexp.MustCompile(`msg=listening address=(\S+)`), nil, "serve", "--listen", "127.0.0.1:0", "--allow-address", "loopback", "--allow-file-address", "loopback", "--database", database)
	h := &house{APIURL: "http://" + address[1], APIToken: token.Token, process: p}
	client := []string{"SLUICE_URL=" + h.APIURL, "SLUICE_TOKEN=" + h.APIToken}
	var account struct{ ID string }
	decode(t, runCommand(t, client, "account", "add", "octapipe", "--json", "--context", "base_url="+vendor, "-c", "domain=d", "-c", "email=e@x.example", "-c", "password=p"), &account)
	h.AccountID = account.ID
	h.MCPURL = h.mcpServer(t, `{"name":"all"}`).URL
	before := peakMemory(t, p)

	call := func(tool, arguments string) []byte {
		t.Helper()
		r := rpc(t, h.MCPURL, modern, "tools/call", `{"name":"`+tool+`","arguments":`+arguments+`}`).want(t, 200)
		body := r.body
		if strings.HasPrefix(r.header.Get("Content-Type"), "text/event-stream") {
			_, body, _ = bytes.Cut(body, []byte("data: "))
		}
		return body
	}
	answer := call("create_a_octapipe_file", `{"entity":"user","record_uuid":"u","file_url":"`+vendor+`/elsewhere/huge.bin"}`)
	if !bytes.Contains(answer, []byte(`\"uuid\":\"f\"`)) {
		t.Fatalf("the upload is answered %s", answer)
	}
	if err := <-uploaded; err != nil {
		t.Errorf("upload: %v", err)
	}
	up := peakMemory(t, p)

	var found struct {
		Result struct {
			Content []struct {
				Type, URI, Name string
				Size            int64
			}
		}
	}
	if err := json.Unmarshal(call("octapipe_files_download", `{"id":"f"}`), &found); err != nil || len(found.Result.Content) != 2 {
		t.Fatalf("the download is answered %+v (%v)", found, err)
	}
	link := found.Result.Content[1]
	if link.Type != "resource_link" || link.Name != "huge.bin" || link.Size != hugeFile {
		t.Fatalf("got %+v", link)
	}
	file, err := http.Get(link.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Body.Close()
	if file.StatusCode != 200 || file.ContentLength != hugeFile {
		t.Fatalf("the link is answered %s with %d bytes", file.Status, file.ContentLength)
	}
	if err := isHuge(file.Body); err != nil {
		t.Errorf("download: %v", err)
	}
	down := peakMemory(t, p)
	t.Logf("peak memory: %d MiB before, %d after the upload, %d after the download", before>>20, up>>20, down>>20)
	if down >= 100<<20 {
		t.Errorf("the process had %d MiB at its peak, want less than 100", down>>20)
	}
}
