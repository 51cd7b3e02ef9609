package octapipe

// database is a table that a team has made for itself.
type database struct {
	UUID         string   `json:"uuid"`
	Name         string   `json:"name"`
	CustomFields []*field `json:"custom_fields"`
	CreatedAt    stamp    `json:"created_at"`
	UpdatedAt    stamp    `json:"updated_at"`
	DeletedAt    stamp    `json:"deleted_at"`
}

const databaseColumns = "uuid, name, created_at, updated_at, deleted_at"

func scanDatabase(row scanner) (*database, error) {
	d := &database{}
	return d, row.Scan(&d.UUID, &d.Name, &d.CreatedAt, &d.UpdatedAt, &d.DeletedAt)
}

func (d *database) complete(c *call) (err error) {
	d.CustomFields, err = c.fieldsOf(d.UUID)
	return err
}

var parentFilters = columns{"uuid": textColumn("uuid"), "name": textColumn("name")}.and(stamps)

func listDatabases(c *call) (answer, error) {
	l := listing{table: "databases", columns: databaseColumns}
	l.and("deleted_at = 0")
	if err := c.queryFilters(&l, parentFilters); err != nil {
		return answer{}, err
	}
	return enveloped(c, l, scanDatabase)
}

func (c *call) database(uuid string) (*database, error) {
	return one(c, "Database", scanDatabase, "SELECT "+databaseColumns+" FROM databases WHERE uuid = ? AND deleted_at = 0", uuid)
}

func getDatabase(c *call) (answer, error) {
	d, err := c.database(c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	return ok(d)
}

func createDatabase(c *call) (answer, error) {
	d := &database{UUID: newUUID(), CreatedAt: c.now, UpdatedAt: c.now}
	c.in.text("name", &d.Name, maxName)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	_, err := c.db.ExecContext(c, "INSERT INTO databases (uuid, name, created_at, updated_at) VALUES (?, ?, ?, ?)", d.UUID, d.Name, c.now, c.now)
	if err != nil {
		return answer{}, err
	}
	if d.CustomFields, err = c.embeddedFields(d.UUID); err != nil {
		return answer{}, err
	}
	return created(d)
}

// updateDatabase renames. Custom fields have calls of their own; the list in the object is what the service owns.
func updateDatabase(c *call) (answer, error) {
	d, err := c.database(c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	c.in.text("name", &d.Name, maxName)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	d.UpdatedAt = c.now
	if _, err := c.db.ExecContext(c, "UPDATE databases SET name = ?, updated_at = ? WHERE uuid = ?", d.Name, c.now, d.UUID); err != nil {
		return answer{}, err
	}
	return ok(d)
}

func deleteDatabase(c *call) (answer, error) {
	return c.remove("Database", "UPDATE databases SET deleted_at = ? WHERE uuid = ? AND deleted_at = 0", c.now, c.params["uuid"])
}
