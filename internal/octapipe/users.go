package octapipe

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"net/mail"
)

// user is a person with a login. It leaves with its secrets, wherever it is embedded: that is what the service does [K], and what whoever stands
// between it and others has to take out.
type user struct {
	UUID             string      `json:"uuid"`
	FirstName        string      `json:"first_name"`
	LastName         string      `json:"last_name"`
	Email            string      `json:"email"`
	InitialPassword  string      `json:"initial_password"`
	Role             string      `json:"role"`
	EnabledPipelines []string    `json:"enabled_pipelines"`
	IsDataRestricted bool        `json:"is_data_access_restricted"`
	IsActive         bool        `json:"is_active"`
	Job              optional    `json:"job"`
	Phone1           optional    `json:"phone1"`
	Phone2           optional    `json:"phone2"`
	Picture          optional    `json:"picture"`
	RecoverCode      optional    `json:"recover_code"`
	AuthCode         optional    `json:"auth_code"`
	EmailVerifiedAt  stamp       `json:"email_verified_at"`
	Values           fieldValues `json:"custom_fields_values"`
	CreatedAt        stamp       `json:"created_at"`
	UpdatedAt        stamp       `json:"updated_at"`
	DeletedAt        stamp       `json:"deleted_at"`
}

const userColumns = `uuid, first_name, last_name, email, initial_password, role, enabled_pipelines, is_data_access_restricted, is_active, job,
	phone1, phone2, picture, recover_code, auth_code, email_verified_at, custom_values, created_at, updated_at, deleted_at`

func scanUser(row scanner) (*user, error) {
	u := &user{}
	var pipelines string
	err := row.Scan(&u.UUID, &u.FirstName, &u.LastName, &u.Email, &u.InitialPassword, &u.Role, &pipelines, &u.IsDataRestricted, &u.IsActive, &u.Job,
		&u.Phone1, &u.Phone2, &u.Picture, &u.RecoverCode, &u.AuthCode, &u.EmailVerifiedAt, &u.Values, &u.CreatedAt, &u.UpdatedAt, &u.DeletedAt)
	if err != nil {
		return nil, err
	}
	return u, json.Unmarshal([]byte(pipelines), &u.EnabledPipelines)
}

// embedded is the user to show as creator or owner: also one who has left since. "" is nobody.
func (c *call) embedded(uuid string) (*user, error) {
	if uuid == "" {
		return nil, nil
	}
	if known := c.users[uuid]; known != nil {
		return known, nil
	}
	u, err := scanUser(c.db.QueryRowContext(c, "SELECT "+userColumns+" FROM users WHERE uuid = ?", uuid))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	c.users[uuid] = u
	return u, err
}

// owner reads owner_user_uuid: absent keeps what is stored, null means nobody.
func (c *call) owner(into *string) error {
	const name = "owner_user_uuid"
	before := *into
	c.in.optionalText(name, into, maxName)
	if *into == "" || *into == before {
		return nil
	}
	known, err := c.exists("SELECT 1 FROM users WHERE uuid = ? AND deleted_at = 0", *into)
	if err == nil && !known {
		c.in.faults.add(name, "The selected owner user uuid is invalid.")
	}
	return err
}

var userFilters = columns{
	"uuid": textColumn("uuid"), "first_name": textColumn("first_name"), "last_name": textColumn("last_name"), "email": textColumn("email"), "role": textColumn("role"),
	"job": textColumn("job"), "is_active": {expr: "is_active", kind: kindBool},
	"name": textColumn("first_name || ' ' || last_name"),
}.and(stamps)

func listUsers(c *call) (answer, error) {
	l := listing{table: "users", columns: userColumns}
	l.and("deleted_at = 0")
	if err := c.queryFilters(&l, userFilters); err != nil {
		return answer{}, err
	}
	return enveloped(c, l, scanUser)
}

func getMe(c *call) (answer, error) { return ok(c.user) }

func (c *call) userByUUID(uuid string) (*user, error) {
	return one(c, "User", scanUser, "SELECT "+userColumns+" FROM users WHERE uuid = ? AND deleted_at = 0", uuid)
}

