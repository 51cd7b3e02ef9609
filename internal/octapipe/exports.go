package octapipe

import (
	"bufio"
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

const exportLife = 24 * time.Hour // how long the address of an export's file is good for [A]

// exportJob is an export as its caller sees it.
type exportJob struct {
	UUID      string   `json:"uuid"`
	Status    string   `json:"status"` // processing, completed, failed
	URL       optional `json:"url"`    // signed: it needs no token
	Rows      int      `json:"rows"`
	ExpiresAt stamp    `json:"expires_at"`
	Message   optional `json:"message"` // why it failed
	CreatedAt stamp    `json:"created_at"`
	UpdatedAt stamp    `json:"updated_at"`

	format string
}

const exportColumns = "uuid, status, row_count, expires_at, reason, format, created_at, updated_at"

func scanExport(row scanner) (*exportJob, error) {
	j := &exportJob{}
	return j, row.Scan(&j.UUID, &j.Status, &j.Rows, &j.ExpiresAt, &j.Message, &j.format, &j.CreatedAt, &j.UpdatedAt)
}

func (j *exportJob) complete(c *call) error {
	if j.Status == "completed" && c.now < j.ExpiresAt {
		expires := strconv.FormatInt(int64(j.ExpiresAt), 10)
		j.URL = optional(c.origin() + "/exports/" + j.UUID + "/download?expires=" + expires + "&signature=" + c.s.signExport(j.UUID, expires))
	}
	return nil
}

func (s *Sandbox) signExport(uuid, expires string) string {
	return hex.EncodeToString(s.mac("export " + uuid + " until " + expires))
}

func getExport(c *call) (answer, error) {
	d, err := c.database(c.params["database"])
	if err != nil {
		return answer{}, err
	}
	j, err := one(c, "Export", scanExport, "SELECT "+exportColumns+" FROM exports WHERE database_uuid = ? AND uuid = ?", d.UUID, c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	return ok(j)
}

// exportMimes are the formats that there are.
var exportMimes = map[string]string{
	"csv": "text/csv", "json": "application/json", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// startExport checks what is wanted and writes the file in the background.
func startExport(c *call) (answer, error) {
	d, err := c.database(c.params["database"])
	if err != nil {
		return answer{}, err
	}
	var (
		format string
		fields []string
		known  = recordFilters.withCustom(d.CustomFields)
		l      = recordsOf(d)
	)
	c.in.oneOf("format", &format, sortedKeys(exportMimes)...)
	c.in.texts("fields", &fields)
	c.bodyFilters(&l, known, false)
	for i, key := range fields {
		if _, found := known[key]; !found {
			c.in.faults.add(position("fields", i), "The field %s does not exist. Fields: %s.", key, strings.Join(sortedKeys(known), ", "))
		}
	}
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	if len(fields) == 0 {
		fields = []string{"uuid", "name"}
		for _, f := range d.CustomFields {
			fields = append(fields, f.Key)
		}
	}
	uuid := newUUID()
	_, err = c.db.ExecContext(c, "INSERT INTO exports (uuid, database_uuid, format, status, created_at, updated_at) VALUES (?, ?, ?, 'processing', ?, ?)",
		uuid, d.UUID, format, c.now, c.now)
	if err != nil {
		return answer{}, err
	}
	s := c.s
	c.after = func() {
		s.work(func(ctx context.Context) { s.runExport(ctx, uuid, format, fields, l) })
	}
	return accepted(jobStarted{uuid, "processing"})
}

func (s *Sandbox) exportPath(uuid string) string { return filepath.Join(s.path, "exports", uuid) }

func (s *Sandbox) runExport(ctx context.Context, uuid, format string, fields []string, l listing) {
	rows, err := s.writeExport(ctx, s.exportPath(uuid), format, fields, l)
	now := s.now()
	status, reason, expires := "completed", "", now+stamp(exportLife.Milliseconds())
	if err != nil {
		if ctx.Err() != nil {
			return // the next start says so
		}
		s.log.Error("octapipe sandbox: export", "uuid", uuid, "error", err)
		status, reason, expires = "failed", "The export broke off.", 0
		os.Remove(s.exportPath(uuid))
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE exports SET status = ?, reason = ?, row_count = ?, expires_at = ?, updated_at = ? WHERE uuid = ?",
			status, reason, rows, expires, now, uuid)
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.log.Error("octapipe sandbox: export", "uuid", uuid, "error", err)
	}
}

// table is a file that is written row by row; the first row is the header.
type table interface {
	row(cells []json.RawMessage) error
	end() error
}

func (s *Sandbox) writeExport(ctx context.Context, path, format string, fields []string, l listing) (count int, err error) {
	target, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	out := bufio.NewWriter(target)
	var t table
	switch format {
	case "csv":
		t, err = newCSVTable(out, fields)
	case "json":
		t = &jsonTable{out: out, fields: fields}
	case "xlsx":
		t, err = newXLSXTable(out, fields)
	}
	if err != nil {
		return 0, err
	}
	rows, err := s.db.QueryContext(ctx, "SELECT "+l.columns+" FROM "+l.table+l.conditions()+" ORDER BY id", l.args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for ; rows.Next(); count++ {
		r, err := scanRecord(rows)
		if err != nil {
			return count, err
		}
		cells, err := r.cells(fields)
		if err != nil {
			return count, err
		}
		if err := t.row(cells); err != nil {
			return count, err
		}
	}
	if err := rows.Err(); err != nil {
		return count, err
	}
	if err := t.end(); err != nil {
		return count, err
	}
	return count, out.Flush()
}

// cells are a record's values in the order of the fields; nil is none.
func (r *record) cells(fields []string) ([]json.RawMessage, error) {
	values := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(r.Values), &values); err != nil {
		return nil, err
	}
	members := map[string]any{
		"uuid": r.UUID, "name": r.Name, "creator_user_uuid": optional(r.creator), "owner_user_uuid": optional(r.owner),
		"created_at": r.CreatedAt, "updated_at": r.UpdatedAt,
	}
	cells := make([]json.RawMessage, len(fields))
	for i, key := range fields {
		if member, found := members[key]; found {
			encoded, err := encode(member)
			if err != nil {
				return nil, err
			}
			cells[i] = encoded
		} else {
			cells[i] = values[key]
		}
	}
	return cells, nil
}

// plain writes a value as a cell's text: lists separated by semicolons, numbers digit for digit.
func plain(raw json.RawMessage) string {
	var text string
	var list []string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ""
	case json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &list) == nil:
		return strings.Join(list, "; ")
	}
	return string(raw)
}

