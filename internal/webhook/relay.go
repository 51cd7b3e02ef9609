package webhook

import (
	"context"
	"fmt"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

const (
	relayEvery  = time.Minute // when no news came, or news was lost
	relayAtOnce = 100
	eventLife   = 30 * 24 * time.Hour
	dropEvery   = time.Hour
)

// relay hands events to the job queue until ctx ends.
func (s *Service) relay(ctx context.Context) {
	tick := time.NewTicker(relayEvery)
	defer tick.Stop()
	for {
		if err := s.relayAll(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("events could not be handed on to webhooks; it is tried again within a minute", "error", err)
		}
		select {
		case <-s.wake:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// relayAll hands on what waits. Several nodes may do so at once, and a node may die between the queue and the mark: the queue takes a delivery
// of one event to one webhook only once.
func (s *Service) relayAll(ctx context.Context) error {
	if err := s.queue.startIfNeeded(ctx); err != nil {
		return err
	}
	for {
		events, err := s.store.ListUntoldEvents(ctx, relayAtOnce)
		if err != nil {
			return fmt.Errorf("list events: %w", err)
		}
		if len(events) == 0 {
			return nil
		}
		wanted := map[string][]*Webhook{} // by environment
		var deliveries []delivery
		for _, e := range events {
			hooks, known := wanted[e.Environment]
			if !known {
				rows, err := s.store.ListEnabledWebhooks(ctx, e.Environment)
				if err != nil {
					return fmt.Errorf("list webhooks: %w", err)
				}
				for i := range rows {
					hooks = append(hooks, fromRow(&rows[i]))
				}
				wanted[e.Environment] = hooks
			}
			for _, w := range hooks {
				if w.wants(e.Type) {
					deliveries = append(deliveries, delivery{Environment: e.Environment, Webhook: w.ID, Event: e.ID})
				}
			}
		}
		if err := s.queue.add(ctx, deliveries); err != nil {
			return err
		}
		err = s.store.Tx(ctx, func(tx *store.Tx) error {
			for _, e := range events {
				if err := tx.MarkEventTold(ctx, e.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("mark events: %w", err)
		}
		if len(events) < relayAtOnce {
			return nil
		}
	}
}

// dropOld removes the events that were handed on and are older than they are kept for.
func (s *Service) dropOld(ctx context.Context) {
	if err := s.store.DropToldEvents(ctx, store.Millis(time.Now().Add(-eventLife))); err != nil && ctx.Err() == nil {
		s.log.Warn("old events could not be dropped; the next try is in an hour", "error", err)
	}
}

// event is one that is to be delivered; nil: it is not there any more.
func (s *Service) event(ctx context.Context, environment, id string) (*db.AccountEvent, error) {
	row, err := s.store.GetAccountEvent(ctx, db.GetAccountEventParams{Environment: environment, ID: id})
	if store.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get event: %w", err)
	}
	return &row, nil
}
