package dashboard

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"sluice/internal/page"
	"sluice/internal/toolset"
)

const (
	// mostChoices is how many objects one can choose from; who has more gives the id.
	mostChoices = 200
	// choicesLife is how long what an account has to choose from is taken for what it was, so that a form which is shown again does not ask the vendor again.
	choicesLife = 30 * time.Second
	maxChoices  = 1024
	// choicesPatience is how long a vendor may take for them: somebody waits for the page.
	choicesPatience = 20 * time.Second
)

// choices remembers what accounts have to choose from. It is dropped whole when it grows past what is useful.
type choices struct {
	mu    sync.Mutex
	lists map[string]choiceList
}

type choiceList struct {
	options []page.Option
	at      time.Time
}

// choose lists the objects of a resource in the account, by gateway like any call. id and name are dotted paths into one; "" for the usual members.
func (v *visit) choose(ctx context.Context, p accountPage, resource, id, name string, arguments map[string]string) (options []page.Option, fault string) {
	given := map[string]any{"limit": mostChoices}
	for argument, value := range arguments {
		given[argument] = value
	}
	body, err := json.Marshal(given)
	if err != nil {
		panic(err) // texts and a number
	}
	key := strings.Join([]string{v.env(), p.Account.ID, p.Account.UpdatedAt.String(), resource, id, name, string(body)}, "\x00")
	v.choices.mu.Lock()
	known, ok := v.choices.lists[key]
	v.choices.mu.Unlock()
	if ok && time.Since(known.at) < choicesLife {
		return known.options, ""
	}
	caller, err := v.Gateway.OpenAccount(ctx, p.Account.Account, toolset.Options{})
	if err != nil {
		return nil, "The account cannot be opened."
	}
	v.sign(caller)
	ctx, cancel := context.WithTimeout(ctx, choicesPatience)
	defer cancel()
	result, err := v.Gateway.CallOperation(ctx, caller, resource, "list", body)
	if err != nil {
		return nil, "There is no list to choose from."
	}
	if result.Failed() {
		return nil, result.Message
	}
	var items []map[string]any
	if json.Unmarshal(result.Body, &items) != nil {
		return nil, "The vendor’s list cannot be read."
	}
	for _, item := range items {
		value := member(item, id, "uuid", "id", "key")
		if value == "" {
			continue
		}
		label := member(item, name, "name", "label", "title")
		if label == "" {
			label = value
		}
		options = append(options, page.Option{Value: value, Label: label})
	}
	options = options[:min(len(options), mostChoices)]
	v.choices.mu.Lock()
	defer v.choices.mu.Unlock()
	if v.choices.lists == nil || len(v.choices.lists) >= maxChoices {
		v.choices.lists = map[string]choiceList{}
	}
	v.choices.lists[key] = choiceList{options, time.Now()}
	return options, ""
}

// member is a text within an item, at a dotted path; without one, the first of the usual members that there is.
func member(item map[string]any, path string, usual ...string) string {
	if path == "" {
		for _, name := range usual {
			if text, ok := item[name].(string); ok && text != "" {
				return text
			}
		}
		return ""
	}
	var at any = item
	for step := range strings.SplitSeq(path, ".") {
		object, ok := at.(map[string]any)
		if !ok {
			return ""
		}
		at = object[step]
	}
	text, _ := at.(string)
	return text
}
