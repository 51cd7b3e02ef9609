-- +goose Up

-- The authorization server (https://host) that the client was registered with and its secret was entered for; '': the definition says where that is.
ALTER TABLE vendor_clients ADD COLUMN server TEXT NOT NULL DEFAULT '';
