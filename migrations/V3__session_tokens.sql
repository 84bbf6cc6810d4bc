-- dbtune: allow prefer-timestamp-tz — the schema is as Prisma makes it

-- Sessions: of the token only its SHA-256 is kept.
CREATE TABLE session_tokens (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users (id) ON DELETE RESTRICT ON UPDATE CASCADE,
    token_hash text NOT NULL,
    expires_at timestamp(3) NOT NULL,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_used_at timestamp(3)
);

CREATE UNIQUE INDEX session_tokens_token_hash_key ON session_tokens (token_hash);
CREATE INDEX session_tokens_user_id_idx ON session_tokens (user_id);
CREATE INDEX session_tokens_expires_at_idx ON session_tokens (expires_at);
