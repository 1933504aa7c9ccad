import { createHmac } from 'node:crypto';
import {
  deliveryHeader,
  signatureHeader,
  signatureOf,
  toHoldNotification,
  toSlackMessage,
  type NoticeInput,
} from '@holdpoint/core';
import type { Receiver } from './parse-receivers.ts';
import type { PostRequest } from './post.ts';
import type { Credentials } from './receivers.ts';

/** The request by which `receiver` is told. */
export function toPostRequest(
  receiver: Receiver,
  credentials: Credentials,
  notice: NoticeInput,
  nowMs: number,
): PostRequest {
  const { url, format, timeoutMs } = receiver;
  const { hmacKey, ca, bearerToken } = credentials;
  const notification = toHoldNotification(notice);
  const body = JSON.stringify(format === 'Slack' ? toSlackMessage(notification) : notification);
  const hmac = (key: Buffer) => (text: string) => createHmac('sha256', key).update(text).digest('hex');
  return {
    url,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'holdpoint-webhook',
      [deliveryHeader]: notice.id,
      ...(bearerToken === undefined ? {} : { authorization: `Bearer ${bearerToken}` }),
      ...(hmacKey === undefined
        ? {}
        : { [signatureHeader]: signatureOf(body, Math.floor(nowMs / 1_000), hmac(hmacKey)) }),
    },
    body,
    timeoutMs,
    ...(ca === undefined ? {} : { ca }),
  };
}
