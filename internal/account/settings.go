package account

import (
	"encoding/json"
	"fmt"
	"time"

	"sluice/internal/confirmation"
)

// Settings are what an account opted into. The zero value is nothing.
type Settings struct {
	Retry *Retry `json:"retry,omitempty"` // nil: a vendor's limit is passed on, and nothing is sent again
	// Confirm says which calls ask a person first, whichever way they come; "" is confirmation.Never.
	Confirm confirmation.Policy `json:"confirm,omitempty"`
}

// Retry says how often, and how patiently, a call is sent again that the vendor did not do because it was too much.
type Retry struct {
	Attempts    int `json:"attempts"`     // of one request, the first among them
	LongestWait int `json:"longest_wait"` // seconds before one of them; where the vendor asks for more, nothing is sent again
}

// Bounds of a retry policy. A caller waits all the while, and most clients give up after minutes.
const (
	MostAttempts    = 5
	MostLongestWait = 120
)

// Wait is LongestWait as a duration.
func (r *Retry) Wait() time.Duration { return time.Duration(r.LongestWait) * time.Second }

// check says what is wrong with settings.
func (s Settings) check() error {
	if _, err := confirmation.ParsePolicy(string(s.Confirm)); err != nil {
		return invalid("settings.confirm", "%v", err)
	}
	r := s.Retry
	switch {
	case r == nil:
	case r.Attempts < 2 || r.Attempts > MostAttempts:
		return invalid("settings.retry.attempts", "must be from 2 to %d, the first one counted; null in place of retry turns it off", MostAttempts)
	case r.LongestWait < 1 || r.LongestWait > MostLongestWait:
		return invalid("settings.retry.longest_wait", "must be from 1 to %d seconds", MostLongestWait)
	}
	return nil
}

// column is the settings as they are kept.
func (s Settings) column() (string, error) {
	if s == (Settings{}) {
		return "", nil
	}
	b, err := json.Marshal(s)
	return string(b), err
}

// readSettings reads the column.
func readSettings(id, column string) (s Settings, err error) {
	if column == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(column), &s); err != nil {
		return s, fmt.Errorf("read the settings of account %s: %w", id, err)
	}
	return s, nil
}
