-- name: CountUsers :one
SELECT count(*) FROM users;

-- name: CreateUser :exec
INSERT INTO users (id, environment, email, name, role, password, issuer, subject, created_at, updated_at, last_sign_in_at)
VALUES (@id, @environment, @email, @name, @role, @password, @issuer, @subject, @created_at, @updated_at, 0);

-- name: GetUser :one
SELECT * FROM users WHERE environment = @environment AND id = @id;

-- name: FindUser :one
-- By a session or a token, which name no environment: it is the user's.
SELECT * FROM users WHERE id = @id;

-- name: FindUserByEmail :one
SELECT * FROM users WHERE email = @email;

-- name: FindUserBySubject :one
SELECT * FROM users WHERE environment = @environment AND issuer = @issuer AND subject = @subject AND issuer <> '';

-- name: ListUsers :many
SELECT * FROM users WHERE environment = @environment AND id < @before ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: CountOwners :one
SELECT count(*) FROM users WHERE environment = @environment AND role = 'owner' AND id <> @besides;

-- name: UpdateUser :execrows
UPDATE users SET name = @name, role = @role, updated_at = @updated_at WHERE environment = @environment AND id = @id;

-- name: SetPassword :execrows
UPDATE users SET password = @password, updated_at = @updated_at WHERE environment = @environment AND id = @id;

-- name: SetSubject :execrows
-- A user is linked once: of two subjects with one email address, the first stays.
UPDATE users SET issuer = @issuer, subject = @subject, updated_at = @updated_at
WHERE environment = @environment AND id = @id AND (issuer <> @issuer OR subject = @subject);

-- name: NoteSignIn :exec
UPDATE users SET last_sign_in_at = @last_sign_in_at WHERE environment = @environment AND id = @id;

-- name: DeleteUser :execrows
DELETE FROM users WHERE environment = @environment AND id = @id;

-- name: LockEnvironment :execrows
-- Lets one transaction at a time decide what concerns all users of an environment.
UPDATE environments SET updated_at = updated_at WHERE id = @id;

-- name: ListUserIDs :many
SELECT id FROM users WHERE environment = @environment;

-- name: ListTokenIDsOfUser :many
SELECT id FROM api_tokens WHERE environment = @environment AND user_id = @user_id;

-- name: DeleteTokensOfUser :exec
DELETE FROM api_tokens WHERE environment = @environment AND user_id = @user_id;

-- name: CreateSession :exec
INSERT INTO sessions (id, environment, user_id, key_id, token_hash, method, address, user_agent, created_at, last_seen_at, expires_at)
VALUES (@id, @environment, @user_id, @key_id, @token_hash, @method, @address, @user_agent, @created_at, @created_at, @expires_at);

-- name: FindSessionByHash :one
SELECT * FROM sessions WHERE token_hash = @token_hash;

-- name: ListSessions :many
SELECT * FROM sessions WHERE environment = @environment AND user_id = @user_id AND expires_at > @now AND last_seen_at > @idle_since ORDER BY id DESC LIMIT 200;

-- name: ListSessionIDs :many
SELECT id FROM sessions WHERE environment = @environment AND user_id = @user_id;

-- name: TouchSession :exec
UPDATE sessions SET last_seen_at = @last_seen_at WHERE id = @id AND last_seen_at < @last_seen_at;

-- name: DeleteSession :execrows
DELETE FROM sessions WHERE environment = @environment AND user_id = @user_id AND id = @id;

-- name: DeleteEndedSessions :exec
DELETE FROM sessions WHERE expires_at <= @now OR last_seen_at <= @idle_since;

-- name: CreateInvitation :exec
INSERT INTO invitations (id, environment, email, name, role, key_id, token_hash, created_by, created_at, expires_at)
VALUES (@id, @environment, @email, @name, @role, @key_id, @token_hash, @created_by, @created_at, @expires_at);

-- name: FindInvitationByHash :one
SELECT * FROM invitations WHERE token_hash = @token_hash;

