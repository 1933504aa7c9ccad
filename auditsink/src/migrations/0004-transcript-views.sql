-- The proxy tells of what the API server tells of, too, under the same Audit-ID. Where both have, the API server's row stands: it
-- has the bodies and the webhook's verdict. Only rows that came through the proxy are looked for, whose ids the proxy has
-- made: nobody can hide what it tells behind an id of their own.
CREATE OR REPLACE VIEW decisions AS
SELECT
    event_time, session, username, groups, on_behalf_of, via_proxy, invocation, command, verb, api_group, resource, subresource,
    namespace, name, decision, policy, rule, hold, grant_name, code, reason, message, audit_id, request_id
FROM audit_events
WHERE decision != '' AND stage IN ('ResponseComplete', 'Panic')
  AND (source != 'proxy' OR cityHash64(audit_id) NOT IN
    (SELECT cityHash64(audit_id) FROM audit_events WHERE source != 'proxy' AND via_proxy AND stage IN ('ResponseComplete', 'Panic')));

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
WHERE e.stage IN ('ResponseComplete', 'Panic')
  AND (e.source != 'proxy' OR cityHash64(e.audit_id) NOT IN
    (SELECT cityHash64(audit_id) FROM audit_events WHERE source != 'proxy' AND via_proxy AND stage IN ('ResponseComplete', 'Panic')));

CREATE OR REPLACE VIEW secret_reads AS
SELECT event_time, session, username, on_behalf_of, impersonator, via_proxy, command, verb, namespace, name, source_ips, user_agent, code, audit_id
FROM audit_events
WHERE resource = 'secrets' AND api_group = '' AND verb IN ('get', 'list', 'watch') AND stage IN ('ResponseComplete', 'Panic')
  AND (source != 'proxy' OR cityHash64(audit_id) NOT IN
    (SELECT cityHash64(audit_id) FROM audit_events WHERE source != 'proxy' AND via_proxy AND stage IN ('ResponseComplete', 'Panic')));

CREATE OR REPLACE VIEW execs AS
SELECT
    event_time, session, username, on_behalf_of, via_proxy, namespace, name AS pod, subresource,
    extractURLParameter(request_uri, 'container') AS container,
    arrayMap(part -> decodeURLFormComponent(part), extractAll(request_uri, '[?&]command=([^&]*)')) AS command,
    request_uri, decision, policy, rule, hold, source_ips, code, audit_id
FROM audit_events
WHERE resource = 'pods' AND subresource IN ('exec', 'attach', 'portforward') AND stage IN ('ResponseComplete', 'Panic')
  AND (source != 'proxy' OR cityHash64(audit_id) NOT IN
    (SELECT cityHash64(audit_id) FROM audit_events WHERE source != 'proxy' AND via_proxy AND stage IN ('ResponseComplete', 'Panic')));
