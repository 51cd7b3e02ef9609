// Package octapipe is a local stand-in for Octapipe, a SaaS of workflow pipelines, custom databases, tasks, notes and files: its own data
// model, its own HTTP API, its own embedded database. Whoever has no account there, or wants none touched, points a client at it and sees the
// service's manners: tokens that expire, fifteen items a page, two kinds of list, parents in every path, custom fields that are checked.
//
// It imports no other package of Sluice, and Sluice reaches it by an address only. Requests enter through Handler; state is kept in one SQLite
// file and one folder of uploaded files, and leaves as the API's JSON and as a page that shows the pipelines as boards.
//
// Comments mark where a behaviour comes from: [S] the vendor's integration description, [K] its published Python client, [W] the client of
// its predecessor, [A] assumed after the conventions of the framework that [K] points to (Laravel), since no documentation is public.
package octapipe

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Config says how a sandbox runs. Its zero value is an empty sandbox that forgets everything on Close.
type Config struct {
	DataPath  string           // folder that keeps the database and the files; "": a temporary one, removed on Close
	Seed      bool             // fill a new database with sample data
	RateLimit int              // calls a minute a token [A: 60 at the real service]; 0: no limit, and no rate limit headers
	TokenLife time.Duration    // life of a login's token; 0: an hour [A]
	MaxFile   int64            // bytes of an uploaded file; 0: 4 GiB
	OpenBoard bool             // show the page at / to callers from other machines too
	Clock     func() time.Time // nil: time.Now
	Client    *http.Client     // fetches what callers name by address (file_url of an import, url of a copied file); nil: one with a timeout
	Log       *slog.Logger     // nil: slog.Default
}

// Login is what a person enters to connect an account.
type Login struct {
	Domain   string `json:"domain"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Sandbox is a running stand-in.
type Sandbox struct {
	config    Config
	path      string // of the data folder
	temporary bool
	db        *sql.DB
	writer    chan struct{} // held by the one who writes
	secret    []byte        // signs tokens and download links
	adminKey  string
	limits    *limiter
	journal   *journal
	routes    *router
	log       *slog.Logger

	jobs     sync.WaitGroup // imports and exports under way
	jobSlots chan struct{}
	life     context.Context // ends with Close
	end      context.CancelFunc
}

// Open starts a sandbox. A new database is laid out, and filled where the configuration says so; one that exists is taken as it is.
func Open(config Config) (_ *Sandbox, err error) {
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.TokenLife <= 0 {
		config.TokenLife = time.Hour
	}
	if config.MaxFile <= 0 {
		config.MaxFile = 4 << 30
	}
	if config.Client == nil {
		config.Client = &http.Client{Timeout: 2 * time.Minute}
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	s := &Sandbox{
		config: config, path: config.DataPath, log: config.Log,
		writer: make(chan struct{}, 1), jobSlots: make(chan struct{}, 2), journal: &journal{},
	}
	if s.path == "" {
		if s.path, err = os.MkdirTemp("", "octapipe-"); err != nil {
			return nil, fmt.Errorf("make a temporary data folder: %w", err)
		}
		s.temporary = true
	}
	s.life, s.end = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := os.MkdirAll(filepath.Join(s.path, "files"), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(s.path, "exports"), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	var fresh bool
	if s.db, fresh, err = openDatabase(filepath.Join(s.path, "octapipe.db"), !s.temporary); err != nil {
		return nil, err
	}
	if fresh {
		if err := s.found(); err != nil {
			return nil, fmt.Errorf("fill the new database: %w", err)
		}
	}
	var secret string
	if err := s.db.QueryRow("SELECT value FROM settings WHERE name = 'secret'").Scan(&secret); err != nil {
		return nil, fmt.Errorf("read the signing secret: %w", err)
	}
	if s.secret, err = hex.DecodeString(secret); err != nil {
		return nil, fmt.Errorf("read the signing secret: %w", err)
	}
	s.adminKey = s.keyOf("administrator")
	s.limits = &limiter{perMinute: config.RateLimit, windows: map[string]*window{}}
	s.routes = newRouter(routes, streaming)
	if err := s.abandonJobs(); err != nil {
		return nil, fmt.Errorf("close what an earlier run left open: %w", err)
	}
	return s, nil
}

// found gives a new database its tables, what it cannot do without, and the sample data where wanted, all in one transaction: a start
// that is cut short leaves nothing behind.
func (s *Sandbox) found() error {
	s.secret = make([]byte, 32)
	rand.Read(s.secret)
	return s.write(s.life, func(tx *sql.Tx) error {
		if err := layOut(tx); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO settings VALUES ('secret', ?)", hex.EncodeToString(s.secret)); err != nil {
			return err
		}
		return s.seed(tx)
	})
}

// Close waits for requests' imports and exports to stop and releases everything. Requests must have ended before.
func (s *Sandbox) Close() error {
	s.end()
	s.jobs.Wait()
	var err error
	if s.db != nil {
		err = s.db.Close()
	}
	if s.temporary {
		if e := os.RemoveAll(s.path); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// Login is the administrator's.
func (s *Sandbox) Login() Login {
	return Login{Domain: Domain, Email: adminEmail, Password: adminPassword}
}

// AdminToken is an API key of the administrator: a Bearer token without an end [A]. It stays the same over restarts of one data folder.
func (s *Sandbox) AdminToken() string { return s.adminKey }

// Requests are the calls that came in, oldest first, as far back as the sandbox remembers (the last 2,000). No credential is among them.
func (s *Sandbox) Requests() []Request { return s.journal.all() }

// ForgetRequests empties what Requests returns.
func (s *Sandbox) ForgetRequests() { s.journal.forget() }

func (s *Sandbox) now() stamp { return stamp(s.config.Clock().UnixMilli()) }
