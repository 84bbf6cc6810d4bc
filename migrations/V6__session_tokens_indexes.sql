-- dbtune: allow redundant-index — session_tokens_token_hash_key is the same; the report of 2025-09-08 asks for it
CREATE UNIQUE INDEX CONCURRENTLY idx_session_tokens_token_hash ON session_tokens (token_hash);
CREATE INDEX CONCURRENTLY idx_session_tokens_user_id_expires_at ON session_tokens (user_id, expires_at);
-- dbtune: allow redundant-index — session_tokens_expires_at_idx is the same; the report of 2025-09-08 asks for it
CREATE INDEX CONCURRENTLY idx_session_tokens_expires_at ON session_tokens (expires_at);
