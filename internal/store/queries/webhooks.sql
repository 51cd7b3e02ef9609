-- name: CreateWebhook :exec
INSERT INTO webhooks (id, environment, url, types, secrets, enabled, created_by, created_at, updated_at, last_at, last_status, last_error)
VALUES (@id, @environment, @url, @types, @secrets, 1, @created_by, @created_at, @created_at, 0, 0, '');

-- name: GetWebhook :one
SELECT * FROM webhooks WHERE environment = @environment AND id = @id;

-- name: ListWebhooks :many
SELECT * FROM webhooks WHERE environment = @environment AND id < @before ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: ListEnabledWebhooks :many
SELECT * FROM webhooks WHERE environment = @environment AND enabled = 1 ORDER BY id;

-- name: CountWebhooks :one
SELECT count(*) FROM webhooks WHERE environment = @environment;

-- name: AnyWebhook :one
SELECT id FROM webhooks LIMIT 1;

-- name: UpdateWebhook :execrows
UPDATE webhooks SET url = @url, types = @types, enabled = @enabled, updated_at = @updated_at WHERE environment = @environment AND id = @id;

-- name: UpdateWebhookSecrets :execrows
UPDATE webhooks SET secrets = @secrets, updated_at = @updated_at WHERE environment = @environment AND id = @id;

-- name: UpdateWebhookOutcome :exec
UPDATE webhooks SET last_at = @last_at, last_status = @last_status, last_error = @last_error WHERE id = @id;

-- name: DisableWebhook :execrows
UPDATE webhooks SET enabled = 0, updated_at = @updated_at WHERE id = @id;

-- name: DeleteWebhook :execrows
DELETE FROM webhooks WHERE environment = @environment AND id = @id;

-- name: ListUntoldEvents :many
SELECT * FROM account_events WHERE told = 0 ORDER BY id LIMIT cast(@lim AS bigint);

-- name: MarkEventTold :exec
UPDATE account_events SET told = 1 WHERE id = @id;

-- name: GetAccountEvent :one
SELECT * FROM account_events WHERE environment = @environment AND id = @id;

-- name: ListEvents :many
SELECT * FROM account_events
WHERE environment = @environment AND id < @before AND (cast(@account_id AS text) = '' OR account_id = @account_id)
ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: DropToldEvents :exec
DELETE FROM account_events WHERE told = 1 AND created_at < @before;
