-- dbtune: allow prefer-timestamp-tz — the schema is as Prisma makes it

-- MediaNest's users, as Prisma makes them: ids are UUIDs in text, times have no zone and milliseconds.
CREATE TABLE users (
    id text PRIMARY KEY,
    plex_id text,
    plex_username text,
    email text NOT NULL,
    name text,
    role text NOT NULL DEFAULT 'USER',
    plex_token text,
    image text,
    requires_password_change boolean NOT NULL DEFAULT false,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_login_at timestamp(3),
    status text NOT NULL DEFAULT 'active',
    password_hash text
);

-- Prisma's @unique makes an index, and no constraint.
CREATE UNIQUE INDEX users_plex_id_key ON users (plex_id);
CREATE UNIQUE INDEX users_email_key ON users (email);
