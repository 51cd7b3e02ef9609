package octapipe

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// field is a custom field: one that the users of a database or a pipeline made up.
type field struct {
	UUID            string   `json:"uuid"`
	Key             string   `json:"key"`
	Label           string   `json:"label"`
	Type            string   `json:"type"`
	Required        bool     `json:"required"`
	Options         []string `json:"options"`
	RelatedDatabase optional `json:"related_database_uuid"`
	Position        int64    `json:"position"`
	CreatedAt       stamp    `json:"created_at"`
	UpdatedAt       stamp    `json:"updated_at"`

	owner string
}

var fieldTypes = []string{
	"text", "long_text", "number", "currency", "date", "datetime", "select", "multi_select", "checkbox", "email", "phone", "url",
	"user", "record", "file",
}

const fieldColumns = "uuid, key, label, type, required, options, related_database_uuid, position, created_at, updated_at, owner_uuid"

func scanField(row scanner) (*field, error) {
	f := &field{}
	var options string
	err := row.Scan(&f.UUID, &f.Key, &f.Label, &f.Type, &f.Required, &options, &f.RelatedDatabase, &f.Position, &f.CreatedAt, &f.UpdatedAt, &f.owner)
	if err != nil {
		return nil, err
	}
	return f, json.Unmarshal([]byte(options), &f.Options)
}

// fieldsOf reads the fields of a database or pipeline in the order in which people see them.
func (c *call) fieldsOf(owner string) ([]*field, error) {
	return collect(c, scanField, "SELECT "+fieldColumns+" FROM custom_fields WHERE owner_uuid = ? ORDER BY position, id", owner)
}

// The two owners differ only in where their parent is.
func listDatabaseFields(c *call) (answer, error)  { return c.withDatabase(listFields) }
func getDatabaseField(c *call) (answer, error)    { return c.withDatabase(getField) }
func createDatabaseField(c *call) (answer, error) { return c.withDatabase(createField) }
func updateDatabaseField(c *call) (answer, error) { return c.withDatabase(updateField) }
func deleteDatabaseField(c *call) (answer, error) { return c.withDatabase(deleteField) }
func listPipelineFields(c *call) (answer, error)  { return c.withPipeline(listFields) }
func getPipelineField(c *call) (answer, error)    { return c.withPipeline(getField) }
func createPipelineField(c *call) (answer, error) { return c.withPipeline(createField) }
func updatePipelineField(c *call) (answer, error) { return c.withPipeline(updateField) }
func deletePipelineField(c *call) (answer, error) { return c.withPipeline(deleteField) }

func (c *call) withDatabase(handle func(*call, string) (answer, error)) (answer, error) {
	parent, err := c.database(c.params["database"])
	if err != nil {
		return answer{}, err
	}
	return handle(c, parent.UUID)
}

func (c *call) withPipeline(handle func(*call, string) (answer, error)) (answer, error) {
	parent, err := c.pipeline(c.params["pipeline"])
	if err != nil {
		return answer{}, err
	}
	return handle(c, parent.UUID)
}

// listFields answers all fields at once: a form needs them whole.
func listFields(c *call, owner string) (answer, error) {
	fields, err := c.fieldsOf(owner)
	if err != nil {
		return answer{}, err
	}
	return ok(fields)
}

func (c *call) field(owner string) (*field, error) {
	return one(c, "Custom field", scanField, "SELECT "+fieldColumns+" FROM custom_fields WHERE owner_uuid = ? AND uuid = ?", owner, c.params["uuid"])
}

func getField(c *call, owner string) (answer, error) {
	f, err := c.field(owner)
	if err != nil {
		return answer{}, err
	}
	return ok(f)
}

func createField(c *call, owner string) (answer, error) {
	f, err := c.addField(c.in, owner)
	if err != nil {
		return answer{}, err
	}
	return created(f)
}

var (
	fieldKey    = regexp.MustCompile(`^cf_[a-z0-9_]{1,60}$`)
	notInAKey   = regexp.MustCompile(`[^a-z0-9]+`)
	mostFields  = 100
	mostOptions = 200
)

// addField makes a field of what was sent. Its key comes of the label where none is given, and never changes afterwards.
func (c *call) addField(in *input, owner string) (*field, error) {
	f := &field{UUID: newUUID(), Options: []string{}, CreatedAt: c.now, UpdatedAt: c.now, owner: owner}
	var count int64
	if err := c.db.QueryRowContext(c, "SELECT count(*) FROM custom_fields WHERE owner_uuid = ?", owner).Scan(&count); err != nil {
		return nil, err
	}
	if count >= int64(mostFields) {
		return nil, refuse(http.StatusConflict, "There can be at most %d custom fields.", mostFields)
	}
	f.Position = count
	in.oneOf("type", &f.Type, fieldTypes...)
	if err := c.readField(in, f); err != nil {
		return nil, err
	}
	if f.Key = "cf_" + strings.Trim(notInAKey.ReplaceAllString(strings.ToLower(f.Label), "_"), "_"); in.given("key") {
		in.text("key", &f.Key, maxName)
	}
	if !fieldKey.MatchString(f.Key) {
		in.faults.add("key", "The key field must be cf_ followed by lower case letters, digits and underscores.")
	}
	if err := in.faults.err(); err != nil {
		return nil, err
	}
	taken, err := c.exists("SELECT 1 FROM custom_fields WHERE owner_uuid = ? AND key = ?", owner, f.Key)
	if err != nil {
		return nil, err
	}
	if taken {
		return nil, refuse(http.StatusConflict, "The key %s is already in use.", f.Key)
	}
	return f, c.storeField(f)
}

