-- name: CreateConfirmation :exec
INSERT INTO confirmations (id, environment, account_id, server_id, token_id, door, client_name, tool, question, fingerprint, approval, state, decided_by,
    created_at, expires_at)
VALUES (@id, @environment, @account_id, @server_id, @token_id, @door, @client_name, @tool, @question, @fingerprint, @approval, @state, @decided_by,
    @created_at, @expires_at);

-- name: GetConfirmation :one
SELECT * FROM confirmations WHERE environment = @environment AND id = @id;

-- name: ListPendingConfirmations :many
-- Newest first, below an id. An empty account or server does not filter.
SELECT * FROM confirmations
WHERE environment = @environment AND id < @before AND state = 'pending' AND expires_at > @now
  AND (cast(@account_id AS text) = '' OR account_id = @account_id)
  AND (cast(@server_id AS text) = '' OR server_id = @server_id)
ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: UseConfirmation :execrows
-- Of all who bring an answer, one changes the row.
UPDATE confirmations SET state = 'used'
WHERE environment = @environment AND id = @id AND expires_at > @now AND (state = 'approved' OR state = 'pending' AND approval = 0);

-- name: DecideConfirmation :execrows
UPDATE confirmations SET state = @state, decided_by = @decided_by
WHERE environment = @environment AND id = @id AND expires_at > @now AND state = 'pending';

-- name: ReplaceConfirmation :execrows
UPDATE confirmations SET state = 'replaced' WHERE environment = @environment AND id = @id AND state IN ('pending', 'approved');

-- name: DeleteExpiredConfirmations :execrows
DELETE FROM confirmations WHERE expires_at <= @now;
