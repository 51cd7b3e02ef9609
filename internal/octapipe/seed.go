package octapipe

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
)

// seed writes what a new database starts with: the administrator and the API key always, the sample data where the configuration says so. The
// sample is the same at every start, uuids included, but for its dates, which are counted from the start.
func (s *Sandbox) seed(tx *sql.Tx) error {
	w := &sower{
		tx: tx, now: s.config.Clock().UTC(), files: filepath.Join(s.path, "files"), statements: map[string]*sql.Stmt{},
		dice: rand.New(rand.NewPCG(8, 42)),
	}
	defer w.close()
	w.people(s.config.Seed)
	w.run("INSERT INTO api_keys (uuid, name, hash, user_uuid, created_at) VALUES (?, ?, ?, ?, ?)",
		w.id("api key"), "sandbox", hashOf(s.keyOf("administrator")), w.users[0].UUID, w.at(0))
	if s.config.Seed {
		for _, d := range sampleDatabases {
			w.database(d)
		}
		for _, p := range samplePipelines {
			w.pipeline(p)
		}
		w.enable()
		w.tasks()
		w.remarks()
		w.attachments()
	}
	return w.err
}

// sower writes sample data through prepared statements. After an error it writes nothing more, and err tells the first.
type sower struct {
	tx         *sql.Tx
	now        time.Time
	files      string
	statements map[string]*sql.Stmt
	dice       *rand.Rand
	err        error

	users   []*user
	records map[string][]string // database → uuids
	cards   []sampleCard
	lines   []string // pipelines' uuids
}

type sampleCard struct{ uuid, pipeline, name string }

func (w *sower) close() {
	for _, statement := range w.statements {
		statement.Close()
	}
}

func (w *sower) run(query string, args ...any) {
	if w.err != nil {
		return
	}
	statement := w.statements[query]
	if statement == nil {
		if statement, w.err = w.tx.Prepare(query); w.err != nil {
			return
		}
		w.statements[query] = statement
	}
	_, w.err = statement.Exec(args...)
}

// id is the uuid of a thing by its name, the same in every sandbox.
func (w *sower) id(parts ...string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("octapipe:"+strings.Join(parts, "/"))).String()
}

// at is the time some days before the start, at an hour that depends on nothing but the day.
func (w *sower) at(daysAgo int) stamp {
	return stamp(w.now.AddDate(0, 0, -daysAgo).Add(-time.Duration(daysAgo*37%540) * time.Minute).UnixMilli())
}

func (w *sower) day(daysAgo int) string { return w.now.AddDate(0, 0, -daysAgo).Format(time.DateOnly) }

func (w *sower) pick(options []string) string { return options[w.dice.IntN(len(options))] }

func (w *sower) anyone() string { return w.users[w.dice.IntN(len(w.users))].UUID }

func (w *sower) json(value any) string {
	encoded, err := encode(value)
	if err != nil && w.err == nil {
		w.err = err
	}
	return string(encoded)
}

func (w *sower) people(all bool) {
	names := samplePeople
	if !all {
		names = names[:1]
	}
	for i, name := range names {
		first, last, _ := strings.Cut(name, " ")
		u := &user{
			UUID: w.id("user", name), FirstName: first, LastName: last, Role: roleUser, EnabledPipelines: []string{}, IsActive: i != 11,
			Email:           strings.ToLower(first + "." + last + "@northwind.example"),
			InitialPassword: fmt.Sprintf("Welcome-%s-%04d", last, 1000+i*37), IsDataRestricted: i%5 == 4,
			Job: optional(sampleJobs[i%len(sampleJobs)]), Phone1: optional(fmt.Sprintf("+46 8 555 01 %02d", 10+i)),
			EmailVerifiedAt: w.at(700 - i), Values: "{}", CreatedAt: w.at(720 - i), UpdatedAt: w.at(90 + i),
		}
		switch {
		case i == 0:
			u.Role, u.Email, u.InitialPassword = roleAdmin, adminEmail, adminPassword
		case i%6 == 3:
			u.Role = roleAdmin
		}
		if i%3 == 1 { // someone who asked for a new password, someone in the middle of a login
			u.RecoverCode, u.AuthCode = optional(fmt.Sprintf("rc-%06d", 104729*(i+1)%1000000)), optional(fmt.Sprintf("%06d", 7919*(i+3)%1000000))
		}
		if i%4 == 2 {
			u.Values = fieldValues(w.json(map[string]string{"cf_team": "Team " + string(rune('A'+i%3))}))
		}
		if i%7 == 6 {
			u.EmailVerifiedAt = 0
		}
		w.users = append(w.users, u)
		if w.err == nil {
			w.err = insertUser(context.Background(), w.tx, u)
		}
	}
}

