package customfield_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sluice/internal/customfield"
	"sluice/internal/integration"
)

var list = &integration.FieldList{
	Items: "custom_fields", Key: "key", Label: "label", Type: "type", Required: "required", Options: "options",
	Types: integration.Types{
		"text": json.RawMessage(`{"type":"string"}`), "number": json.RawMessage(`{"type":"number"}`), "select": json.RawMessage(`{"type":"string"}`),
		"many": json.RawMessage(`{"type":"array","items":{"type":"string"}}`), "date": json.RawMessage(`{"type":"string","format":"date"}`),
		"datetime": json.RawMessage(`{"type":"string","format":"date-time"}`),
	},
}

const answer = `{"custom_fields":[
	{"key":"cf_risk_level","label":"Risk Level","type":"select","required":true,"options":["Low","Medium","High"]},
	{"key":"cf_assessed","label":"Last Assessment","type":"date","required":false,"options":[]},
	{"key":"cf_amount","label":"Amount","type":"number"},
	{"key":"cf_regions","label":"Regions","type":"many","options":["North","South"]},
	{"key":"cf_owner_1","label":"Owner","type":"text"},
	{"key":"cf_owner_2","label":"Owner","type":"text"},
	{"key":"cf_trap","label":"cf_owner_1","type":"text"},
	{"key":"cf_seen","label":"Seen","type":"datetime"}]}`

var source = &integration.FieldSource{
	Of: "bases", At: "values", Changes: "changes", Keys: "columns", Mapping: "mapping",
	Filters: &integration.FilterShape{Argument: "filters", Field: "field", Operator: "operator", Value: "value",
		Lists: []string{"in"}, Texts: []string{"contains"}, Bare: []string{"is_empty"}},
}

