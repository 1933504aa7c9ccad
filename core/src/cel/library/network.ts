import { namespaceType, type CelLibrary } from '../library.ts';
import type { CelObject } from '../values.ts';
import { IpAddress, ipText, parseIp } from './ip-address.ts';

/** A network: an address, and how many of its bits count. */
export class Cidr implements CelObject {
  readonly address: IpAddress;
  readonly prefixLength: number;

  constructor(address: IpAddress, prefixLength: number) {
    this.address = address;
    this.prefixLength = prefixLength;
  }

  equals(other: unknown): boolean {
    return other instanceof Cidr && other.prefixLength === this.prefixLength && other.address.equals(this.address);
  }
}

function parseCidr(text: string): Cidr {
  const [, ip, prefix] = /^([^/]{1,45})\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  if (ip === undefined || prefix === undefined) throw new Error(`"${text.slice(0, 64)}" is no CIDR`);
  const address = parseIp(ip);
  if (Number(prefix) > widthOf(address)) throw new Error(`"${text}" is no CIDR: its prefix is too long`);
  return new Cidr(address, Number(prefix));
}

function widthOf({ family }: IpAddress): number {
  return family === 4 ? 32 : 128;
}

function masked(cidr: Cidr, prefixLength = cidr.prefixLength): bigint {
  const rest = BigInt(widthOf(cidr.address) - prefixLength);
  return (cidr.address.bits >> rest) << rest;
}

function containsIp(cidr: Cidr, ip: IpAddress): boolean {
  return ip.family === cidr.address.family && masked(new Cidr(ip, cidr.prefixLength)) === masked(cidr);
}

function containsCidr(cidr: Cidr, other: Cidr): boolean {
  return other.prefixLength >= cidr.prefixLength && containsIp(cidr, other.address);
}

function holds(parse: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      parse(text);
      return true;
    } catch {
      return false;
    }
  };
}

/** Whether an address is in one of these networks. */
function isWithin(...networks: string[]): (ip: IpAddress) => boolean {
  const parsed = networks.map(parseCidr);
  return (ip) => parsed.some((each) => containsIp(each, ip));
}

const isUnspecified = isWithin('0.0.0.0/32', '::/128');
const isLoopback = isWithin('127.0.0.0/8', '::1/128');
// Go's netip: ff02::/16, whatever the four flags are.
const isLinkLocalMulticast = (ip: IpAddress): boolean =>
  ip.family === 4
    ? ip.bits >> 8n === 0xe00000n
    : (ip.bits >> 112n) % 0x10000n >= 0xff00n && ((ip.bits >> 112n) & 0xfn) === 2n;
const isLinkLocalUnicast = isWithin('169.254.0.0/16', 'fe80::/10');
const isNoGlobalUnicast = isWithin('0.0.0.0/32', '255.255.255.255/32', '127.0.0.0/8', '224.0.0.0/4', '169.254.0.0/16', '::/128', '::1/128', 'ff00::/8', 'fe80::/10'); // prettier-ignore

const [ipType, cidrType] = ['net.IP', 'net.CIDR'];

/** Kubernetes' IP and CIDR libraries. */
export function network(): CelLibrary {
  return {
    types: [
      { name: ipType, constructor: IpAddress },
      { name: cidrType, constructor: Cidr },
    ],
    namespaces: ['ip'],
    functions: [
      { signature: `ip(string): ${ipType}`, run: parseIp },
      { signature: 'isIP(string): bool', run: holds(parseIp) },
      {
        signature: `${namespaceType('ip')}.isCanonical(string): bool`,
        run: (_ip: unknown, text: string) => ipText(parseIp(text)) === text,
      },
      { signature: `string(${ipType}): string`, run: ipText },
      { signature: `${ipType}.family(): int`, run: ({ family }: IpAddress) => BigInt(family) },
      { signature: `${ipType}.isUnspecified(): bool`, run: isUnspecified },
      { signature: `${ipType}.isLoopback(): bool`, run: isLoopback },
      { signature: `${ipType}.isLinkLocalMulticast(): bool`, run: isLinkLocalMulticast },
      { signature: `${ipType}.isLinkLocalUnicast(): bool`, run: isLinkLocalUnicast },
      { signature: `${ipType}.isGlobalUnicast(): bool`, run: (ip: IpAddress) => !isNoGlobalUnicast(ip) },
      { signature: `cidr(string): ${cidrType}`, run: parseCidr },
      { signature: 'isCIDR(string): bool', run: holds(parseCidr) },
      {
        signature: `string(${cidrType}): string`,
        run: ({ address, prefixLength }: Cidr) => `${ipText(address)}/${String(prefixLength)}`,
      },
      {
        signature: `${cidrType}.containsIP(string): bool`,
        run: (cidr: Cidr, ip: string) => containsIp(cidr, parseIp(ip)),
      },
      { signature: `${cidrType}.containsIP(${ipType}): bool`, run: containsIp },
      {
        signature: `${cidrType}.containsCIDR(string): bool`,
        run: (cidr: Cidr, other: string) => containsCidr(cidr, parseCidr(other)),
      },
      { signature: `${cidrType}.containsCIDR(${cidrType}): bool`, run: containsCidr },
      { signature: `${cidrType}.ip(): ${ipType}`, run: ({ address }: Cidr) => address },
      {
        signature: `${cidrType}.masked(): ${cidrType}`,
        run: (cidr: Cidr) => new Cidr(new IpAddress(cidr.address.family, masked(cidr)), cidr.prefixLength),
      },
      { signature: `${cidrType}.prefixLength(): int`, run: ({ prefixLength }: Cidr) => BigInt(prefixLength) },
    ],
  };
}
