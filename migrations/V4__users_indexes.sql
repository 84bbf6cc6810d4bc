-- dbtune: allow redundant-index — users_email_key has the same column; the report of 2025-09-08 asks for it
CREATE INDEX CONCURRENTLY idx_users_email ON users (email);
-- dbtune: allow redundant-index — users_plex_id_key has the same column, and nulls are distinct there already; the report asks for it
CREATE UNIQUE INDEX CONCURRENTLY idx_users_plex_id ON users (plex_id) WHERE plex_id IS NOT NULL;
CREATE INDEX CONCURRENTLY idx_users_status_created_at ON users (status, created_at);
CREATE INDEX CONCURRENTLY idx_users_last_login_at ON users (last_login_at) WHERE last_login_at IS NOT NULL;
