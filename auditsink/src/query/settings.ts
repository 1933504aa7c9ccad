/** What one query may take. */
export const limits = {
  /** Seconds. */
  max_execution_time: 30,
  max_memory_usage: 1_000_000_000,
  max_result_rows: 10_000_000,
  max_result_bytes: 1024 ** 3,
  max_rows_to_read: Number.MAX_SAFE_INTEGER,
  max_bytes_to_read: Number.MAX_SAFE_INTEGER,
  max_threads: 1,
} as const;

/** How values are written: applied. */
const applied =
  /^(?:output_format_(?:json|csv|tsv|pretty|native|arrow|parquet|binary|decimal|markdown|msgpack|values|xml|write)_\w+|date_time_output_format|extremes|join_use_nulls|session_timezone|limit|offset)$/;

/** What clients send with every query and what has no meaning here: accepted, and without effect. */
const ignored: ReadonlySet<string> = new Set([
  ...[
    'buffer_size',
    'send_progress_in_http_headers',
    'http_headers_progress_interval_ms',
    'log_queries',
    'log_comment',
  ],
  ...['http_zlib_compression_level', 'connect_timeout', 'receive_timeout', 'send_timeout', 'http_receive_timeout'],
  ...[
    'http_send_timeout',
    'http_connection_timeout',
    'session_timeout',
    'cancel_http_readonly_queries_on_client_close',
  ],
  ...[
    'http_write_exception_in_output_format',
    'use_uncompressed_cache',
    'max_block_size',
    'readonly',
    'load_balancing',
  ],
  ...['async_insert', 'wait_for_async_insert', 'insert_deduplicate', 'input_format_native_allow_types_conversion'],
  ...['allow_experimental_object_type', 'allow_experimental_json_type', 'allow_experimental_variant_type'],
  ...['allow_experimental_dynamic_type', 'add_http_cors_header', 'use_client_time_zone'],
]);

/** What only matters when it is switched on, which it may not be. */
const offOnly: ReadonlySet<string> = new Set(['compress', 'decompress', 'session_check', 'stacktrace', 'framing']);

export type SettingVerdict = { type: 'Apply'; value: string } | { type: 'Ignore' } | { type: 'Refuse'; reason: string };

/** What becomes of one setting in the URL. A limit of ours can be lowered, never raised or lifted. */
export function judgeSetting(name: string, value: string): SettingVerdict {
  if (name in limits) {
    const limit = limits[name as keyof typeof limits];
    const wanted = Number(value);
    if (value === '' || !Number.isFinite(wanted) || wanted < 0) return refuse(name, 'expected a number');
    // 0 means no limit to ClickHouse; to us, the one that there is. So does a client's more generous one.
    return wanted === 0 || wanted >= limit ? { type: 'Ignore' } : { type: 'Apply', value: String(wanted) };
  }
  if (offOnly.has(name)) return value === '0' || value === '' ? { type: 'Ignore' } : refuse(name, 'not offered here');
  if (ignored.has(name)) return { type: 'Ignore' };
  if (applied.test(name)) {
    return /^[\w.,:+/ -]{0,128}$/.test(value) ? { type: 'Apply', value } : refuse(name, 'not a value of it');
  }
  return refuse(name, 'the settings that may be sent are listed in docs/reference/query-endpoint.md');
}

function refuse(name: string, reason: string): SettingVerdict {
  return { type: 'Refuse', reason: `setting ${name.slice(0, 60)}: ${reason}` };
}
