import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileCel, toCelActivation, type CelOutcome } from '../compile-cel.ts';
import { parseQuantity } from './quantity.ts';

function evaluate(source: string, object: unknown = null): CelOutcome {
  const compiled = compileCel(source);
  if ('problem' in compiled) throw new Error(`${source}: ${compiled.problem}`);
  return compiled.expression(toCelActivation({ object: object as never, oldObject: null, request: null }));
}

/**
 * The examples of Kubernetes' own documentation (pkg/cel/library and cel-go's ext), one line a function, and beside each what
 * is an error there.
 */
const rows: { name: string; holds: string[]; fails: string[] }[] = [
  { name: 'has', holds: ['has(object.a)', '!has(object.b)', 'has(object.l[0].x)'], fails: ['has(object.s.x)', 'has(object.n.x)'] },
  { name: 'all', holds: ['[1, 2].all(x, x > 0)', 'object.m.all(k, k != "")', '[1, 2].all(i, v, i < v)'], fails: ['[1, 2].all(x, x / 0 > 0)', 'object.s.all(x, true)'] },
  { name: 'exists', holds: ['[1, 2].exists(x, x == 2)', '[1, 2].exists(i, v, i == 1 && v == 2)', '[0, 1].exists(x, 1 / x == 1)'], fails: ['[0].exists(x, 1 / x == 1)'] },
  { name: 'exists_one', holds: ['[1, 2].exists_one(x, x == 2)', '![2, 2].exists_one(x, x == 2)', '[1, 2].existsOne(i, v, v == 2)', '[1, 2].exists_one(i, v, v == 2)'], fails: ['[0, 1].exists_one(x, 1 / x == 1)'] },
  { name: 'map', holds: ['[1, 2].map(x, x * 2) == [2, 4]', '[1, 2].map(x, x > 1, x * 2) == [4]', 'object.m.map(k, k) == ["k"]'], fails: ['[0].map(x, 1 / x) == []'] },
  { name: 'filter', holds: ['[1, 2].filter(x, x > 1) == [2]'], fails: ['object.l.filter(x, x.y)  == []'] },
  { name: 'transformList', holds: ['[1, 2].transformList(i, v, i * v) == [0, 2]', '[1, 2].transformList(i, v, i > 0, v) == [2]'], fails: ['[0].transformList(i, v, 1 / v) == []'] },
  { name: 'transformMap', holds: ['{"a": 1}.transformMap(k, v, v + 1) == {"a": 2}', '{"a": 1, "b": 2}.transformMap(k, v, v > 1, v) == {"b": 2}'], fails: ['{"a": 0}.transformMap(k, v, 1 / v) == {"a": 1}'] },
  { name: 'transformMapEntry', holds: ['{"a": "b"}.transformMapEntry(k, v, {v: k}) == {"b": "a"}'], fails: ['{"a": 1, "b": 1}.transformMapEntry(k, v, {v: k}) == {1: "a"}'] },
  { name: 'bind', holds: ['cel.bind(x, object.a, x + x == 2)'], fails: ['cel.bind(x, object.none, true && x == 1)'] },
  { name: 'charAt', holds: ['"tacocat".charAt(3) == "o"', '"a😀b".charAt(1) == "😀"', '"ab".charAt(2) == ""'], fails: ['"ab".charAt(3) == ""', '"ab".charAt(-1) == ""'] },
  { name: 'indexOf', holds: ['"hello mellow".indexOf("ello", 2) == 7', '"hello".indexOf("jello") == -1', '"😀b".indexOf("b") == 1', '[1, 2, 2, 3].indexOf(2) == 1', '[].indexOf("a") == -1'], fails: ['"hello".indexOf("e", 20) == 0'] },
  { name: 'lastIndexOf', holds: ['"hello mellow".lastIndexOf("ello") == 7', '"hello mellow".lastIndexOf("ello", 6) == 1', '["a", "b", "b", "c"].lastIndexOf("b") == 2'], fails: ['"hello".lastIndexOf("e", -1) == 0'] },
  { name: 'join', holds: ['["hello", "mellow"].join(" ") == "hello mellow"', '["a", "b"].join() == "ab"', '[].join("x") == ""'], fails: ['object.mixed.join() == ""'] },
  { name: 'lowerAscii, upperAscii', holds: ['"TacoCÆt".lowerAscii() == "tacocÆt"', '"TacoCæt".upperAscii() == "TACOCæT"'], fails: ['object.a.lowerAscii() == ""'] },
  { name: 'replace', holds: ['"hello hello".replace("he", "we") == "wello wello"', '"hello hello".replace("he", "we", 1) == "wello hello"', '"hello hello".replace("he", "we", 0) == "hello hello"', '"ab".replace("", "_") == "_a_b_"', '"ab".replace("a", "$&") == "$&b"'], fails: ['object.a.replace("a", "b") == ""'] },
  { name: 'split', holds: ['"hello hello hello".split(" ") == ["hello", "hello", "hello"]', '"a b c".split(" ", 0) == []', '"a b c".split(" ", 1) == ["a b c"]', '"a b c".split(" ", 2) == ["a", "b c"]', '"a😀".split("") == ["a", "😀"]'], fails: ['object.a.split("") == []'] },
  { name: 'substring', holds: ['"tacocat".substring(4) == "cat"', '"tacocat".substring(0, 4) == "taco"', '"😀b".substring(1) == "b"'], fails: ['"tacocat".substring(-1) == ""', '"tacocat".substring(2, 1) == ""', '"a".substring(9007199254740993) == ""'] },
  { name: 'trim', holds: ['"  \\ttrim\\n    ".trim() == "trim"', '"\\u0085a\\ufeff".trim() == "a\\ufeff"'], fails: ['object.a.trim() == ""'] },
  { name: 'format', holds: ['"%s %d %.1f %b %x %o %e %%".format(["a", 1, 2.25, 5, 255, 8, 1.5]) == "a 1 2.2 101 ff 10 1.500000e+00 %"', '"%s".format([[1, "a", null]]) == "[1, a, null]"'], fails: ['"%d".format(["a"]) == ""', '"%s".format([]) == ""', '"%z".format([1]) == ""', '"%.999f".format([1.0]) == ""'] },
  { name: 'reverse', holds: ['"gums".reverse() == "smug"', '"a😀".reverse() == "😀a"', '[1, 2].reverse() == [2, 1]'], fails: ['object.a.reverse() == []'] },
  { name: 'strings.quote', holds: [String.raw`strings.quote("a\"b\n") == "\"a\\\"b\\n\""`], fails: ['strings.quote(object.a) == ""'] },
  { name: 'isSorted', holds: ['[1, 2, 3].isSorted()', '["a", "b", "b"].isSorted()', '![2.0, 1.0].isSorted()', '[].isSorted()'], fails: ['object.mixed.isSorted()'] },
  { name: 'sum', holds: ['[1, 3].sum() == 4', '[1.0, 3.0].sum() == 4.0', '[].sum() == 0', '[duration("1m"), duration("1s")].sum() == duration("1m1s")'], fails: ['[9223372036854775807, 1].sum() == 0', '["a", "b"].sum() == "ab"'] },
  { name: 'min, max', holds: ['[1, 3].min() == 1', '[1, 3].max() == 3', '["a", "b"].max() == "b"'], fails: ['[].min() == 0', 'object.mixed.max() == 1'] },
  { name: 'includes', holds: ['[1, 2, 3].includes(2)', '![1, 2].includes(4)', '"model-a".includes("model-a")'], fails: ['[1 / 0].includes(1)'] },
  { name: 'slice', holds: ['[1, 2, 3, 4].slice(1, 3) == [2, 3]'], fails: ['[1].slice(0, 2) == []', '[1].slice(1, 0) == []', '[1].slice(-1, 0) == []'] },
  { name: 'flatten', holds: ['[1, [2, [3]]].flatten() == [1, 2, [3]]', '[1, [2, [3]]].flatten(2) == [1, 2, 3]'], fails: ['[1].flatten(-1) == []', '[1].flatten(1000000) == []'] },
  { name: 'distinct', holds: ['[1, 2, 2.0, "a", "a"].distinct() == [1, 2, "a"]'], fails: ['object.a.distinct() == []'] },
  { name: 'sort', holds: ['[3, 2, 1].sort() == [1, 2, 3]', '["b", "a"].sort() == ["a", "b"]'], fails: ['object.mixed.sort() == []', '[object.m].sort() == []'] },
  { name: 'lists.range', holds: ['lists.range(3) == [0, 1, 2]'], fails: ['lists.range(-1) == []', 'lists.range(9223372036854775807) == []'] },
  { name: 'matches', holds: ['"abc".matches("^a.c$")', 'matches("abc", "b")'], fails: ['"abc".matches(object.broken)'] },
  { name: 'find', holds: ['"abc 123".find("[0-9]+") == "123"', '"abc 123".find("xyz") == ""'], fails: ['"abc".find(object.broken) == ""'] },
  { name: 'findAll', holds: ['"123 abc 456".findAll("[0-9]+") == ["123", "456"]', '"123 abc 456".findAll("[0-9]+", 1) == ["123"]', '"123".findAll("xyz") == []'], fails: ['"abc".findAll(object.broken) == []'] },
  { name: 'isURL', holds: ['isURL("https://user:pass@example.com:80/path?query=val#fragment")', 'isURL("/absolute-path")', '!isURL("https://a:b:c/")', '!isURL("../relative-path")'], fails: ['isURL(object.a)'] },
  { name: 'url', holds: ['url("https://example.com:80/").getScheme() == "https"', 'url("/path").getScheme() == ""'], fails: ['url("../relative").getScheme() == ""', 'url("").getHost() == ""', 'url("https://a%zz/").getHost() == ""'] },
  { name: 'getHost, getHostname, getPort', holds: ['url("https://example.com:80/").getHost() == "example.com:80"', 'url("https://[::1]:80/").getHostname() == "::1"', 'url("https://127.0.0.1:80/").getHostname() == "127.0.0.1"', 'url("https://example.com:80/").getPort() == "80"', 'url("https://example.com/").getPort() == ""', 'url("/path").getHost() == ""'], fails: ['url("https://a:b/").getPort() == ""'] },
  { name: 'getEscapedPath', holds: ['url("https://example.com/path with spaces/").getEscapedPath() == "/path%20with%20spaces/"', 'url("https://example.com").getEscapedPath() == ""'], fails: ['url("https://example.com/%zz").getEscapedPath() == ""'] },
  { name: 'getQuery', holds: ['url("https://example.com/path?k1=a&k2=b&k2=c").getQuery() == {"k1": ["a"], "k2": ["b", "c"]}', 'url("https://e/p?key with spaces=v w").getQuery() == {"key with spaces": ["v w"]}', 'url("https://e/p?").getQuery() == {}'], fails: ['url("https://e/p?a=%zz").getQuery().a == []'] },
  { name: 'quantity, isQuantity', holds: ['isQuantity("1.3Gi")', '!isQuantity("1,3G")', '!isQuantity("200K")', '!isQuantity("Three")', '!isQuantity("Mi")', '!isQuantity("")', 'isQuantity("1e3")', 'quantity("1.5G") == quantity("1500M")'], fails: ['quantity("200K").isInteger()', 'quantity("Mi").isInteger()', 'quantity(object.long).isInteger()', 'isQuantity(object.long)', 'quantity("1e300") == quantity("1e250")', 'isSemver(object.long)'] },
  { name: 'sign, isInteger, asInteger, asApproximateFloat', holds: ['quantity("-1").sign() == -1', 'quantity("50000000G").isInteger()', '!quantity("9999999999999999999999999999999999999G").isInteger()', 'quantity("50k").asInteger() == 50000', 'quantity("50k").sub(20000).asApproximateFloat() == 30000.0'], fails: ['quantity("0.5").asInteger() == 0'] },
  { name: 'add, sub', holds: ['quantity("50k").add(quantity("20k")) == quantity("70k")', 'quantity("50k").add(20) == quantity("50020")', 'quantity("50k").sub(quantity("20k")) == quantity("30k")', 'quantity("50k").add(20).sub(quantity("100k")).sub(-50000) == quantity("20")'], fails: ['quantity("50k").add(object.s) == quantity("1")'] },
  { name: 'isLessThan, isGreaterThan, compareTo of quantities', holds: ['quantity("200M").compareTo(quantity("0.2G")) == 0', 'quantity("50M").compareTo(quantity("50Mi")) == -1', 'quantity("150Mi").isGreaterThan(quantity("100Mi"))', 'quantity("50M").isLessThan(quantity("100M"))', 'quantity("100m").isLessThan(quantity("0.2"))'], fails: ['quantity("1").isLessThan(object.a)'] },
  { name: 'ip, isIP', holds: ['isIP("127.0.0.1")', 'isIP("::1")', '!isIP("127.0.0.256")', '!isIP(":::1")', '!isIP("::ffff:1.2.3.4")', '!isIP("fe80::1%eth0")', '!isIP("127.0.0.01")', 'isIP("64:ff9b::1.2.3.4")', 'string(ip("2001:DB8::1")) == "2001:db8::1"', 'ip("::1") == ip("0:0::1")'], fails: ['ip("127.0.0.256").family() == 4', 'ip("").family() == 4', 'ip(object.a).family() == 4'] },
  { name: 'ip.isCanonical', holds: ['ip.isCanonical("127.0.0.1")', 'ip.isCanonical("2001:db8::abcd")', '!ip.isCanonical("2001:DB8::ABCD")', '!ip.isCanonical("2001:db8::0:0:0:abcd")', 'ip.isCanonical("1:0:2::3")', 'ip.isCanonical("::")'], fails: ['ip.isCanonical("x")'] },
  { name: 'family and what an address is', holds: ['ip("127.0.0.1").family() == 4', 'ip("::1").family() == 6', 'ip("0.0.0.0").isUnspecified()', 'ip("::").isUnspecified()', '!ip("::1").isUnspecified()', 'ip("127.9.0.1").isLoopback()', 'ip("::1").isLoopback()', 'ip("224.0.0.1").isLinkLocalMulticast()', '!ip("224.0.1.1").isLinkLocalMulticast()', 'ip("ff02::1").isLinkLocalMulticast()', '!ip("fd00::1").isLinkLocalMulticast()', 'ip("169.254.169.254").isLinkLocalUnicast()', 'ip("fe80::1").isLinkLocalUnicast()', '!ip("fd80::1").isLinkLocalUnicast()', 'ip("192.168.0.1").isGlobalUnicast()', '!ip("255.255.255.255").isGlobalUnicast()', 'ip("2001:db8::abcd").isGlobalUnicast()', '!ip("ff00::1").isGlobalUnicast()'], fails: ['object.s.isLoopback()'] },
  { name: 'cidr, isCIDR', holds: ['isCIDR("192.168.0.0/16")', 'isCIDR("::1/128")', '!isCIDR("192.168.0.0/33")', '!isCIDR("::1/129")', '!isCIDR("10.0.0.0/08")', 'string(cidr("10.0.0.0/8")) == "10.0.0.0/8"'], fails: ['cidr("192.168.0.0/33").prefixLength() == 33', 'cidr("::ffff:1.2.3.4/24").prefixLength() == 24'] },
  { name: 'containsIP, containsCIDR', holds: ['cidr("192.168.0.0/24").containsIP(ip("192.168.0.1"))', '!cidr("192.168.0.0/24").containsIP("192.168.1.1")', 'cidr("192.168.0.0/16").containsCIDR(cidr("192.168.10.0/24"))', 'cidr("192.168.0.0/16").containsCIDR("192.168.10.0/24")', '!cidr("192.168.0.0/24").containsCIDR("192.168.0.0/16")', '!cidr("0.0.0.0/0").containsIP("::1")'], fails: ['cidr("192.168.0.0/24").containsIP("x")', 'cidr("192.168.0.0/24").containsCIDR("192.168.0.0")'] },
  { name: 'ip(), masked, prefixLength', holds: ['cidr("192.168.0.1/24").ip() == ip("192.168.0.1")', 'cidr("192.168.0.1/24").masked() == cidr("192.168.0.0/24")', 'cidr("192.168.0.1/24") != cidr("192.168.0.1/24").masked()', 'cidr("192.168.0.0/16").prefixLength() == 16', 'cidr("::1/0").masked() == cidr("::/0")'], fails: ['object.a.masked().prefixLength() == 1'] },
  { name: 'format.named', holds: ['format.named("dns1123Label").hasValue()', '!format.named("nope").hasValue()', '!format.named("constructor").hasValue()'], fails: ['format.named("nope").value().validate("a").hasValue()'] },
  { name: 'validate', holds: ['!format.dns1123Label().validate("my-label-name").hasValue()', 'format.dns1123Label().validate("My").hasValue()', '!format.dns1123Subdomain().validate("apiextensions.k8s.io").hasValue()', 'format.dns1035Label().validate("1a").hasValue()', '!format.qualifiedName().validate("apiextensions.k8s.io/v1beta1").hasValue()', 'format.qualifiedName().validate("a/b/c").hasValue()', '!format.dns1123LabelPrefix().validate("my-label-prefix-").hasValue()', '!format.dns1123SubdomainPrefix().validate("my.prefix.a-").hasValue()', '!format.dns1035LabelPrefix().validate("my-").hasValue()', '!format.labelValue().validate("").hasValue()', '!format.uri().validate("http://example.com").hasValue()', 'format.uri().validate("x").hasValue()', '!format.uuid().validate("123e4567-e89b-12d3-a456-426614174000").hasValue()', '!format.byte().validate("aGVsbG8=").hasValue()', 'format.byte().validate("a").hasValue()', '!format.date().validate("2021-01-01").hasValue()', 'format.date().validate("2021-02-30").hasValue()', '!format.datetime().validate("2021-01-01T00:00:00Z").hasValue()', 'format.datetime().validate("2021-01-01").hasValue()'], fails: ['format.date().validate(object.a).hasValue()'] },
  { name: 'semver, isSemver', holds: ['isSemver("1.0.0")', '!isSemver("hello")', '!isSemver("v1.0")', 'isSemver("v1.0", true)', 'semver("01.01.01", true) == semver("1.1.1")', '!isSemver("01.0.0")', 'semver("1.0.0+a") == semver("1.0.0+b")'], fails: ['semver("200K").major() == 0', 'semver("1.0").major() == 1'] },
  { name: 'major, minor, patch, compareTo, isLessThan, isGreaterThan', holds: ['semver("1.2.3").major() == 1', 'semver("1.2.3").minor() == 2', 'semver("1.2.3").patch() == 3', 'semver("1.2.3").compareTo(semver("2.0.0")) == -1', 'semver("1.2.3").isGreaterThan(semver("0.1.2"))', 'semver("1.0.0-alpha.1").isLessThan(semver("1.0.0-alpha.beta"))', 'semver("1.0.0-2").isLessThan(semver("1.0.0-11"))', 'semver("1.0.0-rc").isLessThan(semver("1.0.0"))'], fails: ['semver("1.2.3").compareTo(object.s) == 0'] },
  { name: 'sets', holds: ['sets.contains([1, 2.0], [1, 2])', '!sets.contains([1], [1, 2])', 'sets.equivalent([1, 1], [1])', '!sets.equivalent([1], [2])', 'sets.intersects([1], [1, 2])', '!sets.intersects([1], [])'], fails: ['sets.contains(object.a, [1])'] },
  { name: 'optionals', holds: ['object.?a.orValue(2) == 1', 'object.?none.orValue(2) == 2', 'object[?"a"].hasValue()', 'object.l[?5].orValue({}) == {}', 'optional.of(1).value() == 1', '!optional.none().hasValue()', '!optional.ofNonZeroValue(0).hasValue()', 'object.?none.or(optional.of(3)).value() == 3', 'object.?a.optMap(x, x + 1).orValue(0) == 2', 'object.?a.optFlatMap(x, optional.none()).orValue(0) == 0', 'object.?m.k.orValue(0) == 1', 'optional.of(1) == optional.of(1)'], fails: ['object.?none.value() == 1', 'object.?s.x.orValue(1) == 1', 'object.?a.optFlatMap(x, x).hasValue()'] },
  { name: 'math.greatest, math.least', holds: ['math.greatest(1, 2.5, 2) == 2.5', 'math.least([3, 1, 2]) == 1'], fails: ['math.greatest(object.s, 1) == 1', 'math.least([]) == 1'] },
  { name: 'base64', holds: ['base64.encode(b"hello") == "aGVsbG8="', 'base64.decode("aGVsbG8=") == b"hello"', 'base64.decode("aGVsbG8") == b"hello"', 'string(base64.decode("w7w=")) == "ü"'], fails: ['base64.decode("a") == b""', 'base64.decode("aGVs!G8=") == b""', 'string(base64.decode("/w==")) == ""'] },
  { name: 'int, uint, double', holds: ['int("42") == 42', 'int(-1.9) == -1', 'uint(3) == 3u', 'double("1e3") == 1000.0', 'int(timestamp("1970-01-01T00:01:00Z")) == 60'], fails: ['int("") == 0', 'int("0b11") == 3', 'int(" 1") == 1', 'int(1e300) == 1', 'int(object.huge) == 1', 'uint(-1) == 0u', 'double("0x10") == 16.0', 'double("") == 0.0'] },
  { name: 'string, bytes', holds: ['string(1) == "1"', 'string(1.5) == "1.5"', 'string(timestamp("2020-01-01T00:00:00Z")) == "2020-01-01T00:00:00Z"', 'string(duration("1m")) == "60s"', 'bytes("ü") == b"\\303\\274"'], fails: ['string(b"\\xff") == ""', 'string(object.l) == ""'] },
  { name: 'timestamp', holds: ['timestamp("2020-01-01T00:00:00+01:00") == timestamp("2019-12-31T23:00:00Z")', 'timestamp("2020-03-01T00:00:00Z").getDayOfYear() == 60', 'timestamp("2020-01-01T00:00:00Z").getHours("Europe/Berlin") == 1', 'timestamp("2020-01-01T00:00:00Z").getHours("-01:30") == 22', 'timestamp("2020-01-01T00:00:00Z") + duration("1h") > timestamp("2020-01-01T00:00:00Z")'], fails: ['timestamp("January 1, 2020 10:00:00") > timestamp(0)', 'timestamp("2020-02-30T00:00:00Z") > timestamp(0)', 'timestamp("2020-01-01T00:00:00.0000001Z") > timestamp(0)', 'timestamp(0).getHours("Nowhere/Town") == 0', 'timestamp(9223372036854775807) > timestamp(0)'] },
  { name: 'duration', holds: ['duration("1h30m") == duration("5400s")', 'duration("-1.5s").getMilliseconds() == -500', 'duration("2h").getMinutes() == 120'], fails: ['duration("") == duration("0s")', 'duration("1") == duration("0s")', 'duration(object.long) > duration("0s")', 'duration("9999999999h") > duration("0s")'] },
]; // prettier-ignore

