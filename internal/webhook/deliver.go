package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/internal/outbound"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// errGone says that a delivery is not to be made any more.
var errGone = errors.New("the delivery is not wanted any more")

// deliver brings an event to a webhook, as both are now.
func (s *Service) deliver(ctx context.Context, d delivery) error {
	row, err := s.row(ctx, d.Environment, d.Webhook)
	if errors.Is(err, ErrNotFound) || err == nil && row.Enabled == 0 {
		return errGone
	}
	if err != nil {
		return err
	}
	event, err := s.event(ctx, d.Environment, d.Event)
	if err != nil {
		return err
	}
	if event == nil {
		return errGone
	}
	status, refused := s.send(ctx, row, event.ID, []byte(event.Payload))
	if ctx.Err() != nil { // this node is stopping, or the database is too slow: neither is the receiver's fault
		return refused
	}
	if err := s.outcome(ctx, row, status, refused); err != nil {
		s.log.Warn("what came of a delivery could not be noted", "webhook", row.ID, "error", err)
	}
	if status == http.StatusGone { // as Standard Webhooks has it: the receiver wants no more
		return errors.Join(errGone, s.disable(ctx, row.ID))
	}
	return refused
}

// send signs and sends one message. The error is a sentence for whoever keeps the webhook.
func (s *Service) send(ctx context.Context, row *db.Webhook, id string, payload []byte) (status int, err error) {
	now := time.Now()
	signature, err := s.sign(row, id, now, payload)
	if err != nil {
		return 0, err
	}
	response, err := s.outbound.Do(ctx, &outbound.Request{
		Method: http.MethodPost, URL: row.URL, Body: payload, Timeout: timeout, MaxBody: 64 << 10, Once: true,
		Header: [][2]string{
			{"Content-Type", "application/json"}, {standardwebhooks.HeaderWebhookID, id},
			{standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10)}, {standardwebhooks.HeaderWebhookSignature, signature},
		},
	})
	switch {
	case response == nil:
		return 0, fmt.Errorf("the event could not be delivered: %w", err)
	case response.Status < 200 || response.Status > 299: // a redirect too: an event goes to the address that was entered, and nowhere else
		return response.Status, fmt.Errorf("the receiver answered %d %s; it takes an event with any 2xx", response.Status, http.StatusText(response.Status))
	}
	return response.Status, nil
}

func (s *Service) outcome(ctx context.Context, row *db.Webhook, status int, refused error) error {
	p := db.UpdateWebhookOutcomeParams{ID: row.ID, LastAt: store.Millis(time.Now()), LastStatus: int64(status)}
	if refused != nil {
		p.LastError = store.CleanText(refused.Error())
	}
	return s.store.UpdateWebhookOutcome(ctx, p)
}

func (s *Service) disable(ctx context.Context, id string) error {
	s.log.Warn("a webhook answered 410 Gone and is disabled", "webhook", id)
	return s.change(ctx, id, func(tx *store.Tx) (int64, error) {
		return tx.DisableWebhook(ctx, db.DisableWebhookParams{ID: id, UpdatedAt: store.Millis(time.Now())})
	})
}

// Test sends a message of the type webhook.test at once, and returns what the receiver answered, or why it did not.
func (s *Service) Test(ctx context.Context, environment, id string) (status int, refused, err error) {
	row, err := s.row(ctx, environment, id)
	if err != nil {
		return 0, nil, err
	}
	payload, err := json.Marshal(struct {
		Type      string         `json:"type"`
		Timestamp time.Time      `json:"timestamp"`
		Data      map[string]any `json:"data"`
	}{"webhook.test", time.Now().UTC(), map[string]any{"webhook_id": id}})
	if err != nil {
		return 0, nil, err
	}
	status, refused = s.send(ctx, row, store.NewID("evt"), payload)
	return status, refused, s.outcome(ctx, row, status, refused)
}

// secrets are what deliveries are signed with: for a day after a rotation by the one before too, so that a receiver can change over.
type secrets struct {
	Current  string    `json:"current"`
	Previous string    `json:"previous,omitempty"`
	Until    time.Time `json:"until,omitzero"`
}

const overlap = 24 * time.Hour

// newSecret makes a secret as Standard Webhooks writes them.
func newSecret() string {
	key := make([]byte, 32)
	rand.Read(key)
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// RotateSecret gives a webhook a new secret, shown this once. The one before signs too for a day.
func (s *Service) RotateSecret(ctx context.Context, environment, id string) (secret string, err error) {
	row, err := s.row(ctx, environment, id)
	if err != nil {
		return "", err
	}
	before, err := s.open(row)
	if err != nil {
		return "", err
	}
	secret = newSecret()
	sealed, err := s.seal(id, secrets{Current: secret, Previous: before.Current, Until: time.Now().Add(overlap)})
	if err != nil {
		return "", err
	}
	return secret, s.change(ctx, id, func(tx *store.Tx) (int64, error) {
		return tx.UpdateWebhookSecrets(ctx, db.UpdateWebhookSecretsParams{Secrets: sealed, UpdatedAt: store.Millis(time.Now()), Environment: environment, ID: id})
	})
}

// sign makes the webhook-signature header: one signature for each secret that holds, apart by spaces.
func (s *Service) sign(row *db.Webhook, id string, at time.Time, payload []byte) (string, error) {
	keys, err := s.open(row)
	if err != nil {
		return "", err
	}
	all := []string{keys.Current}
	if keys.Previous != "" && at.Before(keys.Until) {
		all = append(all, keys.Previous)
	}
	var header string
	for _, one := range all {
		signer, err := standardwebhooks.NewWebhook(one)
		if err != nil {
			return "", fmt.Errorf("read the secret of webhook %s: %w", row.ID, err)
		}
		signature, err := signer.Sign(id, at, payload)
		if err != nil {
			return "", fmt.Errorf("sign for webhook %s: %w", row.ID, err)
		}
		if header != "" {
			header += " "
		}
		header += signature
	}
	return header, nil
}

func (s *Service) seal(id string, keys secrets) ([]byte, error) {
	plain, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	return s.sealer.Seal(plain, []byte(id))
}

func (s *Service) open(row *db.Webhook) (keys secrets, err error) {
	plain, err := s.sealer.Open(row.Secrets, []byte(row.ID))
	if err == nil {
		err = json.Unmarshal(plain, &keys)
	}
	if err != nil {
		return keys, fmt.Errorf("open the secrets of webhook %s: %w", row.ID, err)
	}
	return keys, nil
}
