package octapipe

import (
	"database/sql"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// file is something attached to a card, a record, a task or a user.
type file struct {
	UUID string `json:"uuid"`
	target
	Name      string `json:"name"`
	URL       string `json:"url"` // wants the same token as every call
	Mime      string `json:"mime"`
	Size      int64  `json:"size"`
	User      *user  `json:"user"` // who attached it [W]
	CreatedAt stamp  `json:"created_at"`
	UpdatedAt stamp  `json:"updated_at"`
	DeletedAt stamp  `json:"deleted_at"`

	creator string
}

const fileColumns = "uuid, entity, record_uuid, name, mime, size, creator_uuid, created_at, updated_at, deleted_at"

func scanFile(row scanner) (*file, error) {
	f := &file{}
	return f, row.Scan(&f.UUID, &f.Entity, &f.RecordUUID, &f.Name, &f.Mime, &f.Size, &f.creator, &f.CreatedAt, &f.UpdatedAt, &f.DeletedAt)
}

func (f *file) complete(c *call) (err error) {
	f.URL = c.origin() + "/files/" + f.UUID + "/download"
	f.User, err = c.embedded(f.creator)
	return err
}

func (s *Sandbox) filePath(uuid string) string { return filepath.Join(s.path, "files", uuid) }

func listFiles(c *call) (answer, error) {
	l := listing{table: "files", columns: fileColumns}
	if err := c.queryTarget(&l); err != nil {
		return answer{}, err
	}
	known := columns{"uuid": textColumn("uuid"), "name": textColumn("name"), "mime": textColumn("mime"), "size": {expr: "size", kind: kindNumber}}.and(stamps)
	if err := c.queryFilters(&l, known); err != nil {
		return answer{}, err
	}
	return bare(c, l, scanFile)
}

func (c *call) file(uuid string) (*file, error) {
	return one(c, "File", scanFile, "SELECT "+fileColumns+" FROM files WHERE uuid = ? AND deleted_at = 0", uuid)
}

func getFile(c *call) (answer, error) {
	f, err := c.file(c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	return ok(f)
}

// uploadFile takes a multipart body: file, entity, record_uuid.
func uploadFile(c *call) (answer, error) {
	in, received, err := c.readForm(c.s.config.MaxFile)
	if err != nil {
		return answer{}, err
	}
	defer received.discard()
	c.in = in
	f := &file{}
	if received == nil {
		in.missing("file")
	} else {
		f.Name, f.Mime = received.name, received.mime
	}
	return c.attach(f, received)
}

// copyFile attaches what lies at an address [W]: a file of the sandbox's own, or one that is fetched.
func copyFile(c *call) (answer, error) {
	var err error
	if c.in, c.seen.Body, err = readInput(c.w, c.r); err != nil {
		return answer{}, err
	}
	f, address := &file{}, ""
	c.in.text("name", &f.Name, maxName)
	c.in.text("url", &address, maxText)
	c.in.text("mime", &f.Mime, maxName)
	c.in.whole("size", &f.Size, true)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	received, err := c.collectFrom(address)
	if err != nil {
		return answer{}, invalid("url", "The file at this url could not be copied: %s.", err)
	}
	defer received.discard()
	f.Name = harmlessName(f.Name)
	return c.attach(f, received)
}

// collectFrom copies a file of the sandbox's own from disk, and fetches any other.
func (c *call) collectFrom(address string) (*upload, error) {
	u, err := url.Parse(address)
	if err == nil && u.Host == c.r.Host {
		if uuid, found := strings.CutPrefix(u.Path, "/files/"); found && strings.HasSuffix(uuid, "/download") {
			original, err := c.file(strings.TrimSuffix(uuid, "/download"))
			if err != nil {
				return nil, err
			}
			content, err := os.Open(c.s.filePath(original.UUID))
			if err != nil {
				return nil, err
			}
			defer content.Close()
			return c.s.receive(content, c.s.config.MaxFile)
		}
	}
	return c.s.download(c, address, c.s.config.MaxFile)
}

// attach checks what the file hangs on and keeps it: the bytes first, so that no row is ever without them.
func (c *call) attach(f *file, received *upload) (answer, error) {
	err := c.s.write(c, func(tx *sql.Tx) error {
		c.db = tx
		if err := c.readTarget(c.in, &f.target); err != nil {
			return err
		}
		if err := c.in.faults.err(); err != nil {
			return err
		}
		f.UUID, f.Size, f.CreatedAt, f.UpdatedAt, f.creator = newUUID(), received.size, c.now, c.now, c.user.UUID
		if err := received.keep(c.s.filePath(f.UUID)); err != nil {
			return err
		}
		_, err := tx.ExecContext(c, `INSERT INTO files (uuid, entity, record_uuid, name, mime, size, creator_uuid, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, f.UUID, f.Entity, f.RecordUUID, f.Name, f.Mime, f.Size, f.creator, f.CreatedAt, f.UpdatedAt)
		if err != nil {
			return err
		}
		return f.complete(c)
	})
	if err != nil {
		if f.UUID != "" {
			os.Remove(c.s.filePath(f.UUID))
		}
		return answer{}, err
	}
	return created(f)
}

// downloadFile streams a file from disk.
func downloadFile(c *call) (answer, error) {
	f, err := c.file(c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	return serveFile(c.s.filePath(f.UUID), f.Name, f.Mime, time.UnixMilli(int64(f.CreatedAt)))
}

func serveFile(path, name, kind string, modified time.Time) (answer, error) {
	content, err := os.Open(path)
	if err != nil {
		return answer{}, err
	}
	return answer{stream: func(w http.ResponseWriter, r *http.Request) {
		defer content.Close()
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		http.ServeContent(w, r, "", modified, content)
	}}, nil
}

func deleteFile(c *call) (answer, error) {
	return c.remove("File", "UPDATE files SET deleted_at = ? WHERE uuid = ? AND deleted_at = 0", c.now, c.params["uuid"])
}
