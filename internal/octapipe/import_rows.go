package octapipe

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// importRun is the reading of one file.
type importRun struct {
	c      *call
	d      *database
	source importSource

	reader  cellReader
	targets []string // by column: the key to fill, "" for none
	created int
	updated int
	failed  int
	errors  []rowError
}

func (run *importRun) read() error {
	format, err := sniff(run.source.file.head)
	if err != nil {
		return err
	}
	if format == "xlsx" {
		err = readXLSX(run.source.file.path, &run.reader, run.row)
	} else {
		var content []byte
		if content, err = os.ReadFile(run.source.file.path); err == nil {
			err = readCSV(content, run.row)
		}
	}
	if err == nil && run.targets == nil {
		err = &fileFault{reason: "The file is empty: its first row must name the columns."}
	}
	return err
}

func (run *importRun) row(number int, cells []string) error {
	if run.targets == nil {
		return run.header(number, cells)
	}
	if !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
		return nil
	}
	if run.created+run.updated+run.failed >= mostRows {
		return &fileFault{row: number, reason: fmt.Sprintf("The file has more than %d rows. Split it; nothing was imported.", mostRows)}
	}
	faults := &faults{}
	r, known, err := run.fill(cells, faults)
	if err != nil {
		return err
	}
	if faults.reasons != nil {
		run.failed++
		for _, key := range sortedKeys(faults.reasons) {
			for _, reason := range faults.reasons[key] {
				if len(run.errors) < mostRowErrors {
					e := rowError{Row: &number, Reason: reason}
					if key != "" {
						e.Field = &key
					}
					run.errors = append(run.errors, e)
				}
			}
		}
		return nil
	}
	if known {
		run.updated++
	} else {
		run.created++
	}
	return insertRecord(run.c, r)
}

// header finds out which column fills what. A column that the mapping names must be there; without a mapping every column must be
// known, since one that is silently left out looks like one that was imported.
func (run *importRun) header(number int, cells []string) error {
	targets := make([]string, len(cells))
	at := map[string]int{}
	for i, cell := range cells {
		column := strings.TrimSpace(cell)
		if column == "" {
			continue
		}
		if _, twice := at[column]; twice {
			return &fileFault{row: number, reason: fmt.Sprintf("The column %s is there twice.", column)}
		}
		at[column] = i
		if run.source.mapping != nil {
			targets[i] = run.source.mapping[column]
			continue
		}
		key, reason := run.guess(column)
		if reason != "" {
			return &fileFault{row: number, reason: reason}
		}
		if slices.Contains(targets, key) {
			return &fileFault{row: number, reason: fmt.Sprintf("Two columns fill %s. Say in mapping which one does.", key)}
		}
		targets[i] = key
	}
	for _, column := range sortedKeys(run.source.mapping) {
		if _, found := at[strings.TrimSpace(column)]; !found {
			return &fileFault{row: number, reason: fmt.Sprintf("The file has no column %s. Its columns are: %s.", column, strings.Join(sortedKeys(at), ", "))}
		}
	}
	if !slices.Contains(targets, "name") && !slices.Contains(targets, "uuid") {
		return &fileFault{row: number, reason: "No column fills name. Say in mapping which one does."}
	}
	run.targets = targets
	return nil
}

// guess takes a column for the field of that key, or of that label where only one has it.
func (run *importRun) guess(column string) (key, reason string) {
	if slices.Contains(recordMembers, strings.ToLower(column)) {
		return strings.ToLower(column), ""
	}
	var labelled []string
	for _, f := range run.d.CustomFields {
		if f.Key == column {
			return f.Key, ""
		}
		if strings.EqualFold(f.Label, column) {
			labelled = append(labelled, f.Key)
		}
	}
	switch len(labelled) {
	case 1:
		return labelled[0], ""
	case 0:
		return "", fmt.Sprintf("The column %s is no field of this database. Say in mapping what it fills, and leave out what it does not.", column)
	}
	return "", fmt.Sprintf("The column %s could be any of %s. Say in mapping which one it fills.", column, strings.Join(labelled, ", "))
}

// fill makes a record of a row: a new one, or with a uuid the one that is there, changed where the row has columns. What is wrong is added
// to faults by key; "" is the row itself.
func (run *importRun) fill(cells []string, faults *faults) (r *record, known bool, err error) {
	c := run.c
	r = &record{UUID: newUUID(), DatabaseUUID: run.d.UUID, creator: c.user.UUID, owner: c.user.UUID, CreatedAt: c.now}
	values := map[string]json.RawMessage{}
	if i := slices.Index(run.targets, "uuid"); i >= 0 && i < len(cells) && strings.TrimSpace(cells[i]) != "" {
		r, err = one(c, "", scanRecord, "SELECT "+recordColumns+" FROM records WHERE database_uuid = ? AND uuid = ? AND deleted_at = 0",
			run.d.UUID, strings.TrimSpace(cells[i]))
		var missing *problem
		if errors.As(err, &missing) {
			faults.add("uuid", "There is no record with this uuid in the database.")
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		if err := json.Unmarshal([]byte(r.Values), &values); err != nil {
			return nil, false, err
		}
		known = true
	}
	r.UpdatedAt = c.now
	for i, key := range run.targets {
		cell := ""
		if i < len(cells) {
			cell = cells[i]
		}
		if strings.ContainsRune(cell, 0) {
			faults.add(key, "The cell must not contain a NUL character.")
			continue
		}
		switch key {
		case "", "uuid":
		case "name":
			if r.Name = strings.TrimSpace(cell); utf8.RuneCountInString(r.Name) > maxName {
				faults.add(key, "The name field must not be greater than %d characters.", maxName)
			}
		case "owner_user_uuid":
			if err := run.fillOwner(r, strings.TrimSpace(cell), faults); err != nil {
				return nil, false, err
			}
		default:
			f := run.d.CustomFields[slices.IndexFunc(run.d.CustomFields, func(f *field) bool { return f.Key == key })]
			raw, err := run.reader.value(f, cell)
			if err != nil {
				return nil, false, err
			}
			reason, err := c.checkValue(f, raw)
			if err != nil {
				return nil, false, err
			}
			if reason != "" {
				faults.add(key, "%s", reason)
				continue
			}
			if delete(values, key); !isEmptyValue(raw) {
				values[key] = raw
			}
		}
	}
	if r.Name == "" {
		faults.add("name", "The name field is required.")
	}
	for _, f := range run.d.CustomFields {
		if _, filled := values[f.Key]; f.Required && !filled && faults.reasons[f.Key] == nil {
			faults.add(f.Key, "The %s field is required.", f.Label)
		}
	}
	for i := len(run.targets); i < len(cells); i++ {
		if strings.TrimSpace(cells[i]) != "" {
			faults.add("", "The row has more cells than the first row has columns.")
			break
		}
	}
	stored, err := encode(values)
	r.Values = fieldValues(stored)
	return r, known, err
}

func (run *importRun) fillOwner(r *record, uuid string, faults *faults) error {
	if r.owner = uuid; uuid == "" {
		return nil
	}
	known, err := run.c.exists("SELECT 1 FROM users WHERE uuid = ? AND deleted_at = 0", uuid)
	if err == nil && !known {
		faults.add("owner_user_uuid", "The selected owner user uuid is invalid.")
	}
	return err
}
