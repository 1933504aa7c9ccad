import type { CelObject } from '../values.ts';

/** An address as a number: what Go's net/netip parses, less zones and IPv4-mapped IPv6, which Kubernetes refuses. */
export class IpAddress implements CelObject {
  readonly family: 4 | 6;
  readonly bits: bigint;

  constructor(family: 4 | 6, bits: bigint) {
    this.family = family;
    this.bits = bits;
  }

  equals(other: unknown): boolean {
    return other instanceof IpAddress && other.family === this.family && other.bits === this.bits;
  }
}

/** The longest IPv6 address with an IPv4 tail has 45 characters. */
const maxLength = 45;

/** @throws Error where the text is no address */
export function parseIp(text: string): IpAddress {
  const address = text.length > maxLength ? undefined : text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (address === undefined) throw new Error(`"${text.slice(0, maxLength)}" is no IP address`);
  return address;
}

function parseIpv4(text: string): IpAddress | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((each) => /^(0|[1-9]\d{0,2})$/.test(each) && Number(each) <= 255))
    return undefined;
  return new IpAddress(
    4,
    octets.reduce((bits, each) => (bits << 8n) | BigInt(each), 0n),
  );
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map(groupsOf);
  if (groups.includes(undefined)) return undefined;
  const [head = [], tail = []] = groups as number[][];
  const count = head.length + tail.length;
  if (halves.length === 1 ? count !== 8 : count > 7) return undefined;
  // An IPv4 tail stands at the end alone.
  if (halves.length === 2 && halves[0]?.includes('.')) return undefined;
  const all = [...head, ...Array<number>(8 - count).fill(0), ...tail];
  const bits = all.reduce((sum, each) => (sum << 16n) | BigInt(each), 0n);
  return bits >> 32n === 0xffffn ? undefined : new IpAddress(6, bits);
}

function groupsOf(half: string): number[] | undefined {
  if (half === '') return [];
  const groups: number[] = [];
  for (const [i, each] of half.split(':').entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(each)) groups.push(Number.parseInt(each, 16));
    else {
      const v4 = i === half.split(':').length - 1 ? parseIpv4(each) : undefined;
      if (v4 === undefined) return undefined;
      groups.push(Number(v4.bits >> 16n), Number(v4.bits & 0xffffn));
    }
  }
  return groups;
}

/** The one canonical form of an address: RFC 5952 for IPv6. */
export function ipText({ family, bits }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => Number((bits >> BigInt(112 - 16 * i)) & 0xffffn));
  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i += 1) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run += 1;
    if (run > length) [start, length] = [i, run];
  }
  const hex = groups.map((each) => each.toString(16));
  if (start < 0) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}
