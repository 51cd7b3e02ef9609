package octapipe

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatARestartCutShortIsToldAsFailed opens a data folder in which an import and an export were under way.
func TestWhatARestartCutShortIsToldAsFailed(t *testing.T) {
	folder := t.TempDir()
	s, err := Open(Config{DataPath: folder})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"INSERT INTO databases (uuid, name, created_at, updated_at) VALUES ('d', 'D', 1, 1)",
		"INSERT INTO imports (uuid, database_uuid, status, created_at, updated_at) VALUES ('i', 'd', 'processing', 1, 1)",
		"INSERT INTO exports (uuid, database_uuid, format, status, created_at, updated_at) VALUES ('e', 'd', 'csv', 'processing', 1, 1)",
	} {
		if _, err := s.db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	leftover, err := s.receive(strings.NewReader("half a file"), 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	if s, err = Open(Config{DataPath: folder}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var status, reasons string
	if err := s.db.QueryRow("SELECT status, errors FROM imports").Scan(&status, &reasons); err != nil || status != "failed" || !strings.Contains(reasons, "Nothing was imported") {
		t.Errorf("want an import that failed and says so, got %s, %s, %v", status, reasons, err)
	}
	if err := s.db.QueryRow("SELECT status, reason FROM exports").Scan(&status, &reasons); err != nil || status != "failed" || reasons == "" {
		t.Errorf("want an export that failed and says so, got %s, %s, %v", status, reasons, err)
	}
	if left, _ := filepath.Glob(leftover.path); len(left) != 0 {
		t.Errorf("want %v removed", left)
	}
}

func TestAnotherLayoutIsRefused(t *testing.T) {
	folder := t.TempDir()
	s, err := Open(Config{DataPath: folder})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s, err = Open(Config{DataPath: folder}); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("want a refusal in words, got %v", err)
		s.Close()
	}
}
