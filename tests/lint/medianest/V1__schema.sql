CREATE TABLE users (
    id TEXT PRIMARY KEY,
    plex_id TEXT,
    email TEXT NOT NULL,
    name TEXT,
    status TEXT NOT NULL DEFAULT 'active',
    created_at TIMESTAMP(3) NOT NULL DEFAULT now(),
    last_login_at TIMESTAMP(3)
);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE UNIQUE INDEX users_plex_id_key ON users (plex_id);
CREATE TABLE media_requests (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users ON UPDATE CASCADE ON DELETE RESTRICT,
    title TEXT NOT NULL,
    media_type TEXT NOT NULL,
    tmdb_id TEXT,
    status TEXT NOT NULL DEFAULT 'pending',
    created_at TIMESTAMP(3) NOT NULL DEFAULT now()
);
CREATE INDEX media_requests_user_id_status_idx ON media_requests (user_id, status);
CREATE INDEX media_requests_created_at_idx ON media_requests (created_at);
CREATE INDEX media_requests_tmdb_id_media_type_idx ON media_requests (tmdb_id, media_type);
CREATE TABLE session_tokens (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users,
    token_hash TEXT NOT NULL,
    expires_at TIMESTAMP(3) NOT NULL
);
CREATE UNIQUE INDEX session_tokens_token_hash_key ON session_tokens (token_hash);
CREATE INDEX session_tokens_user_id_idx ON session_tokens (user_id);
CREATE INDEX session_tokens_expires_at_idx ON session_tokens (expires_at);
