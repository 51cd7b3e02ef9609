package octapipe

import (
	"encoding/json"
	"fmt"
)

// card is a piece of work on its way through a pipeline.
type card struct {
	UUID               string      `json:"uuid"`
	Code               string      `json:"code"`
	Name               string      `json:"name"`
	SLA                int64       `json:"sla"` // hours
	Values             fieldValues `json:"custom_fields_values"`
	Tags               []string    `json:"tags"`
	LastStageUpdatedAt stamp       `json:"last_stage_updated_at"`
	Pipeline           named       `json:"pipeline"`
	PipelineStage      named       `json:"pipeline_stage"`
	CreatorUser        *user       `json:"creator_user"`
	OwnerUser          *user       `json:"owner_user"`
	Movements          []*movement `json:"movements"`
	Timeline           []*visit    `json:"timeline"`
	CreatedAt          stamp       `json:"created_at"`
	UpdatedAt          stamp       `json:"updated_at"`
	DeletedAt          stamp       `json:"deleted_at"`

	creator, owner string
}

type named struct {
	UUID string `json:"uuid"`
	Name string `json:"name"`
}

// movement is one change of stage.
type movement struct {
	CardUUID  string `json:"pipeline_card_uuid"`
	UserUUID  string `json:"user_uuid"`
	From      string `json:"from_pipeline_stage_uuid"`
	To        string `json:"to_pipeline_stage_uuid"`
	CreatedAt stamp  `json:"created_at"`
	UpdatedAt stamp  `json:"updated_at"`
	DeletedAt stamp  `json:"deleted_at"`
}

// visit is the time that a card has spent in one stage, all its stays there added up.
type visit struct {
	Stage   string `json:"pipeline_stage"`
	Index   int64  `json:"pipeline_stage_index"`
	Total   int64  `json:"total"`    // seconds
	MovedAt stamp  `json:"moved_at"` // when it last came in

	uuid string
}

const cardColumns = `uuid, code, name, sla, custom_values, tags, last_stage_updated_at,
	pipeline_uuid, (SELECT p.name FROM pipelines p WHERE p.uuid = pipeline_uuid),
	stage_uuid, (SELECT s.name FROM stages s WHERE s.uuid = stage_uuid),
	creator_uuid, owner_uuid, created_at, updated_at, deleted_at`

func scanCard(row scanner) (*card, error) {
	k := &card{}
	var tags string
	err := row.Scan(&k.UUID, &k.Code, &k.Name, &k.SLA, &k.Values, &tags, &k.LastStageUpdatedAt, &k.Pipeline.UUID, &k.Pipeline.Name,
		&k.PipelineStage.UUID, &k.PipelineStage.Name, &k.creator, &k.owner, &k.CreatedAt, &k.UpdatedAt, &k.DeletedAt)
	if err != nil {
		return nil, err
	}
	return k, json.Unmarshal([]byte(tags), &k.Tags)
}

func (k *card) complete(c *call) (err error) {
	if k.CreatorUser, err = c.embedded(k.creator); err != nil {
		return err
	}
	if k.OwnerUser, err = c.embedded(k.owner); err != nil {
		return err
	}
	k.Movements, err = collect(c, scanMovement,
		"SELECT card_uuid, user_uuid, from_stage_uuid, to_stage_uuid, created_at FROM movements WHERE card_uuid = ? ORDER BY id", k.UUID)
	if err != nil {
		return err
	}
	return k.tell(c)
}

func scanMovement(row scanner) (*movement, error) {
	m := &movement{}
	err := row.Scan(&m.CardUUID, &m.UserUUID, &m.From, &m.To, &m.CreatedAt)
	m.UpdatedAt = m.CreatedAt
	return m, err
}

// tell makes the timeline of the movements, in the order of the stages.
func (k *card) tell(c *call) error {
	stages, err := collect(c, func(row scanner) (*visit, error) {
		v := &visit{}
		return v, row.Scan(&v.uuid, &v.Stage, &v.Index)
	}, "SELECT uuid, name, position FROM stages WHERE pipeline_uuid = ? ORDER BY position, id", k.Pipeline.UUID)
	if err != nil {
		return err
	}
	stay := func(stage string, from, until stamp) {
		for _, v := range stages {
			if v.uuid == stage {
				v.Total += max(0, int64(until-from)/1000)
				v.MovedAt = from
			}
		}
	}
	since := k.CreatedAt
	for _, m := range k.Movements {
		stay(m.From, since, m.CreatedAt)
		since = m.CreatedAt
	}
	stay(k.PipelineStage.UUID, since, c.now)
	k.Timeline = []*visit{}
	for _, v := range stages {
		if v.MovedAt != 0 {
			k.Timeline = append(k.Timeline, v)
		}
	}
	return nil
}

var cardFilters = columns{
	"uuid": textColumn("uuid"), "name": textColumn("name"), "code": textColumn("code"), "sla": {expr: "sla", kind: kindNumber},
	"pipeline_stage_uuid": textColumn("stage_uuid"), "creator_user_uuid": textColumn("creator_uuid"), "owner_user_uuid": textColumn("owner_uuid"),
	"tag":                   {expr: "tags", kind: kindList, each: "json_each(tags)"},
	"tags":                  {expr: "tags", kind: kindList, each: "json_each(tags)"},
	"last_stage_updated_at": {expr: "last_stage_updated_at", kind: kindStamp},
}.and(stamps)

