package toolset

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sluice/internal/jsonscan"
)

var (
	relative = regexp.MustCompile(`^(?:(\d{1,5}) (minute|hour|day|week|month|year)s? ago|in (\d{1,5}) (minute|hour|day|week|month|year)s?)$`)
	dayNames = map[string]int{"yesterday": -1, "today": 0, "tomorrow": 1}
)

// Moment is a time that is said relative to now: "30 days ago", "in 2 weeks", "tomorrow", "friday". Days begin at midnight UTC. What can mean two days means none.
func Moment(said string, now time.Time) (time.Time, bool) {
	said, now = strings.ToLower(strings.TrimSpace(said)), now.UTC()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	if said == "now" {
		return now.Truncate(time.Second), true
	}
	if days, ok := dayNames[said]; ok {
		return today.AddDate(0, 0, days), true
	}
	if days, ok := weekday(said, today); ok {
		return today.AddDate(0, 0, days[0]), days[0] == days[1]
	}
	m := relative.FindStringSubmatch(said)
	if m == nil {
		return time.Time{}, false
	}
	sign, count, unit := -1, m[1], m[2]
	if m[3] != "" {
		sign, count, unit = 1, m[3], m[4]
	}
	n, _ := strconv.Atoi(count)
	n *= sign
	switch unit {
	case "minute":
		return now.Add(time.Duration(n) * time.Minute).Truncate(time.Second), true
	case "hour":
		return now.Add(time.Duration(n) * time.Hour).Truncate(time.Second), true
	case "day":
		return today.AddDate(0, 0, n), true
	case "week":
		return today.AddDate(0, 0, 7*n), true
	case "month":
		return today.AddDate(0, n, 0), true
	}
	return today.AddDate(n, 0, 0), true
}

// weekday reads "friday", "this friday" and "next friday" as the days from today to the one that it means. The next one can be the first to come, or that of the
// week after this: where these differ, they are told apart.
func weekday(said string, today time.Time) (days [2]int, ok bool) {
	word, next := strings.CutPrefix(said, "next ")
	for _, prefix := range []string{"on ", "this ", "coming "} {
		word = strings.TrimPrefix(word, prefix)
	}
	for day := time.Sunday; day <= time.Saturday; day++ {
		if name := strings.ToLower(day.String()); word != name && word != name[:3] {
			continue
		}
		first := int(day-today.Weekday()+7) % 7
		if first == 0 {
			first = 7
		}
		fromMonday := func(d time.Weekday) int { return (int(d) + 6) % 7 }
		after := 7 + fromMonday(day) - fromMonday(today.Weekday())
		if !next {
			after = first
		}
		return [2]int{first, after}, true
	}
	return days, false
}

// PrepareAt is Prepare for a call made at a moment: where an argument is a date or a time and one is said relative to now, it is that which is meant, and a note
// tells the caller so. A refusal of a date tells which day it is, which models do not know.
func (t *Tool) PrepareAt(arguments []byte, now time.Time) (*Prepared, []string, error) {
	prepared, err := t.Prepare(arguments)
	wrong, ok := err.(*ArgumentError)
	if !ok || wrong.Masked == nil {
		return prepared, nil, err
	}
	var notes []string
	var w jsonscan.ObjectBuilder
	for it := jsonscan.Members(arguments); it.Next(); {
		value := it.Value()
		name, _ := jsonscan.Unquote(it.Name())
		if layout := t.tells(string(name)); layout != "" && jsonscan.KindOf(value) == jsonscan.String {
			if moment, ok := Moment(text(value), now); ok {
				now := moment.Format(layout)
				notes = append(notes, fmt.Sprintf("%s: %q was taken as %s.", name, text(value), now))
				value = jsonscan.AppendQuote(nil, now)
			}
		}
		w.Add(it.Name(), value)
	}
	if notes != nil {
		prepared, err = t.Prepare(w.Bytes())
		if wrong, ok = err.(*ArgumentError); !ok {
			return prepared, notes, err
		}
	}
	for i, f := range wrong.Faults {
		if value := jsonscan.Member(arguments, f.Argument); t.tells(f.Argument) != "" && jsonscan.KindOf(value) == jsonscan.String {
			wrong.Faults[i].Message += "; " + SayToday(text(value), now)
		}
	}
	return nil, nil, wrong
}

// SayToday helps who wrote no date, as the end of a sentence: with the two that were meant, or with the day from which others are told.
func SayToday(said string, now time.Time) string {
	now = now.UTC()
	if days, ok := weekday(strings.ToLower(strings.TrimSpace(said)), now); ok && days[0] != days[1] {
		return fmt.Sprintf("today is %s, so that it can be %s or %s", now.Format("Monday"), now.AddDate(0, 0, days[0]).Format(time.DateOnly), now.AddDate(0, 0, days[1]).Format(time.DateOnly))
	}
	return now.Format("today is Monday, 2006-01-02") + `, and relative to it one says "30 days ago", "in 2 weeks", "yesterday" or "friday"`
}

// tells is how an argument tells time, "" if it does not.
func (t *Tool) tells(name string) string {
	i, ok := t.plan.byName[name]
	if !ok || t.plan.args[i].rule == nil {
		return ""
	}
	switch t.plan.args[i].rule.format {
	case formats["date"]:
		return time.DateOnly
	case formats["date-time"]:
		return time.RFC3339
	}
	return ""
}
