package octapipe_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/internal/octapipe"
)

func TestTheBoardShowsACardMove(t *testing.T) {
	s := seeded(t)
	w := s.renewals()
	alone := s.as("")
	before := string(alone.do("GET", "/", nil).is(200).body)
	if strings.Contains(before, "just now") {
		t.Fatal("want no card that has just moved")
	}
	s.do("PUT", w.path+"/cards/"+w.card["uuid"].(string), object{"name": "TechNova <b>Upgrade</b>", "sla": 1, "pipeline_stage_uuid": w.stages["Contract Sent"]}).is(200)
	got := alone.do("GET", "/", nil).is(200)
	after := string(got.body)
	_, column, _ := strings.Cut(after, "<h3>Contract Sent")
	column, _, _ = strings.Cut(column, "</section>")
	for _, want := range []string{"QR-9", "just now", "TechNova &lt;b&gt;Upgrade"} {
		if !strings.Contains(column, want) {
			t.Errorf("want %s in the stage, got %s", want, column)
		}
	}
	policy := got.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("want a strict policy, got %s", policy)
	}
	for _, outside := range []string{"http://", "https://", "style=", "onclick"} {
		if strings.Contains(after, outside) {
			t.Errorf("want no %s in the page", outside)
		}
	}
	s.pass(10 * time.Minute)
	if page := string(alone.do("GET", "/?pipeline="+strings.TrimPrefix(w.path, "/pipelines/"), nil).is(200).body); !strings.Contains(page, "10 min ago") ||
		strings.Contains(page, "<h2 id=\"p-"+strings.TrimPrefix(w.other, "/pipelines/")) {
		t.Error("want one pipeline only, and the time since the move")
	}
}

func TestTheBoardBringsItsOwnFiles(t *testing.T) {
	s := start(t, octapipe.Config{})
	for path, kind := range map[string]string{"/board.css": "text/css", "/board.js": "text/javascript", "/": "text/html"} {
		if got := s.as("").do("GET", path, nil).is(200); !strings.HasPrefix(got.header.Get("Content-Type"), kind) {
			t.Errorf("%s: want %s, got %s", path, kind, got.header.Get("Content-Type"))
		}
	}
	if page := string(s.do("GET", "/", nil).body); !strings.Contains(page, "There is no pipeline yet") {
		t.Error("want words where there is nothing to show")
	}
}

func TestTheBoardIsForThisMachineOnly(t *testing.T) {
	for open, status := range map[bool]int{false: 403, true: 200} {
		box, err := octapipe.Open(octapipe.Config{OpenBoard: open})
		if err != nil {
			t.Fatal(err)
		}
		defer box.Close()
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "192.0.2.7:5000"
		w := httptest.NewRecorder()
		box.Handler().ServeHTTP(w, r)
		equal(t, "status for another machine", status, w.Code)
	}
}
