package octapipe

import (
	"context"
	"os"
	"path/filepath"
)

// jobStarted answers whoever started an import or an export.
type jobStarted struct {
	UUID   string `json:"uuid"`
	Status string `json:"status"`
}

// work runs an import or an export in the background, a few at a time. Close waits for it.
func (s *Sandbox) work(job func(ctx context.Context)) {
	s.jobs.Go(func() {
		select {
		case s.jobSlots <- struct{}{}:
			defer func() { <-s.jobSlots }()
		case <-s.life.Done():
			return
		}
		job(s.life)
	})
}

// abandonJobs closes what an earlier run left open: an import that had not ended has left nothing behind, since it is one transaction.
func (s *Sandbox) abandonJobs() error {
	now := s.now()
	_, err := s.db.Exec(`UPDATE imports SET status = 'failed', updated_at = ?, errors = ? WHERE status = 'processing'`, now,
		`[{"row":null,"field":null,"reason":"The service was restarted before the import had finished. Nothing was imported."}]`)
	if err != nil {
		return err
	}
	_, err = s.db.Exec("UPDATE exports SET status = 'failed', updated_at = ?, reason = ? WHERE status = 'processing'", now,
		"The service was restarted before the export had finished.")
	if err != nil {
		return err
	}
	leftovers, err := filepath.Glob(filepath.Join(s.path, "files", ".incoming-*"))
	if err != nil {
		return err
	}
	for _, path := range leftovers {
		os.Remove(path)
	}
	return nil
}

// background is a call that nobody waits for.
func (s *Sandbox) background(ctx context.Context, who *user, db querier) *call {
	return &call{Context: ctx, s: s, user: who, db: db, now: s.now(), users: map[string]*user{}}
}
