package octapipe

import (
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// pipeline is a workflow: stages, and cards that move through them.
type pipeline struct {
	UUID         string   `json:"uuid"`
	Name         string   `json:"name"`
	CustomFields []*field `json:"custom_fields"`
	CreatedAt    stamp    `json:"created_at"`
	UpdatedAt    stamp    `json:"updated_at"`
	DeletedAt    stamp    `json:"deleted_at"`

	codePrefix string
}

const pipelineColumns = "uuid, name, code_prefix, created_at, updated_at, deleted_at"

func scanPipeline(row scanner) (*pipeline, error) {
	p := &pipeline{}
	return p, row.Scan(&p.UUID, &p.Name, &p.codePrefix, &p.CreatedAt, &p.UpdatedAt, &p.DeletedAt)
}

func (p *pipeline) complete(c *call) (err error) {
	p.CustomFields, err = c.fieldsOf(p.UUID)
	return err
}

// listPipelines lists those that the caller may see: an administrator all, others those that are enabled for them.
func listPipelines(c *call) (answer, error) {
	l := listing{table: "pipelines", columns: pipelineColumns}
	l.and("deleted_at = 0")
	if c.user.Role != roleAdmin {
		enabled, err := encode(c.user.EnabledPipelines)
		if err != nil {
			return answer{}, err
		}
		l.and("uuid IN (SELECT value FROM json_each(?))", string(enabled))
	}
	if err := c.queryFilters(&l, parentFilters); err != nil {
		return answer{}, err
	}
	return enveloped(c, l, scanPipeline)
}

// pipeline finds a pipeline, and refuses whom it is not enabled for.
func (c *call) pipeline(uuid string) (*pipeline, error) {
	p, err := one(c, "Pipeline", scanPipeline, "SELECT "+pipelineColumns+" FROM pipelines WHERE uuid = ? AND deleted_at = 0", uuid)
	if err != nil {
		return nil, err
	}
	if c.user.Role != roleAdmin && !slices.Contains(c.user.EnabledPipelines, uuid) {
		return nil, forbidden()
	}
	return p, nil
}

func getPipeline(c *call) (answer, error) {
	p, err := c.pipeline(c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	return ok(p)
}

func createPipeline(c *call) (answer, error) {
	p := &pipeline{UUID: newUUID(), CreatedAt: c.now, UpdatedAt: c.now}
	c.in.text("name", &p.Name, maxName)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	_, err := c.db.ExecContext(c, "INSERT INTO pipelines (uuid, name, code_prefix, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
		p.UUID, p.Name, initials(p.Name), c.now, c.now)
	if err != nil {
		return answer{}, err
	}
	if p.CustomFields, err = c.embeddedFields(p.UUID); err != nil {
		return answer{}, err
	}
	return created(p)
}

// initials are what a pipeline's card codes begin with: ES for Enterprise Sales [S].
func initials(name string) string {
	var letters strings.Builder
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		letters.WriteRune(unicode.ToUpper([]rune(word)[0]))
	}
	if letters.Len() == 0 {
		return "C"
	}
	return letters.String()
}

func updatePipeline(c *call) (answer, error) {
	p, err := c.pipeline(c.params["uuid"])
	if err != nil {
		return answer{}, err
	}
	c.in.text("name", &p.Name, maxName)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	p.UpdatedAt = c.now
	if _, err := c.db.ExecContext(c, "UPDATE pipelines SET name = ?, updated_at = ? WHERE uuid = ?", p.Name, c.now, p.UUID); err != nil {
		return answer{}, err
	}
	return ok(p)
}

func deletePipeline(c *call) (answer, error) {
	return c.remove("Pipeline", "UPDATE pipelines SET deleted_at = ? WHERE uuid = ? AND deleted_at = 0", c.now, c.params["uuid"])
}

// stage is a column of a pipeline's board.
type stage struct {
	UUID      string `json:"uuid"`
	Name      string `json:"name"`
	Position  int64  `json:"position"`
	CreatedAt stamp  `json:"created_at"`
	UpdatedAt stamp  `json:"updated_at"`
	DeletedAt stamp  `json:"deleted_at"`
}

const stageColumns = "uuid, name, position, created_at, updated_at, deleted_at"

func scanStage(row scanner) (*stage, error) {
	s := &stage{}
	return s, row.Scan(&s.UUID, &s.Name, &s.Position, &s.CreatedAt, &s.UpdatedAt, &s.DeletedAt)
}

var stageFilters = columns{"uuid": textColumn("uuid"), "name": textColumn("name"), "position": {expr: "position", kind: kindNumber}}.and(stamps)

func listStages(c *call) (answer, error) {
	p, err := c.pipeline(c.params["pipeline"])
	if err != nil {
		return answer{}, err
	}
	l := listing{table: "stages", columns: stageColumns, order: "position, id"}
	l.and("pipeline_uuid = ? AND deleted_at = 0", p.UUID)
	if err := c.queryFilters(&l, stageFilters); err != nil {
		return answer{}, err
	}
	return bare(c, l, scanStage)
}

func (c *call) stage() (*pipeline, *stage, error) {
	p, err := c.pipeline(c.params["pipeline"])
	if err != nil {
		return nil, nil, err
	}
	s, err := one(c, "Pipeline stage", scanStage,
		"SELECT "+stageColumns+" FROM stages WHERE pipeline_uuid = ? AND uuid = ? AND deleted_at = 0", p.UUID, c.params["uuid"])
	return p, s, err
}

func getStage(c *call) (answer, error) {
	_, s, err := c.stage()
	if err != nil {
		return answer{}, err
	}
	return ok(s)
}

func createStage(c *call) (answer, error) {
	p, err := c.pipeline(c.params["pipeline"])
	if err != nil {
		return answer{}, err
	}
	s := &stage{UUID: newUUID(), Position: 1 << 30, CreatedAt: c.now} // at the end, where nothing else is said
	c.in.text("name", &s.Name, maxName)
	c.in.whole("position", &s.Position, false)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	_, err = c.db.ExecContext(c, "INSERT INTO stages (uuid, pipeline_uuid, name, position, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
		s.UUID, p.UUID, s.Name, s.Position, c.now, c.now)
	if err != nil {
		return answer{}, err
	}
	s.UpdatedAt = c.now
	if err := c.placeStage(p, s); err != nil {
		return answer{}, err
	}
	return created(s)
}

func updateStage(c *call) (answer, error) {
	p, s, err := c.stage()
	if err != nil {
		return answer{}, err
	}
	c.in.text("name", &s.Name, maxName)
	c.in.whole("position", &s.Position, false)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	s.UpdatedAt = c.now
	if _, err := c.db.ExecContext(c, "UPDATE stages SET name = ?, updated_at = ? WHERE uuid = ?", s.Name, c.now, s.UUID); err != nil {
		return answer{}, err
	}
	if err := c.placeStage(p, s); err != nil {
		return answer{}, err
	}
	return ok(s)
}

// placeStage moves a stage to its position and numbers all stages from 0 without gaps.
func (c *call) placeStage(p *pipeline, placed *stage) error {
	others, err := collect(c, scanStage, "SELECT "+stageColumns+" FROM stages WHERE pipeline_uuid = ? AND uuid <> ? AND deleted_at = 0 ORDER BY position, id",
		p.UUID, placed.UUID)
	if err != nil {
		return err
	}
	placed.Position = min(placed.Position, int64(len(others)))
	for i, s := range slices.Insert(others, int(placed.Position), placed) {
		if _, err := c.db.ExecContext(c, "UPDATE stages SET position = ? WHERE uuid = ?", i, s.UUID); err != nil {
			return err
		}
	}
	return nil
}

// deleteStage refuses while cards are in the stage: they would be nowhere.
func deleteStage(c *call) (answer, error) {
	_, s, err := c.stage()
	if err != nil {
		return answer{}, err
	}
	var cards int
	if err := c.db.QueryRowContext(c, "SELECT count(*) FROM cards WHERE stage_uuid = ? AND deleted_at = 0", s.UUID).Scan(&cards); err != nil {
		return answer{}, err
	}
	if cards > 0 {
		return answer{}, refuse(http.StatusConflict, "The stage %s still holds %d cards. Move or delete them first.", s.Name, cards)
	}
	return c.remove("Pipeline stage", "UPDATE stages SET deleted_at = ? WHERE uuid = ?", c.now, s.UUID)
}
