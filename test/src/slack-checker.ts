import { isJsonObject, type JsonValue } from '@holdpoint/core';

/**
 * What Slack would refuse or obey in the body of an incoming webhook. By docs.slack.dev (Block Kit reference: block types and
 * limits; "Formatting text for app surfaces": escaping), and strict: of all that Slack takes, only what we mean to send passes.
 */
export function slackProblems(body: string): string[] {
  const message = JSON.parse(body) as JsonValue;
  if (!isJsonObject(message)) return ['the body is no object'];
  const problems: string[] = [];
  const expectKeys = (where: string, object: object, keys: readonly string[]): void => {
    for (const key of Object.keys(object)) if (!keys.includes(key)) problems.push(`${where}: ${key} is unknown`);
  };
  const checkText = (where: string, text: JsonValue | undefined, max: number): void => {
    if (typeof text !== 'string' || text === '') problems.push(`${where}: no text`);
    else if (text.length > max) problems.push(`${where}: ${String(text.length)} characters, at most ${String(max)}`);
    else if (/[<>]|&(?!(?:amp|lt|gt);)/.test(text)) problems.push(`${where}: not escaped`);
    else if (/[\p{Cc}\p{Bidi_Control}]/u.test(text)) problems.push(`${where}: control characters`);
    else if (/(^|\W)@\w/.test(text)) problems.push(`${where}: calls somebody`);
  };
  const checkPlain = (where: string, text: JsonValue | undefined, max: number): void => {
    if (!isJsonObject(text) || text['type'] !== 'plain_text') return void problems.push(`${where}: no plain_text`);
    expectKeys(where, text, ['type', 'text', 'emoji']);
    checkText(where, text['text'], max);
  };

  expectKeys('message', message, ['text', 'mrkdwn', 'unfurl_links', 'unfurl_media', 'blocks']);
  checkText('text', message['text'], 40_000);
  for (const key of ['mrkdwn', 'unfurl_links', 'unfurl_media']) {
    if (message[key] !== false) problems.push(`${key}: expected false`);
  }
  const blocks = message['blocks'];
  if (!Array.isArray(blocks) || blocks.length === 0 || blocks.length > 50) return [...problems, 'blocks: 1 to 50'];
  const ids = new Set<JsonValue>();
  blocks.forEach((block, i) => {
    const where = `blocks[${String(i)}]`;
    if (!isJsonObject(block)) return void problems.push(`${where}: no object`);
    const id = block['block_id'];
    if (id !== undefined && (typeof id !== 'string' || id.length > 255 || ids.has(id)))
      problems.push(`${where}: block_id`);
    if (id !== undefined) ids.add(id);
    if (block['type'] === 'section') {
      expectKeys(where, block, ['type', 'block_id', 'text', 'fields']);
      const fields = block['fields'] ?? [];
      if (!Array.isArray(fields) || fields.length > 10) return void problems.push(`${where}: at most 10 fields`);
      if (block['text'] === undefined && fields.length === 0) problems.push(`${where}: neither text nor fields`);
      if (block['text'] !== undefined) checkPlain(`${where}.text`, block['text'], 3_000);
      fields.forEach((field, j) => checkPlain(`${where}.fields[${String(j)}]`, field, 2_000));
    } else if (block['type'] === 'context') {
      expectKeys(where, block, ['type', 'block_id', 'elements']);
      const elements = block['elements'];
      if (!Array.isArray(elements) || elements.length === 0 || elements.length > 10) {
        return void problems.push(`${where}: 1 to 10 elements`);
      }
      elements.forEach((element, j) => checkPlain(`${where}.elements[${String(j)}]`, element, 2_000));
    } else problems.push(`${where}: type`);
  });
  return problems;
}