func TestWhatArgumentsSayOfCustomFields(t *testing.T) {
	set, err := customfield.Read(list, []byte(answer))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 10, 15, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		name, arguments, want string
		mode                  customfield.Mode
		faults                []string // argument and a part of what is said of it
		note                  string
	}{
		{name: "a key stays", mode: customfield.Change, arguments: `{"values":{"cf_amount":1.50}}`, want: `{"values":{"cf_amount":1.50}}`},
		{name: "a label becomes its key", mode: customfield.Change, arguments: `{"values":{"Risk Level":"High"}}`, want: `{"values":{"cf_risk_level":"High"}}`},
		{name: "case and space of a label do not matter", mode: customfield.Change, arguments: `{"values":{" risk  level ":"Low"}}`, want: `{"values":{"cf_risk_level":"Low"}}`},
		{name: "a key beats a label that is spelled like it", mode: customfield.Change, arguments: `{"values":{"cf_owner_1":"Ann"}}`, want: `{"values":{"cf_owner_1":"Ann"}}`},
		{name: "a label of two fields is refused with both", mode: customfield.Change, arguments: `{"values":{"owner ":"Ann"}}`, faults: []string{"values.owner  is the label of 2 fields, cf_owner_1 and cf_owner_2"}},
		{name: "an unknown field is refused with the nearest", mode: customfield.Change, arguments: `{"values":{"cf_risk_levl":"High"}}`, faults: []string{"values.cf_risk_levl is no custom field here: did you mean cf_risk_level?"}},
		{name: "an unknown option is refused with the allowed ones", mode: customfield.Change, arguments: `{"values":{"Risk Level":"Severe"}}`, faults: []string{`values.Risk Level must be one of`, `"High"`}},
		{name: "an item of a list is checked", mode: customfield.Change, arguments: `{"values":{"Regions":["North","West"]}}`, faults: []string{"values.Regions[1] must be one of"}},
		{name: "a number in quotes is taken, since nothing is lost", mode: customfield.Change, arguments: `{"values":{"Amount":"12.50"}}`, want: `{"values":{"cf_amount":12.50}}`},
		{name: "what is no number is refused", mode: customfield.Change, arguments: `{"values":{"Amount":"twelve"}}`, faults: []string{"values.Amount must be a number"}},
		{name: "one field under two names is refused", mode: customfield.Change, arguments: `{"values":{"Amount":1,"cf_amount":2}}`, faults: []string{"values.cf_amount is the same field as Amount"}},
		{name: "a new object needs what is required", mode: customfield.Create, arguments: `{"values":{}}`, faults: []string{"values.cf_risk_level is required (Risk Level): one of Low, Medium, High"}},
		{name: "a change does not", mode: customfield.Change, arguments: `{"values":{}}`, want: `{"values":{}}`},
		{name: "null empties", mode: customfield.Change, arguments: `{"values":{"Amount":null}}`, want: `{"values":{"cf_amount":null}}`},
		{name: "null does not empty what is required", mode: customfield.Change, arguments: `{"values":{"Risk Level":null}}`, faults: []string{"values.Risk Level is required and cannot be emptied"}},
		{name: "changes may name own members too", arguments: `{"changes":{"name":"New","Risk Level":"Low"}}`, want: `{"changes":{"name":"New","cf_risk_level":"Low"}}`},
		{name: "columns are resolved", arguments: `{"columns":["name","Amount"]}`, want: `{"columns":["name","cf_amount"]}`},
		{name: "so is a single one", arguments: `{"columns":"Amount"}`, want: `{"columns":"cf_amount"}`},
		{name: "a single one that there is not is refused", arguments: `{"columns":"Amuont"}`, faults: []string{`columns names "Amuont", which is no custom field here: did you mean Amount?`}},
		{name: "a mapping's targets are resolved", arguments: `{"mapping":{"Column A":"name","Column B":"Risk Level"}}`, want: `{"mapping":{"Column A":"name","Column B":"cf_risk_level"}}`},
		{name: "a mapping to nothing is refused", arguments: `{"mapping":{"Column A":"Nonsense"}}`, faults: []string{`mapping.Column A names "Nonsense", which is no custom field here`}},
		{name: "a condition's field is resolved and its value checked", arguments: `{"filters":[{"field":"Risk Level","operator":"eq","value":"High"}]}`, want: `{"filters":[{"field":"cf_risk_level","operator":"eq","value":"High"}]}`},
		{name: "a condition on an option that there is not is refused", arguments: `{"filters":[{"field":"Risk Level","operator":"eq","value":"Severe"}]}`, faults: []string{"filters[0].value must be one of"}},
		{name: "a piece of text is not checked", arguments: `{"filters":[{"field":"Risk Level","operator":"contains","value":"ig"}]}`, want: `{"filters":[{"field":"cf_risk_level","operator":"contains","value":"ig"}]}`},
		{name: "each of several values is checked", arguments: `{"filters":[{"field":"Risk Level","operator":"in","value":["Low","Hi"]}]}`, faults: []string{"filters[0].value[1] must be one of"}},
		{name: "a condition on an own member stays", arguments: `{"filters":[{"field":"name","operator":"eq","value":"x"}]}`, want: `{"filters":[{"field":"name","operator":"eq","value":"x"}]}`},
		{name: "a condition on nothing is refused", arguments: `{"filters":[{"field":"Nonsense","operator":"is_empty"}]}`, faults: []string{`filters[0].field "Nonsense" is no custom field here`}},
		{name: "a date relative to today becomes one", arguments: `{"filters":[{"field":"Last Assessment","operator":"lt","value":"365 days ago"}]}`,
			want: `{"filters":[{"field":"cf_assessed","operator":"lt","value":"2025-03-10"}]}`, note: `"365 days ago" was taken as 2025-03-10`},
		{name: "so does today in a value", mode: customfield.Change, arguments: `{"values":{"Last Assessment":"today"}}`, want: `{"values":{"cf_assessed":"2026-03-10"}}`, note: "2026-03-10"},
		{name: "a moment relative to now has a time", arguments: `{"filters":[{"field":"created_at","operator":"gt","value":"2 hours ago"}]}`,
			want: `{"filters":[{"field":"created_at","operator":"gt","value":"2026-03-10T13:30:00Z"}]}`, note: "13:30"},
		{name: "a date is a good bound for a moment", arguments: `{"filters":[{"field":"Seen","operator":"gt","value":"2026-01-01"}]}`, want: `{"filters":[{"field":"cf_seen","operator":"gt","value":"2026-01-01"}]}`},
		{name: "what is no date is refused", arguments: `{"filters":[{"field":"Last Assessment","operator":"lt","value":"last year"}]}`, faults: []string{`filters[0].value must be a date as 2026-11-30, not the text "last year"; today is Tuesday, 2026-03-10, and relative to it one says "30 days ago", "in 2 weeks", "yesterday" or "friday"`}},
		{name: "other arguments pass as they are", arguments: `{"id":"x","n":1e400}`, want: `{"id":"x","n":1e400}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			check := customfield.Check{Set: set, Source: source, Mode: test.mode, Now: now, Own: func(name string) bool { return name == "name" || name == "created_at" }}
			got := string(check.Rewrite([]byte(test.arguments)))
			var said []string
			for _, f := range check.Faults {
				said = append(said, f.Argument+" "+f.Message)
			}
			all := strings.Join(said, "\n")
			if len(test.faults) == 0 && (all != "" || got != test.want) {
				t.Errorf("got %s with faults %q, want %s", got, all, test.want)
			}
			for _, want := range test.faults {
				if !strings.Contains(all, want) {
					t.Errorf("faults are %q, want %q among them", all, want)
				}
			}
			if notes := strings.Join(check.Notes, " "); !strings.Contains(notes, test.note) || (test.note == "") != (notes == "") {
				t.Errorf("notes are %q, want %q in them", notes, test.note)
			}
		})
	}
}

func TestFieldsAreShownAsASchema(t *testing.T) {
	set, err := customfield.Read(list, []byte(answer))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct {
			Title string
			Type  string
			Enum  []string
			Items struct{ Enum []string }
		}
		Required []string
	}
	if err := json.Unmarshal(set.JSONSchema(), &schema); err != nil {
		t.Fatalf("%v in %s", err, set.JSONSchema())
	}
	risk := schema.Properties["cf_risk_level"]
	if risk.Title != "Risk Level" || risk.Type != "string" || strings.Join(risk.Enum, ",") != "Low,Medium,High" {
		t.Errorf("cf_risk_level is %+v", risk)
	}
	if got := schema.Properties["cf_regions"].Items.Enum; strings.Join(got, ",") != "North,South" {
		t.Errorf("the options of a list are %v, want them on its items", got)
	}
	if strings.Join(schema.Required, ",") != "cf_risk_level" || len(schema.Properties) != 8 {
		t.Errorf("required %v of %d properties, want cf_risk_level of 8", schema.Required, len(schema.Properties))
	}
}

func TestAFieldIsShownWithWhatItIsForAndWithoutALabelThatItDoesNotHave(t *testing.T) {
	list := &integration.FieldList{Key: "name", Type: "type", Description: "help", Types: integration.Types{
		"file": json.RawMessage(`{"type":"string","description":"Id of a file"}`), "any": json.RawMessage(`{}`)}}
	set, err := customfield.Read(list, []byte(`[{"name":"logo","type":"file","help":"Their logo"},{"name":"seal","type":"file","help":""},{"name":"extra","type":"any","help":null}]`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"object","properties":{"logo":{"description":"Their logo (Id of a file)","type":"string"},"seal":{"description":"Id of a file","type":"string"},"extra":{}},"required":[],"additionalProperties":false}`
	if got := string(set.JSONSchema()); got != want {
		t.Errorf("shown as\n%s\nwant\n%s", got, want)
	}
}

func TestAnAnswerWithoutFieldsIsAnError(t *testing.T) {
	for _, broken := range []string{`{}`, `[]`, `{"custom_fields":{}}`, `{"custom_fields":[{"label":"No key"}]}`, `not json`} {
		if _, err := customfield.Read(list, []byte(broken)); err == nil {
			t.Errorf("%s was read, want an error", broken)
		}
	}
}
