package dashboard

import (
	"context"
	"errors"

	"sluice/internal/confirmation"
	"sluice/internal/page"
)

// waitingRow is a question that waits, as the list shows it.
type waitingRow struct {
	*confirmation.Confirmation
	Account string
	URL     string // the account's
}

// waiting lists the calls that wait for a person's yes.
func (v *visit) waiting() error {
	found, next, err := v.Confirmations.List(v.r.Context(), v.env(), confirmation.Filter{Before: v.r.URL.Query().Get("before"), Limit: perPage})
	if err != nil {
		return err
	}
	data := struct {
		*visit
		Rows  []waitingRow
		Pages page.Pages
	}{visit: v, Pages: v.pages("before", next, len(found), "question")}
	for _, c := range found {
		row := waitingRow{Confirmation: c, Account: c.AccountID}
		if acct, err := v.Accounts.Get(v.r.Context(), v.env(), c.AccountID); err == nil {
			r := v.row(acct)
			row.Account, row.URL = r.Title, r.URL()
		}
		data.Rows = append(data.Rows, row)
	}
	return v.show("confirmations", data)
}

func (v *visit) approve() error {
	return v.decide(v.Confirmations.Approve, "It is approved. The call is made when its client comes back with it.")
}

func (v *visit) decline() error {
	return v.decide(v.Confirmations.Decline, "It is declined: the call is not made.")
}

func (v *visit) decide(decide func(ctx context.Context, environment, id, by string) error, notice string) error {
	if _, err := v.Confirmations.Get(v.r.Context(), v.env(), v.r.PathValue("confirmation")); err != nil {
		return err
	}
	err := decide(v.r.Context(), v.env(), v.r.PathValue("confirmation"), v.person.ID)
	if errors.Is(err, confirmation.ErrNotFound) {
		return v.done(confirmations, "It was decided already: nothing is to be done.")
	}
	if err != nil {
		return err
	}
	return v.done(confirmations, notice)
}

const confirmations = Path + "/confirmations"
