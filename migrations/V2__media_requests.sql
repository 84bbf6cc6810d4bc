-- dbtune: allow prefer-timestamp-tz — the schema is as Prisma makes it

-- What users ask for: films and series.
CREATE TABLE media_requests (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users (id) ON DELETE RESTRICT ON UPDATE CASCADE,
    title text NOT NULL,
    media_type text NOT NULL,
    tmdb_id text,
    status text NOT NULL DEFAULT 'pending',
    overseerr_id text,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    completed_at timestamp(3)
);

CREATE INDEX media_requests_user_id_status_idx ON media_requests (user_id, status);
CREATE INDEX media_requests_created_at_idx ON media_requests (created_at);
CREATE INDEX media_requests_tmdb_id_media_type_idx ON media_requests (tmdb_id, media_type);
