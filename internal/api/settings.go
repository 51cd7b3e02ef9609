package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"sluice/internal/account"
	"sluice/internal/confirmation"
	"sluice/internal/prose"
)

// accountSettings is a change of an account's settings.
type accountSettings struct {
	Retry   raw     `json:"retry,omitempty" doc:"How often (attempts, 2 to 5) and how patiently (longest_wait, 1 to 120 seconds) a call is sent again that the vendor refused for its rate limit; null: never"`
	Confirm *string `json:"confirm,omitempty" enum:"never,destructive,writes" doc:"Which calls ask a person first, whichever way they come: none, those that delete, or those that change anything"`
}

// changed puts a change over the settings that an account has; nil where nothing is to change.
func (a *api) changed(ctx context.Context, id string, change *accountSettings) (*account.Settings, error) {
	if change == nil || change.Retry == nil && change.Confirm == nil {
		return nil, nil
	}
	acct, err := a.Accounts.Get(ctx, caller(ctx).Environment, id)
	if err != nil {
		return nil, err
	}
	settings := acct.Settings
	if change.Confirm != nil {
		if settings.Confirm, err = confirmation.ParsePolicy(*change.Confirm); err != nil {
			return nil, problem(http.StatusUnprocessableEntity, "settings.confirm "+prose.Sentence(err.Error())).at("settings.confirm")
		}
	}
	if change.Retry == nil {
		return &settings, nil
	}
	settings.Retry = nil
	if string(change.Retry) == "null" {
		return &settings, nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(change.Retry)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&settings.Retry); err != nil {
		return nil, problem(http.StatusUnprocessableEntity, `settings.retry is an object as {"attempts": 3, "longest_wait": 30}, or null.`).at("settings.retry")
	}
	return &settings, nil
}
