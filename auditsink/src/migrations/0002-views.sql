CREATE OR REPLACE VIEW approvals AS
SELECT
    event_time,
    name AS hold,
    username AS approver,
    annotations['decide.holdpoint.dev/decision'] AS verdict,
    annotations['decide.holdpoint.dev/reason'] AS reason,
    code,
    audit_id,
    impersonator,
    source_ips,
    user_agent
FROM audit_events
WHERE resource = 'holds' AND api_group = 'holdpoint.dev' AND stage = 'ResponseComplete' AND code < 400
  AND annotations['decide.holdpoint.dev/decision'] IN ('approve', 'deny');

CREATE OR REPLACE VIEW decisions AS
SELECT
    event_time, session, username, groups, on_behalf_of, via_proxy, invocation, command, verb, api_group, resource, subresource,
    namespace, name, decision, policy, rule, hold, grant_name, code, reason, message, audit_id, request_id
FROM audit_events
WHERE decision != '' AND stage IN ('ResponseComplete', 'Panic');

-- How long a person was waited for: from the first request that a hold answered to its decision. The holds are few beside the
-- events, so what they are made of is joined.
CREATE OR REPLACE VIEW holds AS
SELECT
    asked.hold AS hold,
    asked.asked_at AS asked_at,
    decided.decided_at AS decided_at,
    if(decided.verdict = '', NULL, greatest(0, dateDiff('millisecond', asked.asked_at, decided.decided_at) / 1000)) AS waited_seconds,
    asked.session AS session,
    asked.username AS username,
    asked.on_behalf_of AS on_behalf_of,
    asked.command AS command,
    asked.verb AS verb,
    asked.api_group AS api_group,
    asked.resource AS resource,
    asked.subresource AS subresource,
    asked.namespace AS namespace,
    asked.name AS name,
    asked.policy AS policy,
    asked.rule AS rule,
    asked.requests AS requests,
    asked.used AS used,
    decided.approver AS approver,
    decided.approvers AS approvers,
    decided.verdict AS verdict,
    decided.reason AS reason
FROM
(
    SELECT
        hold,
        min(event_time) AS asked_at,
        argMin(session, event_time) AS session,
        argMin(username, event_time) AS username,
        argMin(on_behalf_of, event_time) AS on_behalf_of,
        argMin(command, event_time) AS command,
        argMin(verb, event_time) AS verb,
        argMin(api_group, event_time) AS api_group,
        argMin(resource, event_time) AS resource,
        argMin(subresource, event_time) AS subresource,
        argMin(namespace, event_time) AS namespace,
        argMin(name, event_time) AS name,
        argMin(policy, event_time) AS policy,
        argMin(rule, event_time) AS rule,
        uniqExact(audit_id) AS requests,
        countIf(decision = 'approved' AND code < 400) > 0 AS used
    FROM audit_events
    WHERE hold != ''
    GROUP BY hold
) AS asked
LEFT JOIN
(
    SELECT
        hold,
        max(a.event_time) AS decided_at,
        argMax(a.approver, a.event_time) AS approver,
        groupUniqArray(a.approver) AS approvers,
        argMax(a.verdict, a.event_time) AS verdict,
        argMax(a.reason, a.event_time) AS reason
    FROM approvals AS a
    GROUP BY hold
) AS decided ON decided.hold = asked.hold;

CREATE OR REPLACE VIEW timeline AS
SELECT
    e.event_time AS event_time,
    e.session AS session,
    e.username AS username,
    e.on_behalf_of AS on_behalf_of,
    e.via_proxy AS via_proxy,
    e.invocation AS invocation,
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
    e.grant_name AS grant_name,
    h.waited_seconds AS waited_seconds,
    h.approver AS approver,
    h.approver AS decided_by,
    h.verdict AS verdict,
    h.reason AS reason,
    e.code AS code,
    e.message AS message,
    e.bypass AS bypass,
    e.audit_id AS audit_id,
    e.request_id AS request_id
FROM audit_events AS e
LEFT JOIN (SELECT hold, waited_seconds, approver, verdict, reason FROM holds) AS h ON h.hold = e.hold AND e.hold != ''
WHERE e.stage IN ('ResponseComplete', 'Panic');