const object = {
  a: 1, s: 'text', n: null, l: [{ x: 1 }], m: { k: 1 }, mixed: [1, 'a', {}], broken: '(', huge: 1e308, long: '1'.repeat(100_000),
}; // prettier-ignore

describe.each(rows)('$name', ({ holds, fails }) => {
  test.each(holds)('%s', (source) => {
    expect(evaluate(source, object)).toEqual({ type: 'True' });
  });

  test.each(fails)('an error: %s', (source) => {
    expect(evaluate(source, object)).toEqual({ type: 'Error', message: expect.stringMatching(/./) });
  });
});

describe('properties', () => {
  const suffix = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi');
  const billionths: Readonly<Record<string, bigint>> = {
    '': 10n ** 9n, m: 10n ** 6n, k: 10n ** 12n, M: 10n ** 15n, G: 10n ** 18n,
    Ki: 2n ** 10n * 10n ** 9n, Mi: 2n ** 20n * 10n ** 9n, Gi: 2n ** 30n * 10n ** 9n,
  }; // prettier-ignore
  const amount = fc.tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 999 }), suffix);

  test('quantities are ordered as the fractions that they stand for', () => {
    const textOf = ([whole, thousandths, unit]: [number, number, string]): string =>
      `${String(whole)}.${String(thousandths).padStart(3, '0')}${unit}`;
    const exactOf = ([whole, thousandths, unit]: [number, number, string]): bigint =>
      (BigInt(whole) * 1_000n + BigInt(whole < 0 ? -thousandths : thousandths)) * (billionths[unit] as bigint);
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const [left, right] = [parseQuantity(textOf(a)).nanos, parseQuantity(textOf(b)).nanos];
        const order = (x: bigint, y: bigint): number => (x < y ? -1 : x > y ? 1 : 0);
        expect(order(left, right)).toBe(order(exactOf(a), exactOf(b)));
      }),
    );
  });

  test('what is split is joined again; what is replaced is replaced back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', minLength: 1 }), (text, separator) => {
        const both = { text, separator };
        expect(evaluate('object.text.split(object.separator).join(object.separator) == object.text', both).type).toBe(
          'True',
        );
        expect(evaluate('object.text.replace(object.separator, object.separator) == object.text', both).type).toBe(
          'True',
        );
        expect(evaluate('object.text.reverse().reverse() == object.text', both).type).toBe('True');
        expect(evaluate('string(base64.decode(base64.encode(bytes(object.text)))) == object.text', both).type).toBe(
          'True',
        );
      }),
    );
  });
});
