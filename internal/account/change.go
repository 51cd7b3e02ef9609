package account

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Change is what Update changes. What is nil stays.
type Change struct {
	TenantID    *string
	Name        *string
	Context     map[string]*string // by name; nil takes the value away
	Credentials map[string]string  // what is not given stays
	Status      *Status            // Disabled, or Active for one that was
	Settings    *Settings          // all of them anew
	Within      Within             // may be nil

	settle bool // the choices are gone through, whatever changes
}

// Settle goes on with a connecting account: it takes what was chosen, if anything is given, and finds out whether the account is active now.
func (s *Service) Settle(ctx context.Context, environment, id string, chosen map[string]*string, within Within) (*Account, error) {
	return s.Update(ctx, environment, id, Change{Context: chosen, Within: within, settle: true})
}

// Update changes an account. New credentials or another context are proven with the vendor first; an account that is connected again so keeps its id and
// becomes active.
func (s *Service) Update(ctx context.Context, environment, id string, c Change) (*Account, error) {
	e, err := s.read(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	a := *e.account
	if c.TenantID != nil {
		if a.TenantID, err = checkName("tenant_id", *c.TenantID); err != nil {
			return nil, err
		}
	}
	if c.Name != nil {
		if a.Name, err = checkName("name", *c.Name); err != nil {
			return nil, err
		}
	}
	if c.Status != nil {
		if a.Status, err = changeStatus(a.Status, *c.Status, len(c.Credentials) > 0); err != nil {
			return nil, err
		}
	}
	if c.Settings != nil {
		if err := c.Settings.check(); err != nil {
			return nil, err
		}
		a.Settings = *c.Settings
	}
	settings, err := a.Settings.column()
	if err != nil {
		return nil, err
	}
	var secret *db.UpdateAccountCredentialsParams
	def, err := s.definitions.FindFor(ctx, environment, a.Integration, id)
	switch {
	case len(c.Credentials) == 0 && len(c.Context) == 0 && !c.settle:
		err = nil // without its integration, too, an account can be renamed and disabled
		if a.Status == Active && e.account.Status != Active && def != nil && lacksChoice(def, a.Context) {
			a.Status = Connecting
		}
	case err != nil:
		return nil, fmt.Errorf("find the integration of account %s: %w", id, err)
	case len(c.Credentials) == 0 && onlyChoices(def, c.Context):
		err = s.choose(ctx, e, def, &a, &c)
	default:
		secret, err = s.reconnect(ctx, e, def, &a, &c)
	}
	if err != nil {
		return nil, err
	}
	context, err := contextColumn(a.Context)
	if err != nil {
		return nil, err
	}
	a.UpdatedAt = s.now()
	err = s.store.Tx(ctx, func(tx *store.Tx) error {
		row, err := lock(ctx, tx, environment, id)
		if err != nil {
			return err
		}
		_, err = tx.UpdateAccount(ctx, db.UpdateAccountParams{TenantID: a.TenantID, Name: a.Name, Context: context, UpdatedAt: store.Millis(a.UpdatedAt),
			Environment: environment, ID: id})
		if err != nil {
			return err
		}
		if c.Settings != nil {
			if _, err := tx.UpdateAccountSettings(ctx, db.UpdateAccountSettingsParams{Settings: settings, UpdatedAt: store.Millis(a.UpdatedAt), Environment: environment, ID: id}); err != nil {
				return err
			}
		}
		if secret != nil {
			secret.Context, secret.UpdatedAt = context, store.Millis(a.UpdatedAt)
			if _, err := tx.UpdateAccountCredentials(ctx, *secret); err != nil {
				return err
			}
		}
		tx.Publish(store.Accounts, id)
		row.Name, row.TenantID, row.Context = a.Name, a.TenantID, context
		if secret != nil || a.Status != e.account.Status {
			if err := s.move(ctx, tx, def, row, a.Status, a.LastError); err != nil {
				return err
			}
		}
		return c.Within.run(tx, row)
	})
	if err != nil {
		return nil, fmt.Errorf("change account %s: %w", id, err)
	}
	return s.Get(ctx, environment, id)
}

func changeStatus(from, to Status, reconnects bool) (Status, error) {
	switch {
	case to == from, to == Disabled, to == Active && from == Disabled, to == Active && reconnects:
		return to, nil
	case to == Active:
		return "", invalid("status", "is %s, which credentials that work make active: send credentials, or refresh them", from)
	}
	return "", invalid("status", "can be set to active or disabled only")
}

// reconnect checks and proves changed credentials and context.
func (s *Service) reconnect(ctx context.Context, e *entry, def *integration.Definition, a *Account, c *Change) (*db.UpdateAccountCredentialsParams, error) {
	fields, err := s.openFields(&e.row)
	if err != nil {
		return nil, err
	}
	moved := moves(def, a.Context, c.Context)
	if len(c.Credentials) > 0 || moved != "" {
		before := wayOf(&def.Credentials, fields)
		way, given := before, c.Credentials
		if len(given) > 0 {
			way = wayOf(&def.Credentials, given)
		}
		switch {
		case way != before:
		case moved != "":
			if err := enteredAgain(way, fields, given, moved); err != nil {
				return nil, err
			}
		default: // the same way: the others stay
			given = maps.Clone(fields)
			maps.Copy(given, c.Credentials)
		}
		if fields, err = checkForm("credentials", way.Fields, given); err != nil {
			return nil, err
		}
	}
	if a.Context, err = s.checkContext(def, changed(a.Context, c.Context)); err != nil {
		return nil, err
	}
	proven, err := s.prove(ctx, a.Environment, def, fields, a.Context)
	if err != nil {
		return nil, err
	}
	a.Context = proven.context
	a.settled(proven.status, c)
	p := &db.UpdateAccountCredentialsParams{Environment: a.Environment, ID: a.ID}
	if p.Credentials, err = s.sealFields(a.ID, fields); err != nil {
		return nil, err
	}
	p.Token, p.TokenExpiresAt, err = s.sealToken(a.ID, proven.token)
	return p, err
}

// moves names a value of the context that a change makes another one, "" if there is none. Where a credential is sent is said by such values, so that whoever may
// change them must not have sent there what somebody else entered. What the vendor lets the account choose is the vendor's word.
func moves(def *integration.Definition, context map[string]string, by map[string]*string) string {
	for _, name := range slices.Sorted(maps.Keys(by)) {
		from, to := context[name], ""
		if by[name] != nil {
			to = strings.TrimRight(strings.TrimSpace(*by[name]), "/")
		}
		if i := slices.IndexFunc(def.Context, func(f integration.Field) bool { return f.Name == name }); i >= 0 {
			from, to = orDefault(from, def.Context[i].Default), orDefault(to, def.Context[i].Default)
		}
		if !def.Context.Chosen(name) && to != from {
			return name
		}
	}
	return ""
}

// enteredAgain wants all that an account's credential is made of entered anew: it goes to nobody but whom it was entered for.
func enteredAgain(way *integration.Credentials, kept, given map[string]string, moved string) error {
	for _, f := range way.Fields {
		if kept[f.Name] != "" && given[f.Name] == "" && f.Default == "" && !f.Optional {
			return invalid(field("credentials", f.Name), "is required again where context.%s changes: a credential goes to nobody but whom it was entered for", moved)
		}
	}
	return nil
}

// choose takes what was chosen, with the credential that the account has.
func (s *Service) choose(ctx context.Context, e *entry, def *integration.Definition, a *Account, c *Change) error {
	h, err := s.current(ctx, e, def)
	if err != nil {
		return err
	}
	if a.Context, err = s.checkContext(def, changed(a.Context, c.Context)); err != nil {
		return err
	}
	proven, err := s.check(ctx, def, h.credential.Fields, a.Context, h.token(), false)
	if err != nil {
		return s.unproven(def, err)
	}
	a.Context = proven.context
	a.settled(proven.status, c)
	return nil
}

// settled is the status of an account whose credential has just worked: one that a person disabled stays so, unless the change says otherwise.
func (a *Account) settled(status Status, c *Change) {
	if c.Status == nil && a.Status != Disabled || a.Status == Active {
		a.Status = status
	}
	if a.Status == Active || a.Status == Connecting {
		a.LastError = ""
	}
}

func changed(values map[string]string, by map[string]*string) map[string]string {
	values = maps.Clone(values)
	if values == nil {
		values = map[string]string{}
	}
	for name, value := range by {
		if value == nil {
			delete(values, name)
		} else {
			values[name] = *value
		}
	}
	return values
}

// lacksChoice reports whether something is still to be chosen.
func lacksChoice(def *integration.Definition, context map[string]string) bool {
	for _, f := range def.Context {
		if f.Choices != nil && context[f.Name] == "" {
			return true
		}
	}
	return false
}

// onlyChoices reports whether a change is of nothing but what the vendor lets the account choose.
func onlyChoices(def *integration.Definition, change map[string]*string) bool {
	for name := range change {
		if !def.Context.Chosen(name) {
			return false
		}
	}
	return true
}
