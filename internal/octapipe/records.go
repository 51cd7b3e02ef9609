package octapipe

import (
	"encoding/json"
	"slices"
)

// record is one row of a database.
type record struct {
	UUID         string      `json:"uuid"`
	Name         string      `json:"name"`
	Values       fieldValues `json:"custom_fields_values"`
	DatabaseUUID string      `json:"database_uuid"`
	DatabaseName string      `json:"database_name"`
	CreatorUser  *user       `json:"creator_user"`
	OwnerUser    *user       `json:"owner_user"`
	CreatedAt    stamp       `json:"created_at"`
	UpdatedAt    stamp       `json:"updated_at"`
	DeletedAt    stamp       `json:"deleted_at"`

	creator, owner string
}

const recordColumns = `uuid, name, custom_values, database_uuid, (SELECT d.name FROM databases d WHERE d.uuid = database_uuid), creator_uuid, owner_uuid,
	created_at, updated_at, deleted_at`

func scanRecord(row scanner) (*record, error) {
	r := &record{}
	return r, row.Scan(&r.UUID, &r.Name, &r.Values, &r.DatabaseUUID, &r.DatabaseName, &r.creator, &r.owner, &r.CreatedAt, &r.UpdatedAt, &r.DeletedAt)
}

func (r *record) complete(c *call) (err error) {
	if r.CreatorUser, err = c.embedded(r.creator); err != nil {
		return err
	}
	r.OwnerUser, err = c.embedded(r.owner)
	return err
}

var recordFilters = columns{
	"uuid": textColumn("uuid"), "name": textColumn("name"), "creator_user_uuid": textColumn("creator_uuid"), "owner_user_uuid": textColumn("owner_uuid"),
}.and(stamps)

// recordsOf is a list of a database's records.
func recordsOf(d *database) listing {
	l := listing{table: "records", columns: recordColumns}
	l.and("database_uuid = ? AND deleted_at = 0", d.UUID)
	return l
}

func listRecords(c *call) (answer, error) {
	d, err := c.database(c.params["database"])
	if err != nil {
		return answer{}, err
	}
	l := recordsOf(d)
	if err := c.queryFilters(&l, recordFilters.withCustom(d.CustomFields)); err != nil {
		return answer{}, err
	}
	return bare(c, l, scanRecord)
}

// record finds a record in the database that the path names; in any other it does not exist.
func (c *call) record() (*database, *record, error) {
	d, err := c.database(c.params["database"])
	if err != nil {
		return nil, nil, err
	}
	r, err := one(c, "Database record", scanRecord,
		"SELECT "+recordColumns+" FROM records WHERE database_uuid = ? AND uuid = ? AND deleted_at = 0", d.UUID, c.params["uuid"])
	return d, r, err
}

func getRecord(c *call) (answer, error) {
	_, r, err := c.record()
	if err != nil {
		return answer{}, err
	}
	return ok(r)
}

func createRecord(c *call) (answer, error) {
	d, err := c.database(c.params["database"])
	if err != nil {
		return answer{}, err
	}
	r := &record{UUID: newUUID(), DatabaseUUID: d.UUID, DatabaseName: d.Name, CreatedAt: c.now, creator: c.user.UUID, owner: c.user.UUID}
	if err := c.storeRecord(d, r); err != nil {
		return answer{}, err
	}
	return created(r)
}

func updateRecord(c *call) (answer, error) {
	d, r, err := c.record()
	if err != nil {
		return answer{}, err
	}
	if err := c.storeRecord(d, r); err != nil {
		return answer{}, err
	}
	return ok(r)
}

// storeRecord reads what callers may set and keeps the record. Values are replaced as a whole: a PUT carries all of them.
func (c *call) storeRecord(d *database, r *record) (err error) {
	c.in.text("name", &r.Name, maxName)
	if r.Values, err = c.readValues(c.in, d.CustomFields, true); err != nil {
		return err
	}
	if err := c.owner(&r.owner); err != nil {
		return err
	}
	if err := c.in.faults.err(); err != nil {
		return err
	}
	r.UpdatedAt = c.now
	if err := insertRecord(c, r); err != nil {
		return err
	}
	return r.complete(c)
}

func insertRecord(c *call, r *record) error {
	_, err := c.db.ExecContext(c, `INSERT INTO records (uuid, database_uuid, name, custom_values, creator_uuid, owner_uuid, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, custom_values = excluded.custom_values, owner_uuid = excluded.owner_uuid,
			updated_at = excluded.updated_at`,
		r.UUID, r.DatabaseUUID, r.Name, r.Values, r.creator, r.owner, r.CreatedAt, r.UpdatedAt)
	return err
}

