-- See docs/adr/0017-completeness.md for what is certain, what is possible, and why.
CREATE OR REPLACE VIEW completeness_since AS
WITH
    scrapes AS
    (
        SELECT *
        FROM apiserver_counters
        -- The one before is the beginning of the first window.
        WHERE scraped_at >= (SELECT max(scraped_at) FROM apiserver_counters WHERE scraped_at <= {since:DateTime64(3, 'UTC')})
    ),
    -- Our own questions, where the API server tells of them: between these two times, by its own clock, it read the counter.
    marks AS
    (
        SELECT audit_id, min(event_time) AS asked, max(stage_time) AS answered
        FROM audit_events
        WHERE verb = 'get' AND resource = '' AND request_uri = '/metrics' AND stage = 'ResponseComplete'
          AND audit_id IN (SELECT audit_id FROM scrapes)
          -- So that only some parts are looked into; clocks differ by less.
          AND event_time >= (SELECT min(asked_at) - INTERVAL 1 DAY FROM scrapes)
        GROUP BY audit_id
    ),
    rounds AS
    (
        SELECT
            s.sink AS sink,
            s.scraped_at AS scraped_at,
            arraySort(groupArray((s.apiserver, s.started_at, s.events_total, s.errors_total))) AS servers,
            min(m.audit_id != '') AS marked,
            -- An event has its time a moment before it is counted. Without a mark, clocks may differ by a second.
            min(if(m.audit_id != '', m.asked - INTERVAL 10 MILLISECOND, s.asked_at - INTERVAL 1 SECOND)) AS earliest,
            max(if(m.audit_id != '', m.answered, s.answered_at + INTERVAL 1 SECOND)) AS latest,
            max(s.settle_seconds) AS settle_seconds
        FROM scrapes AS s
        LEFT JOIN marks AS m ON m.audit_id = s.audit_id
        GROUP BY s.sink, s.scraped_at
    ),
    -- A round whose mark is lost says nothing that the next one does not say more exactly.
    placed AS
    (
        SELECT *
        FROM (SELECT *, maxIf(scraped_at, marked) OVER (PARTITION BY sink) AS last_marked FROM rounds)
        WHERE marked OR scraped_at > last_marked
          -- Where the first window begins, begin it: there is nothing before that could stand in.
          OR scraped_at <= {since:DateTime64(3, 'UTC')}
    ),
    edges AS
    (
        SELECT DISTINCT arrayJoin([earliest, latest]) AS at FROM placed
    ),
    -- How many events lie before each edge, counted from the first one.
    counted AS
    (
        SELECT at, sum(n) OVER (ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - n AS before
        FROM
        (
            SELECT edges.at AS at, between_edges.n AS n
            FROM edges
            LEFT JOIN
            (
                SELECT edge.at AS at, toInt64(count()) AS n
                FROM (SELECT stage_time, 1 AS one FROM audit_events WHERE source IN ('apiserver', 'file') AND stage_time >= (SELECT min(at) FROM edges)) AS event
                ASOF JOIN (SELECT at, 1 AS one FROM edges) AS edge ON edge.one = event.one AND event.stage_time >= edge.at
                GROUP BY edge.at
            ) AS between_edges ON between_edges.at = edges.at
        )
    ),
    windows AS
    (
        SELECT
            p.sink AS sink,
            lagInFrame(p.latest) OVER w AS window_start,
            p.latest AS window_end,
            p.scraped_at AS scraped_at,
            p.marked AS marked,
            p.settle_seconds AS settle_seconds,
            lagInFrame(p.servers) OVER w AS were,
            p.servers AS are,
            l.before - lagInFrame(l.before) OVER w AS received,
            lagInFrame(l.before - e.before) OVER w AS at_start,
            l.before - e.before AS at_end,
            row_number() OVER (PARTITION BY p.sink ORDER BY p.scraped_at) AS number
        FROM placed AS p
        INNER JOIN counted AS e ON e.at = p.earliest
        INNER JOIN counted AS l ON l.at = p.latest
        WINDOW w AS (PARTITION BY p.sink ORDER BY p.scraped_at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
    ),
    compared AS
    (
        SELECT
            *,
            -- One and the same run of each API server at both ends: then the growth is exact.
            arrayMap(s -> (s.1, s.2), were) = arrayMap(s -> (s.1, s.2), are) AS is_exact,
            -- Of a run that has begun within the window, all; of one that was not seen at its start, nothing is known.
            arrayMap(
                s -> arrayFirst(w -> (w.1, w.2) = (s.1, s.2), arrayPushBack(were, (s.1, s.2, if(s.2 >= window_start, 0, s.3), if(s.2 >= window_start, 0, s.4)))),
                are) AS begun,
            arraySum(arrayMap((s, b) -> toInt64(s.3) - toInt64(b.3), are, begun)) AS events,
            arraySum(arrayMap((s, b) -> toInt64(s.4) - toInt64(b.4), are, begun)) AS errors,
            greatest(0, events - received - at_start) AS surely_missing,
            scraped_at + toIntervalSecond(settle_seconds) < now64(3) AS is_settled
        FROM windows
        WHERE number > 1
    )
SELECT
    -- When the window's end was asked for, by the sink's clock; the window itself is told by the API server's.
    scraped_at,
    sink,
    window_start,
    window_end,
    arrayStringConcat(arrayMap(s -> s.1, are), ', ') AS apiserver,
    events AS apiserver_events,
    errors AS apiserver_errors,
    received,
    surely_missing AS missing,
    greatest(0, events - received + at_end) AS possible,
    multiIf(
        NOT is_settled AND (missing > 0 OR NOT marked), 'waiting',
        missing > 0, 'missing',
        -- Also where nothing is counted, not even our own question; and where more came than was counted.
        NOT is_exact OR events <= 0 OR received - at_end > events, 'unknown',
        'complete'
    ) AS verdict
FROM compared;

CREATE OR REPLACE VIEW completeness AS
SELECT * EXCEPT scraped_at FROM completeness_since(since = '1970-01-01 00:00:00.000');
