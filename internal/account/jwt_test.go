package account

import (
	"encoding/base64"
	"testing"
	"time"
)

func TestHowLongATokenSaysThatItIsGoodFor(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	jwt := func(payload string) string {
		return "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2lnbmF0dXJl"
	}
	for _, test := range []struct {
		name, token string
		want        float64
	}{
		{"it ends in an hour by our clock", jwt(`{"exp":1003600}`), 3600},
		{"it was made for an hour, by a clock that is a day ahead", jwt(`{"iat":1086400,"exp":1090000}`), 3599},
		{"it has an end in the past", jwt(`{"exp":999999}`), 0},
		{"it has no end", jwt(`{"iat":1000000}`), 0},
		{"its end is no number", jwt(`{"exp":"soon"}`), 0},
		{"its payload is no JSON", jwt(`exp`), 0},
		{"its payload is no base64", "a.!.c", 0},
		{"it is opaque", "c0ffee", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := jwtLifetime(test.token, now)
			if got != test.want && test.want != 0 || ok != (test.want > 0) {
				t.Errorf("it is good for %v seconds (%v), want %v", got, ok, test.want)
			}
		})
	}
}
