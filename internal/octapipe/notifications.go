package octapipe

// notification is a message to one user about something.
type notification struct {
	UUID      string `json:"uuid"`
	OwnerUUID string `json:"owner_user_uuid"`
	target
	Message   string `json:"message"`
	ReadAt    stamp  `json:"read_at"`
	CreatedAt stamp  `json:"created_at"`
	UpdatedAt stamp  `json:"updated_at"`
	DeletedAt stamp  `json:"deleted_at"`
}

const notificationColumns = "uuid, owner_uuid, entity, record_uuid, message, read_at, created_at, updated_at, deleted_at"

func scanNotification(row scanner) (*notification, error) {
	n := &notification{}
	return n, row.Scan(&n.UUID, &n.OwnerUUID, &n.Entity, &n.RecordUUID, &n.Message, &n.ReadAt, &n.CreatedAt, &n.UpdatedAt, &n.DeletedAt)
}

var notificationFilters = columns{
	"uuid": textColumn("uuid"), "owner_user_uuid": textColumn("owner_uuid"), "entity": textColumn("entity"), "record_uuid": textColumn("record_uuid"),
	"message": textColumn("message"), "read_at": {expr: "read_at", kind: kindStamp},
}.and(stamps)

// listNotifications shows people their own, and administrators everybody's [A].
func listNotifications(c *call) (answer, error) {
	l := listing{table: "notifications", columns: notificationColumns}
	l.and("deleted_at = 0")
	if c.user.Role != roleAdmin {
		l.and("owner_uuid = ?", c.user.UUID)
	}
	if err := c.queryFilters(&l, notificationFilters); err != nil {
		return answer{}, err
	}
	return enveloped(c, l, scanNotification)
}

func createNotification(c *call) (answer, error) {
	n := &notification{UUID: newUUID(), CreatedAt: c.now, UpdatedAt: c.now}
	if !c.in.given("owner_user_uuid") {
		c.in.missing("owner_user_uuid")
	}
	if err := c.owner(&n.OwnerUUID); err != nil {
		return answer{}, err
	}
	if err := c.readTarget(c.in, &n.target); err != nil {
		return answer{}, err
	}
	c.in.text("message", &n.Message, maxText)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	_, err := c.db.ExecContext(c, `INSERT INTO notifications (uuid, owner_uuid, entity, record_uuid, message, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, n.UUID, n.OwnerUUID, n.Entity, n.RecordUUID, n.Message, c.now, c.now)
	if err != nil {
		return answer{}, err
	}
	return created(n)
}

// markRead keeps the time of the first reading.
func markRead(c *call) (answer, error) {
	n, err := one(c, "Notification", scanNotification,
		"SELECT "+notificationColumns+" FROM notifications WHERE uuid = ? AND deleted_at = 0", c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	if c.user.Role != roleAdmin && c.user.UUID != n.OwnerUUID {
		return answer{}, forbidden()
	}
	if n.ReadAt == 0 {
		n.ReadAt, n.UpdatedAt = c.now, c.now
		if _, err := c.db.ExecContext(c, "UPDATE notifications SET read_at = ?, updated_at = ? WHERE uuid = ?", c.now, c.now, n.UUID); err != nil {
			return answer{}, err
		}
	}
	return ok(n)
}