type csvTable struct{ out *csv.Writer }

func newCSVTable(out io.Writer, fields []string) (*csvTable, error) {
	t := &csvTable{csv.NewWriter(out)}
	return t, t.out.Write(fields)
}

func (t *csvTable) row(cells []json.RawMessage) error {
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = plain(cell)
	}
	return t.out.Write(texts)
}

func (t *csvTable) end() error { t.out.Flush(); return t.out.Error() }

type jsonTable struct {
	out    *bufio.Writer
	fields []string
	begun  bool
}

func (t *jsonTable) row(cells []json.RawMessage) error {
	lead := ",\n{"
	if !t.begun {
		t.begun, lead = true, "[\n{"
	}
	t.out.WriteString(lead)
	for i, cell := range cells {
		if i > 0 {
			t.out.WriteByte(',')
		}
		if cell == nil {
			cell = json.RawMessage("null")
		}
		t.out.WriteString(strconv.Quote(t.fields[i]) + ":") // keys are plain
		t.out.Write(cell)
	}
	_, err := t.out.WriteString("}")
	return err
}

func (t *jsonTable) end() error {
	if !t.begun {
		t.out.WriteString("[")
	}
	_, err := t.out.WriteString("]\n")
	return err
}

type xlsxTable struct {
	out    io.Writer
	book   *excelize.File
	sheet  *excelize.StreamWriter
	number int
}

func newXLSXTable(out io.Writer, fields []string) (*xlsxTable, error) {
	t := &xlsxTable{out: out, book: excelize.NewFile()}
	var err error
	if t.sheet, err = t.book.NewStreamWriter(t.book.GetSheetName(0)); err != nil {
		return nil, err
	}
	cells := make([]any, len(fields))
	for i, key := range fields {
		cells[i] = key
	}
	return t, t.write(cells)
}

func (t *xlsxTable) write(cells []any) error {
	t.number++
	return t.sheet.SetRow("A"+strconv.Itoa(t.number), cells)
}

func (t *xlsxTable) row(cells []json.RawMessage) error {
	row := make([]any, len(cells))
	for i, cell := range cells {
		switch text := string(cell); {
		case text == "true" || text == "false":
			row[i] = text == "true"
		case numberText.MatchString(text) && len(text) <= 15: // a workbook's numbers have no more digits
			n, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return err
			}
			row[i] = n
		default:
			row[i] = plain(cell)
		}
	}
	return t.write(row)
}

func (t *xlsxTable) end() error {
	if err := t.sheet.Flush(); err != nil {
		return err
	}
	if err := t.book.Write(t.out); err != nil {
		return err
	}
	return t.book.Close()
}

// downloadExport serves whoever has the signed address.
func downloadExport(c *call) (answer, error) {
	query := c.r.URL.Query()
	uuid, expires := c.params["uuid"], query.Get("expires")
	until, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || !hmac.Equal([]byte(query.Get("signature")), []byte(c.s.signExport(uuid, expires))) || int64(c.now) >= until {
		return answer{}, refuse(http.StatusForbidden, "Invalid signature.")
	}
	j, err := one(c, "Export", scanExport, "SELECT "+exportColumns+" FROM exports WHERE uuid = ? AND status = 'completed'", uuid)
	if err != nil {
		return answer{}, err
	}
	return serveFile(c.s.exportPath(uuid), "export-"+uuid+"."+j.format, exportMimes[j.format], time.UnixMilli(int64(j.UpdatedAt)))
}
