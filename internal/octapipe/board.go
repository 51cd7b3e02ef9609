package octapipe

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/netip"
	"slices"
	"time"
)

// The page at / is no part of the API: it shows the pipelines as boards to a person at this machine, who watches what a client does. It reads
// the database directly and changes nothing.

//go:embed board
var boardFiles embed.FS

var boardPage = template.Must(template.ParseFS(boardFiles, "board/board.html"))

const (
	boardPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	freshFor = 90 * time.Second // how long a card that was moved stands out

	// How many cards of a stage are shown, the last moved first: beside other boards, and alone.
	boardDepth, oneBoardDepth = 6, 60
)

type boardView struct {
	Only   string // the one pipeline that is shown; "" is all
	All    []named
	Boards []*boardPipeline
}

type boardPipeline struct {
	named
	Count    int
	LastMove string
	Stages   []*boardStage

	lastMove stamp
}

type boardStage struct {
	named
	Count int
	Cards []boardCard
}

// More is how many cards are not shown.
func (s *boardStage) More() int { return s.Count - len(s.Cards) }

type boardCard struct {
	UUID, Code, Name, Moved, Owner string
	Tags                           []string
	Fresh                          bool
}

// serveBoard answers what belongs to the page, and leaves everything else alone.
func (s *Sandbox) serveBoard(w http.ResponseWriter, r *http.Request) bool {
	files := map[string]string{"/": "text/html; charset=utf-8", "/board.css": "text/css; charset=utf-8", "/board.js": "text/javascript; charset=utf-8"}
	kind, ours := files[r.URL.Path]
	if !ours || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	header := w.Header()
	header.Set("Content-Security-Policy", boardPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	if address, err := netip.ParseAddr(hostOf(r.RemoteAddr)); !s.config.OpenBoard && (err != nil || !address.Unmap().IsLoopback()) {
		http.Error(w, "The boards are shown on this machine only.", http.StatusForbidden)
		return true
	}
	content, err := boardFiles.ReadFile("board" + r.URL.Path)
	if r.URL.Path == "/" {
		content, err = s.renderBoard(r.Context(), r.URL.Query().Get("pipeline"))
	}
	if err != nil {
		if r.Context().Err() == nil {
			s.log.Error("octapipe sandbox: board", "error", err)
		}
		http.Error(w, "The boards could not be read.", http.StatusInternalServerError)
		return true
	}
	header.Set("Content-Type", kind)
	w.Write(content)
	return true
}

func (s *Sandbox) renderBoard(ctx context.Context, only string) ([]byte, error) {
	view, err := s.readBoard(ctx, only)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = boardPage.Execute(&page, view)
	return page.Bytes(), err
}

func (s *Sandbox) readBoard(ctx context.Context, only string) (*boardView, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT p.uuid, p.name, s.uuid, s.name
		FROM pipelines p LEFT JOIN stages s ON s.pipeline_uuid = p.uuid AND s.deleted_at = 0
		WHERE p.deleted_at = 0 ORDER BY p.id, s.position, s.id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	view := &boardView{}
	stages := map[string]*boardStage{}
	owners := map[string]*boardPipeline{}
	for rows.Next() {
		var (
			p           named
			stage, name sql.NullString
		)
		if err := rows.Scan(&p.UUID, &p.Name, &stage, &name); err != nil {
			return nil, err
		}
		if !slices.Contains(view.All, p) {
			view.All = append(view.All, p)
			if only == "" || only == p.UUID {
				view.Boards = append(view.Boards, &boardPipeline{named: p})
				view.Only = only
			}
		}
		if last := len(view.Boards) - 1; last >= 0 && view.Boards[last].UUID == p.UUID && stage.Valid {
			added := &boardStage{named: named{stage.String, name.String}}
			stages[added.UUID], owners[added.UUID] = added, view.Boards[last]
			view.Boards[last].Stages = append(view.Boards[last].Stages, added)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	depth := boardDepth
	if view.Only != "" {
		depth = oneBoardDepth
	}
	if err := s.readBoardCards(ctx, stages, owners, depth); err != nil {
		return nil, err
	}
	for _, p := range view.Boards {
		if p.lastMove != 0 {
			p.LastMove = ago(s.now(), p.lastMove)
		}
	}
	return view, nil
}

// readBoardCards puts the cards that moved last into their stages, and counts the others.
func (s *Sandbox) readBoardCards(ctx context.Context, stages map[string]*boardStage, owners map[string]*boardPipeline, depth int) error {
	rows, err := s.db.QueryContext(ctx, `SELECT stage_uuid, count, uuid, code, name, tags, last_stage_updated_at,
			coalesce((SELECT u.first_name || ' ' || substr(u.last_name, 1, 1) || '.' FROM users u WHERE u.uuid = owner_uuid), '')
		FROM (SELECT *, row_number() OVER (PARTITION BY stage_uuid ORDER BY last_stage_updated_at DESC, id DESC) AS place,
			count(*) OVER (PARTITION BY stage_uuid) AS count FROM cards WHERE deleted_at = 0)
		WHERE place <= ? ORDER BY stage_uuid, place`, depth)
	if err != nil {
		return err
	}
	defer rows.Close()
	now := s.now()
	for rows.Next() {
		var (
			in, tags string
			count    int
			moved    stamp
			card     boardCard
		)
		if err := rows.Scan(&in, &count, &card.UUID, &card.Code, &card.Name, &tags, &moved, &card.Owner); err != nil {
			return err
		}
		stage := stages[in]
		if stage == nil {
			continue
		}
		if err := json.Unmarshal([]byte(tags), &card.Tags); err != nil {
			return err
		}
		card.Moved, card.Fresh = ago(now, moved), time.Duration(now-moved)*time.Millisecond < freshFor
		if len(stage.Cards) == 0 {
			stage.Count = count
			owners[in].Count += count
			owners[in].lastMove = max(owners[in].lastMove, moved)
		}
		stage.Cards = append(stage.Cards, card)
	}
	return rows.Err()
}

// ago says how long something is past.
func ago(now, then stamp) string {
	past := time.Duration(now-then) * time.Millisecond
	switch {
	case past < 5*time.Second:
		return "just now"
	case past < time.Minute:
		return fmt.Sprintf("%d s ago", past/time.Second)
	case past < time.Hour:
		return fmt.Sprintf("%d min ago", past/time.Minute)
	case past < 48*time.Hour:
		return fmt.Sprintf("%d h ago", past/time.Hour)
	}
	return fmt.Sprintf("%d days ago", past/(24*time.Hour))
}
