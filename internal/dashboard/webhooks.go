package dashboard

import (
	"net/http"
	"net/url"
	"strconv"

	"sluice/internal/account"
	"sluice/internal/page"
	"sluice/internal/webhook"
)

// webhookPage is the page of one webhook.
type webhookPage struct {
	settingsPage
	Webhook *webhook.Webhook
	URL     string
	Tested  string // what a test brought
	Reached bool
}

// TypeOptions are the events that a webhook can be told of.
func (v *visit) TypeOptions() []page.Option {
	options := make([]page.Option, len(account.EventTypes))
	for i, t := range account.EventTypes {
		options[i] = page.Option{Value: t, Label: t}
	}
	return options
}

func (v *visit) webhooks() error { return v.showWebhooks(http.StatusOK, page.NewForm()) }

func (v *visit) showWebhooks(status int, form *page.Form) error {
	p := v.settings("Webhooks")
	p.Form = form
	found, next, err := v.Webhooks.List(v.r.Context(), v.env(), v.r.URL.Query().Get("before"), perPage)
	if err != nil {
		return err
	}
	return v.showAs(status, "webhooks", struct {
		settingsPage
		Rows  []*webhook.Webhook
		Pages page.Pages
	}{p, found, v.pages("before", next, len(found), "webhook")})
}

func (v *visit) createWebhook() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	w, secret, err := v.Webhooks.Create(v.r.Context(), webhook.Draft{Environment: v.env(), URL: form.Get("url"), Types: form.All("types"), CreatedBy: v.person.ID})
	if err != nil {
		if !faulty(form, err) {
			return err
		}
		return v.showWebhooks(http.StatusUnprocessableEntity, form)
	}
	return v.showOnce("Webhooks", "The webhook is created", "Deliveries are signed with this secret (Standard Webhooks). This is the only time it is shown.", "Signing secret", secret, webhookURL(w.ID))
}

func webhookURL(id string) string { return settings + "/webhooks/" + url.PathEscape(id) }

func (v *visit) theWebhook() (*webhookPage, error) {
	w, err := v.Webhooks.Get(v.r.Context(), v.env(), v.r.PathValue("webhook"))
	if err != nil {
		return nil, err
	}
	p := &webhookPage{settingsPage: v.settings("Webhooks"), Webhook: w, URL: webhookURL(w.ID)}
	p.Form = &page.Form{Values: url.Values{"url": {w.URL}, "types": w.Types}}
	if w.Enabled {
		p.Form.Values.Set("enabled", "on")
	}
	return p, nil
}

func (v *visit) webhook() error {
	p, err := v.theWebhook()
	if err != nil {
		return err
	}
	return v.show("webhook", p)
}

func (v *visit) changeWebhook() error {
	p, err := v.theWebhook()
	if err != nil {
		return err
	}
	form, ok := v.form()
	if !ok {
		return nil
	}
	address, types, enabled := form.Get("url"), append([]string{}, form.All("types")...), form.Get("enabled") != ""
	if _, err := v.Webhooks.Update(v.r.Context(), v.env(), p.Webhook.ID, webhook.Change{URL: &address, Types: &types, Enabled: &enabled}); err != nil {
		if !faulty(form, err) {
			return err
		}
		p.Form = form
		return v.showAs(http.StatusUnprocessableEntity, "webhook", p)
	}
	return v.done(p.URL, "The webhook is changed.")
}

func (v *visit) testWebhook() error {
	p, err := v.theWebhook()
	if err != nil {
		return err
	}
	status, refused, err := v.Webhooks.Test(v.r.Context(), v.env(), p.Webhook.ID)
	switch {
	case err != nil:
		return err
	case refused != nil:
		p.Tested = sentence("the receiver did not take it: " + refused.Error())
	default:
		p.Tested, p.Reached = "The receiver took it: HTTP "+strconv.Itoa(status)+".", true
	}
	return v.show("webhook", p)
}

func (v *visit) rotateWebhook() error {
	p, err := v.theWebhook()
	if err != nil {
		return err
	}
	secret, err := v.Webhooks.RotateSecret(v.r.Context(), v.env(), p.Webhook.ID)
	if err != nil {
		return err
	}
	return v.showOnce("Webhooks", "The webhook has a new secret", "The one before signs too for a day, so that the receiver can change over. This is the only time the new one is shown.", "Signing secret", secret, p.URL)
}

func (v *visit) deleteWebhook() error {
	p, err := v.theWebhook()
	if err != nil {
		return err
	}
	if err := v.Webhooks.Delete(v.r.Context(), v.env(), p.Webhook.ID); err != nil {
		return err
	}
	return v.done(settings+"/webhooks", "The webhook is deleted, and what waited for it is dropped.")
}