// enable opens pipelines to people: all to administrators, some to others.
func (w *sower) enable() {
	for i, u := range w.users {
		enabled := w.lines
		if u.Role != roleAdmin {
			enabled = w.lines[:1+i%len(w.lines)]
		}
		w.run("UPDATE users SET enabled_pipelines = ? WHERE uuid = ?", w.json(enabled), u.UUID)
	}
}

func (w *sower) fields(owner string, fields []field) {
	for i, f := range fields {
		options := f.Options
		if options == nil {
			options = []string{}
		}
		related := ""
		if f.RelatedDatabase != "" {
			related = w.id("database", string(f.RelatedDatabase))
		}
		w.run(`INSERT INTO custom_fields (uuid, owner_uuid, key, label, type, required, options, related_database_uuid, position, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			w.id("field", owner, f.Key), owner, f.Key, f.Label, f.Type, f.Required, w.json(options), related, i, w.at(600), w.at(600-i))
	}
}

func (w *sower) database(d sampleDatabase) {
	uuid := w.id("database", d.name)
	w.run("INSERT INTO databases (uuid, name, created_at, updated_at) VALUES (?, ?, ?, ?)", uuid, d.name, w.at(650), w.at(400))
	w.fields(uuid, d.fields)
	if w.records == nil {
		w.records = map[string][]string{}
	}
	for i := range d.count {
		name := d.recordName(w, i)
		record := w.id("record", d.name, fmt.Sprint(i))
		owner := w.anyone()
		if i%13 == 7 {
			owner = ""
		}
		values := map[string]any{}
		if i%29 != 28 || d.strict { // a few have no values at all, and come back as []
			for _, f := range d.fields {
				if value := w.value(d, f, i); value != nil {
					values[f.Key] = value
				}
			}
		}
		age := 500 - i*499/d.count
		w.run(`INSERT INTO records (uuid, database_uuid, name, custom_values, creator_uuid, owner_uuid, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			record, uuid, name, w.json(values), w.anyone(), owner, w.at(age), w.at(age/2))
		w.records[d.name] = append(w.records[d.name], record)
	}
}

// value makes up a value of a field for the i-th record; nil is none.
func (w *sower) value(d sampleDatabase, f field, i int) any {
	if special := d.special[f.Key]; special != nil {
		return special(w, i)
	}
	if !f.Required && w.dice.IntN(8) == 0 {
		return nil
	}
	switch f.Type {
	case "text":
		return w.pick(sampleCompanies)
	case "long_text":
		return w.pick(sampleSentences) + " " + w.pick(sampleSentences)
	case "number":
		return 1 + w.dice.IntN(400)
	case "currency":
		return json.Number(fmt.Sprintf("%d.%02d", 500+w.dice.IntN(90000), w.dice.IntN(100)))
	case "date":
		return w.day(w.dice.IntN(700))
	case "datetime":
		return w.now.Add(-time.Duration(w.dice.IntN(400*24)) * time.Hour).Truncate(time.Hour).Format(time.RFC3339)
	case "select":
		return w.pick(f.Options)
	case "multi_select":
		chosen := []string{}
		for _, option := range f.Options {
			if w.dice.IntN(3) == 0 {
				chosen = append(chosen, option)
			}
		}
		if len(chosen) == 0 {
			return nil
		}
		return chosen
	case "checkbox":
		return w.dice.IntN(2) == 0
	case "email":
		return strings.ToLower(w.pick(sampleFirstNames)) + fmt.Sprint(i) + "@mail.example"
	case "phone":
		return fmt.Sprintf("+1 202 555 %04d", 100+w.dice.IntN(9000))
	case "url":
		return "https://www." + strings.ToLower(strings.ReplaceAll(w.pick(sampleCompanies), " ", "-")) + ".example"
	case "user":
		return w.anyone()
	case "record":
		if known := w.records[string(f.RelatedDatabase)]; len(known) > 0 {
			return known[w.dice.IntN(len(known))]
		}
	}
	return nil
}

func (w *sower) pipeline(p samplePipeline) {
	uuid := w.id("pipeline", p.name)
	w.lines = append(w.lines, uuid)
	w.run("INSERT INTO pipelines (uuid, name, code_prefix, last_code, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
		uuid, p.name, initials(p.name), p.count, w.at(640), w.at(410))
	w.fields(uuid, p.fields)
	stages := make([]string, len(p.stages))
	for i, name := range p.stages {
		stages[i] = w.id("stage", p.name, name)
		w.run("INSERT INTO stages (uuid, pipeline_uuid, name, position, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
			stages[i], uuid, name, i, w.at(640), w.at(640))
	}
	for i := range p.count {
		name, at := fmt.Sprintf(p.pattern, sampleCompanies[(i*7+len(p.name))%len(sampleCompanies)]), w.dice.IntN(len(stages))
		if fixed, isFixed := p.fixed[i]; isFixed {
			name, at = fixed.name, fixed.stage
		}
		w.card(p, uuid, stages, i, at, name)
	}
}

// card writes a card that has come all the way to its stage, with the movements that brought it there.
func (w *sower) card(p samplePipeline, pipeline string, stages []string, i, at int, name string) {
	card := w.id("card", p.name, fmt.Sprint(i))
	born := 20 + (p.count-i)*4
	tags, values := []string{}, map[string]any{}
	for n := w.dice.IntN(3); n > 0; n-- {
		if tag := w.pick(sampleTags); len(tags) == 0 || tags[0] != tag {
			tags = append(tags, tag)
		}
	}
	if i%11 != 10 {
		for _, f := range p.fields {
			if value := w.value(sampleDatabase{}, f, i); value != nil {
				values[f.Key] = value
			}
		}
	}
	moved := w.at(born)
	steps := make([]stamp, at)
	for step := range steps {
		steps[step] = w.at(born - (step+1)*born/(at+2))
		moved = steps[step]
	}
	w.run(`INSERT INTO cards (uuid, pipeline_uuid, stage_uuid, code, name, sla, custom_values, tags, last_stage_updated_at, creator_uuid, owner_uuid,
		created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		card, pipeline, stages[at], fmt.Sprintf("%s-%d", initials(p.name), i+1), name, []int{0, 4, 8, 24, 48, 72}[w.dice.IntN(6)], w.json(values), w.json(tags),
		moved, w.anyone(), w.anyone(), w.at(born), moved)
	for step, when := range steps {
		w.run("INSERT INTO movements (card_uuid, user_uuid, from_stage_uuid, to_stage_uuid, created_at) VALUES (?, ?, ?, ?, ?)",
			card, w.anyone(), stages[step], stages[step+1], when)
	}
	w.cards = append(w.cards, sampleCard{card, p.name, name})
}

// tasks all have an owner and none is open: the vendor's own client reads no others [K].
func (w *sower) tasks() {
	for i := range 64 {
		card := ""
		if i%3 != 2 {
			card = w.cards[i*5%len(w.cards)].uuid
		}
		start := 20 - i
		hour := 8 + i%9
		w.run(`INSERT INTO tasks (uuid, title, description, start_date, end_date, start_time, end_time, status, priority, card_uuid, creator_uuid, owner_uuid,
			created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			w.id("task", fmt.Sprint(i)), fmt.Sprintf(sampleTasks[i%len(sampleTasks)], sampleCompanies[i%len(sampleCompanies)]), w.pick(sampleSentences),
			w.day(start), w.day(start-i%3), fmt.Sprintf("%02d:00:00", hour), fmt.Sprintf("%02d:30:00", hour+1),
			[]string{"pending", "in_progress", "completed"}[i%3], []string{"low", "medium", "high"}[i%7%3], card, w.anyone(), w.anyone(), w.at(60-i/2), w.at(30-i/3))
	}
}

// remarks are the notes and the notifications.
func (w *sower) remarks() {
	note := func(i int, entity, record string) {
		w.run("INSERT INTO notes (uuid, entity, record_uuid, note, creator_uuid, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			w.id("note", entity, fmt.Sprint(i)), entity, record, "**"+w.pick(sampleSentences)+"** "+w.pick(sampleSentences), w.anyone(), w.at(i%40), w.at(i%40))
	}
	for i := range 60 {
		note(i, "pipeline_card", w.cards[i*3%len(w.cards)].uuid)
	}
	for i := range 22 { // more than a page on one card
		note(100+i, "pipeline_card", w.cards[0].uuid)
	}
	for i, record := range w.records["Leads"][:30] {
		note(i, "database_record", record)
	}
	for i := range 10 {
		note(i, "task", w.id("task", fmt.Sprint(i)))
		note(i, "user", w.users[i].UUID)
	}
	for i := range 26 {
		card, read := w.cards[i*2], stamp(0)
		if i%2 == 0 {
			read = w.at(i / 3)
		}
		w.run(`INSERT INTO notifications (uuid, owner_uuid, entity, record_uuid, message, read_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			w.id("notification", fmt.Sprint(i)), w.users[i%6].UUID, "pipeline_card", card.uuid, card.name+" has been waiting longer than agreed", read, w.at(i), w.at(i))
	}
}

// attachments are files on disk.
func (w *sower) attachments() {
	for i, f := range sampleFiles {
		uuid := w.id("file", f.name)
		if w.err == nil {
			w.err = os.WriteFile(filepath.Join(w.files, uuid), f.content, 0o600)
		}
		entity, record := "pipeline_card", w.cards[i%3].uuid
		if i%2 == 1 {
			entity, record = "database_record", w.records["Vendor Compliance"][i]
		}
		w.run(`INSERT INTO files (uuid, entity, record_uuid, name, mime, size, creator_uuid, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			uuid, entity, record, f.name, f.mime, len(f.content), w.anyone(), w.at(40-i), w.at(40-i))
	}
}