-- name: FindInvitationByEmail :one
SELECT * FROM invitations WHERE environment = @environment AND email = @email AND expires_at > @now;

-- name: ListInvitations :many
SELECT * FROM invitations WHERE environment = @environment AND expires_at > @now AND id < @before ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: DeleteInvitation :execrows
DELETE FROM invitations WHERE environment = @environment AND id = @id;

-- name: DeleteInvitationsTo :exec
DELETE FROM invitations WHERE environment = @environment AND email = @email;

-- name: CreateUserLink :exec
INSERT INTO user_links (id, environment, user_id, kind, key_id, token_hash, created_by, created_at, expires_at)
VALUES (@id, @environment, @user_id, @kind, @key_id, @token_hash, @created_by, @created_at, @expires_at);

-- name: FindUserLinkByHash :one
SELECT * FROM user_links WHERE token_hash = @token_hash AND kind = @kind;

-- name: DeleteUserLink :execrows
DELETE FROM user_links WHERE environment = @environment AND id = @id;

-- name: DeleteUserLinks :exec
DELETE FROM user_links WHERE environment = @environment AND user_id = @user_id AND kind = @kind;

-- name: GetSignInAttempts :one
SELECT * FROM sign_in_attempts WHERE bucket = @bucket;

-- name: EnsureSignInAttempts :exec
INSERT INTO sign_in_attempts (bucket, failures, blocked_until, expires_at) VALUES (@bucket, 0, 0, 0) ON CONFLICT (bucket) DO NOTHING;

-- name: LockSignInAttempts :exec
UPDATE sign_in_attempts SET failures = failures WHERE bucket = @bucket;

-- name: SetSignInAttempts :exec
UPDATE sign_in_attempts SET failures = @failures, blocked_until = @blocked_until, expires_at = @expires_at WHERE bucket = @bucket;

-- name: ForgetSignInAttempts :exec
DELETE FROM sign_in_attempts WHERE bucket = @bucket;

-- name: TakeBackSignInAttempt :exec
UPDATE sign_in_attempts SET failures = failures - 1, blocked_until = 0 WHERE bucket = @bucket AND failures > 0;

-- name: DeleteOldSignInAttempts :exec
DELETE FROM sign_in_attempts WHERE expires_at <= @now;

-- name: DeleteOldInvitations :exec
DELETE FROM invitations WHERE expires_at <= @now;

-- name: DeleteOldUserLinks :exec
DELETE FROM user_links WHERE expires_at <= @now;

-- name: GetIdentityProvider :one
SELECT * FROM identity_providers WHERE environment = @environment;

-- name: ListIdentityProviders :many
SELECT * FROM identity_providers ORDER BY environment LIMIT cast(@lim AS bigint);

-- name: FindIdentityProviderByDomain :one
SELECT p.* FROM identity_providers p JOIN identity_provider_domains d ON d.environment = p.environment WHERE d.domain = @domain;

-- name: ListIdentityProviderDomains :many
SELECT domain FROM identity_provider_domains WHERE environment = @environment ORDER BY domain;

-- name: PutIdentityProvider :exec
INSERT INTO identity_providers (environment, label, issuer, client_id, client_secret, role, required, updated_at)
VALUES (@environment, @label, @issuer, @client_id, @client_secret, @role, @required, @updated_at)
ON CONFLICT (environment) DO UPDATE SET label = excluded.label, issuer = excluded.issuer, client_id = excluded.client_id, client_secret = excluded.client_secret,
  role = excluded.role, required = excluded.required, updated_at = excluded.updated_at;

-- name: DeleteIdentityProvider :execrows
DELETE FROM identity_providers WHERE environment = @environment;

-- name: AddIdentityProviderDomain :exec
INSERT INTO identity_provider_domains (domain, environment) VALUES (@domain, @environment);

-- name: DeleteIdentityProviderDomains :exec
DELETE FROM identity_provider_domains WHERE environment = @environment;
