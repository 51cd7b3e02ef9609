package octapipe

// task is something to do, on some day, by somebody.
type task struct {
	UUID        string   `json:"uuid"`
	Title       string   `json:"title"`
	Description optional `json:"description"`
	StartDate   string   `json:"start_date"`
	EndDate     string   `json:"end_date"`
	StartTime   string   `json:"start_time"` // HH:MM:SS
	EndTime     string   `json:"end_time"`
	Status      string   `json:"status"`
	Priority    string   `json:"priority"`
	CardUUID    optional `json:"pipeline_card_uuid"`
	OwnerUser   *user    `json:"owner_user"`
	CreatorUser *user    `json:"creator_user"`
	CreatedAt   stamp    `json:"created_at"`
	UpdatedAt   stamp    `json:"updated_at"`
	DeletedAt   stamp    `json:"deleted_at"`

	creator, owner string
}

const taskColumns = `uuid, title, description, start_date, end_date, start_time, end_time, status, priority, card_uuid, creator_uuid, owner_uuid,
	created_at, updated_at, deleted_at`

func scanTask(row scanner) (*task, error) {
	t := &task{}
	return t, row.Scan(&t.UUID, &t.Title, &t.Description, &t.StartDate, &t.EndDate, &t.StartTime, &t.EndTime, &t.Status, &t.Priority, &t.CardUUID,
		&t.creator, &t.owner, &t.CreatedAt, &t.UpdatedAt, &t.DeletedAt)
}

func (t *task) complete(c *call) (err error) {
	if t.CreatorUser, err = c.embedded(t.creator); err != nil {
		return err
	}
	t.OwnerUser, err = c.embedded(t.owner)
	return err
}

var taskFilters = columns{
	"uuid": textColumn("uuid"), "title": textColumn("title"), "description": textColumn("description"), "status": textColumn("status"), "priority": textColumn("priority"),
	"start_date": {expr: "start_date", kind: kindDate}, "end_date": {expr: "end_date", kind: kindDate},
	"pipeline_card_uuid": textColumn("card_uuid"), "owner_user_uuid": textColumn("owner_uuid"), "creator_user_uuid": textColumn("creator_uuid"),
}.and(stamps)

func listTasks(c *call) (answer, error) {
	l := listing{table: "tasks", columns: taskColumns}
	l.and("deleted_at = 0")
	query := c.r.URL.Query()
	for name, column := range map[string]string{
		"status": "status", "priority": "priority", "pipeline_card_uuid": "card_uuid", "owner_user_uuid": "owner_uuid",
	} {
		if value := query.Get(name); value != "" {
			l.and(column+" = ?", value)
		}
	}
	if err := c.queryFilters(&l, taskFilters); err != nil {
		return answer{}, err
	}
	return enveloped(c, l, scanTask)
}

func (c *call) task() (*task, error) {
	return one(c, "Task", scanTask, "SELECT "+taskColumns+" FROM tasks WHERE uuid = ? AND deleted_at = 0", c.params["uuid"])
}

func getTask(c *call) (answer, error) {
	t, err := c.task()
	if err != nil {
		return answer{}, err
	}
	return ok(t)
}

func createTask(c *call) (answer, error) {
	t := &task{UUID: newUUID(), CreatedAt: c.now, creator: c.user.UUID, owner: c.user.UUID}
	if err := c.storeTask(t, false); err != nil {
		return answer{}, err
	}
	return created(t)
}

func updateTask(c *call) (answer, error) {
	t, err := c.task()
	if err != nil {
		return answer{}, err
	}
	if err := c.storeTask(t, true); err != nil {
		return answer{}, err
	}
	return ok(t)
}

func (c *call) storeTask(t *task, update bool) error {
	in := c.in
	in.text("title", &t.Title, maxName)
	in.optionalText("description", (*string)(&t.Description), maxText)
	in.date("start_date", &t.StartDate)
	in.date("end_date", &t.EndDate)
	in.clock("start_time", &t.StartTime, update)
	in.clock("end_time", &t.EndTime, update)
	in.oneOf("status", &t.Status, "open", "pending", "in_progress", "completed")
	in.oneOf("priority", &t.Priority, "low", "medium", "high")
	if in.faults.reasons == nil {
		switch {
		case t.EndDate < t.StartDate:
			in.faults.add("end_date", "The end date field must be a date after or equal to start date.")
		case t.EndDate == t.StartDate && t.EndTime < t.StartTime:
			in.faults.add("end_time", "The end time field must be a time after or equal to start time.")
		}
	}
	before := t.CardUUID
	in.optionalText("pipeline_card_uuid", (*string)(&t.CardUUID), maxName)
	if t.CardUUID != "" && t.CardUUID != before {
		known, err := c.exists("SELECT 1 FROM cards WHERE uuid = ? AND deleted_at = 0", t.CardUUID)
		if err != nil {
			return err
		}
		if !known {
			in.faults.add("pipeline_card_uuid", "The selected pipeline card uuid is invalid.")
		}
	}
	if err := c.owner(&t.owner); err != nil {
		return err
	}
	if err := in.faults.err(); err != nil {
		return err
	}
	t.UpdatedAt = c.now
	_, err := c.db.ExecContext(c, `INSERT INTO tasks (`+taskColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uuid) DO UPDATE SET title = excluded.title, description = excluded.description, start_date = excluded.start_date,
			end_date = excluded.end_date, start_time = excluded.start_time, end_time = excluded.end_time, status = excluded.status,
			priority = excluded.priority, card_uuid = excluded.card_uuid, owner_uuid = excluded.owner_uuid, updated_at = excluded.updated_at`,
		t.UUID, t.Title, t.Description, t.StartDate, t.EndDate, t.StartTime, t.EndTime, t.Status, t.Priority, t.CardUUID, t.creator, t.owner,
		t.CreatedAt, t.UpdatedAt, t.DeletedAt)
	if err != nil {
		return err
	}
	return t.complete(c)
}

func deleteTask(c *call) (answer, error) {
	return c.remove("Task", "UPDATE tasks SET deleted_at = ? WHERE uuid = ? AND deleted_at = 0", c.now, c.params["uuid"])
}
