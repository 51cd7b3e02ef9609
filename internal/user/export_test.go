package user

import (
	"context"
	"time"
)

// FillHashing takes all places at which passwords are hashed, until the returned function is called.
func (s *Service) FillHashing() (free func()) {
	for range cap(s.hashing) {
		s.hashing <- struct{}{}
	}
	return func() {
		for range cap(s.hashing) {
			<-s.hashing
		}
	}
}

// Waits tells how long failures make one wait, for an account, a known browser and an address.
func Waits(failures int64) (account, device, address time.Duration) {
	return perAccount.wait(failures), perDevice.wait(failures), perAddress.wait(failures)
}

// SetCost makes passwords cheap to hash from now on.
func SetCost(memory uint32) (restore func()) {
	before := costNow
	costNow.memory, costNow.time = memory, 1
	return func() { costNow = before }
}

// Sweep is what the service does every few minutes.
func (s *Service) Sweep(ctx context.Context) { s.sweep(ctx) }