func deleteRecord(c *call) (answer, error) {
	d, r, err := c.record()
	if err != nil {
		return answer{}, err
	}
	return c.remove("Database record", "UPDATE records SET deleted_at = ? WHERE database_uuid = ? AND uuid = ?", c.now, d.UUID, r.UUID)
}

// bulkUpdateRecords sets values on every record that all filters match [S].
func bulkUpdateRecords(c *call) (answer, error) {
	d, err := c.database(c.params["database"])
	if err != nil {
		return answer{}, err
	}
	l := recordsOf(d)
	c.bodyFilters(&l, recordFilters.withCustom(d.CustomFields), true)
	change, err := c.readChange(d)
	if err != nil {
		return answer{}, err
	}
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	args := append([]any{string(change.set), string(change.set), change.name, change.owner, change.owner, c.now}, l.args...)
	// json_patch (RFC 7396) sets what it names and drops what is null.
	result, err := c.db.ExecContext(c, `UPDATE records SET custom_values = CASE ? WHEN '{}' THEN custom_values ELSE json_patch(custom_values, ?) END,
		name = coalesce(?, name), owner_uuid = CASE WHEN ? IS NULL THEN owner_uuid ELSE ? END, updated_at = ?`+l.conditions(), args...)
	if err != nil {
		return answer{}, err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return answer{}, err
	}
	return ok(struct {
		Matched int64 `json:"matched"`
		Updated int64 `json:"updated"`
	}{n, n})
}

// change is what a bulk update does to each record. nil is left alone.
type change struct {
	set         []byte // custom values to merge in, null to drop
	name, owner *string
}

// readChange reads values, which are flat: custom fields by key beside the record's own members.
func (c *call) readChange(d *database) (change, error) {
	var (
		f   = &c.in.faults
		set = map[string]json.RawMessage{}
		ch  change
	)
	values := &input{members: map[string]json.RawMessage{}}
	if !c.in.given("values") {
		c.in.missing("values")
		return ch, nil
	}
	if json.Unmarshal(c.in.members["values"], &values.members) != nil {
		f.add("values", "The values field must be an object.")
		return ch, nil
	}
	if len(values.members) == 0 {
		f.add("values", "The values field must have at least 1 item.")
	}
	for _, key := range sortedKeys(values.members) {
		raw := values.members[key]
		switch key {
		case "name":
			ch.name = new(string)
			values.text(key, ch.name, maxName)
		case "owner_user_uuid":
			ch.owner = new(string)
			values.optionalText(key, ch.owner, maxName)
			if known, err := c.exists("SELECT 1 FROM users WHERE uuid = ? AND deleted_at = 0", *ch.owner); err != nil {
				return ch, err
			} else if !known && *ch.owner != "" {
				f.add("values."+key, "The selected owner user uuid is invalid.")
			}
		default:
			i := slices.IndexFunc(d.CustomFields, func(f *field) bool { return f.Key == key })
			if i < 0 {
				f.add("values."+key, "The field %s does not exist or can not be set.", key)
				continue
			}
			reason, err := c.checkValue(d.CustomFields[i], raw)
			if err != nil {
				return ch, err
			}
			switch {
			case reason != "":
				f.add("values."+key, "%s", reason)
			case !isEmptyValue(raw):
				set[key] = raw
			case d.CustomFields[i].Required:
				f.add("values."+key, "The %s field is required.", d.CustomFields[i].Label)
			default:
				set[key] = json.RawMessage("null")
			}
		}
	}
	for _, name := range sortedKeys(values.faults.reasons) {
		for _, reason := range values.faults.reasons[name] {
			f.add("values."+name, "%s", reason)
		}
	}
	var err error
	ch.set, err = encode(set)
	return ch, err
}

// bulkDeleteRecords deletes every record that all filters match.
func bulkDeleteRecords(c *call) (answer, error) {
	d, err := c.database(c.params["database"])
	if err != nil {
		return answer{}, err
	}
	l := recordsOf(d)
	c.bodyFilters(&l, recordFilters.withCustom(d.CustomFields), true)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	result, err := c.db.ExecContext(c, "UPDATE records SET deleted_at = ?"+l.conditions(), append([]any{c.now}, l.args...)...)
	if err != nil {
		return answer{}, err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return answer{}, err
	}
	return ok(struct {
		Matched int64 `json:"matched"`
		Deleted int64 `json:"deleted"`
	}{n, n})
}