-- Events without a session of their own belong to their user and day: whoever goes past the proxy has no session.
CREATE OR REPLACE VIEW sessions AS
SELECT
    if(e.session != '', e.session, concat(e.username, '@', toString(toDate(e.event_time)))) AS session,
    username,
    countIf(e.via_proxy) > 0 AS is_proxied,
    min(event_time) AS started_at,
    max(event_time) AS last_seen,
    uniqExact(audit_id) AS requests,
    uniqExactIf(audit_id, verb IN ('create', 'update', 'patch', 'delete', 'deletecollection')) AS writes,
    uniqExactIf(audit_id, decision = 'allow') AS allowed,
    uniqExactIf(audit_id, decision = 'approved') AS approved,
    uniqExactIf(hold, hold != '') AS holds,
    uniqExactIf(audit_id, decision = 'deny') AS denied,
    uniqExactIf(audit_id, code >= 400) AS failed,
    uniqExactIf(audit_id, bypass != '') AS bypasses,
    uniqExactIf(audit_id, subresource IN ('exec', 'attach')) AS terminals,
    groupUniqArrayIf(1000)(namespace, namespace != '') AS namespaces,
    groupUniqArrayIf(1000)(resource, resource != '') AS resources,
    groupUniqArrayIf(decision, decision != '') AS decisions,
    groupUniqArrayIf(1000)(command, command != '') AS commands,
    groupUniqArrayIf(100)(user_agent, user_agent != '') AS user_agents,
    groupUniqArrayIf(on_behalf_of, on_behalf_of != '') AS people
FROM audit_events AS e
WHERE e.stage IN ('ResponseComplete', 'Panic') AND (e.session != '' OR e.governed)
GROUP BY session, username;

CREATE OR REPLACE VIEW secret_reads AS
SELECT event_time, session, username, on_behalf_of, impersonator, via_proxy, command, verb, namespace, name, source_ips, user_agent, code, audit_id
FROM audit_events
WHERE resource = 'secrets' AND api_group = '' AND verb IN ('get', 'list', 'watch') AND stage IN ('ResponseComplete', 'Panic');

CREATE OR REPLACE VIEW execs AS
SELECT
    event_time, session, username, on_behalf_of, via_proxy, namespace, name AS pod, subresource,
    extractURLParameter(request_uri, 'container') AS container,
    arrayMap(part -> decodeURLFormComponent(part), extractAll(request_uri, '[?&]command=([^&]*)')) AS command,
    request_uri, decision, policy, rule, hold, source_ips, code, audit_id
FROM audit_events
WHERE resource = 'pods' AND subresource IN ('exec', 'attach', 'portforward') AND stage IN ('ResponseComplete', 'Panic');

CREATE OR REPLACE VIEW bypasses AS
SELECT
    event_time, bypass, username, groups, user_uid, impersonator, session, on_behalf_of, via_proxy, command, verb, api_group, resource,
    subresource, namespace, name, request_uri, decision, policy, rule, hold, source_ips, user_agent, code, extra, audit_id
FROM audit_events
WHERE bypass != '' AND stage IN ('ResponseComplete', 'Panic');

-- An Audit-ID is the client's to choose: two events under one id and stage are two requests, and one of them hides.
CREATE OR REPLACE VIEW audit_id_collisions AS
SELECT
    audit_id,
    stage,
    uniqExact(event_hash) AS events,
    min(event_time) AS first_at,
    max(event_time) AS last_at,
    groupUniqArray(username) AS usernames,
    groupUniqArray(100)(request_uri) AS request_uris
FROM audit_events
-- By hashes first: so few are left that the rest may cost what it does. What two ids share by chance, the outer count leaves out.
WHERE cityHash64(audit_id, stage) IN
(
    SELECT cityHash64(audit_id, stage) AS request
    FROM audit_events
    WHERE audit_id != '' AND source = 'apiserver'
    GROUP BY request
    HAVING min(cityHash64(event_hash)) != max(cityHash64(event_hash))
)
  AND source = 'apiserver'
GROUP BY audit_id, stage
HAVING events > 1;

CREATE OR REPLACE VIEW terminals AS
SELECT
    recording_id,
    any(audit_id) AS audit_id,
    any(session) AS session,
    any(username) AS username,
    any(namespace) AS namespace,
    any(pod) AS pod,
    any(container) AS container,
    any(command) AS command,
    min(started_at) AS started_at,
    max(ended_at) AS ended_at,
    count(DISTINCT sequence_in_recording) AS batches,
    max(sequence_in_recording) + 1 = batches AS is_gapless,
    sum(length(frames)) AS frames
FROM recordings
GROUP BY recording_id;
