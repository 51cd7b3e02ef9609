package toolset_test

import (
	"strings"
	"testing"
	"time"

	"sluice/internal/integration"
	"sluice/internal/toolset"
)

func TestMomentsThatAreSaidRelativeToNow(t *testing.T) {
	wednesday := time.Date(2026, 12, 2, 15, 4, 5, 0, time.UTC)
	sunday := time.Date(2026, 11, 29, 23, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		said string
		now  time.Time
		want string // "": none
	}{
		{"tomorrow", wednesday, "2026-12-03"}, {"In 2 weeks", wednesday, "2026-12-16"}, {"30 days ago", wednesday, "2026-11-02"},
		{"Friday", wednesday, "2026-12-04"}, {"this fri", wednesday, "2026-12-04"}, {"on monday", wednesday, "2026-12-07"}, {"wednesday", wednesday, "2026-12-09"},
		{"next friday", wednesday, ""}, {"next monday", wednesday, "2026-12-07"}, {"next wednesday", wednesday, "2026-12-09"}, {"next Friday", sunday, "2026-12-04"},
		{"next sunday", sunday, "2026-12-06"}, {"frida", wednesday, ""}, {"soon", wednesday, ""}, {"", wednesday, ""},
	} {
		got := ""
		if moment, ok := toolset.Moment(test.said, test.now); ok {
			got = moment.Format(time.DateOnly)
		}
		if got != test.want {
			t.Errorf("on %s, %q is %q, want %q", test.now.Weekday(), test.said, got, test.want)
		}
	}
}

func TestDatesOfACallMayBeSaidRelativeToItsDay(t *testing.T) {
	tool := only(t, define("things", "thing", &integration.Method{Name: "create", HTTPMethod: "POST", Path: "/things", Doc: documented("",
		`{"type":"object","properties":{"due":{"type":"string","format":"date"},"at":{"type":"string","format":"date-time"},"name":{"type":"string"}}}`)}))
	now := time.Date(2026, 12, 2, 15, 4, 5, 0, time.UTC)
	p, notes, err := tool.PrepareAt([]byte(`{"name":"tomorrow","due":"Tomorrow","at":"in 2 hours"}`), now)
	if err != nil || string(p.Body) != `{"due":"2026-12-03","at":"2026-12-02T17:04:05Z","name":"tomorrow"}` || strings.Join(notes, " ") != `due: "Tomorrow" was taken as 2026-12-03. at: "in 2 hours" was taken as 2026-12-02T17:04:05Z.` {
		t.Errorf("%+v, %q, %v", p, notes, err)
	}
	for arguments, want := range map[string]string{
		`{"due":"next friday"}`:       `due must be a date as 2026-11-30, not the text "next friday"; today is Wednesday, so that it can be 2026-12-04 or 2026-12-11.`,
		`{"due":"12/24/2026"}`:        `due must be a date as 2026-11-30, not the text "12/24/2026"; today is Wednesday, 2026-12-02, and relative to it one says "30 days ago", "in 2 weeks", "yesterday" or "friday".`,
		`{"due":"tomorrow","name":3}`: `name must be a text, not the number 3: put it in quotes.`,
		`{"due":3}`:                   `due must be a text, not the number 3: put it in quotes.`,
	} {
		if _, notes, err := tool.PrepareAt([]byte(arguments), now); err == nil || err.Error() != want || notes != nil {
			t.Errorf("%s:\ngot  %v, %q\nwant %s", arguments, err, notes, want)
		}
	}
}
