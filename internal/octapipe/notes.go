package octapipe

import (
	"slices"
	"strings"
)

// target is what a note, a notification or a file hangs on.
type target struct {
	Entity     string `json:"entity"`
	RecordUUID string `json:"record_uuid"`
}

// entityTables are the kinds of thing that can be hung on, and where they are.
var entityTables = map[string]string{"user": "users", "pipeline_card": "cards", "task": "tasks", "database_record": "records"}

// readTarget reads entity and record_uuid of what is to be made: the thing must exist.
func (c *call) readTarget(in *input, t *target) error {
	in.oneOf("entity", &t.Entity, sortedKeys(entityTables)...)
	in.text("record_uuid", &t.RecordUUID, maxName)
	if t.Entity == "" || t.RecordUUID == "" {
		return nil
	}
	known, err := c.exists("SELECT 1 FROM "+entityTables[t.Entity]+" WHERE uuid = ? AND deleted_at = 0", t.RecordUUID)
	if err == nil && !known {
		in.faults.add("record_uuid", "The selected record uuid is invalid: there is no such %s.", said(t.Entity))
	}
	return err
}

// queryTarget narrows a list to what hangs on the thing that the query names. Both names are required; a thing that does not exist has
// nothing on it.
func (c *call) queryTarget(l *listing) error {
	var f faults
	query := c.r.URL.Query()
	entity, record := query.Get("entity"), query.Get("record_uuid")
	if entity == "card" {
		entity = "pipeline_card" // so the vendor's own guide to its client lists them [K]
	}
	known := sortedKeys(entityTables)
	switch {
	case entity == "":
		f.add("entity", "The entity field is required.")
	case !slices.Contains(known, entity):
		f.add("entity", "The selected entity is invalid: it must be one of %s.", strings.Join(known, ", "))
	}
	if record == "" {
		f.add("record_uuid", "The record uuid field is required.")
	}
	l.and("entity = ? AND record_uuid = ? AND deleted_at = 0", entity, record)
	return f.err()
}

// note is a text in Markdown on something.
type note struct {
	UUID string `json:"uuid"`
	target
	Note      string `json:"note"`
	CreatedAt stamp  `json:"created_at"`
	UpdatedAt stamp  `json:"updated_at"`
	DeletedAt stamp  `json:"deleted_at"`

	// What it hangs on; the others are left out.
	User           *user   `json:"user,omitempty"`
	PipelineCard   *card   `json:"pipeline_card,omitempty"`
	Task           *task   `json:"task,omitempty"`
	DatabaseRecord *record `json:"database_record,omitempty"`
}

const noteColumns = "uuid, entity, record_uuid, note, created_at, updated_at, deleted_at"

func scanNote(row scanner) (*note, error) {
	n := &note{}
	return n, row.Scan(&n.UUID, &n.Entity, &n.RecordUUID, &n.Note, &n.CreatedAt, &n.UpdatedAt, &n.DeletedAt)
}

func (n *note) complete(c *call) (err error) {
	switch n.Entity {
	case "user":
		n.User, err = c.embedded(n.RecordUUID)
	case "pipeline_card":
		n.PipelineCard, err = one(c, "Pipeline card", scanCard, "SELECT "+cardColumns+" FROM cards WHERE uuid = ?", n.RecordUUID)
	case "task":
		n.Task, err = one(c, "Task", scanTask, "SELECT "+taskColumns+" FROM tasks WHERE uuid = ?", n.RecordUUID)
	case "database_record":
		n.DatabaseRecord, err = one(c, "Database record", scanRecord, "SELECT "+recordColumns+" FROM records WHERE uuid = ?", n.RecordUUID)
	}
	return err
}

func listNotes(c *call) (answer, error) {
	l := listing{table: "notes", columns: noteColumns}
	if err := c.queryTarget(&l); err != nil {
		return answer{}, err
	}
	if err := c.queryFilters(&l, columns{"uuid": textColumn("uuid"), "note": textColumn("note")}.and(stamps)); err != nil {
		return answer{}, err
	}
	return bare(c, l, scanNote)
}

func createNote(c *call) (answer, error) {
	n := &note{UUID: newUUID(), CreatedAt: c.now, UpdatedAt: c.now}
	if err := c.readTarget(c.in, &n.target); err != nil {
		return answer{}, err
	}
	c.in.text("note", &n.Note, maxText)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	_, err := c.db.ExecContext(c, "INSERT INTO notes (uuid, entity, record_uuid, note, creator_uuid, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		n.UUID, n.Entity, n.RecordUUID, n.Note, c.user.UUID, c.now, c.now)
	if err != nil {
		return answer{}, err
	}
	if err := n.complete(c); err != nil {
		return answer{}, err
	}
	return created(n)
}

func deleteNote(c *call) (answer, error) {
	return c.remove("Note", "UPDATE notes SET deleted_at = ? WHERE uuid = ? AND deleted_at = 0", c.now, c.params["uuid"])
}
