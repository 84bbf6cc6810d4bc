CREATE INDEX CONCURRENTLY idx_media_requests_user_id_created_at ON media_requests (user_id, created_at);
CREATE INDEX CONCURRENTLY idx_media_requests_status_created_at ON media_requests (status, created_at);
CREATE INDEX CONCURRENTLY idx_media_requests_media_type_status ON media_requests (media_type, status);
