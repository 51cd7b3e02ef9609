package octapipe

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"
)

const (
	maxImport     = 64 << 20 // bytes
	mostRowErrors = 1000     // that are listed; failed counts all
)

// importJob is an import as its caller sees it: what became of the rows.
type importJob struct {
	UUID      string   `json:"uuid"`
	Status    string   `json:"status"` // processing, completed, failed
	Created   int      `json:"created"`
	Updated   int      `json:"updated"`
	Failed    int      `json:"failed"`
	Errors    document `json:"errors"`
	CreatedAt stamp    `json:"created_at"`
	UpdatedAt stamp    `json:"updated_at"`
}

// rowError tells of one cell, of one row (no field), or of the whole file (no row).
type rowError struct {
	Row    *int    `json:"row"`
	Field  *string `json:"field"`
	Reason string  `json:"reason"`
}

func scanImport(row scanner) (*importJob, error) {
	j := &importJob{}
	return j, row.Scan(&j.UUID, &j.Status, &j.Created, &j.Updated, &j.Failed, &j.Errors, &j.CreatedAt, &j.UpdatedAt)
}

func getImport(c *call) (answer, error) {
	d, err := c.database(c.params["database"])
	if err != nil {
		return answer{}, err
	}
	j, err := one(c, "Import", scanImport, `SELECT uuid, status, created, updated, failed, errors, created_at, updated_at
		FROM imports WHERE database_uuid = ? AND uuid = ?`, d.UUID, c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	return ok(j)
}

// startImport takes a file (multipart) or an address (JSON), and a mapping from the file's columns to fields. What can be told at once is
// told at once; the rows are read in the background.
func startImport(c *call) (answer, error) {
	d, err := c.database(c.params["database"])
	if err != nil {
		return answer{}, err
	}
	var (
		source  importSource
		started bool
	)
	defer func() {
		if !started {
			source.file.discard()
		}
	}()
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); strings.HasPrefix(kind, "multipart/") {
		if c.in, source.file, err = c.readForm(maxImport); err != nil {
			return answer{}, err
		}
		if source.file == nil {
			c.in.missing("file")
		} else if _, err := sniff(source.file.head); err != nil {
			c.in.faults.add("file", "%s", err)
		}
		unwrapMapping(c.in)
	} else {
		if c.in, c.seen.Body, err = readInput(c.w, c.r); err != nil {
			return answer{}, err
		}
		c.in.text("file_url", &source.address, maxText)
	}
	c.readMapping(d, &source)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	uuid, who, s := newUUID(), c.user, c.s
	err = c.s.write(c, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(c, "INSERT INTO imports (uuid, database_uuid, status, created_at, updated_at) VALUES (?, ?, 'processing', ?, ?)",
			uuid, d.UUID, c.now, c.now)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	started = true
	s.work(func(ctx context.Context) { s.runImport(ctx, uuid, d.UUID, who, source) })
	return accepted(jobStarted{uuid, "processing"})
}

// importSource is where rows come from and which column goes where. A nil mapping takes columns named like a field's key or label.
type importSource struct {
	file    *upload
	address string
	mapping map[string]string
}

// unwrapMapping makes a form's mapping one object: it is sent as JSON in one field, or as a field mapping[COLUMN] for each column.
func unwrapMapping(in *input) {
	columns := map[string]json.RawMessage{}
	for name, value := range in.members {
		if column, found := strings.CutPrefix(name, "mapping["); found && strings.HasSuffix(column, "]") {
			columns[strings.TrimSuffix(column, "]")] = value
		}
	}
	var text string
	if raw, sent := in.members["mapping"]; sent && json.Unmarshal(raw, &text) == nil {
		if !json.Valid([]byte(text)) {
			in.faults.add("mapping", "The mapping field must be a JSON object of column names and field keys.")
			delete(in.members, "mapping")
			return
		}
		in.members["mapping"] = json.RawMessage(text)
	} else if len(columns) > 0 {
		in.members["mapping"], _ = encode(columns)
	}
}

// recordMembers are the places of a record, beside its custom fields, that an import can fill.
var recordMembers = []string{"uuid", "name", "owner_user_uuid"}

func (c *call) readMapping(d *database, source *importSource) {
	const name = "mapping"
	if !c.in.given(name) {
		return
	}
	f := &c.in.faults
	if json.Unmarshal(c.in.members[name], &source.mapping) != nil {
		f.add(name, "The mapping field must be an object of column names and field keys.")
		return
	}
	taken := map[string]string{}
	for _, column := range sortedKeys(source.mapping) {
		key := source.mapping[column]
		known := slices.Contains(recordMembers, key) || slices.ContainsFunc(d.CustomFields, func(f *field) bool { return f.Key == key })
		switch {
		case !known:
			f.add(name+"."+column, "The field %s does not exist.", key)
		case taken[key] != "":
			f.add(name+"."+column, "The field %s is already filled from the column %s.", key, taken[key])
		}
		taken[key] = column
	}
	if f.reasons == nil && taken["name"] == "" && taken["uuid"] == "" {
		f.add(name, "The mapping field must fill name, or uuid to update records.")
	}
}

// runImport reads the rows and records in one transaction which went in: a process that dies leaves nothing half imported.
func (s *Sandbox) runImport(ctx context.Context, uuid, database string, who *user, source importSource) {
	j := &importJob{UUID: uuid}
	defer func() { source.file.discard() }()
	err := func() (err error) {
		if source.file == nil {
			if source.file, err = s.download(ctx, source.address, maxImport); err != nil {
				return &fileFault{reason: fmt.Sprintf("The file at file_url could not be fetched: %s.", err)}
			}
		}
		return s.write(ctx, func(tx *sql.Tx) error {
			run := &importRun{c: s.background(ctx, who, tx), source: source}
			if run.d, err = run.c.database(database); err != nil {
				return &fileFault{reason: "The database was deleted before the import began."}
			}
			if err := run.read(); err != nil {
				return err
			}
			j.Status, j.Created, j.Updated, j.Failed = "completed", run.created, run.updated, run.failed
			return s.closeImport(ctx, tx, j, run.errors)
		})
	}()
	if err == nil || ctx.Err() != nil {
		return
	}
	var fault *fileFault
	if !errors.As(err, &fault) {
		s.log.Error("octapipe sandbox: import", "uuid", uuid, "error", err)
		fault = &fileFault{reason: "The import broke off. Nothing was imported."}
	}
	whole := rowError{Reason: fault.reason}
	if fault.row > 0 {
		whole.Row = &fault.row
	}
	j.Status, j.Created, j.Updated, j.Failed = "failed", 0, 0, 0
	err = s.write(ctx, func(tx *sql.Tx) error { return s.closeImport(ctx, tx, j, []rowError{whole}) })
	if err != nil && ctx.Err() == nil {
		s.log.Error("octapipe sandbox: import", "uuid", uuid, "error", err)
	}
}

func (s *Sandbox) closeImport(ctx context.Context, db querier, j *importJob, reasons []rowError) error {
	if reasons == nil {
		reasons = []rowError{}
	}
	encoded, err := encode(reasons)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "UPDATE imports SET status = ?, created = ?, updated = ?, failed = ?, errors = ?, updated_at = ? WHERE uuid = ?",
		j.Status, j.Created, j.Updated, j.Failed, string(encoded), s.now(), j.UUID)
	return err
}
