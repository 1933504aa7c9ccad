CREATE TABLE IF NOT EXISTS audit_events
(
    sequence UInt64 CODEC(Delta, ZSTD),
    chain FixedString(64) CODEC(ZSTD),
    event_hash FixedString(64) CODEC(ZSTD),
    event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    stage_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    stage LowCardinality(String),
    level LowCardinality(String),
    audit_id String CODEC(ZSTD),
    verb LowCardinality(String),
    username LowCardinality(String),
    groups Array(LowCardinality(String)),
    impersonator LowCardinality(String),
    via_proxy Bool,
    session LowCardinality(String),
    request_id String CODEC(ZSTD),
    command String CODEC(ZSTD),
    on_behalf_of LowCardinality(String),
    source_ips Array(String) CODEC(ZSTD),
    user_agent LowCardinality(String),
    api_group LowCardinality(String),
    api_version LowCardinality(String),
    resource LowCardinality(String),
    subresource LowCardinality(String),
    namespace LowCardinality(String),
    name String CODEC(ZSTD),
    request_uri String CODEC(ZSTD),
    code UInt16,
    reason LowCardinality(String),
    message String CODEC(ZSTD),
    decision LowCardinality(String),
    policy LowCardinality(String),
    rule LowCardinality(String),
    hold String CODEC(ZSTD),
    grant_name String CODEC(ZSTD),
    judged_session LowCardinality(String),
    request_body String CODEC(ZSTD(3)),
    response_body String CODEC(ZSTD(3)),
    annotations Map(LowCardinality(String), String) CODEC(ZSTD),
    broken LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toDate(event_time)
ORDER BY (toStartOfHour(event_time), verb, resource, username, event_time)
-- What is stored is forgotten by the spool: so it must be on disk.
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS recordings
(
    event_hash FixedString(64) CODEC(ZSTD),
    recording_id String CODEC(ZSTD),
    sequence_in_recording UInt32,
    audit_id String CODEC(ZSTD),
    session LowCardinality(String),
    username LowCardinality(String),
    namespace LowCardinality(String),
    pod String CODEC(ZSTD),
    container LowCardinality(String),
    command Array(String) CODEC(ZSTD),
    started_at DateTime64(6, 'UTC'),
    ended_at Nullable(DateTime64(6, 'UTC')),
    width UInt16,
    height UInt16,
    frames Array(Tuple(Float64, String, String)) CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toDate(started_at)
ORDER BY (recording_id, sequence_in_recording)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