// readField reads what may change during a field's life.
func (c *call) readField(in *input, f *field) error {
	in.text("label", &f.Label, maxName)
	in.boolean("required", &f.Required)
	in.whole("position", &f.Position, false)
	in.texts("options", &f.Options)
	isChoice := f.Type == "select" || f.Type == "multi_select"
	switch {
	case isChoice && len(f.Options) == 0:
		in.faults.add("options", "The options field is required when type is %s.", f.Type)
	case !isChoice:
		f.Options = []string{}
	case len(f.Options) > mostOptions:
		in.faults.add("options", "The options field must not have more than %d items.", mostOptions)
	}
	for i, option := range f.Options {
		if slices.Contains(f.Options[:i], option) {
			in.faults.add("options."+strconv.Itoa(i), "The options field has a duplicate value: %s.", option)
		}
	}
	if f.Type != "record" {
		f.RelatedDatabase = ""
		return nil
	}
	related := string(f.RelatedDatabase)
	if in.sent("related_database_uuid") || related == "" {
		in.text("related_database_uuid", &related, maxName)
	}
	f.RelatedDatabase = optional(related)
	known, err := c.exists("SELECT 1 FROM databases WHERE uuid = ? AND deleted_at = 0", related)
	if err == nil && !known && related != "" {
		in.faults.add("related_database_uuid", "The selected related database uuid is invalid.")
	}
	return err
}

func (c *call) storeField(f *field) error {
	options, err := encode(f.Options)
	if err != nil {
		return err
	}
	_, err = c.db.ExecContext(c, `INSERT INTO custom_fields (uuid, owner_uuid, key, label, type, required, options, related_database_uuid, position,
		created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uuid) DO UPDATE SET label = excluded.label, required = excluded.required, options = excluded.options,
			related_database_uuid = excluded.related_database_uuid, position = excluded.position, updated_at = excluded.updated_at`,
		f.UUID, f.owner, f.Key, f.Label, f.Type, f.Required, string(options), string(f.RelatedDatabase), f.Position, f.CreatedAt, f.UpdatedAt)
	return err
}

func updateField(c *call, owner string) (answer, error) {
	f, err := c.field(owner)
	if err != nil {
		return answer{}, err
	}
	before := f.Type
	in := c.in
	in.oneOf("type", &f.Type, fieldTypes...)
	if f.Type != before {
		in.faults.add("type", "The type of a custom field can not be changed.")
	}
	if err := c.readField(in, f); err != nil {
		return answer{}, err
	}
	if err := in.faults.err(); err != nil {
		return answer{}, err
	}
	f.UpdatedAt = c.now
	if err := c.storeField(f); err != nil {
		return answer{}, err
	}
	return ok(f)
}

// deleteField removes a field together with its values: nothing comes back under a key that the service would refuse.
func deleteField(c *call, owner string) (answer, error) {
	f, err := c.field(owner)
	if err != nil {
		return answer{}, err
	}
	if err := c.dropValues(f); err != nil {
		return answer{}, err
	}
	return c.remove("Custom field", "DELETE FROM custom_fields WHERE uuid = ?", f.UUID)
}

func (c *call) dropValues(f *field) error {
	path := "$." + f.Key
	for _, statement := range []string{
		"UPDATE records SET custom_values = json_remove(custom_values, ?) WHERE database_uuid = ? AND json_type(custom_values, ?) IS NOT NULL",
		"UPDATE cards SET custom_values = json_remove(custom_values, ?) WHERE pipeline_uuid = ? AND json_type(custom_values, ?) IS NOT NULL",
	} {
		if _, err := c.db.ExecContext(c, statement, path, f.owner, path); err != nil {
			return err
		}
	}
	return nil
}

// embeddedFields makes the custom fields that a new database or pipeline was sent with.
func (c *call) embeddedFields(owner string) ([]*field, error) {
	fields := []*field{}
	if !c.in.given("custom_fields") {
		return fields, nil
	}
	var sent []json.RawMessage
	if json.Unmarshal(c.in.members["custom_fields"], &sent) != nil {
		return nil, invalid("custom_fields", "The custom fields field must be a list.")
	}
	for i, raw := range sent {
		at := "custom_fields." + strconv.Itoa(i)
		in := &input{}
		if json.Unmarshal(raw, &in.members) != nil {
			return nil, invalid(at, "Each of custom fields must be an object.")
		}
		f, err := c.addField(in, owner)
		if refusal, ok := err.(*problem); ok && refusal.Errors != nil {
			for _, name := range sortedKeys(refusal.Errors) {
				for _, reason := range refusal.Errors[name] {
					c.in.faults.add(at+"."+name, "%s", reason)
				}
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return fields, c.in.faults.err()
}
