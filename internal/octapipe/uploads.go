package octapipe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// upload is a file that came in, on disk but not yet anybody's. Discard removes it unless it was kept.
type upload struct {
	path string
	name string // as the sender called it, made harmless
	mime string
	size int64
	head []byte // its first bytes
}

func (u *upload) discard() {
	if u != nil && u.path != "" {
		os.Remove(u.path)
	}
}

// keep moves the file to its place.
func (u *upload) keep(path string) error {
	if err := os.Rename(u.path, path); err != nil {
		return err
	}
	u.path = ""
	return nil
}

var errTooLarge = errors.New("too large")

// receive streams content to disk: memory stays flat however large it is.
func (s *Sandbox) receive(content io.Reader, limit int64) (_ *upload, err error) {
	file, err := os.CreateTemp(filepath.Join(s.path, "files"), ".incoming-*")
	if err != nil {
		return nil, err
	}
	u := &upload{path: file.Name()}
	defer func() {
		if e := file.Close(); err == nil {
			err = e
		}
		if err != nil {
			u.discard()
		}
	}()
	head := &headKeeper{}
	if u.size, err = io.Copy(io.MultiWriter(file, head), io.LimitReader(content, limit+1)); err != nil {
		return nil, err
	}
	if u.size > limit {
		return nil, errTooLarge
	}
	u.head = head.kept
	return u, nil
}

// headKeeper keeps the first bytes that are written to it.
type headKeeper struct{ kept []byte }

func (h *headKeeper) Write(p []byte) (int, error) {
	const enough = 1024
	if room := enough - len(h.kept); room > 0 {
		h.kept = append(h.kept, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// readForm reads a multipart form: texts as members of an input, and the part named file to disk. A body of another type is an empty form,
// which then lacks what is required.
func (c *call) readForm(limit int64) (in *input, file *upload, err error) {
	in = &input{members: map[string]json.RawMessage{}}
	reader, err := c.r.MultipartReader()
	if err != nil {
		return in, nil, nil
	}
	defer func() {
		if err != nil {
			file.discard()
			file = nil
		}
	}()
	for parts := 0; ; parts++ {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			return in, file, nil
		}
		if err != nil || parts > 200 {
			return in, file, refuse(http.StatusBadRequest, "The multipart body could not be read: it ended early or has too many parts.")
		}
		if part.FormName() == "file" && file == nil {
			if file, err = c.receivePart(part, limit); err != nil {
				return in, file, err
			}
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, maxBody+1))
		if err != nil {
			return in, file, refuse(http.StatusBadRequest, "The multipart body could not be read: it ended early.")
		}
		if len(value) > maxBody {
			return in, file, refuse(http.StatusRequestEntityTooLarge, "The field %s is larger than %d bytes.", part.FormName(), maxBody)
		}
		if !utf8.Valid(value) || strings.ContainsRune(string(value), 0) {
			return in, file, invalid(part.FormName(), "The %s field must be UTF-8 text without NUL characters.", said(part.FormName()))
		}
		encoded, err := encode(string(value))
		if err != nil {
			return in, file, err
		}
		in.members[part.FormName()] = encoded
	}
}

func (c *call) receivePart(part *multipart.Part, limit int64) (*upload, error) {
	file, err := c.s.receive(part, limit)
	switch {
	case errors.Is(err, errTooLarge):
		return nil, refuse(http.StatusRequestEntityTooLarge, "The file is larger than %d bytes.", limit)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, refuse(http.StatusBadRequest, "The multipart body could not be read: it ended early.")
	case err != nil:
		return nil, err
	}
	file.name = harmlessName(part.FileName())
	file.mime = mimeOf(part.Header.Get("Content-Type"), file.head)
	return file, nil
}

// mimeOf trusts what was said where it says something, and looks at the bytes otherwise.
func mimeOf(declared string, head []byte) string {
	if kind, _, err := mime.ParseMediaType(declared); err == nil && kind != "application/octet-stream" && strings.Contains(kind, "/") {
		return kind
	}
	kind, _, _ := strings.Cut(http.DetectContentType(head), ";")
	return kind
}

// harmlessName keeps what a file may be called: no folders, no control characters, not too long.
func harmlessName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	if strings.Trim(name, ". ") == "" {
		return "file"
	}
	return name
}

// download fetches what a caller named by address, as the service would.
func (s *Sandbox) download(ctx context.Context, address string, limit int64) (*upload, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || request.URL.Host == "" || request.URL.Scheme != "http" && request.URL.Scheme != "https" {
		return nil, fmt.Errorf("it is no http or https URL")
	}
	response, err := s.config.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %d", response.StatusCode)
	}
	file, err := s.receive(response.Body, limit)
	if errors.Is(err, errTooLarge) {
		return nil, fmt.Errorf("it is larger than %d bytes", limit)
	}
	if err != nil {
		return nil, err
	}
	file.mime = mimeOf(response.Header.Get("Content-Type"), file.head)
	return file, nil
}
