CREATE OR REPLACE VIEW sessions AS
SELECT
    session,
    username,
    min(event_time) AS started_at,
    max(event_time) AS last_seen,
    uniqExact(audit_id) AS requests,
    uniqExactIf(audit_id, decision = 'allow') AS allowed,
    uniqExactIf(audit_id, decision = 'approved') AS approved,
    uniqExactIf(hold, hold != '') AS holds,
    uniqExactIf(audit_id, decision = 'deny') AS denied
FROM audit_events
WHERE session != ''
GROUP BY session, username;

CREATE OR REPLACE VIEW approvals AS
SELECT
    event_time,
    name AS hold,
    username AS approver,
    annotations['decide.holdpoint.dev/decision'] AS verdict,
    annotations['decide.holdpoint.dev/reason'] AS reason,
    code,
    audit_id
FROM audit_events
WHERE api_group = 'holdpoint.dev' AND resource = 'holds' AND annotations['decide.holdpoint.dev/decision'] IN ('approve', 'deny') AND code < 400
  AND stage = 'ResponseComplete';

CREATE OR REPLACE VIEW decisions AS
SELECT event_time, session, username, verb, api_group, resource, subresource, namespace, name, decision, policy, rule, hold, code, audit_id
FROM audit_events
WHERE decision != ''
  AND stage IN ('ResponseComplete', 'Panic');

CREATE OR REPLACE VIEW timeline AS
SELECT
    e.event_time AS event_time,
    e.session AS session,
    e.username AS username,
    e.command AS command,
    e.verb AS verb,
    e.api_group AS api_group,
    e.resource AS resource,
    e.subresource AS subresource,
    e.namespace AS namespace,
    e.name AS name,
    e.request_uri AS request_uri,
    e.decision AS decision,
    e.policy AS policy,
    e.rule AS rule,
    e.hold AS hold,
    a.approver AS decided_by,
    a.verdict AS verdict,
    a.reason AS reason,
    e.code AS code,
    e.message AS message,
    e.audit_id AS audit_id,
    e.request_id AS request_id
FROM audit_events AS e
LEFT JOIN
(
    SELECT hold, argMax(approver, event_time) AS approver, argMax(verdict, event_time) AS verdict, argMax(reason, event_time) AS reason
    FROM approvals
    GROUP BY hold
) AS a ON a.hold = e.hold AND e.hold != ''
WHERE e.stage IN ('ResponseComplete', 'Panic');

CREATE OR REPLACE VIEW secret_reads AS
SELECT event_time, session, username, via_proxy, verb, namespace, name, user_agent, code, audit_id
FROM audit_events
WHERE api_group = '' AND resource = 'secrets' AND verb IN ('get', 'list', 'watch') AND stage IN ('ResponseComplete', 'Panic');

CREATE OR REPLACE VIEW execs AS
SELECT event_time, session, username, namespace, name AS pod, subresource, request_uri, decision, rule, code, audit_id
FROM audit_events
WHERE resource = 'pods' AND subresource IN ('exec', 'attach', 'portforward') AND stage IN ('ResponseComplete', 'Panic');

CREATE OR REPLACE VIEW bypasses AS
SELECT event_time, session, username, via_proxy, verb, api_group, resource, subresource, namespace, name, decision, code, audit_id
FROM audit_events
WHERE verb IN ('create', 'update', 'patch', 'delete', 'deletecollection') AND code < 400 AND stage = 'ResponseComplete'
  AND username IN (SELECT DISTINCT username FROM audit_events WHERE decision IN ('allow', 'deny', 'hold', 'approved'))
  AND (decision = '' OR NOT via_proxy);
