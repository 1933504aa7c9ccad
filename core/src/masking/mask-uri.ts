import { isSecretValue } from './detectors/secret-name.ts';
import type { Mask } from './mask.ts';
import { maskCommand, maskText, maskWhole } from './mask-text.ts';

/**
 * Masks credentials in a request's URI: in parameters with a secret's name, in the command line of an exec (a parameter a
 * word), in selectors, in the path. What holds none stays byte for byte, its escapes too.
 */
export function maskUri(uri: string, mask: Mask): string {
  const at = uri.indexOf('?');
  if (at < 0) return maskPath(uri, mask);
  const parameters = uri.slice(at + 1).split('&');
  const words: string[] = [];
  for (const each of parameters) if (each.startsWith('command=')) words.push(decoded(each.slice(8)));
  const masked = maskCommand(words, mask);
  let word = 0;
  const query = parameters.map((each) => {
    if (!each.startsWith('command=')) return maskParameter(each, mask);
    const [was, is = ''] = [words[word], masked[word]];
    word += 1;
    return was === is ? each : `command=${encodeURIComponent(is)}`;
  });
  return `${maskPath(uri.slice(0, at), mask)}?${query.join('&')}`;
}

function maskParameter(parameter: string, mask: Mask): string {
  const at = parameter.indexOf('=');
  const [name, value] = at < 0 ? ['', parameter] : [parameter.slice(0, at), parameter.slice(at + 1)];
  const text = decoded(value);
  if (text === '') return parameter;
  const plainName = decoded(name);
  const masked =
    signature.test(plainName) || isSecretValue(plainName, text) ? maskWhole(text, mask) : maskText(text, mask);
  return masked === text ? parameter : `${at < 0 ? '' : `${name}=`}${encodeURIComponent(masked)}`;
}

/** Presigned URLs: Azure's, Amazon's, Google's. */
const signature = /^(?:sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)|code)$/i;

function maskPath(path: string, mask: Mask): string {
  // Most paths are words that Kubernetes knows; a tunnel's (`…/proxy/…`) may be anything.
  if (path.length < 24) return path;
  const text = decoded(path);
  const masked = maskText(text, mask);
  return masked === text ? path : encodeURI(masked);
}

/** As a server reads it; an escape that is none stays. */
function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced.replace(/%([2-7][0-9a-f])/gi, (_escape, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
}
