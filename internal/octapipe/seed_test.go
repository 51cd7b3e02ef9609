package octapipe_test

import (
	"testing"
	"time"

	"sluice/internal/octapipe"
)

func TestSeedingIsQuick(t *testing.T) {
	began := time.Now()
	box, err := octapipe.Open(octapipe.Config{Seed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("want a seeded sandbox within 2s, took %v", took)
	} else {
		t.Log(took)
	}
}

func TestTheSampleHoldsWhatPeopleLookFor(t *testing.T) {
	s := seeded(t)
	sales := s.named("/pipelines", "Enterprise Sales")
	cards := s.all("/pipelines/" + sales + "/cards")
	at := -1
	for i, card := range cards {
		if card["name"] == "Acme Corp Deal" {
			at = i
		}
	}
	if len(cards) <= 30 || at < 15 {
		t.Errorf("want over 30 cards and Acme Corp Deal beyond the first 15, got %d cards and position %d", len(cards), at)
	}
	s.named("/pipelines/"+sales+"/stages", "Closed Won")
	renewals := s.named("/pipelines", "Q3 Renewals")
	s.named("/pipelines/"+renewals+"/stages", "Contract Sent")
	s.named("/pipelines/"+renewals+"/cards", "TechNova Upgrade")
}
