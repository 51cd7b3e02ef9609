-- +goose Up

-- Finds the tokens that ended long ago (see account.Service.KeepAlive).
CREATE INDEX accounts_by_token_expiry ON accounts (token_expires_at) WHERE token_expires_at > 0;