func getUser(c *call) (answer, error) {
	u, err := c.userByUUID(c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	return ok(u)
}

func createUser(c *call) (answer, error) {
	u := &user{UUID: newUUID(), IsActive: true, CreatedAt: c.now, Values: "{}"}
	if !c.in.given("initial_password") {
		c.in.missing("initial_password")
	}
	if !c.in.sent("enabled_pipelines") {
		c.in.missing("enabled_pipelines")
	}
	if err := c.storeUser(u); err != nil {
		return answer{}, err
	}
	return created(u)
}

func updateUser(c *call) (answer, error) {
	u, err := c.userByUUID(c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	if c.user.Role != roleAdmin {
		if c.user.UUID != u.UUID {
			return answer{}, forbidden()
		}
		// What decides over a person's rights is not for that person to change; sent back with the whole object, it is ignored.
		for _, name := range []string{"role", "enabled_pipelines", "is_active", "is_data_access_restricted"} {
			delete(c.in.members, name)
		}
		c.in.members["role"], _ = encode(u.Role)
	}
	if err := c.storeUser(u); err != nil {
		return answer{}, err
	}
	return ok(u)
}

// storeUser reads what callers may set and keeps the user.
func (c *call) storeUser(u *user) error {
	in := c.in
	in.text("first_name", &u.FirstName, maxName)
	in.text("last_name", &u.LastName, maxName)
	in.text("email", &u.Email, maxName)
	in.oneOf("role", &u.Role, roleAdmin, roleUser)
	if in.given("initial_password") {
		in.text("initial_password", &u.InitialPassword, maxName)
		if len(u.InitialPassword) < 8 {
			in.faults.add("initial_password", "The initial password field must be at least 8 characters.")
		}
	}
	if address, err := mail.ParseAddress(u.Email); u.Email != "" && (err != nil || address.Address != u.Email) {
		in.faults.add("email", "The email field must be a valid email address.")
	}
	if err := c.readEnabledPipelines(u); err != nil {
		return err
	}
	for name, into := range map[string]*optional{"job": &u.Job, "phone1": &u.Phone1, "phone2": &u.Phone2, "picture": &u.Picture} {
		in.optionalText(name, (*string)(into), maxName)
	}
	in.boolean("is_active", &u.IsActive)
	in.boolean("is_data_access_restricted", &u.IsDataRestricted)
	if in.given("custom_fields_values") {
		values := map[string]json.RawMessage{}
		if raw := bytes.TrimSpace(in.members["custom_fields_values"]); string(raw) != "[]" && json.Unmarshal(raw, &values) != nil {
			in.faults.add("custom_fields_values", "The custom fields values field must be an object.")
		}
		stored, err := encode(values)
		if err != nil {
			return err
		}
		u.Values = fieldValues(stored)
	}
	if err := in.faults.err(); err != nil {
		return err
	}
	taken, err := c.exists("SELECT 1 FROM users WHERE lower(email) = lower(?) AND uuid <> ? AND deleted_at = 0", u.Email, u.UUID)
	if err != nil {
		return err
	}
	if taken {
		return refuse(http.StatusConflict, "The email has already been taken.")
	}
	u.UpdatedAt = c.now
	return insertUser(c, c.db, u)
}

func (c *call) readEnabledPipelines(u *user) error {
	const name = "enabled_pipelines"
	c.in.texts(name, &u.EnabledPipelines)
	if c.in.sent(name) && len(u.EnabledPipelines) == 0 && c.in.faults.reasons[name] == nil {
		c.in.missing(name)
	}
	if !c.in.sent(name) {
		return nil
	}
	for i, uuid := range u.EnabledPipelines {
		// One that was deleted since is still in the object that callers send back.
		known, err := c.exists("SELECT 1 FROM pipelines WHERE uuid = ?", uuid)
		if err != nil {
			return err
		}
		if !known {
			c.in.faults.add(position(name, i), "The selected enabled pipelines.%d is invalid.", i)
		}
	}
	return nil
}

// insertUser writes a user, new or known.
func insertUser(ctx context.Context, db querier, u *user) error {
	pipelines, err := encode(u.EnabledPipelines)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `INSERT INTO users (`+userColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uuid) DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name, email = excluded.email,
			initial_password = excluded.initial_password, role = excluded.role, enabled_pipelines = excluded.enabled_pipelines,
			is_data_access_restricted = excluded.is_data_access_restricted, is_active = excluded.is_active, job = excluded.job,
			phone1 = excluded.phone1, phone2 = excluded.phone2, picture = excluded.picture, custom_values = excluded.custom_values,
			updated_at = excluded.updated_at`,
		u.UUID, u.FirstName, u.LastName, u.Email, u.InitialPassword, u.Role, string(pipelines), u.IsDataRestricted, u.IsActive, u.Job,
		u.Phone1, u.Phone2, u.Picture, u.RecoverCode, u.AuthCode, u.EmailVerifiedAt, u.Values, u.CreatedAt, u.UpdatedAt, u.DeletedAt)
	return err
}

func deleteUser(c *call) (answer, error) {
	if c.params["uuid"] == c.user.UUID {
		return answer{}, refuse(http.StatusConflict, "You can not delete your own user.")
	}
	return c.remove("User", "UPDATE users SET deleted_at = ? WHERE uuid = ? AND deleted_at = 0", c.now, c.params["uuid"])
}
