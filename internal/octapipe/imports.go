package octapipe

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
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
	j := &importJob{UUID: newUUID(), Status: "processing"}
	err = c.s.write(c, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(c, "INSERT INTO imports (uuid, database_uuid, status, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
			j.UUID, d.UUID, j.Status, c.now, c.now)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	started = true
	who, s := c.user, c.s
	s.work(func(ctx context.Context) { s.runImport(ctx, j, d.UUID, who, source) })
	return accepted(map[string]string{"uuid": j.UUID, "status": j.Status})
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
func (s *Sandbox) runImport(ctx context.Context, j *importJob, database string, who *user, source importSource) {
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
		s.log.Error("octapipe sandbox: import", "uuid", j.UUID, "error", err)
		fault = &fileFault{reason: "The import broke off. Nothing was imported."}
	}
	whole := rowError{Reason: fault.reason}
	if fault.row > 0 {
		whole.Row = &fault.row
	}
	j.Status, j.Created, j.Updated, j.Failed = "failed", 0, 0, 0
	err = s.write(ctx, func(tx *sql.Tx) error { return s.closeImport(ctx, tx, j, []rowError{whole}) })
	if err != nil && ctx.Err() == nil {
		s.log.Error("octapipe sandbox: import", "uuid", j.UUID, "error", err)
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

// importRun is the reading of one file.
type importRun struct {
	c      *call
	d      *database
	source importSource

	reader  cellReader
	targets []string // by column: the key to fill, "" for none
	created int
	updated int
	failed  int
	errors  []rowError
}

func (run *importRun) read() error {
	format, err := sniff(run.source.file.head)
	if err != nil {
		return err
	}
	if format == "xlsx" {
		err = readXLSX(run.source.file.path, &run.reader, run.row)
	} else {
		var content []byte
		if content, err = os.ReadFile(run.source.file.path); err == nil {
			err = readCSV(content, run.row)
		}
	}
	if err == nil && run.targets == nil {
		err = &fileFault{reason: "The file is empty: its first row must name the columns."}
	}
	return err
}

func (run *importRun) row(number int, cells []string) error {
	if run.targets == nil {
		return run.header(number, cells)
	}
	if !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
		return nil
	}
	if run.created+run.updated+run.failed >= mostRows {
		return &fileFault{row: number, reason: fmt.Sprintf("The file has more than %d rows. Split it; nothing was imported.", mostRows)}
	}
	faults := &faults{}
	r, known, err := run.fill(cells, faults)
	if err != nil {
		return err
	}
	if faults.reasons != nil {
		run.failed++
		for _, key := range sortedKeys(faults.reasons) {
			for _, reason := range faults.reasons[key] {
				if len(run.errors) < mostRowErrors {
					e := rowError{Row: &number, Reason: reason}
					if key != "" {
						e.Field = &key
					}
					run.errors = append(run.errors, e)
				}
			}
		}
		return nil
	}
	if known {
		run.updated++
	} else {
		run.created++
	}
	return insertRecord(run.c, r)
}

// header finds out which column fills what. A column that the mapping names must be there; without a mapping every column must be
// known, since one that is silently left out looks like one that was imported.
func (run *importRun) header(number int, cells []string) error {
	targets := make([]string, len(cells))
	at := map[string]int{}
	for i, cell := range cells {
		column := strings.TrimSpace(cell)
		if column == "" {
			continue
		}
		if _, twice := at[column]; twice {
			return &fileFault{row: number, reason: fmt.Sprintf("The column %s is there twice.", column)}
		}
		at[column] = i
		if run.source.mapping != nil {
			targets[i] = run.source.mapping[column]
			continue
		}
		key, reason := run.guess(column)
		if reason != "" {
			return &fileFault{row: number, reason: reason}
		}
		if slices.Contains(targets, key) {
			return &fileFault{row: number, reason: fmt.Sprintf("Two columns fill %s. Say in mapping which one does.", key)}
		}
		targets[i] = key
	}
	for _, column := range sortedKeys(run.source.mapping) {
		if _, found := at[strings.TrimSpace(column)]; !found {
			return &fileFault{row: number, reason: fmt.Sprintf("The file has no column %s. Its columns are: %s.", column, strings.Join(sortedKeys(at), ", "))}
		}
	}
	if !slices.Contains(targets, "name") && !slices.Contains(targets, "uuid") {
		return &fileFault{row: number, reason: "No column fills name. Say in mapping which one does."}
	}
	run.targets = targets
	return nil
}

// guess takes a column for the field of that key, or of that label where only one has it.
func (run *importRun) guess(column string) (key, reason string) {
	if slices.Contains(recordMembers, strings.ToLower(column)) {
		return strings.ToLower(column), ""
	}
	var labelled []string
	for _, f := range run.d.CustomFields {
		if f.Key == column {
			return f.Key, ""
		}
		if strings.EqualFold(f.Label, column) {
			labelled = append(labelled, f.Key)
		}
	}
	switch len(labelled) {
	case 1:
		return labelled[0], ""
	case 0:
		return "", fmt.Sprintf("The column %s is no field of this database. Say in mapping what it fills, and leave out what it does not.", column)
	}
	return "", fmt.Sprintf("The column %s could be any of %s. Say in mapping which one it fills.", column, strings.Join(labelled, ", "))
}

// fill makes a record of a row: a new one, or with a uuid the one that is there, changed where the row has columns. What is wrong is added
// to faults by key; "" is the row itself.
func (run *importRun) fill(cells []string, faults *faults) (r *record, known bool, err error) {
	c := run.c
	r = &record{UUID: newUUID(), DatabaseUUID: run.d.UUID, creator: c.user.UUID, owner: c.user.UUID, CreatedAt: c.now}
	values := map[string]json.RawMessage{}
	if i := slices.Index(run.targets, "uuid"); i >= 0 && i < len(cells) && strings.TrimSpace(cells[i]) != "" {
		r, err = one(c, "", scanRecord, "SELECT "+recordColumns+" FROM records WHERE database_uuid = ? AND uuid = ? AND deleted_at = 0",
			run.d.UUID, strings.TrimSpace(cells[i]))
		var missing *problem
		if errors.As(err, &missing) {
			faults.add("uuid", "There is no record with this uuid in the database.")
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		if err := json.Unmarshal([]byte(r.Values), &values); err != nil {
			return nil, false, err
		}
		known = true
	}
	r.UpdatedAt = c.now
	for i, key := range run.targets {
		cell := ""
		if i < len(cells) {
			cell = cells[i]
		}
		if strings.ContainsRune(cell, 0) {
			faults.add(key, "The cell must not contain a NUL character.")
			continue
		}
		switch key {
		case "", "uuid":
		case "name":
			if r.Name = strings.TrimSpace(cell); utf8.RuneCountInString(r.Name) > maxName {
				faults.add(key, "The name field must not be greater than %d characters.", maxName)
			}
		case "owner_user_uuid":
			if err := run.fillOwner(r, strings.TrimSpace(cell), faults); err != nil {
				return nil, false, err
			}
		default:
			f := run.d.CustomFields[slices.IndexFunc(run.d.CustomFields, func(f *field) bool { return f.Key == key })]
			raw, err := run.reader.value(f, cell)
			if err != nil {
				return nil, false, err
			}
			reason, err := c.checkValue(f, raw)
			if err != nil {
				return nil, false, err
			}
			if reason != "" {
				faults.add(key, "%s", reason)
				continue
			}
			if delete(values, key); !isEmptyValue(raw) {
				values[key] = raw
			}
		}
	}
	if r.Name == "" {
		faults.add("name", "The name field is required.")
	}
	for _, f := range run.d.CustomFields {
		if _, filled := values[f.Key]; f.Required && !filled && faults.reasons[f.Key] == nil {
			faults.add(f.Key, "The %s field is required.", f.Label)
		}
	}
	for i := len(run.targets); i < len(cells); i++ {
		if strings.TrimSpace(cells[i]) != "" {
			faults.add("", "The row has more cells than the first row has columns.")
			break
		}
	}
	stored, err := encode(values)
	r.Values = fieldValues(stored)
	return r, known, err
}

func (run *importRun) fillOwner(r *record, uuid string, faults *faults) error {
	if r.owner = uuid; uuid == "" {
		return nil
	}
	known, err := run.c.exists("SELECT 1 FROM users WHERE uuid = ? AND deleted_at = 0", uuid)
	if err == nil && !known {
		faults.add("owner_user_uuid", "The selected owner user uuid is invalid.")
	}
	return err
}
