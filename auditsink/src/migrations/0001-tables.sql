CREATE TABLE IF NOT EXISTS audit_events
(
    sequence UInt64 CODEC(Delta, ZSTD),
    sink LowCardinality(String),
    stored_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    chain FixedString(64) CODEC(ZSTD),
    event_hash FixedString(64) CODEC(ZSTD),
    event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    stage_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    source LowCardinality(String),
    audit_id String CODEC(ZSTD),
    stage LowCardinality(String),
    level LowCardinality(String),
    verb LowCardinality(String),
    username LowCardinality(String),
    user_uid LowCardinality(String),
    groups Array(LowCardinality(String)),
    extra Map(LowCardinality(String), Array(String)) CODEC(ZSTD),
    impersonator LowCardinality(String),
    via_proxy Bool,
    governed Bool,
    bypass LowCardinality(String),
    session LowCardinality(String),
    request_id String CODEC(ZSTD),
    invocation String CODEC(ZSTD),
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
    annotations Map(LowCardinality(String), String) CODEC(ZSTD),
    request_body String CODEC(ZSTD(3)),
    response_body String CODEC(ZSTD(3)),
    broken LowCardinality(String),
    INDEX event_time_range event_time TYPE minmax,
    -- A window is counted by when events were told of, which for a watch or an exec may be hours after event_time.
    INDEX stage_time_range stage_time TYPE minmax,
    INDEX audit_ids audit_id TYPE bloom_filter(0.01),
    INDEX sequences sequence TYPE minmax
)
ENGINE = MergeTree
-- By the day it was stored, not the day it happened: so retention takes a sink's record away from its beginning, whole
-- days of it, and never leaves a hole in the chain.
PARTITION BY toDate(stored_at)
ORDER BY (toStartOfHour(event_time), verb, resource, username, event_time)
-- What is stored is forgotten by the spool: so it must be on disk.
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS recordings
(
    sequence UInt64 CODEC(Delta, ZSTD),
    sink LowCardinality(String),
    stored_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    chain FixedString(64) CODEC(ZSTD),
    event_hash FixedString(64) CODEC(ZSTD),
    started_at DateTime64(6, 'UTC'),
    recording_id String CODEC(ZSTD),
    sequence_in_recording UInt32,
    audit_id String CODEC(ZSTD),
    session LowCardinality(String),
    username LowCardinality(String),
    namespace LowCardinality(String),
    pod String CODEC(ZSTD),
    container LowCardinality(String),
    command Array(String) CODEC(ZSTD),
    width UInt16,
    height UInt16,
    frames Array(Tuple(Float64, String, String)) CODEC(ZSTD(3)),
    ended_at Nullable(DateTime64(6, 'UTC')),
    INDEX sequences sequence TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toDate(stored_at)
ORDER BY (recording_id, sequence_in_recording)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;

-- Parse what they are given, and keep none of it: to find the row that a batch is refused for.
CREATE TABLE IF NOT EXISTS audit_events_trial AS audit_events ENGINE = Null;

CREATE TABLE IF NOT EXISTS recordings_trial AS recordings ENGINE = Null;

CREATE TABLE IF NOT EXISTS checkpoints
(
    table_name LowCardinality(String),
    sink LowCardinality(String),
    sequence UInt64,
    chain FixedString(64),
    stored_at DateTime64(3, 'UTC'),
    retention_days UInt32,
    signature String
)
ENGINE = MergeTree
ORDER BY (table_name, sink, sequence)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS apiserver_counters
(
    scraped_at DateTime64(3, 'UTC'),
    sink LowCardinality(String),
    apiserver LowCardinality(String),
    started_at DateTime64(3, 'UTC'),
    events_total UInt64,
    errors_total UInt64,
    rejected_total UInt64,
    -- What places the question among the events: its own audit id, by which it is found there, and when it was asked and
    -- answered by the sink's clock, where it is not.
    asked_at DateTime64(6, 'UTC'),
    answered_at DateTime64(6, 'UTC'),
    audit_id String,
    -- How long events may be late.
    settle_seconds UInt32
)
ENGINE = MergeTree
PARTITION BY toDate(scraped_at)
ORDER BY (apiserver, scraped_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
