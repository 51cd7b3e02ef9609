-- Every table has an integer id, which is the order of creation and so the order of lists, and the uuid that callers see.
-- Times are Unix milliseconds, 0 for none; JSON is text.
CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE users (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE,
  first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT NOT NULL, initial_password TEXT NOT NULL,
  role TEXT NOT NULL, enabled_pipelines TEXT NOT NULL DEFAULT '[]',
  is_data_access_restricted INTEGER NOT NULL DEFAULT 0, is_active INTEGER NOT NULL DEFAULT 1,
  job TEXT NOT NULL DEFAULT '', phone1 TEXT NOT NULL DEFAULT '', phone2 TEXT NOT NULL DEFAULT '',
  picture TEXT NOT NULL DEFAULT '', recover_code TEXT NOT NULL DEFAULT '', auth_code TEXT NOT NULL DEFAULT '',
  email_verified_at INTEGER NOT NULL DEFAULT 0, custom_values TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX users_email ON users (lower(email)) WHERE deleted_at = 0;

CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE, user_uuid TEXT NOT NULL REFERENCES users (uuid), created_at INTEGER NOT NULL
);

CREATE TABLE databases (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE pipelines (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  code_prefix TEXT NOT NULL, last_code INTEGER NOT NULL DEFAULT 0, -- cards are ES-1, ES-2, …
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL DEFAULT 0
);

-- owner_uuid is a database or a pipeline.
CREATE TABLE custom_fields (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, owner_uuid TEXT NOT NULL,
  key TEXT NOT NULL, label TEXT NOT NULL, type TEXT NOT NULL, required INTEGER NOT NULL,
  options TEXT NOT NULL DEFAULT '[]', related_database_uuid TEXT NOT NULL DEFAULT '', position INTEGER NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  UNIQUE (owner_uuid, key)
);

CREATE TABLE records (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, database_uuid TEXT NOT NULL REFERENCES databases (uuid),
  name TEXT NOT NULL, custom_values TEXT NOT NULL,
  creator_uuid TEXT NOT NULL REFERENCES users (uuid), owner_uuid TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX records_list ON records (database_uuid, id) WHERE deleted_at = 0;

CREATE TABLE stages (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, pipeline_uuid TEXT NOT NULL REFERENCES pipelines (uuid),
  name TEXT NOT NULL, position INTEGER NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX stages_list ON stages (pipeline_uuid, position);

CREATE TABLE cards (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, pipeline_uuid TEXT NOT NULL REFERENCES pipelines (uuid),
  stage_uuid TEXT NOT NULL REFERENCES stages (uuid), code TEXT NOT NULL, name TEXT NOT NULL, sla INTEGER NOT NULL,
  custom_values TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '[]', last_stage_updated_at INTEGER NOT NULL,
  creator_uuid TEXT NOT NULL REFERENCES users (uuid), owner_uuid TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX cards_list ON cards (pipeline_uuid, id) WHERE deleted_at = 0;
CREATE INDEX cards_stage ON cards (stage_uuid) WHERE deleted_at = 0;

CREATE TABLE movements (
  id INTEGER PRIMARY KEY, card_uuid TEXT NOT NULL REFERENCES cards (uuid), user_uuid TEXT NOT NULL,
  from_stage_uuid TEXT NOT NULL, to_stage_uuid TEXT NOT NULL, created_at INTEGER NOT NULL
);
CREATE INDEX movements_card ON movements (card_uuid);

CREATE TABLE tasks (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, title TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
  start_date TEXT NOT NULL, end_date TEXT NOT NULL, start_time TEXT NOT NULL, end_time TEXT NOT NULL,
  status TEXT NOT NULL, priority TEXT NOT NULL, card_uuid TEXT NOT NULL DEFAULT '',
  creator_uuid TEXT NOT NULL REFERENCES users (uuid), owner_uuid TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL DEFAULT 0
);

-- entity and record_uuid together name what a note, a notification or a file hangs on.
CREATE TABLE notes (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, entity TEXT NOT NULL, record_uuid TEXT NOT NULL, note TEXT NOT NULL,
  creator_uuid TEXT NOT NULL REFERENCES users (uuid),
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX notes_list ON notes (record_uuid, entity, id) WHERE deleted_at = 0;

CREATE TABLE notifications (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, owner_uuid TEXT NOT NULL REFERENCES users (uuid),
  entity TEXT NOT NULL, record_uuid TEXT NOT NULL, message TEXT NOT NULL, read_at INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL DEFAULT 0
);

-- The bytes lie beside the database, under files/<uuid>.
CREATE TABLE files (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, entity TEXT NOT NULL, record_uuid TEXT NOT NULL,
  name TEXT NOT NULL, mime TEXT NOT NULL, size INTEGER NOT NULL,
  creator_uuid TEXT NOT NULL REFERENCES users (uuid),
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX files_list ON files (record_uuid, entity, id) WHERE deleted_at = 0;

CREATE TABLE imports (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, database_uuid TEXT NOT NULL REFERENCES databases (uuid),
  status TEXT NOT NULL, created INTEGER NOT NULL DEFAULT 0, updated INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
  errors TEXT NOT NULL DEFAULT '[]', created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);

CREATE TABLE exports (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, database_uuid TEXT NOT NULL REFERENCES databases (uuid),
  format TEXT NOT NULL, status TEXT NOT NULL, row_count INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
  expires_at INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);