func listCards(c *call) (answer, error) {
	p, err := c.pipeline(c.params["pipeline"])
	if err != nil {
		return answer{}, err
	}
	l := listing{table: "cards", columns: cardColumns}
	l.and("pipeline_uuid = ? AND deleted_at = 0", p.UUID)
	query := c.r.URL.Query()
	for name, condition := range map[string]string{
		"pipeline_stage_uuid": "stage_uuid = ?",
		"owner_user_uuid":     "owner_uuid = ?",
		"name":                "instr(lower(name), lower(?)) > 0", // a part of it, in any case [A]
		"tag":                 "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)",
	} {
		if value := query.Get(name); value != "" {
			l.and(condition, value)
		}
	}
	if err := c.queryFilters(&l, cardFilters.withCustom(p.CustomFields)); err != nil {
		return answer{}, err
	}
	return bare(c, l, scanCard)
}

// card finds a card in the pipeline that the path names; in any other it does not exist.
func (c *call) card() (*pipeline, *card, error) {
	p, err := c.pipeline(c.params["pipeline"])
	if err != nil {
		return nil, nil, err
	}
	k, err := one(c, "Pipeline card", scanCard,
		"SELECT "+cardColumns+" FROM cards WHERE pipeline_uuid = ? AND uuid = ? AND deleted_at = 0", p.UUID, c.params["uuid"])
	return p, k, err
}

func getCard(c *call) (answer, error) {
	_, k, err := c.card()
	if err != nil {
		return answer{}, err
	}
	return ok(k)
}

func createCard(c *call) (answer, error) {
	p, err := c.pipeline(c.params["pipeline"])
	if err != nil {
		return answer{}, err
	}
	k := &card{
		UUID: newUUID(), Pipeline: named{p.UUID, p.Name}, Values: "{}", Tags: []string{},
		CreatedAt: c.now, LastStageUpdatedAt: c.now, creator: c.user.UUID, owner: c.user.UUID,
	}
	if !c.in.given("custom_fields_values") {
		c.in.missing("custom_fields_values")
	}
	if err := c.readCard(p, k); err != nil {
		return answer{}, err
	}
	var number int
	err = c.db.QueryRowContext(c, "UPDATE pipelines SET last_code = last_code + 1 WHERE uuid = ? RETURNING last_code", p.UUID).Scan(&number)
	if err != nil {
		return answer{}, err
	}
	k.Code = fmt.Sprintf("%s-%d", p.codePrefix, number)
	if err := c.storeCard(k); err != nil {
		return answer{}, err
	}
	return created(k)
}

func updateCard(c *call) (answer, error) {
	p, k, err := c.card()
	if err != nil {
		return answer{}, err
	}
	before := k.PipelineStage.UUID
	if err := c.readCard(p, k); err != nil {
		return answer{}, err
	}
	if k.PipelineStage.UUID != before {
		k.LastStageUpdatedAt = c.now
		_, err := c.db.ExecContext(c, "INSERT INTO movements (card_uuid, user_uuid, from_stage_uuid, to_stage_uuid, created_at) VALUES (?, ?, ?, ?, ?)",
			k.UUID, c.user.UUID, before, k.PipelineStage.UUID, c.now)
		if err != nil {
			return answer{}, err
		}
	}
	if err := c.storeCard(k); err != nil {
		return answer{}, err
	}
	return ok(k)
}

// readCard reads what callers may set. The stage must belong to the pipeline of the path: lineage is never guessed [S].
func (c *call) readCard(p *pipeline, k *card) error {
	in := c.in
	in.text("name", &k.Name, maxName)
	in.whole("sla", &k.SLA, true)
	in.texts("tags", &k.Tags)
	if k.Tags == nil {
		k.Tags = []string{}
	}
	in.text("pipeline_stage_uuid", &k.PipelineStage.UUID, maxName)
	if in.given("pipeline_stage_uuid") {
		err := c.db.QueryRowContext(c, `SELECT coalesce((SELECT name FROM stages WHERE uuid = ? AND pipeline_uuid = ? AND deleted_at = 0), '')`,
			k.PipelineStage.UUID, p.UUID).Scan(&k.PipelineStage.Name)
		if err != nil {
			return err
		}
		if k.PipelineStage.Name == "" && in.faults.reasons["pipeline_stage_uuid"] == nil {
			in.faults.add("pipeline_stage_uuid", "The selected pipeline stage uuid is invalid: the pipeline %s has no such stage.", p.Name)
		}
	}
	if in.given("custom_fields_values") || k.Code == "" { // a new card is held to what its fields require
		var err error
		if k.Values, err = c.readValues(in, p.CustomFields, false); err != nil {
			return err
		}
	}
	if err := c.owner(&k.owner); err != nil {
		return err
	}
	return in.faults.err()
}

func (c *call) storeCard(k *card) error {
	tags, err := encode(k.Tags)
	if err != nil {
		return err
	}
	k.UpdatedAt = c.now
	_, err = c.db.ExecContext(c, `INSERT INTO cards (uuid, pipeline_uuid, stage_uuid, code, name, sla, custom_values, tags, last_stage_updated_at,
			creator_uuid, owner_uuid, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uuid) DO UPDATE SET stage_uuid = excluded.stage_uuid, name = excluded.name, sla = excluded.sla,
			custom_values = excluded.custom_values, tags = excluded.tags, last_stage_updated_at = excluded.last_stage_updated_at,
			owner_uuid = excluded.owner_uuid, updated_at = excluded.updated_at`,
		k.UUID, k.Pipeline.UUID, k.PipelineStage.UUID, k.Code, k.Name, k.SLA, k.Values, string(tags), k.LastStageUpdatedAt,
		k.creator, k.owner, k.CreatedAt, k.UpdatedAt)
	if err != nil {
		return err
	}
	return k.complete(c)
}

func deleteCard(c *call) (answer, error) {
	p, k, err := c.card()
	if err != nil {
		return answer{}, err
	}
	return c.remove("Pipeline card", "UPDATE cards SET deleted_at = ? WHERE pipeline_uuid = ? AND uuid = ?", c.now, p.UUID, k.UUID)
}
