import type { HoldNotification } from './hold-notification.ts';
import { plainText } from './plain-text.ts';
import { approvalsText, requestText, sentenceOf } from './sentence.ts';

interface PlainText {
  type: 'plain_text';
  text: string;
  emoji: false;
}

/** The body of a Slack incoming webhook. Source: docs.slack.dev, "Sending messages using incoming webhooks", Block Kit. */
export interface SlackMessage {
  text: string;
  mrkdwn: false;
  unfurl_links: false;
  unfurl_media: false;
  blocks: readonly (
    | { type: 'section'; block_id: string; text: PlainText }
    | { type: 'section'; fields: readonly PlainText[] }
    | { type: 'context'; elements: readonly PlainText[] }
  )[];
}

/** Slack takes 3,000 characters in a section's text and 2,000 in a field; escaping may make five of one. */
const maxSection = 600;
const maxField = 400;

/**
 * A notification for a chat. What an agent writes gets no power there: all text is `plain_text`, in which Slack reads no
 * markup; `&`, `<` and `>` are escaped, without which there is no `<!channel>` and no link with another name; and because
 * receivers that only resemble Slack read `@here` and Markdown in plain text, an `@` that would call somebody and a link that
 * hides its target are broken by an invisible character. Nothing is fetched to preview a link.
 *
 * The id is the first block's `block_id`: Slack has no other place for one.
 */
export function toSlackMessage(notification: HoldNotification): SlackMessage {
  const { hold, phase, id, show } = notification;
  const sentence = sentenceOf(notification);
  const decision = hold.decisions.at(-1);
  const fields: [string, string | undefined][] = [
    ['Phase', phase],
    ['Subject', hold.subject.username],
    ['On behalf of', hold.subject.onBehalfOf],
    ['Request', requestText(hold.request)],
    ['Command', hold.subject.command],
    ['Rule', `${hold.policy}/${hold.rule}`],
    ['Message', hold.message],
    ['Needs', approvalsText(hold)],
    ['Expires', hold.expiresAt],
    ['Reason', decision?.reason === undefined ? undefined : `${decision.by}: ${decision.reason}`],
  ];
  return {
    text: inert(sentence, maxSection),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'section', block_id: id, text: plain(sentence, maxSection) },
      {
        type: 'section',
        // Slack takes ten.
        fields: fields.flatMap(([label, value]) =>
          value === undefined || value === '' ? [] : [plain(`${label}: ${value}`, maxField)],
        ),
      },
      { type: 'context', elements: [plain(`See the change and decide: ${show}`, maxField)] },
    ],
  };
}

function plain(text: string, max: number): PlainText {
  return { type: 'plain_text', text: inert(text, max), emoji: false };
}

const wordJoiner = '\u2060';

/** Text that a chat shows and does not obey. */
function inert(text: string, max: number): string {
  return plainText(text, max)
    .replace(/(^|[^A-Za-z0-9])@/g, `$1@${wordJoiner}`)
    .replaceAll('](', `]${wordJoiner}(`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
